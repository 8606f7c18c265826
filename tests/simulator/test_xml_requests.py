"""Requests in XML: the schema of each entity makes of them what JSON would have said, and the same rules judge both."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from qbo_simulator.testing import RunningSimulator
from tests.simulator.client import Answer, Qbo, invoice, item_line, ref
from tests.simulator.usual_bodies import CASES, USUAL
from tests.simulator.xml_client import NAMESPACE, call, child, document, error, text

XMLNS = f'xmlns="{NAMESPACE}"'
LINE = "<Line><Amount>5</Amount><DetailType>SalesItemLineDetail</DetailType><SalesItemLineDetail/></Line>"
Speaks = Callable[[Qbo, str, Any], Answer]
Histories = dict[str, dict[tuple[str, int], list[Any]]]


def in_json(qbo: Qbo, entity: str, body: Any, **parameters: Any) -> Answer:
    """A write in JSON."""
    return qbo.post(entity.lower(), body, **parameters)


def in_xml(qbo: Qbo, entity: str, body: Any, **parameters: Any) -> Answer:
    """The same write in XML, answered in JSON."""
    kinds = {"Content-Type": "application/xml"}
    return qbo.call("POST", entity.lower(), document(entity, body), kinds, **parameters)


def history(qbo: Qbo, speaks: Speaks, entity: str, body: dict[str, Any]) -> list[Any]:
    """The answers to a create, an update with all that was answered, and a sparse one with what was asked for at first."""
    made = speaks(qbo, entity, body)
    full = speaks(qbo, entity, made[entity])
    token = full[entity]["SyncToken"] if full.status == 200 else "0"
    sparse = speaks(qbo, entity, {**body, "Id": made[entity]["Id"], "SyncToken": token, "sparse": True})
    return [answer.body for answer in (made, full, sparse)]


@pytest.fixture(scope="module")
def histories(process: RunningSimulator) -> Histories:
    """All usual bodies, in JSON and in XML, each time in a company in its first state whose clock stands still."""
    found: Histories = {}
    for form, speaks in (("json", in_json), ("xml", in_xml)):
        process.reset()
        process.clock(set="2026-05-05T12:00:00Z", freeze=True)
        qbo = Qbo(process)
        found[form] = {(name, number): history(qbo, speaks, name, USUAL[name][number]) for name, number in CASES}
    return found


@pytest.mark.parametrize(("entity", "number"), CASES)
def test_what_is_written_in_xml_is_what_is_written_in_json(histories: Histories, entity: str, number: int) -> None:
    """Created, updated in full and sparsely: the same answers to the last digit, times and ids included."""
    assert histories["xml"][entity, number] == histories["json"][entity, number]
    assert entity in str(histories["xml"][entity, number][0])


def test_a_request_as_a_client_writes_it(qbo: Qbo) -> None:
    """A prefix for the namespace, attributes, a comment, CDATA and character references; the answer is XML as well."""
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
        <ns0:Customer xmlns:ns0="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" domain="QBO" sparse="false">
          <ns0:Taxable>1</ns0:Taxable> <!-- a comment -->
          <ns0:Notes><![CDATA[<b> & c]]> &#228;&amp;</ns0:Notes>
          <ns0:SalesTermRef name="ignored">3</ns0:SalesTermRef>
          <ns0:CreditLimit xsi:nil="true"/>
          <ns0:DisplayName>Paper &amp; Co</ns0:DisplayName>
        </ns0:Customer>"""

    answer = call(qbo, "POST", "customer", body)

    made = child(answer.body, "Customer")
    assert (answer.status, text(made, "DisplayName"), text(made, "Notes")) == (200, "Paper & Co", "<b> & c ä&")
    assert (text(made, "Taxable"), child(made, "SalesTermRef").attrib) == ("true", {"name": "Net 30"})
    assert qbo.simulator.state("Customer", name="Paper & Co")[0]["SalesTermRef"]["value"] == "3"


def test_deleted_voided_and_sent(qbo: Qbo) -> None:
    """The operations of the query string, with an Id and a SyncToken as the body."""
    deleted, voided = (qbo.create("Invoice", **invoice()) for _ in range(2))
    paid = qbo.create("Payment", CustomerRef=ref(1), TotalAmt=5)

    gone = call(qbo, "POST", "invoice", addressed("Invoice", deleted), operation="delete")
    void = call(qbo, "POST", "invoice", addressed("Invoice", voided), operation="void")
    void_payment = call(qbo, "POST", "payment", addressed("Payment", paid), operation="update", include="void")
    sent = call(qbo, "POST", f"invoice/{voided['Id']}/send", sendTo="a@example.com")

    assert child(gone.body, "Invoice").attrib == {"domain": "QBO", "status": "Deleted"}
    assert qbo.get(f"invoice/{deleted['Id']}").error["code"] == "610"
    assert [text(one.body, name, "PrivateNote") for one, name in ((void, "Invoice"), (void_payment, "Payment"))] == [
        "Voided",
        "Voided",
    ]
    assert text(sent.body, "Invoice", "BillEmail", "Address") == "a@example.com"


