"""settings.yaml: validated as a whole, every error on one line (issue: bad input; FEATURES.md, settings)."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from include.billing_sync.settings import LimitSettings, Named, RealmSettings, WaitSettings
from include.wiring.settings import (
    SettingsError,
    UnknownRealmError,
    load_each,
    load_settings,
    realm_keys,
)
from include.wiring.settings_model import ALLOWED

REQUIRED = "connection: qbo_demo\ntime_zone: America/New_York\n"


def write(folder: Path, text: str, realm_key: str = "demo") -> Path:
    path = folder / realm_key / "settings.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def problems(folder: Path, text: str) -> list[str]:
    path = write(folder, text)
    with pytest.raises(SettingsError) as caught:
        load_settings("demo", folder)
    assert all(line.startswith(str(path)) and "\n" not in line for line in caught.value.problems)
    return [line.removeprefix(str(path)) for line in caught.value.problems]


def test_the_two_required_settings_give_the_documented_defaults(tmp_path: Path) -> None:
    """Everything but connection and time zone has the default of FEATURES.md."""
    write(tmp_path, REQUIRED)

    assert load_settings("demo", tmp_path) == RealmSettings("demo", "qbo_demo", "America/New_York")


def test_every_setting_reaches_the_core(tmp_path: Path) -> None:
    """Each setting of the list, set to something else than its default."""
    write(
        tmp_path,
        REQUIRED
        + """
start_date: 2026-08-01
customers: match
items: per_line
income_account: {id: "79", name: Sales of Product Income}
discount_account: {id: 86, name: Discounts given}
bad_debt_account: {id: "010", name: "Bad debts: old"}
generic_item: {id: "2", name: Hours}
tax: as_lines
tax_variance: {choice: push, limit: "0.03"}
negative_invoices: credit_memo
closed_period: move_date
locked_before: 2026-10-01
detail_age: {choice: stop, days: 90}
adopt_existing: exact
deleted_in_billing: void
voided_in_billing: void
send: send
approval: on
updates_without_approval: 0
name_length: 41
description_length: 1000
limits: {requests_per_minute: 400, requests_per_second: 8, in_flight: 4, batches_per_minute: 30, batch_size: 25,
         items_counted: yes, share_used: 90 %}
