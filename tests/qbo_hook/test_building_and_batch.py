"""Requests are built to the byte, and a batch's answer is never guessed at."""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qbo_hook import (
    Answer,
    BatchItem,
    Encoded,
    QboBadAnswer,
    QboConfigError,
    QboError,
    QboNameLock,
    QboNotFound,
    QboRealmFault,
    QboStaleObject,
    QboThrottled,
    QboUnknownOutcome,
    QboValidationError,
    parse_batch,
)
from qbo_hook.building import RequestBuilder
from tests.qbo_hook.peer import REALM

RECORDING = Path(__file__).resolve().parents[3] / "shared" / "data" / "qbo_recordings" / "batch" / "basic.yml"
ROOT = f"/v3/company/{REALM}"


@pytest.fixture
def builder() -> RequestBuilder:
    return RequestBuilder(REALM)


def test_a_create_is_a_post_under_its_request_id(builder: RequestBuilder) -> None:
    """The id is in the query, where QBO looks for it, and beside it for the records."""
    request = builder.build_create("Invoice", {"DocNumber": "A-1", "Line": [{"Amount": Decimal("10.00")}]}, "id-1")

    assert (request.method, request.path, request.kind) == ("POST", f"{ROOT}/invoice", "write")
    assert request.params == (("requestid", "id-1"), ("minorversion", "75"))
    assert request.body == b'{"DocNumber":"A-1","Line":[{"Amount":10.00}]}'
    assert (request.request_id, request.is_idempotent) == ("id-1", False)


def test_an_update_is_sparse_unless_asked_otherwise(builder: RequestBuilder) -> None:
    """A full update would clear what it leaves out."""
    payload = {"Id": "1", "SyncToken": "0", "PrivateNote": "x"}

    sparse, full = (
        builder.build_update("Invoice", payload, "a"),
        builder.build_update("Invoice", payload, "b", is_sparse=False),
    )

    assert json.loads(sparse.body or b"") == {**payload, "sparse": True}
    assert json.loads(full.body or b"") == payload


@pytest.mark.parametrize("payload", [{}, {"Id": "1"}, {"Id": "", "SyncToken": "0"}, {"Id": "1", "SyncToken": None}])
def test_an_update_without_its_version_is_not_built(builder: RequestBuilder, payload: dict[str, Any]) -> None:
    """QBO would take an update without Id for a create."""
    with pytest.raises(QboConfigError, match="needs"):
        builder.build_update("Invoice", payload, "a")


def test_voids_differ_by_entity(builder: RequestBuilder) -> None:
    """Invoices have an operation, payments and receipts an option of the update."""
    invoice, payment = builder.build_void("Invoice", "1", "0", "a"), builder.build_void("Payment", "2", "3", "b")

    assert invoice.params[0] == ("operation", "void")
    assert invoice.body == b'{"Id":"1","SyncToken":"0"}'
    assert payment.params[:2] == (("operation", "update"), ("include", "void"))
    assert payment.body == b'{"Id":"2","SyncToken":"3","sparse":true}'
    with pytest.raises(QboConfigError, match="no void for Customer"):
        builder.build_void("Customer", "1", "0", "c")


def test_a_delete_names_the_version_it_deletes(builder: RequestBuilder) -> None:
    """Id and SyncToken are all it takes."""
    request = builder.build_delete("Invoice", "1", "0", "a")

    assert request.params[0] == ("operation", "delete")
    assert request.body == b'{"Id":"1","SyncToken":"0"}'


def test_sending_by_mail_has_an_empty_body(builder: RequestBuilder) -> None:
    """QBO wants an octet stream of nothing, and takes another address if given one."""
    plain, other = builder.build_send("Invoice", "1", None, "a"), builder.build_send("Invoice", "1", "a+b@c.de", "b")

    assert (plain.path, plain.body, plain.content_type) == (f"{ROOT}/invoice/1/send", b"", "application/octet-stream")
    assert plain.params[0] == ("requestid", "a")
    assert other.params[0] == ("sendTo", "a+b@c.de")


def test_a_long_query_travels_in_the_body(builder: RequestBuilder) -> None:
    """400 document numbers do not fit into an address; both ways are reads."""
    short, long = builder.build_query("select * from Invoice"), builder.build_query("select " + "x" * 2000)

    assert (short.method, short.params[0]) == ("GET", ("query", "select * from Invoice"))
    assert (long.method, long.content_type, long.body) == ("POST", "application/text", b"select " + b"x" * 2000)
    assert all((request.kind, request.is_idempotent, request.reads) == ("read", True, 1) for request in (short, long))


