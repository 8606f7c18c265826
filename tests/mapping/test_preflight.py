"""Preflight against a company in the simulator (FEATURES.md F2, F7 to F9, F30, F50, F62 to F64, F168, F169; G8)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from include.billing_sync.diagnosis import Diagnosis, Level, PreflightReport
from include.wiring.preflight import PreflightFailedError, preflight, require_green
from tests.world import World


def found(report: PreflightReport, code: str) -> Diagnosis:
    (diagnosis,) = [finding for finding in report.findings if finding.code == code]
    return diagnosis


def calls(world: World) -> list[str]:
    """What QuickBooks was asked for, in order."""
    paths = [entry["path"].split("/") for entry in world.qbo.journal()]
    return [path[4] for path in paths if path[1:4] == ["v3", "company", world.realm_id]]


@pytest.mark.row("F169")
def test_a_company_in_order_is_not_red(world: World) -> None:
    """F169: connected, mapped, settings in order."""
    world.invoice("T-1")

    report = preflight("demo")

    assert [finding for finding in report.findings if finding.level is Level.RED] == []
    assert found(report, "connected").text == "Connected to: Craig's Design and Landscaping Services (sandbox)"
    assert found(report, "country").text == "the company is in US"


def test_a_run_with_nothing_to_do_asks_quickbooks_once_or_twice(world: World) -> None:
    """CompanyInfo once a day, Preferences each time, and no list that was read before."""
    preflight("demo")
    world.qbo.clear_journal()

    preflight("demo")

    assert calls(world) == ["preferences"]


@pytest.mark.parametrize(
    ("preferences", "code", "level"),
    [
        ({"CustomTxnNumbers": False}, "custom_numbers", Level.RED),
        ({"UsingSalesTax": False}, "sales_tax", Level.HINT),
        ({"AutoApplyCredit": True}, "applies_itself", Level.HINT),
        ({"AutoApplyPayments": True}, "applies_itself", Level.HINT),
        ({"ClassTrackingPerTxn": True}, "classes", Level.HINT),
        ({"TrackDepartments": True}, "locations", Level.HINT),
        ({"BookCloseDate": "2026-03-31"}, "start_date", Level.HINT),
    ],
)
def test_a_preference_flipped_in_quickbooks_is_seen_at_once(
    world: World, preferences: dict[str, Any], code: str, level: Level
) -> None:
    """G8: the accountant flips it, the next preflight says so, and that it changed."""
    preflight("demo")

    world.qbo.preferences(**preferences)
    report = preflight("demo")

    assert found(report, code).level is level
    assert found(report, "preference_changed").level is Level.HINT


@pytest.mark.row("F2", "F169")
def test_a_red_realm_is_refused_with_every_gap_and_its_cure(world: World) -> None:
    """F2: numbering off and no start date are both in the one error that the task shows."""
    world.qbo.preferences(CustomTxnNumbers=False, BookCloseDate="2026-03-31")
    world.settings(start_date=None)

    with pytest.raises(PreflightFailedError, match=r"Custom transaction numbers.*suggested: 2026-04-01") as caught:
        require_green("demo")

    assert caught.value.reason == "preflight_failed"


@pytest.mark.row("F30")
def test_a_missing_category_is_listed_and_the_realm_goes_on(world: World) -> None:
    """F30, F51: red until it is mapped; the run skips its documents and pushes the rest."""
    world.invoice("T-1", lines=[{"amount": 10, "category": "usage"}, {"amount": 5}])

    report = require_green("demo")

    assert report.is_red
    assert found(report, "items").text == "no item is mapped for usage (1 lines)"


def test_drafts_and_other_companies_documents_need_no_mapping(world: World) -> None:
    """Only what would be pushed here counts."""
    world.invoice("T-1", status="draft", lines=[{"amount": 10, "category": "usage"}])
    world.invoice("T-2", realm_key="west", lines=[{"amount": 10, "category": "fees"}])

    assert found(preflight("demo"), "items").level is Level.GREEN


def test_documents_that_name_no_company_are_announced_where_there_are_several(
    world: World,
) -> None:
    """With one company null means that one; a second folder makes every null a document that nobody takes."""
    folder = Path(os.environ["LEDGERLINE_MAPPINGS"])
    world.invoice("T-1", lines=[{"amount": 10, "category": "usage"}])
    alone = preflight("demo")

    second = folder / "west" / "settings.yaml"
    second.parent.mkdir()
    second.write_text("connection: qbo_west\ntime_zone: America/New_York\n")
    of_two = preflight("demo")

    assert (found(alone, "routing").level, found(alone, "items").level) == (Level.GREEN, Level.RED)
    assert (found(of_two, "routing").level, found(of_two, "items").level) == (Level.RED, Level.GREEN)
    assert found(of_two, "routing").text.startswith("1 documents name no company")


def test_documents_of_a_company_that_is_not_set_up_are_a_hint(world: World) -> None:
    """It may be set up next week; a slip in the key looks the same, so it is said."""
    world.invoice("T-1", realm_key="west")

    routing = found(preflight("demo"), "routing")

    assert (routing.level, routing.text) == (Level.HINT, "documents name companies that are not set up: 'west'")


def test_subscriptions_count_by_their_mappings(world: World) -> None:
    """F35: one with a row of its own is served by it; all others ask for their category or the default."""
    world.map("subscription", "S-1", "2", "Hours")
    world.invoice(
        "T-1",
        lines=[
            {"amount": 10, "category": "usage", "subscription_id": "S-1"},
            {"amount": 10, "category": "usage", "subscription_id": "S-2"},
            {"amount": 10, "category": "usage", "subscription_id": "S-3"},
        ],
    )

    assert found(preflight("demo"), "items").text == "no item is mapped for usage (2 lines)"


def test_an_account_that_is_called_otherwise_stops_the_realm(world: World) -> None:
    """F7, F41: the settings' choices are checked against the company's own accounts."""
    world.settings(income_account={"id": "79", "name": "Sales"})

    with pytest.raises(PreflightFailedError, match="QuickBooks calls it 'Sales of Product Income'"):
        require_green("demo")


def test_a_billing_file_that_breaks_its_contract_stops_the_realm(world: World) -> None:
    """The missing column is named with its file."""
    world.sql("alter table billing.invoices drop column memo")

    with pytest.raises(PreflightFailedError, match=r"invoices\.sql"):
        require_green("demo")


@pytest.mark.row("F16")
def test_a_realm_that_nobody_connected_says_so(world: World) -> None:
    """F13, F16: not connected is its own reason, and QuickBooks is not called."""
    world.sql("delete from qbo_sync.tokens")
    world.qbo.clear_journal()

    with pytest.raises(PreflightFailedError) as caught:
        require_green("demo")

    assert caught.value.reason == "not_connected"
    assert calls(world) == []


def test_a_sign_on_that_quickbooks_refuses_is_an_expired_token(world: World) -> None:
    """F13: exactly that reason, so that no document is blamed."""
    world.sql("update qbo_sync.tokens set needs_reconnect = 'invalid_grant'")

    with pytest.raises(PreflightFailedError) as caught:
        require_green("demo")

    assert caught.value.reason == "token_expired"


def test_lists_that_were_never_read_are_read(world: World) -> None:
    """F50, F62, F63: customers, vendors, employees, items, accounts, tax codes and terms come with the first preflight."""
    world.sql("delete from qbo_sync.watermarks")
    world.sql("delete from qbo_sync.reference")

    preflight("demo")

    for entity in ("Customer", "Vendor", "Employee", "Item", "Account", "TaxCode", "TaxRate", "Term"):
        held = {row["Id"] for row in world.qbo.state(entity)}
        kept = {row[0] for row in world.sql("select qbo_id from qbo_sync.reference where entity = %s", entity)}
        assert kept == held, entity


def test_a_sign_on_that_ends_while_we_ask_is_an_expired_token_too(world: World) -> None:
    """F13: the sign-on was taken back at QuickBooks since, which shows only when it is used."""
    world.qbo.reset(empty=True)
    world.qbo.seed(realm_id=world.realm_id, refresh_token="RT1-another")

    with pytest.raises(PreflightFailedError) as caught:
        require_green("demo")

    assert caught.value.reason == "token_expired"


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("country", "GB", "in US, but it was in GB before"), ("home_currency", "GBP", "USD, but it kept GBP before")],
)
def test_a_company_whose_nature_changed_is_another_company(world: World, column: str, value: str, words: str) -> None:
    """Country and home currency never change; a difference stops the realm, and goes on stopping it."""
    world.sql(f"update qbo_sync.realms set {column} = %s", value)

    for _ in range(2):
        with pytest.raises(PreflightFailedError, match=words) as caught:
            require_green("demo")
        assert caught.value.reason == "wrong_company"


def test_a_realm_without_any_company_says_so(world: World) -> None:
    """Settings and a Connection exist, and nobody ever signed on."""
    for table in ("tokens", "mappings", "reference", "watermarks", "permits", "throttle", "realms"):
        world.sql(f"delete from qbo_sync.{table}")

    assert preflight("demo").reason == "not_connected"
