"""The client: what is repeated and what never is, and what every answer means."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from qbo_hook import (
    Answer,
    BatchItem,
    MemoryGovernor,
    MemoryTokenStore,
    Permit,
    QboAuthError,
    QboBadAnswer,
    QboBatchRefused,
    QboClient,
    QboConfigError,
    QboError,
    QboNameLock,
    QboNotConnected,
    QboNotFound,
    QboPeriodClosed,
    QboRealmFault,
    QboStaleObject,
    QboThrottled,
    QboTokenExpired,
    QboTokenUnavailable,
    QboTooLate,
    QboUnknownOutcome,
    QboValidationError,
    Request,
    TokenSet,
)
from tests.qbo_hook import peer as peers
from tests.qbo_hook.conftest import Time
from tests.qbo_hook.peer import REALM, TOKEN_REPLY, Peer

INVOICE = {"Invoice": {"Id": "1", "SyncToken": "0", "TotalAmt": 100}, "time": "2026-11-22T00:00:00.000-08:00"}
NAME_LOCK = "You can only add or edit one name at a time. Please try again."
HTML = b"<html><body>Proxy Error</body></html>"


def write(client: QboClient) -> Request:
    return client.build_create("Invoice", {"DocNumber": "A-1"}, "id-1")


# Successes


def test_a_create_sends_the_stored_bytes_and_returns_the_entity(client: QboClient, peer: Peer) -> None:
    """One call, with token, agent and media types."""
    peer.replies = [peers.reply(200, b'{"Invoice":{"Id":"1","TotalAmt":100.00}}')]

    created = client.create("Invoice", {"DocNumber": "A-1"}, "id-1")

    assert created == {"Id": "1", "TotalAmt": Decimal("100.00")}
    (call,) = peer.received
    assert call.target == f"/v3/company/{REALM}/invoice?requestid=id-1&minorversion=75"
    assert call.body == b'{"DocNumber":"A-1"}'
    assert call.headers["Authorization"] == "Bearer access-1"
    assert (call.headers["Accept"], call.headers["Content-Type"]) == ("application/json", "application/json")
    assert call.headers["User-Agent"] == "Ledgerline"


def test_every_write_has_its_call(client: QboClient, peer: Peer) -> None:
    """Update, void, delete, send: path and options as QBO wants them."""
    peer.replies = [peers.json_reply(INVOICE)] * 4

    client.update("Invoice", {"Id": "1", "SyncToken": "0"}, "a")
    client.void("Invoice", "1", "0", "b")
    client.delete("Invoice", "1", "0", "c")
    client.send_email("Invoice", "1", "a@b.c", "d")

    assert [
        target.removeprefix(f"/v3/company/{REALM}/invoice").removesuffix("&minorversion=75") for target in peer.targets
    ] == [
        "?requestid=a",
        "?operation=void&requestid=b",
        "?operation=delete&requestid=c",
        "/1/send?sendTo=a%40b.c&requestid=d",
    ]


def test_a_batch_comes_back_item_by_item(client: QboClient, peer: Peer) -> None:
    """The entity or the error of each."""
    peer.replies = [peers.json_reply({"BatchItemResponse": [{"Invoice": {"Id": "1"}, "bId": "a"}]})]
    items = [BatchItem("a", "create", "Invoice", {}), BatchItem("b", "create", "Invoice", {})]

    found = client.batch(items, "batch-1")

    assert found["a"] == {"Id": "1"}
    assert isinstance(found["b"], QboUnknownOutcome)


def test_reads_return_what_a_company_has(client: QboClient, peer: Peer) -> None:
    """One entity, its profile, its preferences."""
    peer.replies = [
        peers.json_reply({"Customer": {"Id": "5"}}),
        peers.json_reply({"CompanyInfo": {"Id": "1", "CompanyName": "Craig's"}}),
        peers.json_reply({"Preferences": {"Id": "1"}}),
    ]

    assert client.read("Customer", "5") == {"Id": "5"}
    assert client.company_info()["CompanyName"] == "Craig's"
    assert client.preferences() == {"Id": "1"}


def test_a_list_is_read_to_its_end(client: QboClient, peer: Peer) -> None:
    """Page after page, each beginning with the last row of the one before."""
    peer.replies = [
        peers.json_reply({"QueryResponse": {"Item": [{"Id": "1"}, {"Id": "2"}], "maxResults": 2}}),
        peers.json_reply({"QueryResponse": {"Item": [{"Id": "2"}, {"Id": "3"}], "maxResults": 2}}),
        peers.json_reply({"QueryResponse": {"Item": [{"Id": "3"}]}}),
    ]

    found = list(client.query_all("Item", "Active = true", size=2))

    assert [row["Id"] for row in found] == ["1", "2", "3"]
    assert "STARTPOSITION+3+MAXRESULTS+2" in peer.targets[2]
    with pytest.raises(QboConfigError):
        client.query_all("Item", size=1)


def test_an_empty_list_is_empty(client: QboClient, peer: Peer) -> None:
    """QBO leaves the entity out of its response then."""
    peer.replies = [peers.json_reply({"QueryResponse": {}}), peers.json_reply({"QueryResponse": {"totalCount": 41}})]

    assert client.query_page("Item") == []
    assert client.count("Item") == 41


def test_changes_come_with_qbos_own_time(client: QboClient, peer: Peer) -> None:
    """Deletions included; an entity without change is an empty list."""
    invoices = [{"Id": "1"}, {"Id": "2", "status": "Deleted"}]
    peer.replies = [
        peers.json_reply(
            {"CDCResponse": [{"QueryResponse": [{"Invoice": invoices}, {}]}], "time": "2026-11-22T00:00:00-08:00"}
        )
    ]

    changes = client.cdc(["Invoice", "Payment"], datetime(2026, 11, 1, tzinfo=UTC))

    assert changes.entities == {"Invoice": invoices, "Payment": []}
    assert (changes.server_time, changes.is_complete) == ("2026-11-22T00:00:00-08:00", True)
    assert "changedSince=2026-11-01T00%3A00%3A00%2B00%3A00" in peer.targets[0]
    with pytest.raises(QboConfigError, match="offset"):
        client.cdc(["Invoice"], datetime(2026, 11, 1))  # noqa: DTZ001 - the point of the test


def test_a_thousand_changes_count_as_incomplete(client: QboClient, peer: Peer) -> None:
    """QBO stops there without saying so, counting all entities together."""
    lists = [{"Invoice": [{"Id": str(n)} for n in range(600)]}, {"Payment": [{"Id": str(n)} for n in range(400)]}]
    peer.replies = [peers.json_reply({"CDCResponse": [{"QueryResponse": lists}]})]

    assert not client.cdc(["Invoice", "Payment"], datetime(2026, 11, 1, tzinfo=UTC)).is_complete


def test_an_answer_in_another_media_type_is_left_as_it_is(client: QboClient, peer: Peer) -> None:
    """Who asks for a PDF gets its bytes."""
    peer.replies = [peers.reply(200, b"%PDF-1.4")]
    request = replace(client.build_read("Invoice", "1"), accept="application/pdf")

    assert client.send(request).body == b"%PDF-1.4"


# What a failure means for a write


@pytest.mark.row("X5")
@pytest.mark.parametrize(
    ("reply", "kind", "mode"),
    [
        (peers.fault_reply("6240"), QboValidationError, "refused"),
        (peers.fault_reply("610"), QboNotFound, "refused"),
        (peers.fault_reply("5010"), QboStaleObject, "refused"),
        (peers.fault_reply("6210"), QboPeriodClosed, "refused"),
        (peers.fault_reply("6240", status=200), QboValidationError, "refused"),
        (peers.fault_reply("424242"), QboValidationError, "refused"),
        (peers.fault_reply("6190"), QboRealmFault, "realm"),
        (peers.fault_reply("3100", status=403, kind="SERVICE"), QboRealmFault, "realm"),
        (peers.fault_reply("120", status=401, kind="AuthenticationFault"), QboRealmFault, "realm"),
        (peers.fault_reply("10000", status=200, kind="SystemFault"), QboUnknownOutcome, "unknown"),
        (peers.fault_reply("10000", status=500, kind="SystemFault"), QboUnknownOutcome, "unknown"),
        (peers.fault_reply("6240", status=500), QboUnknownOutcome, "unknown"),
        (peers.fault_reply("600"), QboUnknownOutcome, "unknown"),
        (peers.fault_reply("x", status=403, kind="SERVICE"), QboUnknownOutcome, "unknown"),
        (peers.reply(500, HTML), QboUnknownOutcome, "unknown"),
        (peers.reply(502), QboUnknownOutcome, "unknown"),
        (peers.reply(504, HTML), QboUnknownOutcome, "unknown"),
        (peers.reset, QboUnknownOutcome, "unknown"),
        (peers.hang_up, QboUnknownOutcome, "unknown"),
        (peers.truncated, QboUnknownOutcome, "unknown"),
        (peers.trickling_body, QboUnknownOutcome, "unknown"),
        (peers.endless, QboBadAnswer, "unknown"),
        (peers.reply(200, HTML, {"Content-Type": "text/html"}), QboBadAnswer, "unknown"),
        (peers.reply(200), QboBadAnswer, "unknown"),
        (peers.reply(200, b'{"Invoice":{"Id":"1"'), QboBadAnswer, "unknown"),
        (peers.reply(200, b"[]"), QboBadAnswer, "unknown"),
        (peers.reply(200, b"{}"), QboBadAnswer, "unknown"),
        (peers.json_reply({"Customer": {"Id": "1"}}), QboBadAnswer, "unknown"),
        (peers.json_reply({"Invoice": {"TotalAmt": 1}}), QboBadAnswer, "unknown"),
        (peers.reply(302, b"", {"Location": "https://elsewhere.test/"}), QboBadAnswer, "unknown"),
        (peers.reply(404, HTML, {"Content-Type": "text/html"}), QboBadAnswer, "unknown"),
        (peers.reply(413, HTML), QboValidationError, "refused"),
    ],
)
def test_a_write_is_never_repeated_on_a_guess(
    client: QboClient, peer: Peer, reply: Any, kind: type[QboError], mode: str
) -> None:
    """Refused, closed to us, or unknown: whichever it is, QBO was called once."""
    peer.replies = [reply]

    with pytest.raises(kind) as caught:
        client.create("Invoice", {}, "id-1")

    assert caught.value.failure_mode == mode
    assert len(peer.received) == 1
    assert caught.value.realm_id == REALM


def test_an_error_carries_everything_that_support_will_ask(client: QboClient, peer: Peer) -> None:
    """Fault, status, trace id, call, request id, and the answer as evidence."""
    peer.replies = [peers.fault_reply("2020", "Required parameter Line is missing in the request")]

    with pytest.raises(QboValidationError) as caught:
        client.create("Invoice", {}, "id-1")

    error = caught.value
    assert (error.http_status, error.intuit_tid, error.request_id) == (400, "1-5f73-abc", "id-1")
    assert (error.method, error.path) == ("POST", f"/v3/company/{REALM}/invoice")
    assert error.fault_class == "parameter_missing"
    assert "Line is missing" in str(error)
    assert error.answer is not None
    assert b"Line is missing" in error.answer.body


@pytest.mark.parametrize(
    "reply",
    [
        peers.reply(413, HTML),
        peers.fault_reply("1040"),
        peers.fault_reply("2010"),
        peers.fault_reply("424242"),
        peers.fault_reply("6240", status=413),
    ],
)
def test_a_batch_refused_as_a_whole_executed_nothing(client: QboClient, peer: Peer, reply: Any) -> None:
    """Too big, too many, unreadable: its items are planned again in halves."""
    peer.replies = [reply]

    with pytest.raises(QboBatchRefused) as caught:
        client.batch([BatchItem("a", "create", "Invoice", {})], "batch-1")

    assert caught.value.failure_mode == "not_executed"
    assert len(peer.received) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(peers.fault_reply("10000", kind="SystemFault"), QboUnknownOutcome), (peers.fault_reply("6190"), QboRealmFault)],
)
def test_a_batch_may_fail_in_other_ways(client: QboClient, peer: Peer, reply: Any, kind: type[QboError]) -> None:
    """A breakdown leaves its outcome open; a realm fault blames no item."""
    peer.replies = [reply]

    with pytest.raises(kind):
        client.batch([BatchItem("a", "create", "Invoice", {})], "batch-1")


@pytest.mark.parametrize("reply", [peers.fault_reply("6140"), peers.reply(413)])
def test_no_fault_refuses_a_write_that_was_sent_before(client: QboClient, peer: Peer, reply: Any) -> None:
    """The first sending may have made what the second one trips over."""
    peer.replies = [reply]

    with pytest.raises(QboValidationError) as caught:
        client.send(write(client), is_first_sending=False)

    assert caught.value.failure_mode == "unknown"


# What is repeated at once


@pytest.mark.row("F147")
def test_a_read_goes_through_a_spell_of_bad_weather(client: QboClient, peer: Peer, time_: Time) -> None:
    """503, a torn answer, a reset, then the answer; gaps grow."""
    peer.replies = [
        peers.reply(503),
        peers.reply(503),
        peers.truncated,
        peers.reset,
        peers.json_reply({"Item": {"Id": "1"}}),
    ]

    assert client.read("Item", "1") == {"Id": "1"}
    assert time_.slept == [1.0, 2.0, 4.0, 8.0]
    assert len(peer.received) == 5


def test_a_read_gives_up_in_the_end(client: QboClient, peer: Peer) -> None:
    """After four repeats the failure is told."""
    peer.replies = [peers.reply(503)] * 9

    with pytest.raises(QboUnknownOutcome):
        client.read("Item", "1")

    assert len(peer.received) == 5


@pytest.mark.row("F148")
def test_a_read_that_is_refused_is_refused_once(client: QboClient, peer: Peer) -> None:
    """4xx surface at once."""
    peer.replies = [peers.fault_reply("4001")]

    with pytest.raises(QboValidationError):
        client.query("select * from Custmoer")

    assert len(peer.received) == 1


def test_a_throttled_write_waits_a_minute_and_goes_again(client: QboClient, peer: Peer, time_: Time) -> None:
    """429 executed nothing; the whole company pauses, and the same bytes go out again."""
    peer.replies = [peers.reply(429, HTML), peers.json_reply(INVOICE)]
    start = time_.now

    client.send(write(client))

    assert (time_.now - start).total_seconds() == pytest.approx(60, abs=0.01)
    assert peer.received[0].body == peer.received[1].body
    assert peer.targets[0] == peer.targets[1]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("Sun, 22 Nov 2026 12:00:30 GMT", 30), ("Sun, 22 Nov 2026 12:00:30 -0000", 30), ("soon", 60), ("0", 0)],
)
@pytest.mark.row("F146")
def test_retry_after_is_obeyed_to_the_second(
    client: QboClient, peer: Peer, time_: Time, header: str, seconds: int
) -> None:
    """As seconds or as a date; what cannot be read counts as absent."""
    fault = b'{"Fault":{"Error":[{"code":"3001"}],"type":"SERVICE"}}'
    peer.replies = [peers.reply(429, fault, {"Retry-After": header}), peers.json_reply(INVOICE)]
    start = time_.now

    client.send(write(client))

    assert (time_.now - start).total_seconds() == pytest.approx(seconds, abs=0.2)


def test_a_very_long_wish_is_told_instead_of_sat_out(
    client: QboClient, peer: Peer, governor: MemoryGovernor, time_: Time
) -> None:
    """The company stays paused for everybody; the caller decides what to do meanwhile."""
    peer.replies = [peers.reply(429, b"", {"Retry-After": "9" * 400})]
    start = time_.seconds()

    with pytest.raises(QboThrottled) as caught:
        client.send(write(client))

    assert caught.value.retry_after == 7 * 86400
    assert governor.acquire("request").taken_at >= start + 7 * 86400


def test_the_old_form_of_throttling_counts_as_well(client: QboClient, peer: Peer) -> None:
    """HTTP 403 with code 3001, in XML."""
    body = b'<IntuitResponse><Fault type="SERVICE"><Error code="003001"><Message>x</Message></Error></Fault></IntuitResponse>'
    peer.replies = [peers.reply(403, body, {"Content-Type": "text/xml"}), peers.json_reply(INVOICE)]

    assert client.send(write(client)).status == 200


def test_a_throttled_batch_is_not_refused(client: QboClient, peer: Peer) -> None:
    """A 429 speaks of the traffic, not of the batch, whatever code it carries."""
    peer.replies = [peers.fault_reply("424242", status=429), peers.json_reply({"BatchItemResponse": []})]

    found = client.batch([BatchItem("a", "create", "Invoice", {})], "b")

    assert isinstance(found["a"], QboUnknownOutcome)
    assert len(peer.received) == 2


@pytest.mark.row("F154")
def test_a_name_lock_is_tried_again(client: QboClient, peer: Peer, time_: Time) -> None:
    """Somebody else held the list for a moment; nothing was executed."""
    peer.replies = [
        peers.fault_reply("6000", NAME_LOCK),
        peers.fault_reply("6000", NAME_LOCK),
        peers.json_reply(INVOICE),
    ]

    client.send(write(client))

    assert time_.slept[-2:] == [1.0, 2.0]


def test_a_name_lock_that_stays_is_told(client: QboClient, peer: Peer) -> None:
    """A person has to close a window in QuickBooks."""
    peer.replies = [peers.fault_reply("6000", NAME_LOCK)] * 9

    with pytest.raises(QboNameLock) as caught:
        client.send(write(client))

    assert caught.value.failure_mode == "not_executed"
    assert "sign out" in str(caught.value.cure)


def test_a_connection_refused_is_tried_again(make_client: Callable[..., QboClient], time_: Time, peer: Peer) -> None:
    """No byte left, so even a write may go again."""
    client = make_client(transport=Unreachable(2, peer))

    assert client.send(write(client)).status == 200
    assert time_.slept[-2:] == [1.0, 2.0]


class Unreachable:
    """A transport that finds no connection a number of times, then answers."""

    def __init__(self, failures: int, peer: Peer) -> None:
        self.failures = failures

    def send(self, request: Request, *_: object) -> Any:
        self.failures -= 1
        if self.failures >= 0:
            raise QboNotConnected("No connection")
        return Answer(200, {}, b"{}")


# Tokens


def test_an_expired_token_is_refreshed_once_and_the_write_goes_again(
    client: QboClient, peer: Peer, store: MemoryTokenStore
) -> None:
    """401 executed nothing; the new pair is in the store before it is used."""
    peer.replies = [peers.reply(401), peers.json_reply(INVOICE)]
    peer.token_replies = [peers.json_reply(TOKEN_REPLY)]

    client.send(write(client))

    assert [call.headers["Authorization"] for call in peer.received] == ["Bearer access-1", "Bearer access-2"]
    stored = store.read()
    assert stored is not None
    assert stored.refresh_token == "refresh-2"


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (b'{"detail":"Token expired: eyJlbmMiOiJB"}', b'{"detail":"Token expired: ***"}'),
        (b"<p>Bearer access-2.part=/+x is not welcome</p>", b"<p>Bearer *** is not welcome</p>"),
        (b"<p>nothing quoted</p>", b"<p>nothing quoted</p>"),
    ],
)  # fmt: skip
def test_what_is_kept_of_a_401_holds_no_piece_of_a_token(
    client: QboClient, peer: Peer, body: bytes, left: bytes
) -> None:
    """QBO's own words about a token, and wherever else ours is quoted: starred in the answer that becomes evidence."""
    peer.replies = [peers.reply(401, body)] * 2
    peer.token_replies = [peers.json_reply(TOKEN_REPLY)]

    with pytest.raises(QboAuthError) as caught:
        client.send(write(client))

    assert caught.value.answer is not None
    assert caught.value.answer.body == left