def test_reads_name_what_they_read(builder: RequestBuilder) -> None:
    """One entity, or what a company has once, or what changed."""
    assert builder.build_read("TaxCode", "5").path == f"{ROOT}/taxcode/5"
    assert builder.build_singleton("preferences").path == f"{ROOT}/preferences"
    assert builder.build_singleton("companyinfo").path == f"{ROOT}/companyinfo/{REALM}"
    assert builder.build_cdc(["Invoice", "Payment"], "2026-11-01T00:00:00+00:00").params[:2] == (
        ("entities", "Invoice,Payment"),
        ("changedSince", "2026-11-01T00:00:00+00:00"),
    )
    with pytest.raises(QboConfigError, match="TaxCode, TimeActivity"):
        builder.build_cdc(["TimeActivity", "Invoice", "TaxCode"], "x")


@pytest.mark.parametrize("request_id", ["", "x" * 51])
def test_a_request_id_has_at_most_50_characters(builder: RequestBuilder, request_id: str) -> None:
    """QBO refuses longer ones (QBO.md, section 4)."""
    with pytest.raises(QboConfigError, match="request id"):
        builder.build_create("Invoice", {}, request_id)


@pytest.mark.parametrize(("entity", "id"), [("../invoice", "1"), ("Invoice", "1/../2"), ("Invoice", ""), ("", "1")])
def test_nothing_slips_into_a_path(builder: RequestBuilder, entity: str, id: str) -> None:
    """Names are letters, ids are letters, digits and dashes."""
    with pytest.raises(QboConfigError):
        builder.build_read(entity, id)


def test_a_realm_id_is_a_number() -> None:
    """Anything else would build paths of its own."""
    with pytest.raises(QboConfigError, match="realm_id"):
        RequestBuilder("12/3")


# Batches


def item(b_id: str, operation: str = "create", entity: str = "Invoice", **payload: Any) -> BatchItem:
    return BatchItem(b_id, operation, entity, payload)  # type: ignore[arg-type]  # operations are tried by name


def test_a_batch_carries_its_items_under_their_bids(builder: RequestBuilder) -> None:
    """Request id and bId together name an operation for ever."""
    items = [
        item("a", DocNumber="1"),
        item("b", "update", "Customer", Id="1", SyncToken="0"),
        item("c", "void", "Payment", Id="2", SyncToken="0"),
        BatchItem("d", "query", query="select * from Item"),
    ]

    request = builder.build_batch(items, "x" * 36)

    assert json.loads(request.body or b"")["BatchItemRequest"] == [
        {"bId": "a", "operation": "create", "Invoice": {"DocNumber": "1"}},
        {"bId": "b", "operation": "update", "Customer": {"Id": "1", "SyncToken": "0"}},
        {
            "bId": "c",
            "operation": "update",
            "optionsData": "void",
            "Payment": {"Id": "2", "SyncToken": "0", "sparse": True},
        },
        {"bId": "d", "Query": "select * from Item"},
    ]
    assert (request.kind, request.operations, request.reads, request.is_idempotent) == ("batch", 4, 1, False)


STORED = '{"Id":"7","SyncToken":"0", "Amount":1.10}'


def test_a_stored_payload_goes_out_to_the_letter(builder: RequestBuilder) -> None:
    """What was stored before sending is neither read nor written anew, blanks and cents included."""
    stored = Encoded(STORED)

    create, update = builder.build_create("Invoice", stored, "a"), builder.build_update("Invoice", stored, "b")
    batch = builder.build_batch([BatchItem("a", "update", "Invoice", stored)], "c")

    assert create.body == update.body == STORED.encode()
    assert batch.body == b'{"BatchItemRequest":[{"bId":"a","operation":"update","Invoice":' + STORED.encode() + b"}]}"


def test_a_stored_payload_is_still_looked_at(builder: RequestBuilder) -> None:
    """An update needs its version, and its answer must be the same entity."""
    with pytest.raises(QboConfigError, match="SyncToken"):
        builder.build_update("Invoice", Encoded('{"Id":"7"}'), "a")

    found = parse_batch(
        answer_of({"Invoice": {"Id": "8"}, "bId": "a"}), [BatchItem("a", "update", "Invoice", Encoded(STORED))]
    )

    assert isinstance(found["a"], QboBadAnswer)