def addressed(entity: str, one: Any, **values: Any) -> bytes:
    """A body that names an object and its version."""
    return document(entity, {"Id": one["Id"], "SyncToken": one["SyncToken"], **values})


def test_sparse_keeps_what_is_left_out_and_clears_what_is_empty(qbo: Qbo) -> None:
    """``sparse`` is an attribute; without it, what is left out is cleared."""
    made = qbo.create(
        "Customer", DisplayName="New", Notes="note", CompanyName="Firm", SalesTermRef=ref(3), BillAddr={"City": "A"}
    )
    emptied = '<Notes/><SalesTermRef/><BillAddr xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
    sparse = f'<Customer {XMLNS} sparse="true"><Id>{made["Id"]}</Id><SyncToken>0</SyncToken>{emptied}</Customer>'
    full = f"<Customer {XMLNS}><Id>{made['Id']}</Id><SyncToken>1</SyncToken><DisplayName>New</DisplayName></Customer>"

    call(qbo, "POST", "customer", sparse)
    kept = qbo.read("Customer", made["Id"])
    call(qbo, "POST", "customer", full)
    cleared = qbo.read("Customer", made["Id"])

    assert [name for name in ("Notes", "SalesTermRef", "BillAddr", "CompanyName") if name in kept] == ["CompanyName"]
    assert "CompanyName" not in cleared


def test_a_batch_in_xml_is_done_item_by_item(qbo: Qbo) -> None:
    """``bId``, ``operation`` and ``optionsData`` are attributes; reads stand beside writes; faults stay in their place."""
    first, second = (qbo.create("Invoice", **invoice()) for _ in range(2))
    items = [
        {"bId": "a", "operation": "create", "Invoice": invoice(item_line(7), item_line(8), DocNumber="N1")},
        {"bId": "b", "operation": "delete", "Invoice": {"Id": first["Id"], "SyncToken": "0"}},
        {"bId": "c", "operation": "update", "optionsData": "void", "Invoice": {"Id": second["Id"], "SyncToken": "0"}},
        {"bId": "d", "operation": "create", "CreditCardPaymentTxn": USUAL["CreditCardPayment"][0]},
        {"bId": "e", "operation": "create", "Invoice": {"Line": [item_line(5)], "Nonsense": "1"}},
        {"bId": "f", "Query": "select * from Invoice where DocNumber = 'N1'"},
        {"bId": "g", "CDCQuery": {"Entities": "Invoice", "ChangedSince": "2000-01-01T00:00:00Z"}},
        {"bId": "h", "ReportQuery": "BalanceSheet"},
    ]

    answer = call(qbo, "POST", "batch", document("IntuitBatchRequest", {"BatchItemRequest": items}), requestid="r")
    again = call(qbo, "POST", "batch", document("IntuitBatchRequest", {"BatchItemRequest": items[:1]}), requestid="r")

    made, gone, void, paid, refused, found, changed, report = answer.body
    assert [item.attrib["bId"] for item in answer.body] == list("abcdefgh")
    assert (text(made, "Invoice", "TotalAmt"), text(again.body[0], "Invoice", "Id")) == (
        "15.00",
        text(made, "Invoice", "Id"),
    )
    assert (child(gone, "Invoice").attrib["status"], text(void, "Invoice", "PrivateNote")) == ("Deleted", "Voided")
    assert text(paid, "CreditCardPaymentTxn", "Amount") == "10.00"
    assert child(refused, "Fault", "Error").attrib["code"] == "2010"
    assert text(found, "QueryResponse", "Invoice", "DocNumber") == "N1"
    assert len(child(changed, "CDCResponse", "QueryResponse")) == 3
    assert text(report, "Report", "Header", "ReportName") == "BalanceSheet"
    assert len(qbo.simulator.state("Invoice", doc_number="N1")) == 1


def test_a_rate_and_a_template(qbo: Qbo) -> None:
    """The one has a resource of its own, the other holds a transaction under its name."""
    qbo.simulator.preferences(MultiCurrencyEnabled=True)
    rate = {"SourceCurrencyCode": "EUR", "Rate": "1.17", "AsOfDate": "2026-01-01"}
    schedule = {"IntervalType": "Monthly", "DayOfMonth": 1, "StartDate": "2030-01-01", "NumInterval": 2}
    info = {"Name": "Rent", "RecurType": "Automated", "Active": False, "ScheduleInfo": schedule}
    template = {"Bill": {**USUAL["Bill"][0], "CurrencyRef": ref("USD"), "RecurringInfo": info}}

    told = call(qbo, "POST", "exchangerate", document("ExchangeRate", rate))
    made = call(qbo, "POST", "recurringtransaction", document("RecurringTransaction", template))

    assert text(told.body, "ExchangeRate", "Rate") == "1.17"
    shown = child(made.body, "RecurringTransaction", "Bill", "RecurringInfo")
    assert (text(shown, "Active"), text(shown, "ScheduleInfo", "NumInterval")) == ("false", "2")


