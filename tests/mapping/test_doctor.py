"""The company doctor: each gap appears, none is green (FEATURES.md F2, F7 to F9, F30 to F34, F169; G8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.billing_sync.company import Change, CompanyFacts
from include.billing_sync.doctor import Diagnosis, Examined, Level, Lists, SignOn, Usage, Use, examine
from include.billing_sync.documents import Line
from include.billing_sync.mapping import ListRow, MappingBook, MappingRow
from include.billing_sync.settings import Named, RealmSettings, WaitSettings

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
US = CompanyFacts("Craig's", "US", "USD", False, True, uses_automated_tax=True, subscription="PAID")
GB = CompanyFacts("Craig's UK", "GB", "GBP", False, True)
SETTINGS = RealmSettings("demo", "qbo_demo", "America/New_York", start_date=date(2026, 8, 1))
ITEM = ListRow("Item", "2", "Hours", "Hours", kind="Service")
ACCOUNT = ListRow("Account", "79", "Sales of Product Income", kind="Income")
TAX = ListRow("TaxCode", "3", "20.0% S")
LISTS = Lists([ITEM, ACCOUNT, TAX])
BOOK = MappingBook(
    [
        MappingRow("category", "recurring", None, "2", "Hours"),
        MappingRow("subscription", "*", None, "2", "Hours"),
        MappingRow("tax_code", "*", None, "3", "20.0% S"),
        MappingRow("customer", "42", "Acme", "5", "Acme"),
    ]
)
ACME = ListRow("Customer", "5", "Acme")
WELL = Examined(
    SETTINGS,
    SignOn(True, "sandbox", None, NOW + timedelta(days=99), NOW + timedelta(days=1000)),
    NOW,
    US,
    BOOK,
    Lists([ITEM, ACCOUNT, TAX, ACME]),
    Usage([Use(Line("1", 1, "charge", "", Decimal(10), "recurring", tax_code="S"), 7)], {"USD": 7}),
)


def charge(category: str | None = "recurring", **more: Any) -> Use:
    return Use(Line("1", 1, "charge", "", Decimal(10), category, **more), 3)


def found(examined: Examined, code: str) -> list[Diagnosis]:
    return [diagnosis for diagnosis in examine(examined).findings if diagnosis.code == code]


def only(examined: Examined, code: str) -> Diagnosis:
    (diagnosis,) = found(examined, code)
    return diagnosis


def with_settings(**changes: Any) -> Examined:
    return replace(WELL, settings=replace(SETTINGS, **changes))


def with_facts(facts: CompanyFacts = US, **changes: Any) -> Examined:
    return replace(WELL, facts=replace(facts, **changes))


@pytest.mark.row("F169")
def test_a_realm_in_order_is_green() -> None:
    """F169: nothing missing, nothing red; the company that we are connected to is named."""
    report = examine(WELL)

    assert {finding.level for finding in report.findings} == {Level.GREEN}
    assert (report.is_red, report.stops, report.reason) == (False, False, None)
    assert only(WELL, "connected").text == "Connected to: Craig's (sandbox)"


def test_every_finding_that_is_not_good_says_what_to_do_or_only_informs() -> None:
    """Red findings carry a cure, and the log shows them first."""
    report = examine(replace(with_facts(has_custom_numbers=False), settings=replace(SETTINGS, start_date=None)))

    assert all(finding.cure for finding in report.findings if finding.level is Level.RED)
    assert [line.split(":")[0] for line in report.lines()][:2] == ["red   custom_numbers", "red   start_date"]


@pytest.mark.parametrize(
    ("sign_on", "code", "reason"),
    [
        (SignOn(False), "not_connected", "not_connected"),
        (SignOn(True, needs_reconnect="invalid_grant"), "token_expired", "token_expired"),
        (SignOn(True, refresh_expires_at=NOW), "token_expired", "token_expired"),
        (SignOn(True, hard_expires_at=NOW - timedelta(days=1)), "token_expired", "token_expired"),
    ],
)
def test_without_a_sign_on_nothing_can_be_pushed(sign_on: SignOn, code: str, reason: str) -> None:
    """F13: the realm stops with its own reason, and the cure is to connect."""
    report = examine(replace(WELL, sign_on=sign_on))

    assert (report.stops, report.reason) == (True, reason)
    assert "sign on" in only(replace(WELL, sign_on=sign_on), code).cure


@pytest.mark.parametrize(
    "sign_on",
    [
        SignOn(True, "sandbox", refresh_expires_at=NOW + timedelta(days=13)),
        SignOn(True, "sandbox", hard_expires_at=NOW + timedelta(days=59)),
    ],
)
def test_a_sign_on_that_ends_soon_is_announced(sign_on: SignOn) -> None:
    """F12: known before it hurts."""
    assert only(replace(WELL, sign_on=sign_on), "token_expiring").level is Level.HINT


def test_another_company_than_the_connection_says_stops_the_realm() -> None:
    """DESIGN.md section 4: a difference stops the realm before any write."""
    report = examine(replace(WELL, disagreements=["the token is for realm 2, the Connection says 1"]))

    assert (report.stops, report.reason) == (True, "wrong_company")


@pytest.mark.row("F7")
def test_before_the_company_was_asked_nothing_is_said_about_it() -> None:
    """F7: no choices before the connection."""
    report = examine(replace(WELL, facts=None, sign_on=SignOn(False)))

    assert [finding.code for finding in report.findings] == ["not_connected"]


@pytest.mark.row("F83")
def test_a_missing_start_date_is_suggested_from_the_closing_date() -> None:
    """F83: closing date D gives the suggestion D + 1; without one, only that it is needed."""
    closed = replace(with_settings(start_date=None), facts=replace(US, closing_date=date(2026, 9, 30)))

    assert only(closed, "start_date").stops
    assert "suggested: 2026-10-01" in only(closed, "start_date").cure
    assert "suggested" not in only(with_settings(start_date=None), "start_date").cure


@pytest.mark.parametrize(
    ("start", "level"), [(date(2026, 9, 30), Level.HINT), (date(2026, 10, 1), Level.GREEN)], ids=["on", "after"]
)
@pytest.mark.row("F153")
def test_a_start_date_in_closed_books_is_a_hint_with_the_day_after(start: date, level: Level) -> None:
    """F153: the suggestion is the day after closing."""
    examined = replace(with_settings(start_date=start), facts=replace(US, closing_date=date(2026, 9, 30)))

    assert only(examined, "start_date").level is level
    assert level is Level.GREEN or "move start_date to 2026-10-01" in only(examined, "start_date").cure


@pytest.mark.parametrize(
    ("change", "code", "level"),
    [
        ({"has_custom_numbers": False}, "custom_numbers", Level.RED),
        ({"uses_sales_tax": False}, "sales_tax", Level.HINT),
        ({"applies_credits_itself": True}, "applies_itself", Level.HINT),
        ({"applies_payments_itself": True}, "applies_itself", Level.HINT),
        ({"tracks_classes": True}, "classes", Level.HINT),
        ({"tracks_departments": True}, "locations", Level.HINT),
        ({"is_multi_currency": True}, "currency", Level.GREEN),
        ({"subscription": "EXPIRED"}, "subscription_lapsed", Level.RED),
        ({"closing_date": date(2026, 8, 15)}, "start_date", Level.HINT),
    ],
)
def test_each_preference_flipped_gives_its_own_finding(change: dict[str, Any], code: str, level: Level) -> None:
    """G8: flip one preference of the company, and the right finding appears."""
    assert only(with_facts(**change), code).level is level


@pytest.mark.row("F2")
def test_a_company_that_is_not_ready_reports_all_of_it() -> None:
    """F2: numbering off and sales tax off are both reported, with what to fix in QuickBooks."""
    taxed = Usage([charge(tax_amount=Decimal("0.80"), tax_code="S")], {"USD": 1})
    examined = replace(with_facts(has_custom_numbers=False, uses_sales_tax=False), usage=taxed)

    report = examine(examined)

    red = {finding.code for finding in report.findings if finding.level is Level.RED}
    assert red == {"custom_numbers", "sales_tax"}
    assert report.reason == "preflight_failed"


def test_what_changed_since_the_last_time_is_told() -> None:
    """G8: notices changes."""
    examined = replace(WELL, changes=[Change("closing_date", None, date(2026, 9, 30))])

    assert only(examined, "preference_changed").text == ("closing date was None in QuickBooks and is now 2026-09-30")


@pytest.mark.row("X7")
@pytest.mark.parametrize(
    ("tax", "facts", "level", "stops"),
    [
        (None, US, Level.GREEN, False),
        ("as_lines", US, Level.GREEN, False),
        ("qbo_computes", US, Level.GREEN, False),
        (None, GB, Level.GREEN, False),
        ("override", GB, Level.RED, True),
        ("as_lines", GB, Level.RED, False),
    ],
)
def test_the_tax_setting_must_fit_the_country(tax: Any, facts: CompanyFacts, level: Level, stops: bool) -> None:
    """X7: a setting that this country's QuickBooks would refuse is red before any call."""
    diagnosis = only(replace(with_settings(tax=tax), facts=facts, usage=None), "tax_setting")

    assert (diagnosis.level, diagnosis.stops) == (level, stops)