def test_a_fresh_token_that_is_refused_too_closes_the_company(client: QboClient, peer: Peer) -> None:
    """Two 401 in a row are no matter of time: the realm's push ends, no document is to blame."""
    peer.replies = [peers.fault_reply("3200", status=401, kind="AUTHENTICATION")] * 3
    peer.token_replies = [peers.json_reply(TOKEN_REPLY)]

    with pytest.raises(QboAuthError) as caught:
        client.send(write(client))

    assert caught.value.failure_mode == "realm"
    assert (len(peer.received), len(peer.token_calls)) == (2, 1)


def test_a_dead_sign_on_stops_before_any_call(client: QboClient, peer: Peer, store: MemoryTokenStore) -> None:
    """invalid_grant is asked for once; then everybody hears that a person must reconnect."""
    peer.replies = [peers.reply(401)]
    peer.token_replies = [peers.json_reply({"error": "invalid_grant"}, 400)]

    for _ in range(2):
        with pytest.raises(QboTokenExpired):
            client.send(write(client))

    assert (len(peer.received), len(peer.token_calls)) == (1, 1)
    assert "invalid_grant" in str(store.needs_reconnect())


def test_a_token_service_that_is_down_leaves_the_write_unsent(
    client: QboClient, peer: Peer, store: MemoryTokenStore, tokens: TokenSet, time_: Time
) -> None:
    """However the token call ended, the write was surely not executed."""
    store.store(replace(tokens, access_expires_at=time_.now))
    peer.token_replies = [peers.reset] * 9

    with pytest.raises(QboTokenUnavailable) as caught:
        client.send(write(client))

    assert caught.value.failure_mode == "not_executed"
    assert peer.received == []