def test_an_echo_of_the_preferences_changes_what_was_changed(qbo: Qbo) -> None:
    """Switches, references and lists are understood as in JSON: nothing else is taken for a change."""
    echo = qbo.get("preferences")["Preferences"]
    echo["SalesFormsPrefs"]["AllowDeposit"] = not echo["SalesFormsPrefs"]["AllowDeposit"]
    company = {**qbo.get(f"companyinfo/{qbo.realm_id}")["CompanyInfo"], "CompanyName": "Renamed"}

    changed = in_xml(qbo, "Preferences", echo)["Preferences"]
    renamed = in_xml(qbo, "CompanyInfo", {**company, "SyncToken": "1"})["CompanyInfo"]

    assert changed == {**echo, "SyncToken": "1", "MetaData": changed["MetaData"]}
    assert renamed["CompanyName"] == "Renamed"


def test_the_metadata_of_a_file_may_be_xml(qbo: Qbo) -> None:
    """By the type of its part of the form."""
    metadata = document(
        "Attachable",
        {"FileName": "a.txt", "Note": "N", "AttachableRef": [{"EntityRef": {"type": "Customer", "value": "1"}}]},
    )
    head = b'Content-Disposition: form-data; name="file_'
    parts = (
        head + b'metadata_0"\r\nContent-Type: application/xml\r\n\r\n' + metadata,
        head + b'content_0"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhello',
    )
    form = b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + b"--B--\r\n"

    answer = call(qbo, "POST", "upload", form, {"Content-Type": "multipart/form-data; boundary=B"})

    shown = child(answer.body, "AttachableResponse", "Attachable")
    assert (text(shown, "Note"), text(shown, "Size")) == ("N", "5")
    reference = child(shown, "AttachableRef", "EntityRef")
    assert (reference.attrib["type"], reference.text) == ("Customer", "1")


def test_mishaps_find_a_write_in_xml(qbo: Qbo) -> None:
    """A rule for creates strikes a create, and lets an update pass; a packed body is looked into."""
    made = qbo.create("Customer", DisplayName="New")
    for _ in range(2):
        qbo.simulator.fault("before_write", operation="create", entity="Customer", status=503)
    new = document("Customer", {"DisplayName": "Other"})

    passed = call(qbo, "POST", "customer", addressed("Customer", made, sparse=True, Notes="x"))
    struck = qbo.call("POST", "customer", new, {"Content-Type": "text/xml"})
    packed = qbo.call("POST", "customer", gzip.compress(new), {"Content-Type": "text/xml", "Content-Encoding": "gzip"})

    assert (passed.status, struck.status, packed.status) == (200, 503, 503)


def test_the_items_of_a_batch_in_xml_are_counted(qbo: Qbo) -> None:
    """Where items count towards the limit, they do so in either form, also packed."""
    qbo.simulator.limits(is_on=True, per_minute=2, counts_batch_items=True)
    items = [{"bId": str(number), "Query": "select * from Term"} for number in range(3)]

    body = document("IntuitBatchRequest", {"BatchItemRequest": items})

    answer = call(qbo, "POST", "batch", body)
    packed = call(qbo, "POST", "batch", gzip.compress(body), {"Content-Encoding": "gzip"})

    assert [(one.status, error(one)["code"]) for one in (answer, packed)] == [(429, "3001")] * 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_a_document_says_how_it_is_encoded(qbo: Qbo, encoding: str) -> None:
    """As XML allows it."""
    declared = encoding.removesuffix("-sig")
    body = f'<?xml version="1.0" encoding="{declared}"?><Customer {XMLNS}><DisplayName>Zoë</DisplayName></Customer>'

    answer = call(qbo, "POST", "customer", body.encode(encoding))

    assert text(answer.body, "Customer", "DisplayName") == "Zoë"


def test_the_size_counts_unpacked_and_the_content_is_judged(qbo: Qbo) -> None:
    """gzip is taken; ten megabytes of description are too long (2050); what unpacks to more than the front door takes is 413."""
    packed = {"Content-Encoding": "gzip"}
    fine = call(qbo, "POST", "invoice", gzip.compress(document("Invoice", invoice())), packed)
    long = call(qbo, "POST", "invoice", document("Invoice", invoice({**item_line(), "Description": "x" * 10_000_000})))
    bomb = gzip.compress(document("Invoice", {"PrivateNote": "x" * 17 * 1024 * 1024}))

    huge = qbo.call("POST", "invoice", bomb, {"Content-Type": "application/xml", **packed})

    assert (fine.status, long.status, error(long)["code"]) == (200, 400, "2050")
    assert (huge.status, huge.headers["content-type"]) == (413, "text/html")