@pytest.mark.parametrize("text", ["", "[]", '{"Id":'])
def test_a_stored_payload_that_is_no_object_is_not_sent(builder: RequestBuilder, text: str) -> None:
    """Whatever happened to it in store."""
    with pytest.raises(QboConfigError, match="stored payload"):
        builder.build_update("Invoice", Encoded(text), "a")


def test_a_batch_of_queries_changes_nothing(builder: RequestBuilder) -> None:
    """It may be repeated whatever happened."""
    assert builder.build_batch([BatchItem("a", "query", query="select * from Item")], "x").is_idempotent


@pytest.mark.parametrize(
    ("items", "request_id"),
    [
        ([], "x"),
        ([item(str(n)) for n in range(31)], "x"),
        ([item("a"), item("a")], "x"),
        ([item("a")], "x" * 37),
    ],
)
def test_a_batch_keeps_to_qbos_limits(builder: RequestBuilder, items: list[BatchItem], request_id: str) -> None:
    """1 to 30 items with different bIds, a request id of at most 36 characters."""
    with pytest.raises(QboConfigError):
        builder.build_batch(items, request_id)


@pytest.mark.parametrize(
    "facts",
    [
        ("", "create", "Invoice", {}),
        ("x" * 11, "create", "Invoice", {}),
        ("a", "create", None, {}),
        ("a", "create", "Invoice", None),
        ("a", "query", None, None),
        ("a", "void", "Invoice", {"Id": "1"}),
    ],
)
def test_an_item_is_whole_or_not_made(facts: tuple[Any, ...]) -> None:
    """A bId has 1 to 10 characters; an invoice is voided singly, because no source says how a batch does it."""
    with pytest.raises(QboConfigError):
        BatchItem(*facts)


def answer_of(*responses: Any) -> Answer:
    return Answer(200, {}, json.dumps({"BatchItemResponse": list(responses)}).encode(), intuit_tid="1-b")


def fault(code: str, detail: str = "", kind: str = "ValidationFault") -> dict[str, Any]:
    return {"Fault": {"Error": [{"Message": "m", "Detail": detail, "code": code, "element": ""}], "type": kind}}


def test_items_are_matched_by_bid_in_any_order() -> None:
    """QBO promises no order."""
    items = [item("a"), item("b"), BatchItem("q", "query", query="x")]

    found = parse_batch(
        answer_of(
            {"QueryResponse": {}, "bId": "q"},
            {"Invoice": {"Id": "2"}, "bId": "b"},
            {"Invoice": {"Id": "1"}, "bId": "a"},
        ),
        items,
    )

    assert found == {"a": {"Id": "1"}, "b": {"Id": "2"}, "q": {}}


@pytest.mark.parametrize(
    ("response", "kind", "mode"),
    [
        (fault("610"), QboNotFound, "refused"),
        (fault("5010"), QboStaleObject, "refused"),
        (fault("2500"), QboValidationError, "refused"),
        (fault("6000", "You can only add or edit one name at a time."), QboNameLock, "not_executed"),
        (fault("3001", kind="SERVICE"), QboThrottled, "not_executed"),
        (fault("6190"), QboRealmFault, "realm"),
        (fault("10000", kind="SystemFault"), QboUnknownOutcome, "unknown"),
        (fault("424242", kind="SERVICE"), QboUnknownOutcome, "unknown"),
        ({"Fault": {}}, QboUnknownOutcome, "unknown"),
    ],
)
def test_a_fault_speaks_for_its_item_alone(response: dict[str, Any], kind: type[QboError], mode: str) -> None:
    """One bad document never blocks the others."""
    found = parse_batch(
        answer_of({**response, "bId": "a"}, {"Invoice": {"Id": "2"}, "bId": "b"}), [item("a"), item("b")]
    )

    error = found["a"]
    assert type(error) is kind
    assert error.failure_mode == mode  # type: ignore[union-attr]  # its type was just looked at
    assert error.intuit_tid == "1-b"  # type: ignore[union-attr]  # as above
    assert found["b"] == {"Id": "2"}


