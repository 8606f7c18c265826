"""The query language: what it can ask, and the texts of its refusals."""

from typing import Any

import pytest

from qbo_simulator.entities.registry import ENTITIES
from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import TRANSACTIONS


def ids(rows: list[dict[str, Any]]) -> list[str]:
    """Ids of rows."""
    return [row["Id"] for row in rows]


def three_invoices(qbo: Qbo) -> None:
    """Invoices 1 to 3 of customers 1, 2, 2 over three months."""
    for number, customer, date, amount in (
        (1, "1", "2026-01-10", 10),
        (2, "2", "2026-02-10", 20),
        (3, "2", "2026-03-10", 30),
    ):
        qbo.create("Invoice", **invoice(item_line(amount), customer=customer, TxnDate=date, DocNumber=f"D-{number}"))


def test_a_count_has_total_count_alone(qbo: Qbo) -> None:
    """count(*) honours the conditions."""
    answer = qbo.query("SELECT COUNT(*) FROM Customer WHERE DisplayName LIKE 'D%'")

    assert answer.body["QueryResponse"] == {"totalCount": 3}


def test_no_rows_is_an_empty_response(qbo: Qbo) -> None:
    """An empty QueryResponse object."""
    assert qbo.query("select * from Invoice").body["QueryResponse"] == {}


def test_pages_start_at_one_and_say_how_many_rows_came(qbo: Qbo) -> None:
    """maxResults is the number of rows returned; MAXRESULTS may come first."""
    answer = qbo.query("SELECT * FROM Customer ORDERBY Id MAXRESULTS 5 STARTPOSITION 28")

    response = answer.body["QueryResponse"]
    assert list(response) == ["Customer", "startPosition", "maxResults"]
    assert (response["startPosition"], response["maxResults"], ids(response["Customer"])) == (28, 2, ["28", "29"])


def test_a_hundred_rows_unless_asked_for_more(make_company: Any) -> None:
    """100 by default, 1000 at most."""
    qbo = make_company(customers=150)

    assert len(qbo.query("select * from Customer").rows) == 100
    assert len(qbo.query("select * from Customer maxresults 1000").rows) == 150 + 29


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("DocNumber = 'd-2'", ["2"]),
        ("DocNumber IN ('D-1', 'D-3')", ["1", "3"]),
        ("DocNumber LIKE '%-3'", ["3"]),
        ("DocNumber != 'D-1'", ["2", "3"]),
        ("Id IN ('1','2','99')", ["1", "2"]),
        ("CustomerRef = '2'", ["2", "3"]),
        ("TxnDate >= '2026-02-10' AND TxnDate < '2026-03-10'", ["2"]),
        ("TotalAmt > '19.99' and TotalAmt <= '30'", ["2", "3"]),
        ("Balance = '10.00'", ["1"]),
        ("DueDate = '2026-02-09'", ["1"]),
        ("txndate > '2026-01-31'   and   CUSTOMERREF = '2'", ["2", "3"]),
        ("MetaData.LastUpdatedTime > '2020-01-01T00:00:00Z'", ["1", "2", "3"]),
        ("MetaData.CreateTime > '2099-01-01'", []),
        ("TxnDate <= CURRENT_DATE", ["1", "2", "3"]),
    ],
)
def test_conditions_select_rows(qbo: Qbo, condition: str, expected: list[str]) -> None:
    """Fields, keywords and strings ignore case; numbers are quoted."""
    three_invoices(qbo)

    assert ids(qbo.query(f"select * from invoice where {condition} orderby Id").rows) == expected


@pytest.mark.parametrize(
    ("entity", "field", "value", "values"),
    [
        ("Purchase", "AccountRef", "41", {}),
        ("Bill", "APAccountRef", "33", {}),
        ("Deposit", "DepositToAccountRef", "35", {}),
        ("Invoice", "SalesTermRef", "3", {"SalesTermRef": ref(3)}),
        ("Purchase", "EntityRef", "1", {"EntityRef": {**ref(1), "type": "Customer"}}),
    ],
)
def test_a_reference_is_a_condition(qbo: Qbo, entity: str, field: str, value: str, values: dict[str, Any]) -> None:
    """By its bare value, alone or in a list; another value finds nothing."""
    made = qbo.create(entity, **{**TRANSACTIONS[entity], **values})

    found = [
        ids(qbo.query(f"select * from {entity} where {field} {condition}").rows)
        for condition in (f"= '{value}'", f"in ('999', '{value}')", "= '999'")
    ]

    assert found == [[made["Id"]], [made["Id"]], []]


