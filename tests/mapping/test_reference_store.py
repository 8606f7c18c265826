"""The reference cache and the facts of a company in the database (FEATURES.md F7, F8, F50, F168; G8)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from include.billing_sync.company import Change, changes_between, company_facts
from include.billing_sync.names import ListRow
from include.stores.reference import (
    company,
    database_time,
    finish_list,
    list_rows,
    needs_refresh,
    payloads,
    save_company,
    save_entries,
    stored_company,
)

Connection = psycopg.Connection[Any]
INFO = {"CompanyName": "Craig's", "Country": "GB", "NameValue": [{"Name": "SubscriptionStatus", "Value": "PAID"}]}
PREFERENCES: dict[str, Any] = {
    "AccountingInfoPrefs": {"BookCloseDate": "2026-09-30", "ClassTrackingPerTxn": True},
    "SalesFormsPrefs": {"CustomTxnNumbers": True, "AutoApplyCredit": True},
    "TaxPrefs": {"UsingSalesTax": True},
    "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "GBP"}},
}


def read(connection: Connection, realm: int, entity: str, *entries: dict[str, Any]) -> int:
    read_at = database_time(connection)
    save_entries(connection, realm, entity, entries, read_at)
    return finish_list(connection, realm, entity, read_at)


def test_entries_are_kept_with_what_matching_needs(connection: Connection, realm: int) -> None:
    """Name, parents, currency, kind and activity of each entry, whatever list it is from."""
    read(
        connection,
        realm,
        "Customer",
        {"Id": "1", "DisplayName": "Acme", "FullyQualifiedName": "Acme", "CurrencyRef": {"value": "USD"}},
        {"Id": "2", "DisplayName": "East", "FullyQualifiedName": "Acme:East", "ParentRef": {"value": "1"}},
        {"Id": "3", "DisplayName": "Old (deleted)", "Active": False},
    )
    read(
        connection,
        realm,
        "Item",
        {"Id": "9", "Name": "Fountains", "FullyQualifiedName": "A:Fountains", "Type": "Service"},
    )
    read(connection, realm, "Employee", {"Id": "7", "GivenName": "Ann", "FamilyName": "Lee"})

    assert list_rows(connection, realm, ["Customer", "Item", "Employee"]) == [
        ListRow("Customer", "1", "Acme", "Acme", currency="USD"),
        ListRow("Customer", "2", "East", "Acme:East", parent_id="1"),
        ListRow("Customer", "3", "Old (deleted)", is_active=False),
        ListRow("Employee", "7", "Ann Lee"),
        ListRow("Item", "9", "Fountains", "A:Fountains", kind="Service"),
    ]
    assert [row.qbo_id for row in list_rows(connection, realm, ["Customer"], ids=["3", "9"])] == ["3"]


def test_a_second_reading_updates_and_retires(connection: Connection, realm: int) -> None:
    """F50: new rows are usable at once; what a whole reading no longer shows becomes inactive."""
    read(connection, realm, "Item", {"Id": "1", "Name": "A"}, {"Id": "2", "Name": "B"})

    retired = read(connection, realm, "Item", {"Id": "2", "Name": "B renamed"}, {"Id": "3", "Name": "C"})

    assert retired == 1
    assert [(row.qbo_id, row.name, row.is_active) for row in list_rows(connection, realm, ["Item"])] == [
        ("1", "A", False),
        ("2", "B renamed", True),
        ("3", "C", True),
    ]


def test_numbers_of_an_entry_stay_exact(connection: Connection, realm: int) -> None:
    """A tax rate of 9.975 % is read back to the digit."""
    read(connection, realm, "TaxRate", {"Id": "1", "Name": "QST", "RateValue": Decimal("9.975"), "Active": True})

    assert next(payloads(connection, realm, "TaxRate"))["RateValue"] == Decimal("9.975")


def test_a_list_that_was_never_read_or_long_ago_needs_reading(connection: Connection, realm: int) -> None:
    """An empty list counts as read, so it is not asked for again."""
    read(connection, realm, "Vendor")

    assert needs_refresh(connection, realm, ["Vendor", "Item"]) == ["Item"]
    assert needs_refresh(connection, realm, ["Vendor"], timedelta(hours=1)) == []
    assert needs_refresh(connection, realm, ["Vendor"], timedelta(0)) == ["Vendor"]


@pytest.mark.row("F8")
def test_company_facts_are_read_and_not_typed(connection: Connection, realm: int) -> None:
    """F8: country, currency and closing date come from QuickBooks' own answers, and survive in the database."""
    facts = company_facts(INFO, PREFERENCES)

    save_company(connection, realm, facts, INFO, database_time(connection), PREFERENCES)

    stored = stored_company(connection, realm)
    assert stored is not None
    assert stored.facts == facts
    assert stored.company_info == INFO
    kept = company(connection, realm)
    assert kept is not None
    assert (kept.country, kept.home_currency, kept.closing_date, kept.is_us) == ("GB", "GBP", date(2026, 9, 30), False)
    assert (facts.tracks_classes, facts.applies_credits_itself, facts.subscription) == (True, True, "PAID")


def test_a_company_that_was_never_asked_is_unknown(connection: Connection, realm: int) -> None:
    """No facts are invented before the first reading."""
    assert company(connection, realm) is None


@pytest.mark.parametrize(
    ("info", "country"),
    [
        ({"Country": "US"}, "US"),
        ({"Country": "USA"}, "US"),
        ({}, "US"),
        ({"CompanyAddr": {"Country": "ca"}}, "CA"),
        ({"Country": "AU"}, "AU"),
    ],
)
def test_the_country_is_known_under_one_name(info: dict[str, Any], country: str) -> None:
    """F8: QuickBooks writes the United States in several ways, and sometimes not at all."""
    assert company_facts(info, PREFERENCES).country == country


def test_what_the_accountant_changed_is_noticed() -> None:
    """G8: each fact that differs from the reading before is named with both values."""
    before = company_facts(INFO, PREFERENCES)
    after = company_facts(INFO, {**PREFERENCES, "AccountingInfoPrefs": {"BookCloseDate": "2026-10-31"}})

    assert changes_between(before, after) == [
        Change("closing_date", date(2026, 9, 30), date(2026, 10, 31)),
        Change("tracks_classes", True, False),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"CurrencyPrefs": {}}, "no home currency"),
        ({"AccountingInfoPrefs": {"BookCloseDate": "soon"}}, "closing date 'soon' is not a date"),
    ],
)
def test_an_answer_that_documents_cannot_be_built_on_is_an_error(change: dict[str, Any], words: str) -> None:
    """Nothing is assumed where QuickBooks' answer lacks what decides money."""
    with pytest.raises(ValueError, match=words):
        company_facts(INFO, {**PREFERENCES, **change})
