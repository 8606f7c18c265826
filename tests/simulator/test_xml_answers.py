"""Answers in XML: the same values as in JSON, in the form of Intuit's schemas."""

from collections.abc import Callable
from typing import Any

import pytest

from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.testing import RunningSimulator
from tests.simulator.client import JSON_NAMES, Qbo, invoice, item_line, ref
from tests.simulator.payloads import adjustment_line, budget, expense_line
from tests.simulator.usual_bodies import USUAL
from tests.simulator.xml_client import NAMESPACE, call, child, error, local, parsed, text, values, xml_of

READABLE = sorted(set(ENTITIES) - {"ExchangeRate"})
BILL = {"VendorRef": ref(30), "Line": [expense_line(10)]}
NOTE = 'ü 你 🦄 "quoted" <b>&amp;</b> ]]> \u2028 \n\t\r end'


@pytest.fixture(scope="module")
def company(process: RunningSimulator) -> Qbo:
    """The sample company with an object of every kind in it, which these tests only read."""
    process.reset()
    qbo = Qbo(process)
    for name, bodies in USUAL.items():
        for body in bodies:
            qbo.create(name, **body)
    sold, bought = qbo.create("Invoice", **invoice(item_line(90), DocNumber="X-1")), qbo.create("Bill", **BILL)
    qbo.create("Payment", CustomerRef=ref(1), TotalAmt=40, Line=[linked(40, "Invoice", sold["Id"])])
    paid = {"VendorRef": ref(30), "PayType": "Check", "CheckPayment": {"BankAccountRef": ref(35)}, "TotalAmt": 10}
    qbo.create("BillPayment", **paid, Line=[linked(10, "Bill", bought["Id"])])
    stocked = qbo.query("select * from Item where Name = 'Garden Supplies'").rows[0]["Id"]
    qbo.create("InventoryAdjustment", AdjustAccountRef=ref(80), Line=[adjustment_line(stocked, -1)])
    process.load("Budget", [budget(1)])
    schedule = {"IntervalType": "Monthly", "DayOfMonth": 1, "StartDate": "2030-01-01"}
    info = {"Name": "Rent", "RecurType": "Automated", "ScheduleInfo": schedule}
    qbo.create("RecurringTransaction", Invoice=invoice(RecurringInfo=info))
    times = {"CreateTime": "2026-01-01T00:00:00-08:00", "LastUpdatedTime": "2026-01-01T00:00:00-08:00"}
    process.load(
        "CustomerType", [{"Name": "Wholesale", "Active": True, "Id": "5", "SyncToken": "0", "MetaData": times}]
    )
    process.preferences(MultiCurrencyEnabled=True)
    qbo.create("CompanyCurrency", Code="EUR")
    return qbo


def linked(amount: int, kind: str, id: str) -> dict[str, Any]:
    """The line of a payment."""
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


@pytest.mark.parametrize("entity", READABLE)
def test_json_and_xml_show_the_same_of_every_object(company: Qbo, entity: str) -> None:
    """All objects of the company and one of each usual body: the same values at the same places, in a query and in a read."""
    query, shown_as = f"select * from {entity} maxresults 1000", JSON_NAMES.get(entity, entity)
    rows = company.query(query).body["QueryResponse"]
    assert shown_as in rows, "the fixture makes an object of every kind"
    first = rows[shown_as][0]
    number = first.get("Id") or next(iter(first.values()))["Id"]

    found = call(company, "GET", "query", query=query)
    read = call(company, "GET", f"{entity.lower()}/{number}")

    assert list(values(child(found.body, "QueryResponse"))) == list(values(xml_of("QueryResponse", rows)))
    assert list(values(child(read.body, shown_as))) == list(values(xml_of(shown_as, first)))


def test_what_a_payment_paid_is_named_by_pairs(company: Qbo) -> None:
    """``LineEx`` holds ``NameValue`` elements where JSON wraps each of them."""
    found = call(company, "GET", "query", query="select * from Payment where TotalAmt = '40'")

    pairs = child(found.body, "QueryResponse", "Payment", "Line", "LineEx")

    assert {text(pair, "Name"): text(pair, "Value") for pair in pairs}["txnReferenceNumber"] == "X-1"
    assert {local(pair.tag) for pair in pairs} == {"NameValue"}