def test_a_sign_on_to_another_company_is_not_used(
    client: QboClient, peer: Peer, store: MemoryTokenStore, tokens: TokenSet
) -> None:
    """Wrong company: nothing is sent."""
    store.store(replace(tokens, realm_id="42"))

    with pytest.raises(QboConfigError, match="company 42"):
        client.send(write(client))

    assert peer.received == []


def test_a_stored_request_of_another_company_is_not_sent(client: QboClient, peer: Peer) -> None:
    """The path names the company; the client compares."""
    with pytest.raises(QboConfigError, match="not of company"):
        client.send(replace(write(client), path="/v3/company/42/invoice"))

    assert peer.received == []


# Permits and times


class Counting(MemoryGovernor):
    """A governor that notes what was taken and given back."""

    def __init__(self, time_: Time) -> None:
        super().__init__(None, time_.seconds, time_.sleep)
        self.taken: list[tuple[str, int, int]] = []
        self.released: list[str] = []

    def acquire(self, kind: Any, operations: int = 1, reads: int = 0) -> Permit:
        self.taken.append((kind, operations, reads))
        return super().acquire(kind, operations, reads)

    def release(self, permit: Permit) -> None:
        self.released.append(permit.id)
        super().release(permit)


def test_each_sending_has_its_permit_and_gives_it_back(
    make_client: Callable[..., QboClient], peer: Peer, time_: Time
) -> None:
    """The one that the caller brought serves the first sending; a repeat takes its own."""
    governor = Counting(time_)
    client = make_client(governor=governor)
    peer.replies = [peers.fault_reply("6000", NAME_LOCK), peers.json_reply(INVOICE)]
    permit = governor.acquire("request")

    client.send(write(client), permit)

    assert governor.taken == [("request", 1, 0)] * 2
    assert governor.released == ["1", "2"]


