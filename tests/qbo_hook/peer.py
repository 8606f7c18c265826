"""A small real HTTP server that misbehaves on request: what the simulator, which behaves, cannot show."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REALM = "9130000000000001"
TOKEN_REPLY = {
    "token_type": "bearer",
    "access_token": "access-2",
    "refresh_token": "refresh-2",
    "expires_in": 3600,
    "x_refresh_token_expires_in": 8726400,
    "x_refresh_token_hard_expires_in": 157680000,
}

Reply = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Received:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Peer:
    """Answers requests in the order of ``replies``; token calls have their own queue."""

    base_url: str = ""
    replies: list[Reply] = field(default_factory=list)
    token_replies: list[Reply] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    token_calls: list[Received] = field(default_factory=list)

    @property
    def targets(self) -> list[str]:
        """Paths and queries of the API calls that arrived."""
        return [request.target for request in self.received]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Note the request and play the next reply."""
        length = int(handler.headers.get("Content-Length") or 0)
        request = Received(handler.command, handler.path, dict(handler.headers), handler.rfile.read(length))
        is_token_call = "/oauth2/" in handler.path
        (self.token_calls if is_token_call else self.received).append(request)
        queue = self.token_replies if is_token_call else self.replies
        (queue.pop(0) if queue else json_reply({}))(handler)


def reply(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
    """An ordinary answer."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        all_headers = {"Intuit-Tid": "1-5f73-abc", "Content-Length": str(len(body)), **(headers or {})}
        for name, value in all_headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return write


def json_reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """An answer in JSON."""
    return reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


def fault_reply(code: str, detail: str = "", status: int = 400, kind: str = "ValidationFault") -> Reply:
    """A fault in QBO's usual form."""
    error = {"Message": "It went wrong", "Detail": detail, "code": code}
    return json_reply({"Fault": {"Error": [error], "type": kind}, "time": "2026-11-22T00:00:00.000-08:00"}, status)


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Read the request, then reset the connection without a byte of answer."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Read the request, then close the connection without a byte of answer."""
    handler.close_connection = True


def truncated(handler: BaseHTTPRequestHandler) -> None:
    """Promise more bytes than come."""
    reply(200, b'{"Invoice":{"Id":"1"', {"Content-Length": "5000"})(handler)
    handler.close_connection = True


def trickling_head(handler: BaseHTTPRequestHandler) -> None:
    """Send the status line letter by letter, for ever."""
    _drip(handler, b"HTTP/1.1 200 OK\r\nX-Long: ")


def trickling_body(handler: BaseHTTPRequestHandler) -> None:
    """Send the head, then a body letter by letter, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    _drip(handler, b"")


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send a body without an end, as fast as it goes."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    try:
        while True:
            handler.wfile.write(b" " * 65536)
    except OSError:
        handler.close_connection = True


def _drip(handler: BaseHTTPRequestHandler, first: bytes) -> None:
    try:
        handler.wfile.write(first)
        while True:
            handler.wfile.write(b"a")
            time.sleep(0.02)
    except OSError:
        handler.close_connection = True


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Peers that hang up on purpose are no news."""


@contextmanager
def running_peer(certificate: tuple[str, str] | None = None) -> Iterator[Peer]:
    """A peer on a free loopback port, with TLS if given a certificate and its key."""
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            peer.answer(self)

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, *args: Any) -> None:
            """Tests print nothing."""

    server = _QuietServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    peer.base_url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
