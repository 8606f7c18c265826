"""Input that no client should send: answered with a clear Fault, never with a crash and never with a false 200."""

import gzip
import json
import zlib
from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'{"Line": [}',
        b"\xff\xfe{}",
        b'{"TotalAmt": NaN}',
        b'{"TotalAmt": 1e999999999}',
        b"[" * 100_000,
        b'{"PrivateNote": "\\u007f"}',
        b"<Invoice/>",
        b'{"Id": "1", "Id": {"a": 1}}',
    ],
)
def test_what_is_no_invoice_is_a_fault(qbo: Qbo, body: bytes) -> None:
    """HTTP 400 with a code; nothing is written, the server lives."""
    answer = qbo.call("POST", "invoice", body, {"Content-Type": "application/json"})

    assert (answer.status, "code" in answer.error) == (400, True)
    assert qbo.simulator.state("Invoice") == []
    assert qbo.get("customer/1").status == 200


@pytest.mark.parametrize(
    ("resource", "body", "code"),
    [
        ("term", b'{"Name":"T","DueDays":1e999999999}', "2070"),
        ("term", b'{"Name":1e999999999,"DueDays":1}', "2010"),
        ("term", b'{"Name":"T","DiscountPercent":1e-999999999,"DueDays":1}', "2160"),
        ("customer", b'{"DisplayName":"X","SalesTermRef":{"value":1e-999999999}}', "2010"),
        ("customer", b'{"DisplayName":"X","CustomField":[{"Type":"NumberType","NumberValue":1e999999999}]}', "2160"),
    ],
)
def test_a_number_that_would_fill_the_memory_is_refused(qbo: Qbo, resource: str, body: bytes, code: str) -> None:
    """It is judged before it is written out."""
    number = qbo.call("POST", resource, body, {"Content-Type": "application/json"})

    assert (number.status, number.error["code"]) == (400, code)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_refused(qbo: Qbo, kind: str) -> None:
    """1050."""
    answer = qbo.call("POST", "invoice", json.dumps(invoice()).encode(), {"Content-Type": kind})

    assert (answer.status, answer.error["code"]) == (400, "1050")


def test_gzip_is_unpacked_and_broken_gzip_refused(qbo: Qbo) -> None:
    """As one of Intuit's own clients sends it."""
    packed = gzip.compress(json.dumps(invoice()).encode())

    fine = qbo.call("POST", "invoice", packed, {"Content-Encoding": "gzip"})
    broken = qbo.call("POST", "invoice", packed[:-10], {"Content-Encoding": "gzip"})

    assert fine.status == 200
    assert (broken.status, broken.error["code"]) == (400, "1050")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "customer/1/5", 400, "500"),
        ("GET", "nonsense/1", 400, "500"),
        ("GET", "", 400, "500"),
        ("GET", "customer", 400, "500"),
        ("PUT", "customer", 400, "500"),
        ("DELETE", "customer/1", 400, "500"),
        ("GET", "customer/1.5", 400, "2030"),
        ("GET", "customer/abc", 400, "2030"),
        ("GET", "customer/999", 400, "610"),
        ("GET", "customer/-1", 400, "610"),
        ("GET", "customer/99999999999999999999999", 400, "610"),
        ("GET", "taxreturn/1", 501, "501"),
        ("GET", "reports/VendorBalance", 501, "501"),
        ("GET", "customer/1?include=everything", 501, "501"),
        ("GET", "customer/1?fancy=1", 501, "501"),
        ("GET", "query", 400, "2020"),
    ],
)
def test_paths_that_lead_nowhere(qbo: Qbo, method: str, path: str, status: int, code: str) -> None:
    """500 Unsupported Operation for what QBO does not have, 501 for what the simulator does not."""
    answer = qbo.call(method, path)

    assert (answer.status, answer.error["code"]) == (status, code)


def test_unsupported_operations_name_the_path(qbo: Qbo) -> None:
    """The text as recorded; 2030 comes without a time."""
    nowhere = qbo.get("customer/1/5")
    no_number = qbo.get("customer/1.5")

    relative = f"/v3/company/{qbo.realm_id}/customer/1/5"
    assert nowhere.error["Detail"].startswith(
        f"Operation Could not find resource for relative : {relative} of full path: http://"
    )
    assert no_number.text == (
        '{"Fault":{"Error":[{"Message":"Invalid ID","Detail":"Id should be a valid number. Supplied value:1.5","code":"2030",'
        '"element":"Id"}],"type":"ValidationFault"}}'
    )


def test_outside_the_api_there_is_an_html_404(qbo: Qbo) -> None:
    """The front door."""
    answer = qbo.get("/v4/nothing")

    assert (answer.status, answer.headers["content-type"]) == (404, "text/html")


@pytest.mark.parametrize("operation", ["revert", "explode"])
def test_an_unknown_operation_is_refused(qbo: Qbo, operation: str) -> None:
    """It does not become a create."""
    answer = qbo.post("invoice", invoice(), operation=operation)

    assert (answer.status, answer.error["code"]) == (400, "500")
    assert qbo.simulator.state("Invoice") == []