def test_a_report_keeps_the_values_of_its_cells_in_attributes(company: Qbo) -> None:
    """Under its own name, as a single one has no envelope; rows and sections carry type and group."""
    in_json = company.get("reports/BalanceSheet").body

    answer = call(company, "GET", "reports/BalanceSheet")

    assert local(answer.body.tag) == "Report"
    assert text(answer.body, "Header", "ReportName") == "BalanceSheet"
    shown = [cell.attrib for cell in answer.body.iter(f"{{{NAMESPACE}}}ColData")]
    assert shown == list(cells(in_json["Rows"]))
    first, expected = child(answer.body, "Rows")[0], in_json["Rows"]["Row"][0]
    assert first.attrib == {"type": expected["type"], "group": expected["group"]}


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "xml"),
        ("", "xml"),
        ("*/*", "xml"),
        ("application/xml", "xml"),
        ("text/xml; charset=utf-8", "xml"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "xml"),
        ("application/xml, application/json", "xml"),
        ("application/json;q=0.5, application/xml", "xml"),
        ("application/json", "json"),
        ("Application/JSON", "json"),
        ("application/json, text/plain, */*", "json"),
        ("application/json, application/xml", "json"),
        ("application/xml;q=0.5, application/json;q=0.9", "json"),
    ],
)
def test_the_answer_has_the_form_that_is_accepted(company: Qbo, accept: str | None, form: str) -> None:
    """XML is what QuickBooks answers unless JSON is asked for; of two forms the better liked one, then the first."""
    answer = company.call("GET", "customer/1", headers={"Accept": accept})
    by_format = company.call("GET", "customer/1", headers={"Accept": accept}, format="json")

    assert (answer.status, answer.headers["content-type"]) == (200, f"application/{form};charset=utf-8")
    assert by_format.headers["content-type"] == "application/json;charset=utf-8"


@pytest.mark.parametrize(("accept", "path"), [("text/csv", "customer/1"), ("application/xml", "taxservice/taxcode")])
def test_other_forms_are_gaps_that_are_named(company: Qbo, accept: str, path: str) -> None:
    """501, and nothing is made: neither a form that nobody knows nor the tax service, which speaks JSON alone."""
    body = {"TaxCode": "T", "TaxRateDetails": []} if path.startswith("tax") else None

    answer = company.call("POST" if body else "GET", path, body, {"Accept": accept})

    assert (answer.status, "Not simulated" in answer.text) == (501, True)


def test_an_answer_has_its_time_and_an_object_its_attributes(qbo: Qbo) -> None:
    """``IntuitResponse`` with ``time``; ``domain`` and ``sparse`` on the object, ``name`` on a reference, numbers as in JSON."""
    made = qbo.create("Invoice", **invoice(item_line(100, Qty=3, UnitPrice="33.3333333"), DocNumber="X-1"))

    answer = call(qbo, "GET", f"invoice/{made['Id']}")

    shown = child(answer.body, "Invoice")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/xml;charset=utf-8")
    assert local(answer.body.tag) == "IntuitResponse"
    assert answer.body.attrib["time"][:10] == qbo.simulator.clock()["now"][:10]
    assert shown.attrib == {"domain": "QBO", "sparse": "false"}
    assert (child(shown, "CustomerRef").attrib, text(shown, "CustomerRef")) == ({"name": "Amy's Bird Sanctuary"}, "1")
    assert (text(shown, "TotalAmt"), text(shown, "TxnTaxDetail", "TotalTax")) == ("100.00", "0")
    assert [text(line, "Amount") for line in shown.findall(f"{{{NAMESPACE}}}Line")] == ["100.00", "100.00"]
    assert text(shown, "AllowOnlinePayment") == "false"


def test_a_list_a_count_and_nothing(qbo: Qbo) -> None:
    """Position and numbers are attributes of ``QueryResponse``, which is empty when nothing was found."""
    listed, counted, nothing = (
        child(call(qbo, "GET", "query", query=query).body, "QueryResponse")
        for query in (
            "select * from Customer startposition 3 maxresults 2",
            "select count(*) from Customer",
            "select * from Invoice",
        )
    )

    assert (listed.attrib, len(listed)) == ({"startPosition": "3", "maxResults": "2"}, 2)
    assert (counted.attrib, len(counted)) == ({"totalCount": str(len(qbo.simulator.state("Customer")))}, 0)
    assert (nothing.attrib, len(nothing)) == ({}, 0)


def test_changes_show_what_was_deleted(qbo: Qbo) -> None:
    """``CDCResponse`` with one ``QueryResponse`` per entity; a deletion has its ``status`` as an attribute."""
    made = qbo.create("Invoice", **invoice())
    qbo.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")

    answer = call(qbo, "GET", "cdc", entities="Invoice,Payment", changedSince="2000-01-01T00:00:00Z")

    invoices, payments = child(answer.body, "CDCResponse")
    assert (invoices.attrib, payments.attrib) == ({"startPosition": "1", "maxResults": "1"}, {})
    (gone,) = invoices
    assert (gone.attrib, text(gone, "Id")) == ({"domain": "QBO", "status": "Deleted"}, made["Id"])
    assert text(gone, "MetaData", "LastUpdatedTime")