def test_automated_tax_that_computes_itself_is_a_hint() -> None:
    """G8: automated sales tax computes from addresses, so billing's amounts may differ."""
    assert only(with_settings(tax="qbo_computes"), "automated_tax").level is Level.HINT
    assert only(WELL, "automated_tax").level is Level.GREEN


@pytest.mark.row("F9")
@pytest.mark.parametrize("country", ["US", "GB", "CA", "AU"])
def test_a_default_tax_code_is_asked_for_outside_the_united_states(country: str) -> None:
    """F9: GB, CA and AU companies need a default tax code; a US company does not."""
    book = MappingBook([row for kind in ("category", "subscription") for row in BOOK.rows(kind)])
    examined = replace(with_facts(GB, country=country), book=book, usage=None)

    assert [diagnosis.level for diagnosis in found(examined, "default_tax_code")] == (
        [] if country == "US" else [Level.RED]
    )


@pytest.mark.row("F40")
def test_a_used_tax_code_without_a_row_is_named() -> None:
    """F40: the codes to map are listed, and a line that has none."""
    book = MappingBook([MappingRow("tax_code", "S", None, "3", "20.0% S")])
    usage = Usage([charge(tax_code="S"), charge(tax_code="Z"), charge()], {"GBP": 9})

    diagnosis = only(replace(WELL, facts=GB, book=book, usage=usage), "tax_codes")

    assert diagnosis.text == "no tax code is mapped for (lines without a tax code), Z"
    assert not diagnosis.stops


