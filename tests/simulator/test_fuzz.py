"""Random requests: whatever comes, the answer is a 200, a Fault or a named gap, and never an error of the simulator."""

import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from qbo_simulator.entities.registry import ENTITIES
from tests.simulator.bookkeeper import STOCKED
from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import LISTS, TRANSACTIONS, expense_line, purchased_item_line
from tests.simulator.xml_client import call, document

MakeCompany = Callable[..., Qbo]

ODD: list[Any] = [
    None, "", " ", 0, -1, 1.5, 10**30, True, "true", [], {}, [1], {"value": "1"}, {"value": None},
    {"value": {}}, {"value": "9" * 40}, "9" * 25, "x" * 5000,
    "2026-02-30", "1e5", "٣", "\u0000", "ü🦄", [[]], {"a": {"b": []}}, "NaN", "-0", 1e-9,
]  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "invoice": invoice(
        {**item_line(20, Qty=2, UnitPrice=10, tax="TAX"), "Description": "d"},
        {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 5}},
        DocNumber="F",
        TxnDate="2026-01-01",
        SalesTermRef=ref(3),
        BillEmail={"Address": "a@b.c"},
        TxnTaxDetail={"TxnTaxCodeRef": ref(2), "TotalTax": 1},
        CustomField=[{"DefinitionId": "1", "StringValue": "x"}],
        LinkedTxn=[],
    ),
    "payment": {
        "CustomerRef": ref(1), "TotalAmt": 5, "Line": [{"Amount": 5, "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}],
    },
    "customer": {"DisplayName": "Fuzz", "ParentRef": ref(1), "Job": True, "BillAddr": {"Line1": "x"}, "CurrencyRef": ref("USD")},
    "item": {"Name": "Fuzz", "Type": "Service", "IncomeAccountRef": ref(1), "UnitPrice": 3, "ParentRef": ref(1)},
    "account": {"Name": "Fuzz", "AccountType": "Bank", "ParentRef": ref(35), "AcctNum": "1"},
    "term": {"Name": "Fuzz", "DueDays": 3},
    "vendor": {"DisplayName": "Fuzz V", "TermRef": ref(1), "TaxIdentifier": "123"},
}  # fmt: skip
# Buys and sells what is in stock, for a purchase order.
STOCK_LINE = {
    **purchased_item_line(6, "19", Qty=2, UnitPrice=3),
    "LinkedTxn": [{"TxnId": "1", "TxnType": "PurchaseOrder", "TxnLineId": "1"}],
}  # fmt: skip
OTHER_BODIES: dict[str, dict[str, Any]] = {
    **{name.lower(): body for name, body in (TRANSACTIONS | LISTS).items() if name.lower() not in BODIES},
    "bill": {**TRANSACTIONS["Bill"], "Line": [expense_line(), purchased_item_line(6, "19", Qty=2, UnitPrice=3)]},
    "purchase": {**TRANSACTIONS["Purchase"], "Line": [STOCK_LINE]},
    "salesreceipt": invoice(item_line(20, item="19", Qty=2, UnitPrice=10)),
    "billpayment": {
        "VendorRef": ref(30), "PayType": "Check", "CheckPayment": {"BankAccountRef": ref(35)}, "TotalAmt": 5,
        "Line": [{"Amount": 5, "LinkedTxn": [{"TxnId": "2", "TxnType": "Bill"}]}],
    },
    "attachable": {"Note": "n", "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": "1"}}]},
    "exchangerate": {"SourceCurrencyCode": "EUR", "Rate": 1.5, "AsOfDate": "2026-01-01"},
    "companycurrency": {"Code": "EUR"},
    "taxagency": {"DisplayName": "Fuzz"},
    "recurringtransaction": {
        "Invoice": invoice(
            RecurringInfo={
                "Name": "Fuzz", "RecurType": "Automated", "Active": True,
                "ScheduleInfo": {
                    "IntervalType": "Monthly", "DayOfMonth": 1, "NumInterval": 2, "StartDate": "2026-01-01",
                    "NextDate": "2026-01-01", "EndDate": "2090-01-01",
                    "DayOfWeek": "Monday", "WeekOfMonth": 2, "DaysBefore": 3, "MaxOccurrences": 5,
                },
            },
            CurrencyRef=ref("USD"),
        )
    },
    "item": {**STOCKED, "Description": "d"},
    "taxservice/taxcode": {
        "TaxCode": "Fuzz",
        "TaxRateDetails": [{"TaxRateName": "F", "RateValue": 3, "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}],
    },
}  # fmt: skip


IN_A_CURRENCY = {name.lower() for name in TRANSACTIONS if name != "TimeActivity"} | {"billpayment"}


def mutated(chance: random.Random, node: Any) -> Any:
    """The same tree with something odd in one place."""
    if isinstance(node, dict) and node and chance.random() < 0.8:
        key = chance.choice(list(node))
        changed = dict(node)
        if chance.random() < 0.1:
            changed[chance.choice(["Id", "SyncToken", "sparse", "Odd", "Line"])] = chance.choice(ODD)
        changed[key] = mutated(chance, node[key])
        return changed
    if isinstance(node, list) and node and chance.random() < 0.8:
        place = chance.randrange(len(node))
        return [*node[:place], mutated(chance, node[place]), *node[place + 1 :]]
    return chance.choice(ODD)


@pytest.mark.parametrize("seed", range(4))
def test_odd_objects_never_break_the_simulator(qbo: Qbo, seed: int) -> None:
    """Creates, updates and other operations with odd values in odd places."""
    chance = random.Random(seed)
    qbo.create("Invoice", **invoice())
    for _ in range(150):
        entity = chance.choice(list(BODIES))
        body = mutated(chance, BODIES[entity])
        if isinstance(body, dict) and chance.random() < 0.4:
            body = {"Id": "1", "SyncToken": chance.choice(["0", "1", 0, "x"]), "sparse": chance.random() < 0.5, **body}
        parameters = chance.choice(
            [{}, {}, {"operation": "void"}, {"operation": "delete"}, {"include": "void"}, {"requestid": "f"}]
        )

        answer = qbo.call("POST", entity, json.dumps(body).encode(), {"Content-Type": "application/json"}, **parameters)

        assert answer.status in (200, 400, 501), (entity, body, answer.text)


@pytest.mark.parametrize("seed", range(2))
def test_odd_objects_of_all_other_entities_never_break_the_simulator(make_company: MakeCompany, seed: int) -> None:
    """The same for everything else that can be created, where all features are on; the ledger still balances afterwards."""
    switches = ("MultiCurrencyEnabled", "TrackDepartments", "ClassTrackingPerTxn")
    qbo = make_company(preferences=dict.fromkeys(switches, True))
    chance = random.Random(seed)
    taken = 0
    dollars = {"CurrencyRef": ref("USD")}
    assert qbo.create("Item", **STOCKED)["Id"] == "19"
    qbo.create("PurchaseOrder", **TRANSACTIONS["PurchaseOrder"], **dollars)
    for _ in range(150):
        entity = chance.choice(list(OTHER_BODIES))
        body = OTHER_BODIES[entity] | (dollars if entity in IN_A_CURRENCY else {})
        body = mutated(chance, body) if chance.random() < 0.5 else body
        if isinstance(body, dict) and chance.random() < 0.3:
            body = {"Id": str(chance.randint(1, 4)), "SyncToken": "0", "sparse": chance.random() < 0.5, **body}
        parameters = chance.choice([{}, {}, {"operation": "delete"}, {"include": "void"}])

        answer = qbo.call("POST", entity, json.dumps(body).encode(), {"Content-Type": "application/json"}, **parameters)

        assert answer.status in (200, 400, 501), (entity, body, answer.text)
        taken += answer.status == 200
    # Half a year on all templates have been due.
    qbo.simulator.clock(advance=180 * 86400)
    assert taken > 10
    assert qbo.simulator.ledger(qbo.realm_id)["unbalanced"] == []


ODD_MARKUP = [
    b"", b"x", b"<A/>", b"</Line>", b"<Line>", b"<Line/>", b"<Id>1</Id>", b"&amp;", b"&#x10FFFF;", b"]]>", b"<![CDATA[<]]>",
    b'<BillAddr sparse="true" a="b">', b'<CustomerRef name="1" type="2">1</CustomerRef>', b'<Line xmlns="urn:x"/>', b"<!-- -->",
    b"<?pi?>", b"<Amount>1e999999999</Amount>", b"\xff", b"\x7f", b"<TxnTaxDetail/>", b"<value>1</value>",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_odd_markup_never_breaks_the_simulator(qbo: Qbo, seed: int) -> None:
    """Tags and texts of XML requests that are lost, doubled, moved or odd; each answer is XML that can be read."""
    chance = random.Random(seed)
    names = {name.lower(): name for name in ENTITIES}
    bodies = {name: body for name, body in (OTHER_BODIES | BODIES).items() if name in names}
    statuses = set()
    for _ in range(150):
        entity = chance.choice(list(bodies))
        pieces = re.findall(rb"<[^>]*>|[^<]+", document(names[entity], bodies[entity]))
        for _ in range(chance.randint(0, 2)):
            place, other = chance.randrange(len(pieces)), chance.choice(pieces)
            pieces[place] = chance.choice(
                [b"", pieces[place] * 2, other, pieces[place] + other, chance.choice(ODD_MARKUP)]
            )

        answer = call(qbo, "POST", entity, b"".join(pieces))

        assert answer.status in (200, 400, 501), (entity, pieces, answer.text)
        statuses.add(answer.status)
    assert statuses >= {200, 400}
    assert qbo.simulator.ledger(qbo.realm_id)["unbalanced"] == []


def test_odd_queries_never_break_the_simulator(qbo: Qbo) -> None:
    """Pieces of queries in any order."""
    chance = random.Random(1)
    pieces = [
        "select", "*", "count(*)", "from", "Invoice", "Customer", "where", "Id", "=", "'1'", "DocNumber",
        "like", "'%'", "in", "(",
        ")", ",", "and", "orderby", "order by", "TxnDate", "desc", "startposition", "maxresults", "5", "'9'", "\\'", "TotalAmt",
        ">", "'\\\\'", "MetaData.LastUpdatedTime", "'2026-01-01T00:00:00Z'", "Active", "true", "CURRENT_DATE", "ü", "--", ";",
    ]  # fmt: skip
    for _ in range(200):
        text = "select * from Invoice " + " ".join(chance.choices(pieces, k=chance.randint(1, 8)))

        answer = qbo.query(text)

        assert answer.status in (200, 400, 501), (text, answer.text)


def test_odd_batches_never_break_the_simulator(qbo: Qbo) -> None:
    """Items with odd parts."""
    chance = random.Random(2)
    batch = {
        "BatchItemRequest": [
            {"bId": "1", "operation": "create", "Invoice": invoice()},
            {"bId": "2", "Query": "select * from Item"},
        ]
    }
    for _ in range(150):
        answer = qbo.post("batch", mutated(chance, batch), requestid=chance.choice(["", "same"]))

        assert answer.status in (200, 400, 501), answer.text