def test_a_batch_sent_as_json_is_answered_in_xml(qbo: Qbo) -> None:
    """The forms of request and answer are chosen each by itself; ``bId`` is an attribute, ``element`` of a fault may be empty."""
    items = [
        {"bId": "a", "operation": "create", "Vendor": {"DisplayName": "Paper & Co"}},
        {"bId": "b", "operation": "delete", "Invoice": {"Id": "129", "SyncToken": "0"}},
        {"bId": "c", "Query": "select * from Customer where Id = '1'"},
    ]

    answer = qbo.call("POST", "batch", {"BatchItemRequest": items}, {"Accept": "application/xml"})

    root = parsed(answer)
    made, refused, found = root
    assert [item.attrib for item in root] == [{"bId": "a"}, {"bId": "b"}, {"bId": "c"}]
    assert text(made, "Vendor", "DisplayName") == "Paper & Co"
    assert child(refused, "Fault", "Error").attrib == {"code": "610", "element": ""}
    assert text(found, "QueryResponse", "Customer", "Id") == "1"


def test_a_fault_names_code_element_and_type(qbo: Qbo) -> None:
    """As in JSON: status, texts, and an element only where one is known; the 2030 has no time."""
    missing = call(qbo, "GET", "customer/999")
    no_number = call(qbo, "GET", "customer/1.5")

    assert (missing.status, missing.headers["content-type"]) == (400, "application/xml")
    assert child(missing.body, "Fault").attrib == {"type": "ValidationFault"}
    assert error(missing) == {**qbo.get("customer/999").error}
    assert "time" in missing.body.attrib
    assert error(no_number) == {**qbo.get("customer/1.5").error}
    assert (error(no_number)["element"], no_number.body.attrib) == ("Id", {})


def test_refusals_of_the_gateway_are_faults_of_the_same_form(qbo: Qbo, make_company: Callable[..., Qbo]) -> None:
    """401, 403, 429 and 501: JSON's wide envelope of small letters is JSON's alone; what it has as null is left out."""
    gap = call(qbo, "GET", "taxreturn/1")
    foreign = call(make_company("77"), "GET", f"/v3/company/{qbo.realm_id}/customer/1")
    qbo.simulator.fault("throttled")
    throttled = call(qbo, "GET", "customer/1")
    qbo.token = "nobody"
    unknown = call(qbo, "GET", "customer/1")

    assert (gap.status, error(gap)["code"]) == (501, "501")
    assert (foreign.status, child(foreign.body, "Fault", "Error").attrib) == (403, {"code": "3100"})
    assert [local(part.tag) for part in child(foreign.body, "Fault", "Error")] == ["Message"]
    assert (throttled.status, error(throttled)["code"]) == (429, "3001")
    assert (unknown.status, error(unknown)["code"]) == (401, "3200")
    assert child(unknown.body, "Fault").attrib == {"type": "AUTHENTICATION"}
    assert unknown.headers["www-authenticate"].startswith("Bearer")


def test_mishaps_speak_the_form_that_was_asked_for(qbo: Qbo) -> None:
    """A SystemFault after the write, with the status 200 or 500."""
    for status in (200, 500):
        qbo.simulator.fault("after_write", status=status, body="fault")

        answer = call(qbo, "GET", "customer/1")

        assert (answer.status, error(answer)["code"]) == (status, "10000")


def test_text_of_every_kind_is_shown(qbo: Qbo) -> None:
    """Markup, line ends and emoji come back as they are; what XML cannot hold is shown as a character that was lost."""
    fine = qbo.create("Invoice", **invoice(PrivateNote=NOTE))
    odd = qbo.create("Invoice", **invoice(PrivateNote="a\x01b"))
    named = qbo.create("Customer", DisplayName='A "B" <C> & D')
    billed = qbo.create("Invoice", **invoice(customer=named["Id"]))

    notes = [text(call(qbo, "GET", f"invoice/{one['Id']}").body, "Invoice", "PrivateNote") for one in (fine, odd)]
    reference = child(call(qbo, "GET", f"invoice/{billed['Id']}").body, "Invoice", "CustomerRef")

    assert notes == [NOTE, "a\ufffdb"]
    assert reference.attrib == {"name": 'A "B" <C> & D'}


def test_pdf_download_and_files_stay_what_they_are(qbo: Qbo) -> None:
    """Only what would be JSON becomes XML."""
    made = qbo.create("Invoice", **invoice())

    pdf = qbo.call("GET", f"invoice/{made['Id']}/pdf", headers={"Accept": "application/pdf"})
    none = qbo.call("GET", "invoice/999/pdf", headers={"Accept": "application/pdf"})

    assert (pdf.status, pdf.headers["content-type"]) == (200, "application/pdf")
    assert (none.status, none.error["code"]) == (400, "610")


def cells(rows: Any) -> Any:
    """The cells of a report as JSON has them, from top to bottom."""
    for row in rows.get("Row", []):
        for part in (row, row.get("Header", {})):
            yield from part.get("ColData", [])
        yield from cells(row.get("Rows", {}))
        yield from row.get("Summary", {}).get("ColData", [])