def test_untaxed_lines_of_a_us_company_need_no_tax_code() -> None:
    """In the US only lines with tax name a code."""
    usage = Usage([charge(tax_code="Z"), charge(tax_code="S", tax_amount=Decimal(1))], {"USD": 6})

    diagnosis = only(replace(WELL, book=MappingBook([]), usage=usage), "tax_codes")

    assert diagnosis.text == "no tax code is mapped for S"


def test_a_rounding_line_needs_a_code_without_tax() -> None:
    """Outside the US the tax code rounding must be mapped for tax_variance: rounding_line."""
    examined = replace(with_settings(tax_variance="rounding_line"), facts=GB, usage=None)

    assert only(examined, "rounding_code").level is Level.RED


@pytest.mark.row("F30")
def test_every_used_category_must_be_mapped_and_holds_back_only_its_own() -> None:
    """F30, F51: red with the list of what is missing, but the realm goes on."""
    usage = Usage([charge(), charge("usage"), charge("fees"), charge("usage")], {"USD": 12})

    report = examine(replace(WELL, usage=usage))
    diagnosis = only(replace(WELL, usage=usage), "items")

    assert (report.is_red, report.stops) == (True, False)
    assert diagnosis.text == "no item is mapped for usage (6 lines), fees (3 lines)"


