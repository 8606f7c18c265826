"""Reports are computed from the ledger and from what is open."""

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import expense_line, journal_line


def report(qbo: Qbo, name: str, **parameters: str) -> dict[str, Any]:
    """A report that QuickBooks gives."""
    answer = qbo.get(f"reports/{name}", **parameters)
    assert answer.status == 200, answer.text
    return answer.body


def summary(rows: list[Any], group: str) -> Decimal | None:
    """The sum of a section, wherever it is."""
    for row in rows:
        if row.get("group") == group:
            return Decimal(row["Summary"]["ColData"][-1]["value"])
        found = summary(row.get("Rows", {}).get("Row", []), group)
        if found is not None:
            return found
    return None


def data(report: dict[str, Any]) -> list[list[str]]:
    """The rows of data, as texts."""
    rows = report["Rows"].get("Row", [])
    return [[cell["value"] for cell in row["ColData"]] for row in rows if row.get("type") == "Data"]


def fill(qbo: Qbo) -> None:
    """A sale of last year, a sale and a bill of this year, and a sale on the spot."""
    qbo.simulator.clock(set="2026-06-30T12:00:00-07:00")
    qbo.create("Invoice", **invoice(item_line(40), TxnDate="2025-12-31", DueDate="2026-01-30"))
    qbo.create("Invoice", **invoice(item_line(100), customer="2", TxnDate="2026-06-01", DueDate="2026-06-29"))
    qbo.create("Bill", VendorRef=ref(30), TxnDate="2026-05-01", Line=[expense_line(30)])
    qbo.create("SalesReceipt", **invoice(item_line(7), TxnDate="2026-06-30"))


def test_profit_and_loss_is_income_less_expenses_of_the_period(qbo: Qbo) -> None:
    """Income by account, the sums between, and nothing of another year; deleting a document takes it out."""
    fill(qbo)

    answer = report(qbo, "ProfitAndLoss", start_date="2026-01-01", end_date="2026-06-30")

    rows = answer["Rows"]["Row"]
    assert answer["Header"]["ReportName"] == "ProfitAndLoss"
    assert (answer["Header"]["StartPeriod"], answer["Header"]["EndPeriod"]) == ("2026-01-01", "2026-06-30")
    assert [column["ColType"] for column in answer["Columns"]["Column"]] == ["Account", "Money"]
    assert [summary(rows, group) for group in ("Income", "GrossProfit", "Expenses", "NetIncome")] == [107, 107, 30, 77]
    assert rows[0]["Rows"]["Row"][0]["ColData"] == [{"value": "Services", "id": "1"}, {"value": "107.00"}]


def test_the_balance_sheet_balances(qbo: Qbo) -> None:
    """Assets equal liabilities and equity; the profit of last year is retained."""
    fill(qbo)

    rows = report(qbo, "BalanceSheet", end_date="2026-06-30")["Rows"]["Row"]

    assert summary(rows, "TotalAssets") == summary(rows, "TotalLiabilitiesAndEquity") == 147
    assert (summary(rows, "AR"), summary(rows, "AP"), summary(rows, "Equity")) == (140, 30, 117)
    equity = next(part for part in rows[1]["Rows"]["Row"] if part["group"] == "Equity")["Rows"]["Row"]
    assert [[cell["value"] for cell in row["ColData"]] for row in equity] == [
        ["Retained Earnings", "40.00"],
        ["Net Income", "77.00"],
    ]


def test_customer_balances_are_what_customers_owe(qbo: Qbo) -> None:
    """One row for each who owes or is owed, and the total."""
    fill(qbo)
    qbo.create("Payment", CustomerRef=ref(3), TotalAmt=15)

    answer = report(qbo, "CustomerBalance")

    expected = [["Amy's Bird Sanctuary", "40.00"], ["Bill's Windsurf Shop", "100.00"], ["Cool Cars", "-15.00"]]
    assert data(answer) == expected
    assert summary(answer["Rows"]["Row"], "GrandTotal") == 125


def test_receivables_are_aged_from_the_day_they_were_due(qbo: Qbo) -> None:
    """Five ages; unapplied money and journal entries count from their own date; the total is what customers owe."""
    fill(qbo)
    qbo.create("Payment", CustomerRef=ref(2), TotalAmt=15, TxnDate="2026-06-30")
    name = {"Type": "Customer", "EntityRef": ref(2)}
    lines = [journal_line("Debit", 5, "84", Entity=name), journal_line("Credit", 5, "34")]
    qbo.create("JournalEntry", TxnDate="2026-05-01", Line=lines)

    answer = report(qbo, "AgedReceivables")

    assert data(answer) == [
        ["Amy's Bird Sanctuary", "0.00", "0.00", "0.00", "0.00", "40.00", "40.00"],
        ["Bill's Windsurf Shop", "-15.00", "100.00", "5.00", "0.00", "0.00", "90.00"],
    ]
    assert summary(answer["Rows"]["Row"], "GrandTotal") == summary(
        report(qbo, "CustomerBalance")["Rows"]["Row"], "GrandTotal"
    )