def test_batches_and_reads_are_told_to_the_governor(
    make_client: Callable[..., QboClient], peer: Peer, time_: Time
) -> None:
    """So that it can count items and meter reads."""
    governor = Counting(time_)
    client = make_client(governor=governor)
    peer.replies = [peers.json_reply({"BatchItemResponse": []}), peers.json_reply({"Item": {"Id": "1"}})]

    client.batch([BatchItem("a", "create", "Invoice", {}), BatchItem("b", "query", query="x")], "id")
    client.read("Item", "1")

    assert governor.taken == [("batch", 2, 1), ("request", 1, 1)]


@pytest.mark.parametrize("reply", [peers.reset, peers.reply(500), peers.fault_reply("6190")])
def test_a_permit_is_given_back_however_the_call_ends(
    make_client: Callable[..., QboClient], peer: Peer, time_: Time, reply: Any
) -> None:
    """Ten failures leak no permit."""
    governor = Counting(time_)
    client = make_client(governor=governor)
    peer.replies = [reply]

    with pytest.raises(QboError):
        client.send(write(client))

    assert governor.released == ["1"]


def test_a_permit_is_given_back_when_there_is_nothing_to_send_with(
    make_client: Callable[..., QboClient], time_: Time
) -> None:
    """No sign-on, no call, no leak."""
    governor = Counting(time_)
    client = make_client(governor=governor, tokens=MemoryTokenStore())

    with pytest.raises(QboTokenExpired):
        client.send(write(client), governor.acquire("request"))

    assert governor.released == ["1"]