def test_where_items_are_created_a_missing_mapping_is_a_hint() -> None:
    """F44: with match_or_create the name decides."""
    settings = replace(SETTINGS, items="match_or_create", income_account=Named("79", "Sales of Product Income"))
    examined = replace(WELL, settings=settings, usage=Usage([charge("fees")], {}))

    assert only(examined, "items").level is Level.HINT


@pytest.mark.row("F38")
def test_taxes_sent_as_lines_need_their_item() -> None:
    """F38: two jurisdictions can go to two items; one without is named."""
    tax_line = Use(Line("2", 2, "tax", "", Decimal(1), tax_code="CA"), 4)
    examined = replace(with_settings(tax="as_lines"), usage=Usage([charge(), tax_line], {"USD": 7}))

    assert only(examined, "items").text == "no item is mapped for tax CA (4 lines)"
    assert only(replace(examined, settings=SETTINGS), "items").level is Level.GREEN


@pytest.mark.row("F31", "F32")
def test_categories_that_share_an_item_are_shown() -> None:
    """F31, F32: allowed, with the figure of how detailed the profit and loss will be."""
    book = MappingBook([*BOOK.rows("category"), MappingRow("category", "usage", None, "2", "Hours")])

    assert only(replace(WELL, book=book), "coverage").text == (
        "2 categories lead to 1 items; shared: Hours: recurring, usage"
    )


@pytest.mark.row("F34")
def test_subscriptions_without_a_default_item_are_a_hint() -> None:
    """F34: the catch-all of subscriptions."""
    book = MappingBook(BOOK.rows("category"))
    usage = Usage([charge(subscription_id="S-1")], {})

    assert only(replace(WELL, book=book, usage=usage), "subscriptions").level is Level.HINT


@pytest.mark.row("F41")
@pytest.mark.parametrize(
    ("named", "words"),
    [
        (Named("99", "Sales"), "QuickBooks has no Account with this id"),
        (Named("79", "Sales"), "QuickBooks calls it 'Sales of Product Income'"),
        (Named("80", "Bank"), "it is an account of type Bank, not Income or Other Income"),
        (Named("81", "Old"), "it is inactive in QuickBooks"),
    ],
)
def test_an_account_of_the_settings_must_agree_with_quickbooks(named: Named, words: str) -> None:
    """F41: id and name are compared, and an income account must be one."""
    rows = [
        ACCOUNT,
        ListRow("Account", "80", "Bank", kind="Bank"),
        ListRow("Account", "81", "Old", is_active=False, kind="Income"),
    ]

    diagnosis = only(replace(with_settings(income_account=named), lists=Lists(rows)), "income_account")

    assert diagnosis.stops
    assert words in diagnosis.text


@pytest.mark.row("F45")
@pytest.mark.parametrize(
    ("row", "level", "words"),
    [
        (None, Level.HINT, "the first run that needs it creates the income account 'Billed'"),
        (ListRow("Account", "90", "BILLED", kind="Income"), Level.HINT, "(id 90) already; it is taken"),
        (ListRow("Account", "90", "Billed", kind="Bank"), Level.RED, "has an account 'Billed' already, of type Bank"),
        (ListRow("Account", "90", "Billed", parent_id="1", kind="Bank"), Level.HINT, "creates the income account"),
    ],
    ids=["none", "one that serves", "one that cannot", "one below another"],
)
def test_an_account_to_be_created_is_listed_beforehand(row: ListRow | None, level: Level, words: str) -> None:
    """F45: settings.yaml consents to the account by its name, and preflight says what will come of it."""
    rows = [ACCOUNT, *([row] if row else [])]
    settings = with_settings(income_account=Named("@account:Billed", "Billed"))

    diagnosis = only(replace(settings, lists=Lists(rows)), "income_account")

    assert diagnosis.level is level
    assert words in diagnosis.text


