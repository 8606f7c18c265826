"""A wire between client and simulator on which answers are lost: a small proxy that mistreats single calls.

It knows nothing of the simulator's own mishaps, so that the two check each other. The simulator behind it may be changed at any
time, the address in front of it stays.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SYSTEM_FAULT = json.dumps(
    {
        "Fault": {
            "Error": [
                {"Message": "An application error has occurred", "Detail": "System Failure Error", "code": "10000"}
            ],
            "type": "SystemFault",
        },
        "time": "2026-11-22T00:00:00.000-08:00",
    }
).encode()
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_KEPT = {"content-type", "intuit_tid", "retry-after", "www-authenticate", "location"}


@dataclass
class Call:
    """One request as it came in."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path without its query."""
        return urlsplit(self.target).path

    @property
    def request_id(self) -> str:
        """QBO's idempotency key."""
        return parse_qs(urlsplit(self.target).query).get("requestid", [""])[0]

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items of a batch."""
        return list(json.loads(self.body)["BatchItemRequest"]) if self.path.endswith("/batch") else []

    @property
    def kind(self) -> str:
        """What the call is: query, cdc, read, token, other, or such as ``create Customer``, ``batch of update``."""
        resource = self.path.split("/")[4:] if self.path.startswith("/v3/") else []
        if not resource:
            return "token" if "/tokens/" in self.path else "other"
        if resource[0] == "batch":
            return f"batch of {self.items[0]['operation']}"
        if resource[0] in ("query", "cdc"):
            return resource[0]
        if self.method == "GET":
            return "read"
        entity = {"invoice": "Invoice", "customer": "Customer", "item": "Item"}.get(resource[0].lower(), resource[0])
        if resource[-1] == "send":
            return f"send {entity}"
        if "operation=void" in self.target:
            return f"void {entity}"
        return f"{'update' if json.loads(self.body).get('Id') else 'create'} {entity}"

    @property
    def is_write(self) -> bool:
        """Whether it changes anything in QBO."""
        return " " in self.kind


@dataclass
class Answer:
    """One answer of the server behind."""

    status: int
    headers: dict[str, str]
    body: bytes


Mishap = Callable[["Handler", Call], None]


@dataclass
class Rule:
    """Which calls meet with the mishap, and how many still may."""

    mishap: Mishap
    where: Callable[[Call], bool]
    left: int


@dataclass
class Wire:
    """The proxy. ``upstream`` is the simulator's base URL; ``struck`` lists the kinds of the calls that met with a mishap."""

    upstream: str = ""
    rules: list[Rule] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    base_url: str = ""

    def strike(self, mishap: Mishap, where: Callable[[Call], bool] | str = "", times: int = 1) -> None:
        """Let the next calls meet with the mishap; ``where`` is a kind of call, or a test of it."""
        test = where if callable(where) else (lambda call: call.is_write and (not where or call.kind == where))
        self.rules.append(Rule(mishap, test, times))

    def heal(self) -> None:
        """No more mishaps, and nothing remembered."""
        with self._lock:
            self.rules.clear()
            self.struck.clear()
            self.calls.clear()

    def sent(self, kind: str) -> list[Call]:
        """The calls of one kind that came in."""
        return [call for call in self.calls if call.kind == kind]

    def pick(self, call: Call) -> Mishap | None:
        """The mishap that this call meets with."""
        with self._lock:
            self.calls.append(call)
            for rule in self.rules:
                if rule.left > 0 and rule.where(call):
                    rule.left -= 1
                    self.struck.append(call.kind)
                    return rule.mishap
        return None


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    wire: Wire

    def do_GET(self) -> None:
        """Any call."""
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else b""
        call = Call(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        mishap = self.wire.pick(call)
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            if mishap is None:
                self.give(self.forward(call))
            else:
                mishap(self, call)

    do_POST = do_GET  # noqa: N815 - the standard library's name
    do_DELETE = do_GET  # noqa: N815 - as above

    def forward(self, call: Call, body: bytes | None = None) -> Answer:
        """Let the server behind do it."""
        connection = http.client.HTTPConnection(urlsplit(self.wire.upstream).netloc, timeout=60)
        try:
            headers = {
                name: value
                for name, value in call.headers.items()
                if name not in ("host", "content-length", "connection")
            }
            connection.request(call.method, call.target, call.body if body is None else body, headers)
            response = connection.getresponse()
            kept = {name.lower(): value for name, value in response.getheaders() if name.lower() in _KEPT}
            return Answer(response.status, kept, response.read())
        finally:
            connection.close()

    def give(self, answer: Answer, cut_after: int | None = None) -> None:
        """Answer the client; ``cut_after``: so many bytes of the body, then the connection is closed."""
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[:cut_after])
        if cut_after is not None:
            self.close_connection = True

    def reset(self) -> None:
        """Cut the connection hard."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def cut_before(handler: Handler, call: Call) -> None:
    """The connection is cut, and the call never reaches QBO."""
    handler.reset()


def cut_after(handler: Handler, call: Call) -> None:
    """QBO has done it, and the connection is cut before any byte of the answer."""
    handler.forward(call)
    handler.reset()


def cut_while_working(handler: Handler, call: Call) -> None:
    """The connection is cut at once, and QBO executes the call a little later."""
    late = threading.Timer(0.3, lambda: handler.forward(call))
    late.start()
    handler.reset()


def time_out(handler: Handler, call: Call) -> None:
    """QBO has done it, and its answer never comes."""
    handler.forward(call)
    time.sleep(1.3)
    handler.reset()


def truncate(handler: Handler, call: Call) -> None:
    """The connection is cut in the middle of the answer."""
    answer = handler.forward(call)
    handler.give(answer, cut_after=len(answer.body) // 2)


def unreadable(handler: Handler, call: Call) -> None:
    """A whole answer whose JSON ends in the middle."""
    answer = handler.forward(call)
    handler.give(Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2]))


def bad_gateway_after(handler: Handler, call: Call) -> None:
    """QBO has done it, and a gateway answers 502 with a page."""
    handler.forward(call)
    handler.give(Answer(502, {"content-type": "text/html"}, HTML))


def bad_gateway_before(handler: Handler, call: Call) -> None:
    """A gateway answers 503 with a page, and QBO has not seen the call."""
    handler.give(Answer(503, {"content-type": "text/html"}, HTML))


def system_fault_after(handler: Handler, call: Call) -> None:
    """QBO has done it, and answers a SystemFault inside a 200."""
    handler.forward(call)
    handler.give(Answer(200, {"content-type": "application/json"}, SYSTEM_FAULT))


def system_fault_before(handler: Handler, call: Call) -> None:
    """QBO has done nothing, and answers a SystemFault inside a 200."""
    handler.give(Answer(200, {"content-type": "application/json"}, SYSTEM_FAULT))


def half_of_it(handler: Handler, call: Call) -> None:
    """QBO has done the first half of a batch; then everything breaks. A single call is not done at all."""
    if call.items:
        items = call.items[: (len(call.items) + 1) // 2]
        handler.forward(call, json.dumps({"BatchItemRequest": items}).encode())
    handler.reset()


def mixed_up(handler: Handler, call: Call) -> None:
    """QBO has done all of a batch; its answer lacks the first item, has the second twice, and one that nobody asked for."""
    answer = handler.forward(call)
    found = json.loads(answer.body)
    if call.items:
        first, *rest = found["BatchItemResponse"]
        found["BatchItemResponse"] = [*rest, *rest[:1], {**first, "bId": "unknown"}]
    else:
        found = {"time": found["time"]}
    handler.give(Answer(answer.status, answer.headers, json.dumps(found).encode()))


def answer(status: int, body: bytes, **headers: str) -> Mishap:
    """QBO has done nothing and answers this."""

    def give(handler: Handler, call: Call) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        handler.give(Answer(status, {"content-type": "application/json", **named}, body))

    return give


def fault(code: str, text: str, kind: str = "ValidationFault", status: int = 400) -> Mishap:
    """QBO refuses with this fault and has done nothing."""
    error = {"Message": text, "Detail": text, "code": code}
    return answer(status, json.dumps({"Fault": {"Error": [error], "type": kind}}).encode())


def late(seconds: float) -> Mishap:
    """QBO's answer takes longer."""

    def give(handler: Handler, call: Call) -> None:
        time.sleep(seconds)
        handler.give(handler.forward(call))

    return give


def meanwhile(deed: Callable[[], Any]) -> Mishap:
    """Something happens elsewhere after the client has sent and before QBO gets it."""

    def give(handler: Handler, call: Call) -> None:
        deed()
        handler.give(handler.forward(call))

    return give


class OneForEach:
    """Every mishap once for every kind of write: each strikes a first sending, and the repeats of it pass."""

    def __init__(self, *some: Mishap) -> None:
        self.mishaps = some
        self.met: Counter[str] = Counter()
        self._known: set[str] = set()

    def is_struck(self, call: Call) -> bool:
        """Whether the call is the first sending of a write, and some mishap has not met its kind."""
        if not call.is_write or call.request_id in self._known:
            return False
        self._known.add(call.request_id)
        return self.met[call.kind] < len(self.mishaps)

    def __call__(self, handler: Handler, call: Call) -> None:
        mishap = self.mishaps[self.met[call.kind]]
        self.met[call.kind] += 1
        mishap(handler, call)


@contextlib.contextmanager
def running_wire(upstream: str) -> Iterator[Wire]:
    """A wire in front of a server."""
    wire = Wire(upstream)
    handler = type("WireHandler", (Handler,), {"wire": wire})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    wire.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
