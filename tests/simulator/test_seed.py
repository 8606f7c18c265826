"""Companies with many invoices: a seed writes what the rules would have made, and nothing is found by walking all of it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qbo_simulator.app import Simulator
from qbo_simulator.query.run import run
from qbo_simulator.sample.build import seed
from qbo_simulator.testing import SimulatorError
from qbo_simulator.web.cdc import changes
from tests.simulator.client import Qbo

MakeCompany = Callable[..., Qbo]
REQUESTED = ("CustomerRef", "DocNumber", "TxnDate")


def request(made: dict[str, Any]) -> dict[str, Any]:
    """What a client would have sent to get an invoice."""
    lines = []
    for line in made["Line"]:
        detail = line.get("SalesItemLineDetail")
        if detail:
            lines.append({"Amount": line["Amount"], "DetailType": line["DetailType"], "SalesItemLineDetail": detail})
    return {**{name: made[name] for name in REQUESTED}, "Line": lines}


@pytest.mark.parametrize("country", ["US", "GB", "CA", "AU"])
def test_a_seeded_invoice_is_what_the_rules_make(make_company: MakeCompany, country: str) -> None:
    """The same requests, sent one by one, give the same objects, the same balances and the same ledger."""
    seeded = make_company(realm_id="42", country=country, customers=3, invoices=12, lines=3)
    other = make_company(realm_id="43", country=country, customers=3)
    invoices = seeded.query("select * from Invoice orderby Id").rows

    made = [other.create("Invoice", **request(one)) for one in invoices]

    for one, again in zip(invoices, made, strict=True):
        assert [(name, value) for name, value in one.items() if name != "MetaData"] == [
            (name, value) for name, value in again.items() if name != "MetaData"
        ]
    for entity, field in (("Customer", "Balance"), ("Account", "CurrentBalance")):
        both = [qbo.query(f"select * from {entity} orderby Id").rows for qbo in (seeded, other)]
        assert [row[field] for row in both[0]] == [row[field] for row in both[1]]
    ledgers = [qbo.simulator.ledger(qbo.realm_id) for qbo in (seeded, other)]
    assert ledgers[0] == ledgers[1]
    assert ledgers[0]["unbalanced"] == []


def test_a_seed_is_the_same_each_time_and_goes_on_where_it_ends(make_company: MakeCompany) -> None:
    """The same wish gives the same company; new documents get ids behind the seeded ones."""
    first = make_company(realm_id="42", invoices=30, random_seed=7)
    second = make_company(realm_id="43", invoices=30, random_seed=7)

    made = first.create("Invoice", CustomerRef={"value": "1"}, Line=request(first.read("Invoice", "1"))["Line"])

    assert made["Id"] == "31"
    assert (second.simulator.totals("Invoice", "43")["count"], len(same(second))) == (30, 30)
    assert same(first)[:30] == same(second)


def test_a_company_is_saved_and_loaded_with_everything_it_has(make_company: MakeCompany, tmp_path: Path) -> None:
    """Objects, numbers, the ledger and what a requestid brought are as they were; other companies stay untouched."""
    qbo = make_company(realm_id="42", invoices=5)
    payload = {"DisplayName": "Once"}
    once = qbo.post("customer", payload, requestid="r")["Customer"]
    before = [qbo.simulator.state(name, "42") for name in ("Invoice", "Customer", "Account")]
    books = qbo.simulator.ledger("42")

    saved = qbo.simulator.save_company(tmp_path / "saved.sqlite", "42")
    qbo.create("Customer", DisplayName="Later")
    loaded = qbo.simulator.load_company(tmp_path / "saved.sqlite")
    again = Qbo(qbo.simulator, "42", loaded["access_token"])

    assert saved > 5
    assert [qbo.simulator.state(name, "42") for name in ("Invoice", "Customer", "Account")] == before
    assert qbo.simulator.ledger("42") == books
    assert again.post("customer", payload, requestid="r")["Customer"]["Id"] == once["Id"]
    assert int(again.create("Customer", DisplayName="New")["Id"]) == int(once["Id"]) + 1
    assert len(qbo.simulator.state("Customer")) == 29


def test_a_file_that_holds_no_company_is_refused(make_company: MakeCompany, tmp_path: Path) -> None:
    """A file that exists is not overwritten; what is no saved company is not loaded."""
    qbo = make_company(realm_id="42")
    other = tmp_path / "other.sqlite"
    other.write_text("no database at all, and long enough to be read as one" * 40)

    for call in (
        lambda: qbo.simulator.save_company(other, "42"),
        lambda: qbo.simulator.save_company(tmp_path / "nowhere" / "x.sqlite", "42"),
        lambda: qbo.simulator.load_company(other),
        lambda: qbo.simulator.load_company(tmp_path / "missing.sqlite"),
    ):
        with pytest.raises(SimulatorError, match="422"):
            call()
    assert qbo.get("companyinfo/42").status == 200


def same(qbo: Qbo) -> list[tuple[Any, ...]]:
    """What must not differ between two seeds."""
    rows = qbo.query("select * from Invoice orderby Id").rows
    return [(row["Id"], row.get("DocNumber"), row["TxnDate"], row["TotalAmt"]) for row in rows]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A company whose tables are worth an index, in this process."""
    simulator = Simulator(tmp_path_factory.mktemp("large") / "state.sqlite")
    with simulator.world.transaction():
        seed(simulator.world, simulator.tokens, {"realm_id": "42", "customers": 300, "invoices": 3000})
    yield simulator
    simulator.world.database.close()