@pytest.mark.row("F45")
def test_an_account_that_a_run_took_must_stay_usable() -> None:
    """F45: known by its id whatever its name; made inactive it stops the realm, and no second one is created."""
    book = MappingBook([*BOOK.rows("category"), MappingRow("account", "Billed", "Billed", "90", "Billed")])
    settings = replace(with_settings(income_account=Named("@account:Billed", "Billed")), book=book)

    renamed = Lists([ACCOUNT, ListRow("Account", "90", "Fees", kind="Income")])
    inactive = Lists([ACCOUNT, ListRow("Account", "90", "Billed (deleted)", is_active=False, kind="Income")])

    assert only(replace(settings, lists=renamed), "income_account").text == "income_account is Fees"
    assert only(replace(settings, lists=inactive), "income_account").stops


@pytest.mark.row("F41")
def test_creating_items_needs_an_income_account() -> None:
    """F41: required before anything is created."""
    assert only(with_settings(items="match_or_create"), "income_account").stops
    assert only(with_settings(items="per_line"), "generic_item").level is Level.HINT


@pytest.mark.row("F40")
def test_a_renamed_entry_is_told_and_does_not_break_the_mapping() -> None:
    """F40: the id is what is sent, so a new name in QuickBooks is a hint."""
    lists = Lists([replace(ITEM, name="Hours worked", full_name="Hours worked"), ACCOUNT, TAX, ACME])

    diagnosis = only(replace(WELL, lists=lists), "mappings_agree")

    assert diagnosis.level is Level.HINT
    assert "Item 2 is named 'Hours worked' in QuickBooks, not 'Hours'" in diagnosis.text


def test_lists_that_were_never_read_stop_the_realm() -> None:
    """Without the lists nothing could be matched or checked."""
    assert only(replace(WELL, lists=Lists([], ["Customer", "Item"])), "lists").stops


@pytest.mark.row("F99")
def test_documents_in_a_currency_that_the_company_does_not_keep_are_announced() -> None:
    """F99: a EUR invoice in a USD company is stopped before the push."""
    usage = Usage([charge(tax_code="S")], {"USD": 5, "EUR": 1})

    diagnosis = only(replace(WELL, usage=usage), "currency")

    assert (diagnosis.level, diagnosis.stops) == (Level.RED, False)
    assert "EUR" in diagnosis.text


def test_mapped_only_without_any_mapping_is_red() -> None:
    """Every document would be skipped."""
    examined = replace(with_settings(customers="mapped_only"), book=MappingBook([]))

    assert only(examined, "customers").level is Level.RED


def test_waits_of_a_test_do_not_go_into_production() -> None:
    """Looking up an outcome before QuickBooks' own time limit could find nothing where something is coming."""
    short = replace(WELL, settings=replace(SETTINGS, waits=WaitSettings(2.0, 60.0, 1.0)))
    production = replace(short, sign_on=replace(WELL.sign_on, environment="production"))

    assert found(short, "waits") == []
    assert only(production, "waits").stops
    assert found(replace(production, settings=SETTINGS), "waits") == []


def test_a_tax_setting_that_cannot_be_does_not_hide_the_rest() -> None:
    """The mappings are examined all the same."""
    usage = Usage([charge(tax_code="S"), Use(Line("2", 2, "tax", "", Decimal(1), tax_code="X"))], {"GBP": 2})

    report = examine(replace(with_settings(tax="override"), facts=GB, usage=usage))

    codes = {finding.code: finding.level for finding in report.findings}
    assert (codes["tax_setting"], codes["items"], codes["tax_codes"]) == (Level.RED, Level.GREEN, Level.GREEN)
