"""Mishaps: what is written, what is answered, and how rules find their calls."""

import time
from http.client import IncompleteRead, RemoteDisconnected
from typing import Any

import pytest

from qbo_simulator.testing import SimulatorError
from tests.simulator.client import Qbo, invoice


def written(qbo: Qbo) -> int:
    """How many invoices QuickBooks holds."""
    return len(qbo.simulator.state("Invoice"))


def items(count: int) -> dict[str, Any]:
    """A batch that creates invoices."""
    return {"BatchItemRequest": [{"bId": str(n), "operation": "create", "Invoice": invoice()} for n in range(count)]}


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_before_the_write_leaves_nothing(qbo: Qbo, status: int) -> None:
    """An HTML page of the front door; the next call is fine."""
    qbo.simulator.fault("before_write", operation="create", status=status)

    answer = qbo.post("invoice", invoice())

    assert (answer.status, answer.headers["content-type"], written(qbo)) == (status, "text/html", 0)
    assert qbo.post("invoice", invoice()).status == 200


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_after_the_write_leaves_the_invoice(qbo: Qbo, status: int) -> None:
    """Written and committed, although the answer says otherwise; the repeat under the same id finds it."""
    qbo.simulator.fault("after_write", operation="create", status=status)

    answer = qbo.post("invoice", invoice(), requestid="r-1")

    assert (answer.status, written(qbo)) == (status, 1)
    assert qbo.post("invoice", invoice(), requestid="r-1")["Invoice"]["Id"] == "1"
    assert written(qbo) == 1


def test_a_system_fault_can_hide_in_a_200(qbo: Qbo) -> None:
    """after_write with status 200: written, and answered with code 10000."""
    qbo.simulator.fault("after_write", status=200)

    answer = qbo.post("invoice", invoice())

    assert (answer.status, answer.error["code"], answer.body["Fault"]["type"]) == (200, "10000", "SystemFault")
    assert written(qbo) == 1


def test_a_lost_answer_closes_the_connection_after_the_write(qbo: Qbo) -> None:
    """Not a byte comes back; the invoice is there."""
    qbo.simulator.fault("lose_answer", operation="create")

    with pytest.raises(RemoteDisconnected):
        qbo.post("invoice", invoice())

    assert written(qbo) == 1


def test_a_dropped_call_writes_nothing(qbo: Qbo) -> None:
    """For the client the same as a lost answer."""
    qbo.simulator.fault("drop", operation="create")

    with pytest.raises(RemoteDisconnected):
        qbo.post("invoice", invoice())

    assert written(qbo) == 0


def test_an_answer_can_break_off_in_its_middle(qbo: Qbo) -> None:
    """Status and headers arrive, half the body, then the end."""
    qbo.simulator.fault("cut", operation="create")

    with pytest.raises(IncompleteRead) as caught:
        qbo.post("invoice", invoice())

    assert caught.value.partial.startswith(b'{"Invoice":{')
    assert written(qbo) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delay_makes_a_call_slow(qbo: Qbo, when: str) -> None:
    """Half a second more; written before or after it."""
    qbo.simulator.fault("delay", seconds=0.5, when=when)
    started = time.monotonic()

    answer = qbo.post("invoice", invoice())

    assert (answer.status, time.monotonic() - started >= 0.5) == (200, True)


def test_the_name_lock_refuses_names_alone(qbo: Qbo) -> None:
    """6000 for customers; in a batch for the items named."""
    qbo.simulator.fault("name_lock", count=2)

    single = qbo.post("customer", {"DisplayName": "a"})
    batch = qbo.batch(
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "b"}},
        {"bId": "2", "operation": "create", "Invoice": invoice()},
    )

    assert (single.status, single.error["code"]) == (400, "6000")
    assert (
        single.error["Detail"]
        == "Business Validation Error: You can only add or edit one name at a time. Please try again."
    )
    assert batch[0]["Fault"]["Error"][0]["code"] == "6000"
    assert "Invoice" in batch[1]
    assert qbo.post("customer", {"DisplayName": "a"}).status == 200


def test_the_name_lock_can_take_single_items(qbo: Qbo) -> None:
    """Positions in the batch, counted from 0."""
    qbo.simulator.fault("name_lock", items=[1])

    answers = qbo.batch(*[{"bId": name, "operation": "create", "Vendor": {"DisplayName": name}} for name in "abc"])

    assert ["Fault" in answer for answer in answers] == [False, True, False]


def test_a_good_token_can_be_called_expired_and_a_calm_call_throttled(qbo: Qbo) -> None:
    """401 and 429 on demand; nothing is written."""
    qbo.simulator.fault("token_expired")
    expired = qbo.post("invoice", invoice())
    qbo.simulator.fault("throttled")
    throttled = qbo.post("invoice", invoice())

    assert (expired.status, expired.body["fault"]["error"][0]["code"]) == (401, "3200")
    assert (throttled.status, throttled.body["fault"]["error"][0]["code"]) == (429, "3001")
    assert written(qbo) == 0