def test_a_refusal_of_a_repeated_batch_is_no_refusal() -> None:
    """The first sending may have been executed: the fault may only say that it was."""
    found = parse_batch(answer_of({**fault("6140"), "bId": "a"}), [item("a")], is_first_sending=False)

    assert found["a"].failure_mode == "unknown"  # type: ignore[union-attr]  # a fault becomes an error


@pytest.mark.parametrize(
    "responses",
    [
        [],
        [{"Invoice": {"Id": "1"}, "bId": "stranger"}],
        [{"Invoice": {"Id": "1"}}],
        [{"Invoice": {"Id": "1"}, "bId": "a"}, {"Invoice": {"Id": "1"}, "bId": "a"}],
        [{"Invoice": {"Id": "1"}, "bId": "a"}, {**fault("6240"), "bId": "a"}],
        [{"bId": "a"}],
        [{"Customer": {"Id": "1"}, "bId": "a"}],
        [{"Invoice": {}, "bId": "a"}],
        [{"Invoice": "1", "bId": "a"}],
        [{"Invoice": {"Id": "1"}, **fault("6240"), "bId": "a"}],
        ["a", None],
    ],
)
def test_an_item_that_is_not_answered_plainly_is_unknown(responses: list[Any]) -> None:
    """Missing, doubled, a stranger's, another entity, both success and fault: never a guess."""
    found = parse_batch(answer_of(*responses), [item("a")])

    assert list(found) == ["a"]
    assert isinstance(found["a"], QboUnknownOutcome)
    assert found["a"].failure_mode == "unknown"


@pytest.mark.parametrize("body", [b"{}", b"[]", b"{", b'{"BatchItemResponse":{}}'])
def test_an_unreadable_answer_makes_every_item_unknown(body: bytes) -> None:
    """It was sent, so each item may have been executed."""
    found = parse_batch(Answer(200, {}, body), [item("a"), item("b")])

    assert all(isinstance(verdict, QboUnknownOutcome) for verdict in found.values())
    assert list(found) == ["a", "b"]


@pytest.mark.parametrize(
    ("answered", "fits"), [({"Id": "7"}, True), ({"Id": "8"}, False), ({"Id": "7", "status": "Deleted"}, True)]
)
def test_a_change_is_answered_by_the_same_entity(answered: dict[str, Any], fits: bool) -> None:
    """An update of 7 that comes back as 8 is nothing to rely on."""
    found = parse_batch(answer_of({"Invoice": answered, "bId": "a"}), [item("a", "update", Id="7", SyncToken="0")])

    assert (found["a"] == answered) is fits
    assert isinstance(found["a"], QboBadAnswer) is not fits


def test_a_query_without_its_response_is_unknown() -> None:
    """It can simply be asked again."""
    found = parse_batch(answer_of({"Item": [], "bId": "q"}), [BatchItem("q", "query", query="x")])

    assert isinstance(found["q"], QboBadAnswer)


def test_an_answer_that_nobody_asked_for_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """The items asked for keep their answers; the stranger is logged with Intuit's trace id."""
    with caplog.at_level(logging.WARNING, "qbo_hook"):
        found = parse_batch(
            answer_of({"Invoice": {"Id": "1"}, "bId": "a"}, {"Invoice": {"Id": "2"}, "bId": "z"}), [item("a")]
        )

    assert found == {"a": {"Id": "1"}}
    assert "['z'] intuit_tid=1-b" in caplog.text


def test_the_recorded_mixed_batch_is_read() -> None:
    """Created, not found, stale, and a query, as a real sandbox answered."""
    if not RECORDING.is_file():
        pytest.skip("the recordings are not beside this checkout")
    yaml = pytest.importorskip("yaml")
    (exchange,) = yaml.safe_load(RECORDING.read_text())["http_interactions"]
    items = [
        item("bid1", "create", "Vendor"),
        item("bid2", "delete", "Invoice", Id="129"),
        item("bid3", "update", "SalesReceipt", Id="11"),
        BatchItem("bid4", "query", query="select * from SalesReceipt where TotalAmt > '300.00'"),
    ]

    found = parse_batch(Answer(200, {}, exchange["response"]["body"]["string"].encode()), items)

    assert found["bid1"]["Id"] == "71"  # type: ignore[index]  # a created vendor
    assert isinstance(found["bid2"], QboNotFound)
    assert isinstance(found["bid3"], QboStaleObject)
    assert found["bid4"]["SalesReceipt"][0]["TotalAmt"] == Decimal("337.50")  # type: ignore[index]  # a QueryResponse