class UsedUp(MemoryGovernor):
    """A governor whose reads of the month are used up."""

    def acquire(self, kind: Any, operations: int = 1, reads: int = 0) -> Permit:
        raise QboThrottled("The reads of this month are used up")


def test_a_used_up_month_is_no_reason_to_wait_a_minute(make_client: Callable[..., QboClient], time_: Time) -> None:
    """Our own governor's refusal is passed on at once."""
    client = make_client(governor=UsedUp())

    with pytest.raises(QboThrottled):
        client.read("Item", "1")

    assert time_.slept == []


def test_nothing_is_sent_after_the_last_moment(client: QboClient, peer: Peer, time_: Time) -> None:
    """What a pause kept back returns to its owner unsent."""
    with pytest.raises(QboTooLate) as caught:
        client.send(write(client), not_after=time_.now)

    assert caught.value.failure_mode == "not_executed"
    assert peer.received == []


def test_no_repeat_waits_beyond_the_last_moment(client: QboClient, peer: Peer, time_: Time) -> None:
    """A claim is good for 30 s; after a 429 its items are planned again instead of sent a minute later."""
    peer.replies = [peers.reply(429)]

    with pytest.raises(QboThrottled):
        client.send(write(client), not_after=time_.now + timedelta(seconds=30))

    assert len(peer.received) == 1