waits: {settle_after: 2, pause_after_429: 0.5, call_limit: 1.5}
read_budget: 1000
alert_to: [books@example.com, data@example.com]
""",
    )

    assert load_settings("demo", tmp_path) == RealmSettings(
        realm_key="demo",
        connection="qbo_demo",
        time_zone="America/New_York",
        start_date=date(2026, 8, 1),
        customers="match",
        items="per_line",
        income_account=Named("79", "Sales of Product Income"),
        discount_account=Named("86", "Discounts given"),
        bad_debt_account=Named("010", "Bad debts: old"),
        generic_item=Named("2", "Hours"),
        tax="as_lines",
        tax_variance="push",
        tax_variance_limit=Decimal("0.03"),
        negative_invoices="credit_memo",
        closed_period="move_date",
        locked_before=date(2026, 10, 1),
        detail_age="stop",
        detail_age_days=90,
        adopt_existing="exact",
        deleted_in_billing="void",
        voided_in_billing="void",
        send="send",
        approval="on",
        updates_without_approval=0,
        name_length=41,
        description_length=1000,
        limits=LimitSettings(400, 8, 4, 30, 25, True, Decimal("0.9")),
        waits=WaitSettings(2.0, 0.5, 1.5),
        read_budget=1000,
        alert_to=("books@example.com", "data@example.com"),
    )


@pytest.mark.parametrize("word", ["off", "warn", "stop"])
def test_words_that_yaml_would_read_as_booleans_stay_words(tmp_path: Path, word: str) -> None:
    """`off` and `on` are choices here, not truth values."""
    write(tmp_path, f"{REQUIRED}detail_age: {word}\napproval: off\nlocked_before: off\n")

    settings = load_settings("demo", tmp_path)

    assert (settings.detail_age, settings.approval, settings.locked_before) == (word, "off", "off")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("customer: match", ", line 3: customer: unknown setting; is customers meant?"),
        ("colour: red", ", line 3: colour: unknown setting; allowed: connection, "),
        ("customers: matches", ", line 3: customers: found 'matches', allowed: mapped_only, match, match_or_create"),
        ("customers:", ", line 3: customers: found nothing, allowed: mapped_only"),
        ("approval: true", ", line 3: approval: found True, allowed: off, on"),
        ("start_date: 1900-01-01", ", line 3: start_date: found '1900-01-01', allowed: a day written 2026-08-01"),
        ("start_date: 2999-01-01", ", line 3: start_date: found '2999-01-01', allowed: a day"),
        ("start_date: 01/08/2026", ", line 3: start_date: found '01/08/2026', allowed: a day"),
        ("start_date: 2026-02-30", ", line 3: start_date: found '2026-02-30', allowed: a day"),
        ("locked_before: never", ", line 3: locked_before: found 'never', allowed: previous_month, off, or a day"),
        ("income_account: 79", ", line 3: income_account: found 79, allowed: a QBO id with its name"),
        ('income_account: {id: "79"}', ", line 3: income_account.name: missing; allowed: a QBO id with its name"),
        ("income_account: {id: 79.0, name: A}", ", line 3: income_account.id: found 79.0, allowed: a QBO id"),
        ('income_account: {create: "A:B"}', ", line 3: income_account: found {'create': 'A:B'}, allowed: a QBO id"),
        ("discount_account: {create: ' A'}", ", line 3: discount_account: found {'create': ' A'}, allowed: a QBO id"),
        ("income_account: {create: A, id: 1}", ", line 3: income_account: found {"),
        ("updates_without_approval: -1", ", line 3: updates_without_approval: found -1, allowed: a whole number"),
        ("updates_without_approval: fifty", ", line 3: updates_without_approval: found 'fifty', allowed: a whole"),
        ("read_budget: 500,000", ", line 3: read_budget: found '500,000', allowed: a whole number from 1 on"),
        ("name_length: 501", ", line 3: name_length: found 501, allowed: a whole number from 1 to 500"),
        ("description_length: 4001", ", line 3: description_length: found 4001, allowed: a whole number"),
        ("limits: {batch_size: 31}", ", line 3: limits.batch_size: found 31, allowed: a whole number from 1 to 30"),
        ("limits: {share_used: 0.97}", ", line 3: limits.share_used: found 0.97 (without quotes it is a binary"),
        ("limits: {share_used: 120 %}", ", line 3: limits.share_used: found '120 %', allowed: more than 0"),
        ("limits: {speed: 9}", ", line 3: limits.speed: unknown setting"),
        ("limits: fast", ", line 3: limits: found 'fast', allowed: a block of requests_per_minute"),
        ("waits: {call_limit: 151}", ", line 3: waits.call_limit: found 151, allowed: seconds"),
        ("waits: {settle_after: .inf}", ", line 3: waits.settle_after: found '.inf', allowed: seconds"),
        ("alert_to: books@example.com", ", line 3: alert_to: found 'books@example.com', allowed: a list"),
        ("alert_to: [books]", ", line 3: alert_to: found 'books', allowed: a list of e-mail addresses"),
        ("tax_variance: {choice: push, limit: 0.05}", ", line 3: tax_variance.limit: found 0.05 (without quotes"),
        ('tax_variance: {choice: push, limit: "0.005"}', ", line 3: tax_variance.limit: found '0.005', allowed"),
        ("detail_age: {choice: stop, days: many}", ", line 3: detail_age.days: found 'many', allowed: off, warn"),
        ("customers: match\ncustomers: match", ", line 4: customers: stands twice, first in line 3"),
        ("79: a", ", line 3: found 79 as a key, allowed: text"),
        ("customers: [match", ", line 4: not readable as YAML: "),
        ("customers: !!python/name:os.system x", ", line 3: not readable as YAML: could not determine a constructor"),
    ],
)
def test_a_wrong_setting_is_one_line_with_file_key_found_and_allowed(tmp_path: Path, line: str, expected: str) -> None:
    """Unknown settings and wrong values: file, line, key, what was found, what is allowed."""
    (problem,) = problems(tmp_path, f"{REQUIRED}{line}\n")

    assert problem.startswith(expected)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("items: match_or_create", ", line 3: items: found match_or_create without income_account"),
        ("items: per_line", ", line 3: items: found per_line without income_account"),
        (
            "income_account: {create: Sales}\ndiscount_account: {create: sales}",
            ", line 4: discount_account: found the name of income_account",
        ),
        (
            'tax_variance: {choice: push, limit: "0.06"}',
            ", line 3: tax_variance: found push to 0.06; allowed: at most 0.05",
        ),
        ('tax_variance: {choice: stop, limit: "0.05"}', ", line 3: tax_variance: found a limit beside stop"),
        ("tax_variance: rounding_line", ", line 3: tax_variance: found rounding_line without generic_item"),
        ("detail_age: {choice: off, days: 5}", ", line 3: detail_age: found days beside off"),
        ("limits: {items_counted: yes, requests_per_minute: 20}", ", line 3: limits: found batch_size 30 over"),
        ("alert_to: [a@b.co, a@b.co]", ", line 3: alert_to: found one address twice"),
    ],
)
def test_settings_that_contradict_each_other_are_named(tmp_path: Path, line: str, expected: str) -> None:
    """F41 and the issue's bad input: two settings that cannot both be meant."""
    (problem,) = problems(tmp_path, f"{REQUIRED}{line}\n")

    assert problem.startswith(expected)