def test_a_journal_entry_that_was_paid_in_part_is_aged_by_what_is_left(qbo: Qbo) -> None:
    """Three of five dollars are paid, one of them out of a credit of four; each line counts from its own date."""
    qbo.simulator.clock(set="2026-06-30T12:00:00-07:00")
    name = {"Type": "Customer", "EntityRef": ref(2)}
    made = [
        qbo.create(
            "JournalEntry",
            TxnDate=day,
            Line=[journal_line(sides[0], amount, "84", Entity=name), journal_line(sides[1], amount, "34")],
        )["Id"]
        for day, amount, sides in (("2026-05-01", 5, ("Debit", "Credit")), ("2026-06-30", 4, ("Credit", "Debit")))
    ]
    lines = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": entry, "TxnType": "JournalEntry"}]}
        for amount, entry in zip((3, 1), made, strict=True)
    ]
    qbo.create("Payment", CustomerRef=ref(2), TotalAmt=2, Line=lines)

    assert data(report(qbo, "AgedReceivables")) == [
        ["Bill's Windsurf Shop", "-3.00", "0.00", "2.00", "0.00", "0.00", "-1.00"],
    ]
    assert data(report(qbo, "CustomerBalance")) == [["Bill's Windsurf Shop", "-1.00"]]


def test_the_transaction_list_shows_a_period(qbo: Qbo) -> None:
    """Date, type, number, posting, name and amount of each, oldest first."""
    fill(qbo)
    qbo.create("Estimate", **invoice(TxnDate="2026-06-30", DocNumber="E-1"))

    answer = report(qbo, "TransactionList", start_date="2026-06-01", end_date="2026-06-30")

    assert data(answer) == [
        ["2026-06-01", "Invoice", "", "Yes", "Bill's Windsurf Shop", "100.00"],
        ["2026-06-30", "Sales Receipt", "", "Yes", "Amy's Bird Sanctuary", "7.00"],
        ["2026-06-30", "Estimate", "E-1", "No", "Amy's Bird Sanctuary", "100.00"],
    ]


def test_an_empty_report_says_that_it_has_no_data(qbo: Qbo) -> None:
    """NoReportData, and no rows."""
    answer = report(qbo, "CustomerBalance")

    assert (answer["Header"]["Option"], answer["Rows"]) == ([{"Name": "NoReportData", "Value": "true"}], {})


@pytest.mark.parametrize(
    ("name", "parameters", "status", "text"),
    [
        ("VendorExpenses", {}, 501, "the report VendorExpenses"),
        ("ProfitAndLoss", {"accounting_method": "Cash"}, 501, "cash basis"),
        ("ProfitAndLoss", {"summarize_column_by": "Month"}, 501, "summarize_column_by"),
        ("ProfitAndLoss", {"start_date": "soon"}, 400, "2060"),
        ("ProfitAndLoss", {"start_date": "2026-02-01", "end_date": "2026-01-01"}, 400, "2060"),
        ("AgedReceivables", {"report_date": "2020-01-01"}, 501, "past day"),
    ],
)
def test_reports_that_are_not_given(qbo: Qbo, name: str, parameters: dict[str, str], status: int, text: str) -> None:
    """Gaps are named, wrong dates are 2060."""
    answer = qbo.get(f"reports/{name}", **parameters)

    assert (answer.status, text in answer.text) == (status, True)


@pytest.mark.parametrize("name", ["ProfitAndLoss", "BalanceSheet"])
def test_a_report_of_accounts_names_its_standard_and_its_period(qbo: Qbo, name: str) -> None:
    """The year so far unless dates are given; then no macro."""
    default = qbo.get(f"reports/{name}").body["Header"]
    dated = qbo.get(f"reports/{name}", start_date="2026-01-01", end_date="2026-03-31").body["Header"]

    assert default["Option"][0] == {"Name": "AccountingStandard", "Value": "GAAP"}
    assert (default["DateMacro"], "DateMacro" in dated) == ("this calendar year-to-date", False)
    assert (dated["StartPeriod"], dated["EndPeriod"]) == ("2026-01-01", "2026-03-31")
