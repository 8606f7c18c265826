"""The transport: every odd server and every foreign exception becomes one of our errors."""

from __future__ import annotations

import datetime
import gzip
import http.client
import ipaddress
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from qbo_hook import (
    QboBadAnswer,
    QboConfigError,
    QboNotConnected,
    QboTlsFailure,
    QboUnknownOutcome,
    Request,
    RequestsTransport,
    Timeout,
)
from qbo_hook import transport as transport_module
from qbo_hook.deadline import CallWatch
from tests.qbo_hook import peer as peers
from tests.qbo_hook.peer import Peer, running_peer

READ = Request(method="GET", path="/v3/company/1/invoice/1", params=(("a b", "c&d"),))
WRITE = Request(
    method="POST", path="/v3/company/1/invoice", body=b'{"x":1}', content_type="application/json", kind="write"
)
SHORT = Timeout(connect=1.0, total=1.0)


def send(transport: RequestsTransport, peer: Peer, request: Request = WRITE, timeout: Timeout = SHORT) -> Any:
    return transport.send(request, {"Authorization": "Bearer t"}, peer.base_url, timeout)


def test_the_exact_bytes_and_the_encoded_query_arrive(transport: RequestsTransport, peer: Peer) -> None:
    """Body bytes go out as they are, query parameters encoded."""
    send(transport, peer)
    send(transport, peer, READ)

    assert peer.received[0].body == b'{"x":1}'
    assert peer.targets == ["/v3/company/1/invoice", "/v3/company/1/invoice/1?a+b=c%26d"]


def test_an_answer_of_any_status_comes_back_whole(transport: RequestsTransport, peer: Peer) -> None:
    """The transport judges nothing: status, headers in small letters, body, duration and time of sending."""
    peer.replies = [peers.reply(418, b"teapot", {"X-Odd": "1"})]

    raw = send(transport, peer)

    assert (raw.status, raw.body, raw.headers["x-odd"]) == (418, b"teapot", "1")
    assert raw.sent_at.tzinfo is not None
    assert raw.duration_ms >= 0


def test_a_compressed_answer_is_unpacked(transport: RequestsTransport, peer: Peer) -> None:
    """QBO compresses when it may."""
    peer.replies = [peers.reply(200, gzip.compress(b'{"a":1}'), {"Content-Encoding": "gzip"})]

    assert send(transport, peer).body == b'{"a":1}'


def test_a_redirect_is_not_followed(transport: RequestsTransport, peer: Peer) -> None:
    """A redirected POST would lose its body, and a token would go to another host."""
    peer.replies = [peers.reply(302, b"", {"Location": f"{peer.base_url}/elsewhere"})]

    assert send(transport, peer).status == 302
    assert len(peer.received) == 1


@pytest.mark.parametrize("status", [413, 429, 503])
def test_nothing_is_repeated_below_the_client(transport: RequestsTransport, peer: Peer, status: int) -> None:
    """urllib3 would repeat these by itself when a Retry-After is there."""
    peer.replies = [peers.reply(status, b"", {"Retry-After": "0"})]

    assert send(transport, peer).status == status
    assert len(peer.received) == 1


@pytest.mark.parametrize("behaviour", [peers.reset, peers.hang_up, peers.truncated])
def test_a_connection_lost_after_sending_is_an_unknown_outcome(
    transport: RequestsTransport, peer: Peer, behaviour: peers.Reply
) -> None:
    """The request had left, so it may have been executed; it is sent once."""
    peer.replies = [behaviour]

    with pytest.raises(QboUnknownOutcome) as caught:
        send(transport, peer)

    assert caught.value.failure_mode == "unknown"
    assert len(peer.received) == 1


@pytest.mark.parametrize("behaviour", [peers.trickling_head, peers.trickling_body])
def test_a_server_that_trickles_is_cut_off_at_the_deadline(
    transport: RequestsTransport, peer: Peer, behaviour: peers.Reply
) -> None:
    """Time-outs of sockets count from byte to byte; the deadline counts from the start."""
    peer.replies = [behaviour]
    started = time.monotonic()

    with pytest.raises(QboUnknownOutcome, match=r"within 0\.5 s"):
        send(transport, peer, timeout=Timeout(connect=0.5, total=0.5))

    assert time.monotonic() - started < 1.5