def test_half_a_batch_can_be_executed(qbo: Qbo) -> None:
    """The first two items are committed, the caller sees a 502; the repeat does the rest."""
    qbo.simulator.fault("half_batch", items=[2], status=502)

    answer = qbo.post("batch", items(4), requestid="b")

    assert (answer.status, written(qbo)) == (502, 2)
    assert len(qbo.post("batch", items(4), requestid="b")["BatchItemResponse"]) == 4
    assert written(qbo) == 4


def test_any_business_fault_can_be_ordered(qbo: Qbo) -> None:
    """With code and detail of the test's own."""
    qbo.simulator.fault("fault", code="6190", detail="lapsed", method="GET")

    answer = qbo.get("customer/1")

    assert (answer.status, answer.error) == (
        400,
        {"Message": "Invalid Company Status", "Detail": "lapsed", "code": "6190"},
    )


def test_rules_find_their_calls(qbo: Qbo, make_company: Any) -> None:
    """Realm, method, part of the path, operation and entity must all fit."""
    other = make_company("77")
    rules: list[dict[str, Any]] = [
        {"realm_id": "77"},
        {"method": "POST", "path": "/query"},
        {"operation": "update"},
        {"entity": "Vendor"},
        {"operation": "token"},
    ]
    for rule in rules:
        qbo.simulator.fault("before_write", **rule)

    fine = [qbo.post("invoice", invoice()), qbo.query("select * from Item"), qbo.get("customer/1")]
    struck = [
        other.get("customer/1"),
        qbo.call("POST", "query", b"select * from Item", {"Content-Type": "application/text"}),
        qbo.post("invoice", {"Id": "1", "SyncToken": "0", "sparse": True}),
        qbo.post("vendor", {"DisplayName": "v"}),
        qbo.post("/oauth2/v1/tokens/bearer", {}),
    ]

    assert [answer.status for answer in fine] == [200] * 3
    assert [answer.status for answer in struck] == [503] * 5


def test_the_nth_call_and_the_number_of_times(qbo: Qbo) -> None:
    """nth picks matching calls, count ends a rule (0: never)."""
    qbo.simulator.fault("before_write", nth=[2, 4], count=0)

    assert [qbo.get("customer/1").status for _ in range(5)] == [200, 503, 200, 503, 200]
    assert qbo.simulator.faults()[0]["fired"] == 2


def test_chance_is_reproducible(qbo: Qbo) -> None:
    """The same seed strikes the same calls."""

    def run() -> list[int]:
        qbo.simulator.clear_faults()
        qbo.simulator.fault("before_write", probability=0.5, seed=7, count=0)
        return [qbo.get("customer/1").status for _ in range(12)]

    first = run()

    assert first == run()
    assert 0 < first.count(503) < 12


def test_error_bodies_can_be_xml_empty_or_a_fault(qbo: Qbo) -> None:
    """Front doors answer in many forms."""
    answers = []
    for body in ("xml", "empty", "fault"):
        qbo.simulator.fault("before_write", body=body, status=500)
        answers.append(qbo.get("customer/1"))

    assert [answer.headers["content-type"] for answer in answers] == [
        "application/xml",
        "text/plain",
        "application/json",
    ]
    assert (answers[1].text, answers[2].error["code"]) == ("", "10000")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"kind": "meteor"}, "kind must be one of"),
        ({"kind": "cut", "colour": 1}, "unknown key 'colour'"),
        ({"kind": "cut", "body": "pdf"}, "body must"),
    ],
)
def test_a_rule_that_cannot_be_understood_is_refused(qbo: Qbo, rule: dict[str, Any], words: str) -> None:
    """422 with what is allowed."""
    with pytest.raises(SimulatorError, match=words):
        qbo.simulator.control("POST", "faults", rule)


def test_the_journal_tells_what_happened(qbo: Qbo) -> None:
    """Every call with its answer and the mishap; the token is masked."""
    qbo.simulator.clear_journal()
    qbo.simulator.fault("after_write", operation="create", status=504)

    qbo.post("invoice", invoice(DocNumber="J-1"), requestid="r")
    qbo.get("invoice/1")

    first, second = qbo.simulator.journal()
    assert (first["method"], first["path"], first["query"]) == (
        "POST",
        f"/v3/company/{qbo.realm_id}/invoice",
        "requestid=r",
    )
    assert (first["status"], first["mishap"], first["request_body"]["DocNumber"]) == (504, "after_write", "J-1")
    assert first["request_headers"]["authorization"] == "***"
    assert (second["status"], second["answer_body"]["Invoice"]["DocNumber"], second["mishap"]) == (200, "J-1", None)
    assert second["intuit_tid"] == second["answer_headers"]["intuit_tid"]