def test_all_errors_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """The file is validated as a whole."""
    found = problems(tmp_path, "time_zone: Berlin\nstart_date: soon\ncustomer: match\n")

    assert [problem.split(":")[1].strip() for problem in found] == ["connection", "time_zone", "start_date", "customer"]
    assert found[0] == ": connection: missing; allowed: " + ALLOWED["connection"]


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b"])
def test_a_file_without_settings_is_an_error(tmp_path: Path, text: str) -> None:
    """An empty file, a sentence or a list holds no setting."""
    (problem,) = problems(tmp_path, text)

    assert "allowed: one setting per line" in problem


def test_a_file_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    """The place of the first bad byte is named."""
    write(tmp_path, REQUIRED).write_bytes(b"connection: caf\xe9\n")

    with pytest.raises(SettingsError, match=r"not UTF-8 text \(byte 15\)"):
        load_settings("demo", tmp_path)


def test_an_unknown_realm_names_the_known_ones(tmp_path: Path) -> None:
    """An unknown realm in the form is one clear error."""
    write(tmp_path, REQUIRED)

    with pytest.raises(UnknownRealmError, match=r"realm 'demi' is unknown: .*demi.*; known realms: demo"):
        load_settings("demi", tmp_path)


@pytest.mark.parametrize("realm_key", ["../demo", "Demo", "", "a" * 41, "-demo"])
def test_a_realm_key_is_a_plain_name(tmp_path: Path, realm_key: str) -> None:
    """A realm key never leaves its folder."""
    write(tmp_path, REQUIRED)

    with pytest.raises(SettingsError, match="found realm key"):
        load_settings(realm_key, tmp_path)


def test_two_realms_on_one_connection_are_both_refused(tmp_path: Path) -> None:
    """Two realm keys for one company would push everything twice."""
    write(tmp_path, REQUIRED, "east")
    write(tmp_path, REQUIRED, "west")
    write(tmp_path, REQUIRED.replace("qbo_demo", "qbo_north"), "north")

    good, bad = load_each(tmp_path)

    assert list(good) == ["north"]
    assert "found qbo_demo, which realm west uses already" in str(bad["east"])
    assert list(bad) == ["east", "west"]


@pytest.mark.row("G13")
def test_one_realms_mistake_leaves_the_others_usable(tmp_path: Path) -> None:
    """G13: what is good is given, and what is wrong is named."""
    write(tmp_path, REQUIRED, "good")
    write(tmp_path, "connection: x\n", "bad")

    good, bad = load_each(tmp_path)

    assert realm_keys(tmp_path) == ["bad", "good"]
    assert (list(good), list(bad)) == (["good"], ["bad"])
    assert "time_zone: missing" in str(bad["bad"])


def test_the_folder_can_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LEDGERLINE_MAPPINGS names another folder than include/mappings."""
    write(tmp_path, REQUIRED)
    monkeypatch.setenv("LEDGERLINE_MAPPINGS", str(tmp_path))

    assert load_each()[0] == {"demo": RealmSettings("demo", "qbo_demo", "America/New_York")}


def test_the_list_of_what_is_allowed_is_complete() -> None:
    """Every field of the core's settings has its line, and no line is left over."""
    folded = {"realm_key", "tax_variance_limit", "detail_age_days"}
    blocks = {f"limits.{f.name}" for f in fields(LimitSettings)} | {f"waits.{f.name}" for f in fields(WaitSettings)}

    assert set(ALLOWED) == ({f.name for f in fields(RealmSettings)} - folded) | blocks