def test_a_quote_is_escaped_with_a_backslash(qbo: Qbo) -> None:
    """Doubling it is a syntax error (4000)."""
    found = qbo.query("select * from Customer where DisplayName = 'Amy\\'s Bird Sanctuary'")
    doubled = qbo.query("select * from Customer where DisplayName = 'Amy''s Bird Sanctuary'")

    assert ids(found.rows) == ["1"]
    assert (doubled.status, doubled.error["code"]) == (400, "4000")


def test_a_percent_is_the_only_wildcard(qbo: Qbo) -> None:
    """An underscore is an underscore."""
    qbo.create("Customer", DisplayName="a_b")

    assert len(qbo.query("select * from Customer where DisplayName like 'a_b'").rows) == 1
    assert qbo.query("select * from Customer where DisplayName like '_ool Cars'").rows == []


def test_an_empty_value_is_compared_with_a_blank(qbo: Qbo) -> None:
    """= ' ' finds what has no value."""
    qbo.create("Invoice", **invoice())

    assert len(qbo.query("select * from Invoice where DocNumber = ' '").rows) == 1


def test_inactive_rows_are_hidden_unless_asked_for(qbo: Qbo) -> None:
    """Active = false, or IN (true, false), shows them."""
    qbo.post("customer", {"Id": "2", "SyncToken": "0", "sparse": True, "Active": False})

    counts = [
        qbo.query(f"select count(*) from Customer{condition}").body["QueryResponse"]["totalCount"]
        for condition in ("", " where Active = true", " where Active = false", " where Active IN (true, false)")
    ]

    assert counts == [28, 28, 1, 29]


def test_names_come_in_order_of_their_full_names_and_transactions_newest_first(qbo: Qbo) -> None:
    """The default order, as recorded: jobs follow their parent."""
    three_invoices(qbo)

    names = [row["FullyQualifiedName"] for row in qbo.query("select * from Customer").rows]

    assert names == sorted(names, key=str.lower)
    assert names.index("Freeman Sporting Goods:55 Twin Lane") == names.index("Freeman Sporting Goods") + 2
    assert ids(qbo.query("select * from Invoice").rows) == ["3", "2", "1"]


def test_order_by_takes_several_fields_and_directions(qbo: Qbo) -> None:
    """ORDERBY and ORDER BY are the same."""
    three_invoices(qbo)

    assert ids(qbo.query("select * from Invoice ORDER BY CustomerRef DESC, TotalAmt ASC").rows) == ["2", "3", "1"]
    assert ids(qbo.query("select * from Invoice orderby TotalAmt desc").rows) == ["3", "2", "1"]


def test_chosen_fields_come_as_sparse_objects(qbo: Qbo) -> None:
    """Id is always there; nested fields cannot be chosen."""
    three_invoices(qbo)

    row = qbo.query("select DocNumber, TotalAmt, MetaData.CreateTime from Invoice where Id = '1'").rows[0]

    assert list(row) == ["domain", "sparse", "Id", "MetaData", "DocNumber", "TotalAmt"]
    assert row["sparse"] is True


def test_a_star_may_be_followed_by_fields(qbo: Qbo) -> None:
    """What a public client sends for items."""
    assert len(qbo.query("SELECT *, Sku FROM Item").rows) == 18


def test_tax_codes_ignore_a_small_maxresults(qbo: Qbo) -> None:
    """QBO's own bug."""
    assert len(qbo.query("select * from TaxCode maxresults 1").rows) == 3


def test_singletons_can_be_queried(qbo: Qbo) -> None:
    """CompanyInfo and Preferences."""
    assert qbo.query("select * from CompanyInfo").rows[0]["Country"] == "US"
    assert qbo.query("select * from Preferences").rows[0]["CurrencyPrefs"]["HomeCurrency"] == {"value": "USD"}


