"""CompanyInfo and Preferences: there is one of each, it is changed and never made or deleted."""

from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice


def preferences(qbo: Qbo) -> dict[str, Any]:
    """As they are now."""
    return dict(qbo.get("preferences")["Preferences"])


def test_preferences_are_changed_and_hold(qbo: Qbo) -> None:
    """A changed preference is obeyed: numbers are then given by QuickBooks; a stale token is 5010."""
    before = preferences(qbo)
    change = {
        "SalesFormsPrefs": {"CustomTxnNumbers": False},
        "SyncToken": before["SyncToken"],
        "Id": "1",
        "sparse": True,
    }

    changed = qbo.post("preferences", change)["Preferences"]
    stale = qbo.post("preferences", change)
    made = qbo.create("Invoice", **invoice(DocNumber="mine"))

    assert changed["SalesFormsPrefs"]["CustomTxnNumbers"] is False
    assert (before["SyncToken"], changed["SyncToken"], stale.error["code"]) == ("0", "1", "5010")
    assert changed == preferences(qbo)
    assert made["DocNumber"] != "mine"
    qbo.simulator.kill()
    qbo.simulator.start()
    assert preferences(qbo) == changed


def test_an_echo_with_one_change_passes(qbo: Qbo) -> None:
    """As a public client sends it: everything, with another subject of the mail."""
    echo = preferences(qbo)
    echo["EmailMessagesPrefs"]["InvoiceMessage"]["Subject"] = "For you"

    changed = qbo.post("preferences", echo)["Preferences"]

    assert changed == {**echo, "SyncToken": "1", "MetaData": changed["MetaData"]}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"ReportPrefs": {"ReportBasis": "Cash"}}, 501, "501"),
        ({"CurrencyPrefs": {"HomeCurrency": {"value": "EUR"}}}, 501, "501"),
        ({"Nonsense": {}}, 400, "2010"),
        ({"SalesFormsPrefs": {"AllowDeposit": "perhaps"}}, 400, "2010"),
        ({"SyncToken": ""}, 400, "2020"),
        ({"Id": "2"}, 400, "610"),
    ],
)
def test_a_change_of_preferences_that_is_not_taken_changes_nothing(
    qbo: Qbo, change: dict[str, Any], status: int, code: str
) -> None:
    """A named gap or a fault, and the token stays."""
    before = preferences(qbo)

    answer = qbo.post("preferences", {"Id": "1", "SyncToken": "0", **change})

    assert (answer.status, answer.error["code"]) == (status, code)
    assert preferences(qbo) == before


def test_several_currencies_are_turned_on_and_never_off(qbo: Qbo) -> None:
    """6000; the closing date is shown and not taken."""
    on = {"CurrencyPrefs": {"MultiCurrencyEnabled": True}, "AccountingInfoPrefs": {"BookCloseDate": "2030-01-01"}}
    turned_on = qbo.post("preferences", {"SyncToken": "0", **on})["Preferences"]
    off = qbo.post("preferences", {"SyncToken": "1", "CurrencyPrefs": {"MultiCurrencyEnabled": False}})

    assert turned_on["CurrencyPrefs"]["MultiCurrencyEnabled"] is True
    assert "BookCloseDate" not in turned_on["AccountingInfoPrefs"]
    assert (off.status, off.error["code"]) == (400, "6000")


def test_a_company_is_renamed_and_moves(qbo: Qbo) -> None:
    """Name and address; its country stays (501), and it is neither made nor deleted."""
    before = qbo.get("companyinfo/1")["CompanyInfo"]
    address = {**before["CompanyAddr"], "City": "Elsewhere"}

    changed = qbo.post("companyinfo", {**before, "CompanyName": "New name", "CompanyAddr": address})["CompanyInfo"]
    country = qbo.post("companyinfo", {"SyncToken": "1", "Country": "GB"})
    deleted = qbo.post("companyinfo", {"Id": "1", "SyncToken": "1"}, operation="delete")

    assert (changed["CompanyName"], changed["CompanyAddr"]["City"]) == ("New name", "Elsewhere")
    assert (changed["LegalAddr"], changed["LegalName"]) == (before["LegalAddr"], before["LegalName"])
    assert (country.status, deleted.status, deleted.error["code"]) == (501, 400, "500")
    assert qbo.query("select * from CompanyInfo").rows == [changed]