QUERIES = [
    "select count(*) from Invoice",
    "select * from Invoice startposition 2001 maxresults 500",
    "select * from Invoice orderby Id startposition 1001 maxresults 1000",
    "select * from Invoice where DocNumber = 'S-0000700'",
    "select * from Invoice where CustomerRef = '1'",
    "select * from Invoice where CustomerRef = 'nobody'",
    "select * from Invoice where Id in ('5', '500')",
    "select * from Invoice where TxnDate >= '2026-01-01' maxresults 10",
    "select * from Invoice where MetaData.LastUpdatedTime > '2020-01-01' orderby MetaData.LastUpdatedTime maxresults 10",
    "select count(*) from Invoice where Balance > '10'",
    "select * from Customer where DisplayName = 'Customer 000007'",
    "select * from Customer maxresults 1000",
]


@pytest.mark.parametrize("text", [*QUERIES, "cdc"])
def test_large_companies_are_searched_by_index(large: Simulator, text: str) -> None:
    """Pages, counts, searches and changes: no statement walks the table of objects."""
    plans = plans_of(large, text)

    assert plans
    assert [step for step in plans if "SCAN" in step] == []


@pytest.mark.parametrize("condition", ["Balance > '0'", "Balance > '0' and DueDate < '2026-06-30'", "TotalAmt > '10'"])
def test_what_is_open_is_put_in_order_without_its_documents(large: Simulator, condition: str) -> None:
    """The index holds the dates, too: of thousands of open invoices only those that are shown are fetched."""
    first, *_others = plans_of(large, f"select * from Invoice where {condition} maxresults 10")

    assert "USING COVERING INDEX" in first


def plans_of(large: Simulator, text: str) -> list[str]:
    """How SQLite carries out what a query (or change data capture) asks of the table of objects."""
    books = large.world.books(large.world.companies["42"])
    statements: list[str] = []
    large.world.database.set_trace_callback(statements.append)
    try:
        if text == "cdc":
            changes(books, "Invoice,Customer", "2020-01-01T00:00:00Z")
        else:
            run(books, text)
    finally:
        large.world.database.set_trace_callback(None)
    return [
        str(step[3])
        for statement in statements
        if re.match(r"select\b.*\bfrom objects\b", statement, re.DOTALL)
        for step in large.world.database.execute(f"explain query plan {statement}")
    ]