@pytest.mark.parametrize(
    ("text", "code", "message", "detail"),
    [
        (
            "select * from Custmoer",
            "4001",
            "Invalid query",
            "QueryValidationError: invalid context declaration: Custmoer",
        ),
        (
            "select * from Customer where Foo = '1'",
            "4001",
            "Invalid query",
            "QueryValidationError: Property Foo not found for Entity Customer",
        ),
        (
            "select Id, BillAddr from Customer",
            "4001",
            "Invalid query",
            "QueryValidationError: Property BillAddr not found for Entity Customer",
        ),
        (
            "select * from Invoice where PrivateNote = 'x'",
            "4001",
            "Invalid query",
            "QueryValidationError: property 'PrivateNote' is not queryable",
        ),
        (
            "select * from Payment where UnappliedAmt > '0'",
            "4001",
            "Invalid query",
            "QueryValidationError: property 'UnappliedAmt' is not queryable",
        ),
        (
            "select * from Invoice startposition 0",
            "4001",
            "Invalid query",
            "QueryValidationError: value 0 is too small. Min allowed value is 1",
        ),
        (
            "select * from Invoice maxresults 1001",
            "4001",
            "Invalid query",
            "QueryValidationError: value 1001 is too large.",
        ),
        (
            "select * from Invoice where Id > '1'",
            "4001",
            "Invalid query",
            "operator > is not supported for property 'Id'",
        ),
        ("select * from Invoice where TotalAmt between '1' and '2'", "4001", "Invalid query", "BETWEEN"),
        (
            "select * from Invoice where TotalAmt = 'much'",
            "4001",
            "Invalid query",
            "value much of property 'TotalAmt' is not a number",
        ),
        ("select * from Invoice where TxnDate = 'never'", "4001", "Invalid query", "is not a date"),
        ("select * from Invoice where Id = 'x'", "2030", "Invalid ID", "Id should be a valid number. Supplied value:x"),
        (
            "select * from Invoice TxnDate",
            "4000",
            "Error parsing query",
            'QueryParserError: Encountered " <IDENTIFIER> "TxnDate "" at line 1, column 23.\nWas expecting',
        ),
        ("select * from Invoice where TotalAmt > 5", "4000", "Error parsing query", "Encountered"),
        ("select * from Invoice where Id = '1' or Id = '2'", "4000", "Error parsing query", "Encountered"),
        ("select * from Invoice, Customer", "4000", "Error parsing query", "Encountered"),
        ("select * from Invoice group by Id", "4000", "Error parsing query", "Encountered"),
        ("drop table objects", "4000", "Error parsing query", "Encountered"),
        ("select * from Invoice; select * from Customer", "4000", "Error parsing query", "Encountered"),
        ("select", "4000", "Error parsing query", "<EOF>"),
        (
            "select Id, BillAddr.City from Customer",
            "4001",
            "Invalid query",
            "Property BillAddr not found for Entity Customer",
        ),
        ("select * from Invoice startposition 99999999999999999999", "4001", "Invalid query", "is too large"),
        pytest.param(
            f"select * from Invoice startposition {'9' * 5000}", "4000", "Error parsing query", "digits", id="9…"
        ),
        (
            "select * from Invoice maxresults 1 startposition 1 maxresults 2",
            "4000",
            "Error parsing query",
            '"maxresults"',
        ),
    ],
)
def test_a_query_that_cannot_be_asked_is_refused(qbo: Qbo, text: str, code: str, message: str, detail: str) -> None:
    """4000 for syntax, 4001 for content, 2030 for an id that is no number; all HTTP 400."""
    answer = qbo.query(text)

    assert (answer.status, answer.error["code"], answer.error["Message"]) == (400, code, message)
    assert detail in answer.error["Detail"]


def test_injection_is_only_text(qbo: Qbo) -> None:
    """A value never becomes SQL."""
    answer = qbo.query("select * from Customer where DisplayName = 'x\\' or 1=1 --'")

    assert answer.body["QueryResponse"] == {}


def test_more_than_a_thousand_rows_are_clamped_when_set_so(qbo: Qbo) -> None:
    """Both behaviours have been reported."""
    qbo.simulator.settings(maxresults_above_1000="clamp")

    assert len(qbo.query("select * from Customer maxresults 5000").rows) == 29


def test_an_entity_that_is_not_simulated_is_named(qbo: Qbo) -> None:
    """501, louder than the original."""
    answer = qbo.query("select * from TaxReturn")

    assert (answer.status, "TaxReturn" in answer.text) == (501, True)