def test_numbers_as_strings_and_strings_as_numbers(qbo: Qbo) -> None:
    """Lenient where QBO is."""
    line = {
        "Amount": "12.50",
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": 1}, "Qty": "2", "UnitPrice": "6.25"},
    }

    made = qbo.create("Invoice", CustomerRef={"value": 1}, DocNumber=4711, Line=[line])

    assert (made["DocNumber"], str(made["TotalAmt"])) == ("4711", "12.50")


def test_text_comes_back_as_it_was_sent(qbo: Qbo) -> None:
    """Emoji, quotes, backslashes, markup and the like."""
    note = 'ü 你 🦄 "quoted" \\back\\ <b>&amp;</b> \\u007f \u2028 \n\t end'

    made = qbo.create("Invoice", **invoice(PrivateNote=note))

    assert made["PrivateNote"] == note
    assert qbo.read("Invoice", made["Id"])["PrivateNote"] == note


def test_a_body_of_ten_megabytes_is_judged_by_its_content(qbo: Qbo) -> None:
    """A line of ten megabytes is too long (2050)."""
    answer = qbo.post("invoice", invoice({**item_line(), "Description": "x" * 10_000_000}))

    assert (answer.status, answer.error["code"]) == (400, "2050")


def test_a_body_beyond_the_front_doors_size_is_413(qbo: Qbo) -> None:
    """HTML, as from Apache."""
    answer = qbo.call("POST", "batch", b" " * (17 * 1024 * 1024), {"Content-Type": "application/json"})

    assert (answer.status, answer.headers["content-type"]) == (413, "text/html")


def test_the_minor_version_is_ignored(qbo: Qbo) -> None:
    """1 to 74 are treated as 75."""
    answers: list[Any] = [qbo.get("customer/1", minorversion=version)["Customer"] for version in ("4", "65", "75")]

    assert answers[0] == answers[1] == answers[2]


def test_the_resource_is_found_in_any_case(qbo: Qbo) -> None:
    """/Customer/1 and /customer/1."""
    assert qbo.get("Customer/1")["Customer"] == qbo.get("customer/1")["Customer"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path",
    ["customer", "customer/1", "query?query=select%20*%20from%20Customer", "batch", "reports/BalanceSheet", "cdc"],
)
def test_a_method_that_quickbooks_has_not_is_refused(qbo: Qbo, method: str, path: str) -> None:
    """500 Unsupported Operation, also where a GET would be answered."""
    answer = qbo.call(method, path)

    assert (answer.status, answer.error["code"]) == (400, "500")


@pytest.mark.parametrize("path", ["reports", "reports/Nonsense", "query/1", "batch/1", "cdc/1"])
def test_what_is_no_report_and_no_list_is_unsupported(qbo: Qbo, path: str) -> None:
    """501 is kept for what QuickBooks has and the simulator has not."""
    assert (qbo.get(path).status, qbo.get(path).error["code"]) == (400, "500")


def test_half_a_character_is_refused(qbo: Qbo) -> None:
    """A lone surrogate is no text; a pair of them is one character."""
    half = qbo.call("POST", "customer", b'{"DisplayName":"\\ud83e"}')
    whole = qbo.call("POST", "customer", b'{"DisplayName":"\\ud83e\\udd84"}')

    assert (half.status, half.error["code"]) == (400, "2010")
    assert whole["Customer"]["DisplayName"] == "🦄"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_small_body_that_unpacks_to_a_huge_one_is_413(qbo: Qbo, encoding: str) -> None:
    """The size counts unpacked, and no more than that is ever unpacked."""
    pack = {"gzip": gzip.compress, "deflate": zlib.compress}[encoding]

    bomb = qbo.call("POST", "invoice", pack(b" " * 64 * 1024 * 1024), {"Content-Encoding": encoding})
    fine = qbo.call("POST", "invoice", pack(json.dumps(invoice()).encode()), {"Content-Encoding": encoding})

    assert (bomb.status, bomb.headers["content-type"]) == (413, "text/html")
    assert fine.status == 200


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (1, "2010"),
        (None, "2010"),
        ("text", "2010"),
        ([], "2010"),
        ({"bId": ["x"]}, "2010"),
        ({"bId": {"a": 1}}, "2010"),
        ({"bId": "1", "Query": 5}, "2020"),  # two things at once
    ],
)
def test_a_batch_item_that_is_none_does_nothing(qbo: Qbo, given: Any, code: str) -> None:
    """A fault for the item, even where it holds an object that could be made; the other items are done."""
    odd = {"operation": "create", "Customer": {"DisplayName": "Odd"}, **given} if isinstance(given, dict) else given

    refused, fine = qbo.batch(odd, {"bId": "2", "operation": "create", "Customer": {"DisplayName": "Fine"}})

    assert refused["Fault"]["Error"][0]["code"] == code
    assert fine["Customer"]["DisplayName"] == "Fine"
    assert qbo.query("select * from Customer where DisplayName = 'Odd'").rows == []