def test_a_body_without_a_length_that_is_cut_off_at_the_deadline_is_no_answer(peer: Peer) -> None:
    """A body that ends with its connection looks whole when the watch ends it; it must not pass for an answer."""
    patient = RequestsTransport(max_body=10**12)

    def trickle(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n{}")
        peers._drip(handler, b"")

    peer.replies = [trickle]

    with pytest.raises(QboUnknownOutcome, match=r"within 0\.3 s"):
        send(patient, peer, timeout=Timeout(connect=0.3, total=0.3))
    patient.close()


def test_what_is_done_meanwhile_comes_after_the_request_and_before_the_answer(
    transport: RequestsTransport, peer: Peer
) -> None:
    """The other side has the whole request while we do something else, and its answer is read afterwards."""
    seen: list[int] = []

    def meanwhile() -> None:
        end = time.monotonic() + 20
        while not peer.received and time.monotonic() < end:
            time.sleep(0.01)
        seen.append(len(peer.received))

    raw = transport.send(WRITE, {}, peer.base_url, SHORT, meanwhile)

    assert seen == [1]
    assert raw.status == 200


def test_an_answer_that_came_while_we_did_something_else_for_long_is_not_lost(
    transport: RequestsTransport, peer: Peer
) -> None:
    """What is done meanwhile takes longer than the call may: the deadline is for the other side, not for us."""
    raw = transport.send(WRITE, {}, peer.base_url, Timeout(connect=1.0, total=0.5), lambda: time.sleep(0.8))

    assert raw.status == 200


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells when the answer came")
def test_a_call_lasts_until_its_answer_came_and_no_longer(transport: RequestsTransport, peer: Peer) -> None:
    """The answer lies here for a second, since we do something else: that second is none of the call's duration."""
    answered = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        peers.json_reply({})(handler)
        handler.wfile.flush()
        answered.set()

    def meanwhile() -> None:
        assert answered.wait(20)
        time.sleep(1)

    peer.replies = [answer]

    began = time.monotonic()
    raw = transport.send(WRITE, {}, peer.base_url, SHORT, meanwhile)
    whole = 1000 * (time.monotonic() - began)

    assert 0 <= raw.duration_ms <= whole - 900


def test_a_call_that_takes_longer_than_what_is_done_meanwhile_lasts_as_long_as_it_does(
    transport: RequestsTransport, peer: Peer
) -> None:
    """The other side waits until we have done something else, and half a second more: all of that is the call's."""
    is_done = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        assert is_done.wait(20)
        time.sleep(0.5)
        peers.json_reply({})(handler)

    def meanwhile() -> None:
        time.sleep(0.5)
        is_done.set()

    peer.replies = [answer]

    raw = transport.send(WRITE, {}, peer.base_url, Timeout(connect=1.0, total=30.0), meanwhile)

    assert raw.duration_ms >= 1000


def test_the_deadline_still_ends_a_call_after_what_was_done_meanwhile(transport: RequestsTransport, peer: Peer) -> None:
    """A server that never ends its answer is cut off, though we were busy with something else at first."""
    peer.replies = [peers.trickling_body]

    with pytest.raises(QboUnknownOutcome):
        transport.send(WRITE, {}, peer.base_url, SHORT, lambda: time.sleep(0.1))


def test_an_endless_body_is_given_up_at_the_size_limit(transport: RequestsTransport, peer: Peer) -> None:
    """Memory does not grow with what a server sends."""
    peer.replies = [peers.endless]

    with pytest.raises(QboBadAnswer, match="longer than 1000000 bytes"):
        send(transport, peer, timeout=Timeout(total=30))


def test_a_refused_connection_was_surely_not_sent(transport: RequestsTransport) -> None:
    """Nobody listens: the same bytes may be sent again."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    with pytest.raises(QboNotConnected) as caught:
        transport.send(WRITE, {}, f"http://127.0.0.1:{port}", SHORT)

    assert caught.value.failure_mode == "not_executed"


def test_an_unknown_host_was_surely_not_sent(transport: RequestsTransport) -> None:
    """A name that cannot be resolved is a connection that never was."""
    with pytest.raises(QboNotConnected):
        transport.send(WRITE, {}, "https://no-such-host.invalid", SHORT)


def test_a_simulator_of_a_private_network_is_called_without_tls_where_it_is_named(
    transport: RequestsTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside Airflow's containers the simulator has a name of its own: the environment allows this name, and no other."""
    monkeypatch.setenv("LEDGERLINE_PLAIN_HTTP_HOSTS", "elsewhere, simulator.invalid")

    with pytest.raises(QboNotConnected):
        transport.send(WRITE, {}, "http://simulator.invalid:8099", SHORT)
    with pytest.raises(QboConfigError, match="must use https"):
        transport.send(WRITE, {}, "http://quickbooks.api.intuit.com", SHORT)


@pytest.mark.parametrize(
    "base_url", ["http://quickbooks.api.intuit.com", "http://10.0.0.1", "ftp://localhost", "", "https://"]
)
def test_only_tls_or_this_machine_is_called(transport: RequestsTransport, base_url: str) -> None:
    """A token never goes over a network in the clear."""
    with pytest.raises(QboConfigError):
        transport.send(WRITE, {}, base_url, SHORT)


def test_an_address_that_cannot_be_encoded_was_not_sent(transport: RequestsTransport) -> None:
    """What requests cannot even prepare has not left."""
    with pytest.raises(QboNotConnected):
        transport.send(WRITE, {"X-Bad": "line\nbreak"}, "https://localhost", SHORT)


def test_a_connection_is_kept_and_used_again(transport: RequestsTransport) -> None:
    """One handshake serves many calls."""
    ports: set[int] = set()

    with running_peer() as peer:
        peer.replies = [_note_port(ports), _note_port(ports)]
        send(transport, peer)
        send(transport, peer)

    assert len(ports) == 1


def test_a_connection_idle_for_long_is_not_used_again() -> None:
    """The server may be closing it just then, which would make a write's outcome unknown for no good reason."""
    impatient = RequestsTransport(max_idle=0.0)
    ports: set[int] = set()

    with running_peer() as peer:
        peer.replies = [_note_port(ports), _note_port(ports)]
        send(impatient, peer)
        time.sleep(0.01)
        send(impatient, peer)
    impatient.close()

    assert len(ports) == 2


def _note_port(ports: set[int]) -> peers.Reply:
    def write(handler: Any) -> None:
        ports.add(handler.client_address[1])
        peers.reply(200, b"{}")(handler)

    return write


def test_an_expired_watch_ends_a_reused_connection_too(transport: RequestsTransport, peer: Peer) -> None:
    """The deadline holds for the second call over one connection."""
    peer.replies = [peers.reply(200, b"{}"), peers.trickling_head]
    send(transport, peer)

    with pytest.raises(QboUnknownOutcome, match=r"within 0\.4 s"):
        send(transport, peer, timeout=Timeout(connect=0.4, total=0.4))


# TLS


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """A certificate that nobody has signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    crt, pem = tmp_path / "peer.crt", tmp_path / "peer.key"
    crt.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return str(crt), str(pem)


def test_a_certificate_that_nobody_signed_is_not_trusted(
    transport: RequestsTransport, certificate: tuple[str, str]
) -> None:
    """TLS failure: nothing is sent, and it is not tried again."""
    with running_peer(certificate) as peer, pytest.raises(QboTlsFailure) as caught:
        send(transport, peer)

    assert caught.value.failure_mode == "not_executed"
    assert peer.received == []


def test_a_certificate_that_the_environment_trusts_is_trusted(
    transport: RequestsTransport, certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's own certificate authority is named as for any other program."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate[0])

    with running_peer(certificate) as peer:
        assert send(transport, peer).status == 200


def test_a_handshake_that_never_ends_is_cut_off(transport: RequestsTransport) -> None:
    """A server that accepts and says nothing holds no call; nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"

        with pytest.raises(QboNotConnected):
            transport.send(WRITE, {}, address, Timeout(connect=0.3, total=0.3))


def test_bytes_that_are_no_tls_are_not_connected(transport: RequestsTransport, peer: Peer) -> None:
    """A server without TLS under an https address: the handshake fails, nothing was sent."""
    with pytest.raises(QboNotConnected):
        transport.send(WRITE, {}, peer.base_url.replace("http:", "https:"), SHORT)


# Proxies


def test_a_proxy_of_the_environment_is_used_for_other_machines_only(
    transport: RequestsTransport, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a company's proxy QBO is reached through it, and a simulator on this machine directly."""
    monkeypatch.setenv("HTTPS_PROXY", peer.base_url)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert send(transport, peer).status == 200
    with pytest.raises(QboNotConnected):
        transport.send(WRITE, {}, "https://quickbooks.api.intuit.com", SHORT)

    assert [request.method for request in peer.received] == ["POST"]


def test_a_proxy_that_brings_its_own_connections_makes_every_failure_unknown(
    transport: RequestsTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reports what a SOCKS proxy's connection has sent, so the careful answer is given."""
    adapter = transport_module.WatchedAdapter()
    pool = urllib3.HTTPSConnectionPool("qbo.test")
    monkeypatch.setattr(pool, "ConnectionCls", _SocksConnection)
    monkeypatch.setattr(adapter.poolmanager, "connection_from_host", lambda **_: pool)

    with pytest.raises(QboUnknownOutcome):
        RequestsTransport(adapter=adapter).send(WRITE, {}, "https://qbo.test", SHORT)


class _SocksConnection:
    def __init__(self, **_: Any) -> None:
        raise ConnectionResetError("the proxy hung up")


# Foreign exceptions


def all_kinds(root: type[Exception]) -> list[type[Exception]]:
    """A class and all its subclasses."""
    found = {root}
    for child in root.__subclasses__():
        found.update(all_kinds(child))
    return sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}")


FOREIGN = [
    kind
    for root in (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException)
    for kind in all_kinds(root)
    if not issubclass(kind, Warning)
]
OTHERS: list[type[Exception]] = [
    OSError,
    TimeoutError,
    ConnectionResetError,
    BrokenPipeError,
    ssl.SSLError,
    ValueError,
    UnicodeError,
]


class Raising(transport_module.WatchedAdapter):
    """Fails with an exception, before or after sending has begun."""

    def __init__(self, error: Exception, *, has_sent: bool) -> None:
        super().__init__()
        self.error = error
        self.has_sent = has_sent

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        if self.has_sent:
            transport_module._watch().sending()
        raise self.error


def make(kind: type[Exception]) -> Exception:
    """An instance, whatever its constructor wants and its text is made of."""
    plain = {"__init__": lambda self: None, "__str__": lambda self: "told by a library"}
    made: Exception = type(kind.__name__, (kind,), {**plain, "__repr__": plain["__str__"]})()
    return made


@pytest.mark.parametrize("kind", [*FOREIGN, *OTHERS], ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
@pytest.mark.parametrize(("has_sent", "meaning"), [(False, QboNotConnected), (True, QboUnknownOutcome)])
def test_every_foreign_exception_is_translated(kind: type[Exception], has_sent: bool, meaning: type[Exception]) -> None:
    """Whatever the libraries raise, what counts is whether a byte may have left."""
    transport = RequestsTransport(adapter=Raising(make(kind), has_sent=has_sent))

    with pytest.raises(meaning):
        transport.send(WRITE, {}, "https://localhost", SHORT)


# The watch


def test_a_connection_that_took_too_long_sends_nothing() -> None:
    """What was allowed to leave within a second must not leave after two."""
    with CallWatch(Timeout(connect=0.0, total=5.0), lambda: datetime.datetime.now(datetime.UTC)) as watch:
        time.sleep(0.01)

        with pytest.raises(TimeoutError, match="nothing was sent"):
            watch.connected()


def test_a_socket_that_comes_after_the_deadline_is_shut_at_once() -> None:
    """A connection made while the deadline struck does not outlive it."""
    near, far = socket.socketpair()
    with CallWatch(Timeout(total=0.01), lambda: datetime.datetime.now(datetime.UTC)) as watch:
        _wait_until(lambda: watch.has_expired)
        watch.watch(near)

        assert far.recv(1) == b""
    near.close()
    far.close()


def test_a_watch_leaves_no_thread_behind() -> None:
    """A timer per call must end with its call."""
    before = threading.active_count()

    for _ in range(20):
        with CallWatch(Timeout(total=60), lambda: datetime.datetime.now(datetime.UTC)):
            pass

    _wait_until(lambda: threading.active_count() <= before)


def _wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