def test_within_its_time_a_write_goes_out(client: QboClient, peer: Peer, time_: Time) -> None:
    """The usual case."""
    peer.replies = [peers.json_reply(INVOICE)]

    assert client.send(write(client), not_after=time_.now + timedelta(seconds=30)).status == 200


# Answers that do not fit


@pytest.mark.parametrize("body", [{}, {"QueryResponse": []}, {"QueryResponse": None}])
def test_an_answer_without_a_query_response_is_told(client: QboClient, peer: Peer, body: Any) -> None:
    """It must not pass for an empty list."""
    peer.replies = [peers.json_reply(body)]

    with pytest.raises(QboBadAnswer, match="no QueryResponse"):
        client.query("select * from Item")


@pytest.mark.parametrize("rows", [{"Id": "1"}, ["1"], None])
def test_rows_that_are_no_rows_are_told(client: QboClient, peer: Peer, rows: Any) -> None:
    """A list of entities, or nothing."""
    peer.replies = [peers.json_reply({"QueryResponse": {"Item": rows}})]

    with pytest.raises(QboBadAnswer, match="no list"):
        client.query_page("Item")


def test_a_count_without_a_number_is_told(client: QboClient, peer: Peer) -> None:
    """Nothing is not zero."""
    peer.replies = [peers.json_reply({"QueryResponse": {}})]

    with pytest.raises(QboBadAnswer, match="how many"):
        client.count("Item")