def test_a_query_can_be_posted_as_text(qbo: Qbo) -> None:
    """application/text or text/plain; JSON is not a query, nor is what has no type (1050)."""
    text = b"select count(*) from Customer"

    posted = [
        qbo.call("POST", "query", text, {"Content-Type": kind})
        for kind in ("application/text", "text/plain; charset=utf-8", "application/json", None)
    ]

    assert [answer.status for answer in posted] == [200, 200, 400, 400]
    assert {answer.error["code"] for answer in posted[2:]} == {"1050"}
    assert posted[0].body["QueryResponse"]["totalCount"] == 29


def test_a_query_does_not_show_what_was_created_just_now_when_its_index_lags(qbo: Qbo) -> None:
    """A read by id shows it at once, a query after the lag; what is older does not vanish when somebody changes it."""
    qbo.simulator.settings(query_lag_seconds=60)
    made = qbo.create("Invoice", **invoice(DocNumber="L-1"))
    text = "select * from Invoice where DocNumber = 'L-1'"

    before = qbo.query(text).rows
    qbo.simulator.clock(advance=61)

    assert (before, ids(qbo.query(text).rows)) == ([], [made["Id"]])
    assert qbo.read("Invoice", made["Id"])["DocNumber"] == "L-1"
    qbo.post("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "paid soon"})
    assert ids(qbo.query(text).rows) == [made["Id"]]


REFUSED_QUERIES = [
    ("select * from {entity} where Colour = 'red'", "4001", "Property Colour not found for Entity {entity}"),
    ("select Colour from {entity}", "4001", "Property Colour not found for Entity {entity}"),
    ("select * from {entity} where Id = '1' or Id = '2'", "4000", "QueryParserError: Encountered"),
    ("select * from {entity} where Id between '1' and '2'", "4001", "BETWEEN"),
    ("select * from {entity} where Id like '1%'", "4001", "property 'Id'"),
    ("select * from {entity} where Id > '1'", "4001", "property 'Id'"),
    ("select * from {entity} where Id = 'one'", "2030", "Id should be a valid number. Supplied value:one"),
    ("select * from {entity} startposition 0", "4001", "value 0 is too small. Min allowed value is 1"),
    ("select * from {entity} maxresults 1001", "4001", "1001"),
    ("select * from {entity} where MetaData.CreateTime > 'soon'", "4001", "soon"),
    ("select * from {entity} where Id = 5", "4000", "QueryParserError"),
    ("select * from {entity} where Id = 'it''s'", "4000", "QueryParserError"),
    ("select count(*) from {entity} group by Id", "4000", "QueryParserError"),
    ("select * from {entity} join Item", "4000", "QueryParserError"),
]


@pytest.mark.parametrize("entity", [name for name, one in ENTITIES.items() if "Id" in one.columns])
def test_every_entity_refuses_the_same_queries(qbo: Qbo, entity: str) -> None:
    """The refusals of the language, with their codes and texts, whatever is asked for."""
    for text, code, detail in REFUSED_QUERIES:
        answer = qbo.query(text.format(entity=entity))

        assert (answer.status, answer.error["code"]) == (400, code), (text, answer.text)
        assert detail.format(entity=entity) in answer.error["Detail"], (text, answer.text)


@pytest.mark.parametrize(
    ("entity", "name"),
    [
        ("Bill", "CustomerRef"),
        ("Bill", "DepartmentRef"),
        ("PurchaseOrder", "CustomerRef"),
        ("Customer", "CustomerTypeRef"),
        ("Invoice", "Line"),
        ("TimeActivity", "CustomerRef"),
        ("TimeActivity", "EmployeeRef"),
        ("Payment", "UnappliedAmt"),
        ("JournalEntry", "Line"),
    ],
)
def test_what_cannot_be_asked_for_is_named(qbo: Qbo, entity: str, name: str) -> None:
    """4001: properties that an entity has and that no query takes."""
    answer = qbo.query(f"select * from {entity} where {name} = '1'")

    expected = {f"QueryValidationError: property '{name}' is not queryable",
                f"QueryValidationError: Property {name} not found for Entity {entity}"}  # fmt: skip
    assert (answer.error["code"], answer.error["Detail"] in expected) == ("4001", True), answer.text
