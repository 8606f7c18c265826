"""Budgets: people make them, programs read them."""

import pytest

from tests.simulator.client import Qbo
from tests.simulator.payloads import budget


def test_a_budget_is_read_and_queried(qbo: Qbo) -> None:
    """What the company brought; by its name and its dates, and in the order of names; inactive ones are hidden."""
    plans = [budget(1), budget(2, EndDate="2027-06-30"), budget(3, Active=False)]
    qbo.simulator.load("Budget", plans)

    read = qbo.read("Budget", "2")

    assert {**read, "BudgetDetail": plans[1]["BudgetDetail"]} == {**plans[1], "domain": "QBO", "sparse": False}
    assert [one["Amount"] for one in read["BudgetDetail"]] == [250, 250]
    assert [row["Id"] for row in qbo.query("select * from Budget").rows] == ["1", "2"]
    assert qbo.query("select * from Budget where EndDate > '2026-12-31'").rows == [read]
    assert [row["Id"] for row in qbo.query("select * from Budget where Name = 'Plan 1'").rows] == ["1"]
    assert [row["Id"] for row in qbo.query("select * from Budget where Active = false").rows] == ["3"]


def test_a_company_without_budgets_shows_none(qbo: Qbo) -> None:
    """An empty answer, and 610 for a number that none has."""
    assert qbo.query("select * from Budget").body["QueryResponse"] == {}
    assert qbo.get("budget/1").error["code"] == "610"


@pytest.mark.parametrize("operation", [{}, {"operation": "update"}, {"operation": "delete"}])
def test_programs_do_not_write_budgets(qbo: Qbo, operation: dict[str, str]) -> None:
    """500 Unsupported Operation; the budget stays."""
    qbo.simulator.load("Budget", [budget(1)])

    answer = qbo.post("budget", {"Id": "1", "SyncToken": "0", "Name": "Mine"}, **operation)

    assert (answer.status, answer.error["code"]) == (400, "500")
    assert qbo.read("Budget", "1")["Name"] == "Plan 1"


def test_a_renamed_account_is_renamed_in_budgets(qbo: Qbo) -> None:
    """As in everything that refers to it."""
    qbo.simulator.load("Budget", [budget(1)])
    account = qbo.read("Account", "7")

    qbo.post("account", {"Id": "7", "SyncToken": account["SyncToken"], "sparse": True, "Name": "Promotion"})

    names = {one["AccountRef"]["name"] for one in qbo.read("Budget", "1")["BudgetDetail"]}
    assert names == {"Promotion"}