@pytest.mark.parametrize(
    "body", [{}, {"CDCResponse": [{}]}, {"CDCResponse": None}, {"CDCResponse": [{"QueryResponse": ["x"]}]}]
)
def test_an_answer_without_changes_is_told(client: QboClient, peer: Peer, body: Any) -> None:
    """A shape that is not CDC's must not pass for *nothing changed*."""
    peer.replies = [peers.json_reply(body)]

    with pytest.raises(QboBadAnswer, match="no CDCResponse"):
        client.cdc(["Invoice"], datetime(2026, 11, 1, tzinfo=UTC))


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
def test_an_entity_is_not_found_in_an_answer_that_cannot_be_read(client: QboClient, body: bytes) -> None:
    """A stored answer may be parsed again later, whatever it holds."""
    with pytest.raises(QboBadAnswer, match="no Invoice"):
        client.parse_entity(Answer(200, {}, body), "Invoice")


# Logs


def test_a_log_line_has_ids_and_no_secret(client: QboClient, peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    """Call, status, time, company, environment and trace id; no token, no query, no body."""
    peer.replies = [peers.json_reply({"QueryResponse": {}}), peers.fault_reply("6240", "Name Zoë"), peers.reset]

    with caplog.at_level(logging.DEBUG, "qbo_hook"):
        client.query("select * from Customer where DisplayName = 'Zoë'")
        for _ in range(2):
            with pytest.raises(QboError):
                client.create("Customer", {"DisplayName": "Zoë"}, "id-1")

    first, second, third = (record.getMessage() for record in caplog.records if record.name == "qbo_hook")
    assert first.startswith(f"QBO GET /v3/company/{REALM}/query: 200, ")
    assert first.endswith(f" ms, realm={REALM} (simulator), intuit_tid=1-5f73-abc")
    assert "400" in second
    assert "QboUnknownOutcome" in third
    assert not {"access-1", "simsecret", "Zoë", "id-1"} & set(caplog.text.replace(",", " ").split())
    assert "Zo" not in caplog.text


def test_a_client_knows_where_it_talks_to(client: QboClient, peer: Peer) -> None:
    """For pages and logs."""
    assert (client.environment_badge, client.base_url) == ("simulator", peer.base_url)
