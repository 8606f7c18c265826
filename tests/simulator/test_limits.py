"""Rate limits: what is counted, and what a refusal looks like."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from qbo_simulator.testing import DEFAULT_REALM, RunningSimulator
from tests.simulator.client import Answer, Qbo, invoice

ONE_ITEM = {"bId": "1", "Query": "select count(*) from Invoice"}


@pytest.fixture
def slow_clock(simulator: RunningSimulator) -> RunningSimulator:
    """Nothing is limited but what the test asks for."""
    simulator.limits(is_on=True, per_minute=10_000, per_second=10_000, in_flight=1_000, batches_per_minute=1_000)
    return simulator


def statuses(answers: list[Answer]) -> list[int]:
    """Statuses."""
    return [answer.status for answer in answers]


def test_the_defaults_are_those_of_intuit(simulator: RunningSimulator) -> None:
    """500 a minute, 10 a second, 10 in flight, 40 batches a minute, 500,000 reads a month, 40 e-mails a day."""
    values = simulator.limits()["values"]

    assert values == {
        "is_on": False,  # in tests; on from the command line
        "per_minute": 500,
        "per_second": 10,
        "in_flight": 10,
        "batches_per_minute": 40,
        "batches_per_minute_of_realm": 120,
        "counts_batch_items": False,
        "monthly_reads": 500_000,
        "emails_per_day": 40,
        "body": "json",
        "retry_after": 0,
        "status": 429,
    }


def test_a_call_too_many_in_a_minute_is_refused_until_the_minute_has_passed(
    qbo: Qbo, slow_clock: RunningSimulator
) -> None:
    """429 with code 3001 in the wide lower-case envelope; refused calls do not count."""
    slow_clock.limits(per_minute=3)

    answers = [qbo.get("customer/1") for _ in range(5)]
    slow_clock.clock(advance=61)
    later = qbo.get("customer/1")

    assert statuses(answers) == [200, 200, 200, 429, 429]
    assert later.status == 200
    body = answers[3].body
    assert body["fault"] == {
        "error": [
            {
                "message": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
                "detail": "The request limit was reached.  Try again later",
                "code": "3001",
                "element": None,
            }
        ],
        "type": "SERVICE",
    }
    assert list(body)[:3] == ["warnings", "intuitObject", "fault"]
    assert "retry-after" not in answers[3].headers
    assert "intuit_tid" in answers[3].headers


def test_a_refusal_can_be_xml_with_a_retry_after(qbo: Qbo, slow_clock: RunningSimulator) -> None:
    """Whatever was asked for; also the 403 of older recordings."""
    slow_clock.limits(per_minute=0, body="xml", retry_after=7)

    answer = qbo.get("customer/1")
    slow_clock.limits(status=403)
    older = qbo.get("customer/1")

    assert (answer.status, answer.headers["content-type"], answer.headers["retry-after"]) == (
        429,
        "application/xml",
        "7",
    )
    assert '<Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded;' in answer.text
    assert (older.status, "statusCode=403" in older.text) == (403, True)


def test_ten_in_a_second_are_too_many_at_the_eleventh(qbo: Qbo, slow_clock: RunningSimulator) -> None:
    """A burst is refused although the minute has room."""
    slow_clock.limits(per_second=2)

    answers = [qbo.get("customer/1") for _ in range(3)]
    slow_clock.clock(advance=2)

    assert statuses(answers) == [200, 200, 429]
    assert qbo.get("customer/1").status == 200


def test_batches_have_a_limit_of_their_own(qbo: Qbo, slow_clock: RunningSimulator) -> None:
    """Single calls go on when the batches are used up."""
    slow_clock.limits(batches_per_minute=1)

    answers = [qbo.post("batch", {"BatchItemRequest": [ONE_ITEM]}) for _ in range(2)]

    assert statuses(answers) == [200, 429]
    assert qbo.get("customer/1").status == 200


@pytest.mark.parametrize(("counts", "expected"), [(False, 200), (True, 429)])
def test_batch_items_count_when_set_so(qbo: Qbo, slow_clock: RunningSimulator, counts: bool, expected: int) -> None:
    """Undocumented, hence a setting: 5 items against 4 requests a minute."""
    slow_clock.limits(per_minute=4, counts_batch_items=counts)
    items = [{**ONE_ITEM, "bId": str(number)} for number in range(5)]

    assert qbo.post("batch", {"BatchItemRequest": items}).status == expected


def test_too_many_calls_in_flight_are_refused(qbo: Qbo, slow_clock: RunningSimulator) -> None:
    """With slow answers, the third of three simultaneous calls is too many."""
    slow_clock.limits(in_flight=2)
    slow_clock.settings(latency_seconds=0.5)
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(qbo.get("customer/1"))) for _ in range(3)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses(answers)) == [200, 200, 429]
    assert slow_clock.limits()["usage"]["most_in_flight"][DEFAULT_REALM] == 3


def test_the_limits_of_a_realm_leave_other_realms_alone(
    qbo: Qbo, make_company: Any, slow_clock: RunningSimulator
) -> None:
    """One throttled company does not stop the others."""
    other = make_company("77")
    slow_clock.limits(per_minute=1)
    qbo.get("customer/1")

    assert (qbo.get("customer/1").status, other.get("customer/1").status) == (429, 200)


def test_reads_are_metered_by_the_month_and_writes_are_free(qbo: Qbo, slow_clock: RunningSimulator) -> None:
    """The meter of the free tier; it starts anew with the month and survives a restart."""
    slow_clock.limits(monthly_reads=2)

    reads = [qbo.get("customer/1").status, qbo.query("select * from Item").status, qbo.get("customer/1").status]
    write = qbo.post("invoice", invoice()).status
    slow_clock.clock(advance=40 * 86_400)
    qbo.token = slow_clock.access_token()

    assert (reads, write, qbo.get("customer/1").status) == ([200, 200, 429], 200, 200)


def test_a_limit_that_does_not_exist_is_refused(simulator: RunningSimulator) -> None:
    """The control plane is strict as well."""
    with pytest.raises(Exception, match="unknown limit 'per_hour'"):
        simulator.limits(per_hour=1)


def test_a_sandbox_mails_so_many_documents_a_day(
    qbo: Qbo, slow_clock: RunningSimulator, make_company: Callable[..., Qbo]
) -> None:
    """One more is 429 and is not sent; the next day it is; a production company has no such limit."""
    production = make_company(environment="production")
    slow_clock.limits(emails_per_day=2)
    bodies = [qbo.create("Invoice", **invoice()) for _ in range(3)]
    real = [production.create("Invoice", **invoice()) for _ in range(3)]

    sent = [qbo.call("POST", f"invoice/{one['Id']}/send", sendTo="a@b.example") for one in bodies]
    free = [production.call("POST", f"invoice/{one['Id']}/send", sendTo="a@b.example") for one in real]

    assert (statuses(sent), statuses(free)) == ([200, 200, 429], [200] * 3)
    assert qbo.read("Invoice", bodies[2]["Id"])["EmailStatus"] == "NotSet"
    slow_clock.clock(advance=86_400)
    later = Qbo(slow_clock)
    assert later.call("POST", f"invoice/{bodies[2]['Id']}/send", sendTo="a@b.example").status == 200
