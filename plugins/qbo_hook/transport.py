"""HTTP, by `requests`: one sending of one request, nothing decided and nothing repeated.

Every failure comes out as one of our own errors, told apart by one fact: whether a byte of the request may have left.
"""

from __future__ import annotations

import http.client
import ipaddress
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection

from qbo_hook.deadline import CallWatch
from qbo_hook.errors import QboBadAnswer, QboConfigError, QboError, QboNotConnected, QboTlsFailure, QboUnknownOutcome
from qbo_hook.wire import RawAnswer, Request, Timeout

# requests lets some errors of the layers below pass; ValueError stands for addresses and headers that cannot be encoded.
FOREIGN_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)

PLAIN_HTTP_HOSTS = "LEDGERLINE_PLAIN_HTTP_HOSTS"
"""Environment variable: servers of a private network that may be called without TLS, with commas between. For simulators."""

_current = threading.local()


class Transport(Protocol):
    """Carries one request to a server."""

    def send(
        self,
        request: Request,
        headers: Mapping[str, str],
        base_url: str,
        timeout: Timeout,
        meanwhile: Callable[[], None] | None = None,
    ) -> RawAnswer:
        """Send the request once and read the whole answer, whatever its status.

        :param request: what to send
        :param headers: all headers, with authorisation
        :param base_url: scheme and host
        :param timeout: seconds for the connection and for the whole
        :param meanwhile: called between the last byte of the request and the first of the answer, if it comes so far; it must
            not raise an Exception
        :raises QboConfigError: if the address must not be called
        :raises QboNotConnected: if surely no byte of the request left
        :raises QboUnknownOutcome: if it may have arrived and no whole answer came back
        """


class _Watched:
    """Tells the watch of the running call when its connection stands and when sending begins."""

    _is_connecting = False

    def _new_conn(self) -> Any:
        sock = super()._new_conn()  # type: ignore[misc]  # mixed into urllib3's connections, which have it
        _watch().watch(sock)
        return sock

    def connect(self) -> None:
        self._is_connecting = True
        try:
            super().connect()  # type: ignore[misc]  # as above
        finally:
            self._is_connecting = False
        _watch().connected()

    def send(self, data: Any) -> None:
        if self.sock is None:  # type: ignore[attr-defined]  # as above
            self.connect()
        # What a tunnel through a proxy needs is sent while connecting and says nothing to QBO.
        if not self._is_connecting:
            _watch().sending()
        super().send(data)  # type: ignore[misc]  # as above

    def getresponse(self) -> Any:
        _watch().sent()
        return super().getresponse()  # type: ignore[misc]  # as above

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:  # type: ignore[attr-defined]  # as above; kept alive since an earlier call
            _watch().watch(self.sock)  # type: ignore[attr-defined]  # as above
        super().request(*args, **kwargs)  # type: ignore[misc]  # as above


class _WatchedHttp(_Watched, HTTPConnection):
    pass


class _WatchedHttps(_Watched, HTTPSConnection):
    pass


def _watch() -> CallWatch:
    watch: CallWatch = _current.watch
    return watch


class WatchedAdapter(HTTPAdapter):
    """requests' adapter on connections that report to the watch of the running call."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool for an address, told to make watched connections."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        watched = {HTTPConnection: _WatchedHttp, HTTPSConnection: _WatchedHttps}
        stock = pool.ConnectionCls
        if stock in watched:
            pool.ConnectionCls = watched[stock]
        elif not issubclass(stock, _Watched):
            # A SOCKS proxy brings its own connections: with nobody to report, every failure counts as sent.
            _watch().sending()
        return pool


class RequestsTransport:
    """Sends with `requests`: no redirect followed, nothing repeated, TLS verified, proxies of the environment used.

    The adapter is used without a session on purpose: a session would follow the environment's .netrc and replace our token by
    what it finds there, and would read a redirect's body without any limit.

    :param clock: gives the time in UTC
    :param max_body: bytes; a longer answer is given up
    :param max_idle: seconds after which a connection kept alive is not used again, since the server may be closing it just then
    :param adapter: takes the place of the plain one
    """

    _CHUNK = 65536

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        max_body: int = 100_000_000,
        max_idle: float = 15.0,
        adapter: WatchedAdapter | None = None,
    ) -> None:
        self._clock = clock
        self._max_body = max_body
        self._max_idle = max_idle
        self._last_used = time.monotonic()
        self._adapter = adapter or WatchedAdapter()

    def send(
        self,
        request: Request,
        headers: Mapping[str, str],
        base_url: str,
        timeout: Timeout,
        meanwhile: Callable[[], None] | None = None,
    ) -> RawAnswer:
        """See :meth:`Transport.send`."""
        is_local = _check_address(base_url)
        self._drop_idle_connections()
        with CallWatch(timeout, self._clock, meanwhile) as watch:
            _current.watch = watch
            try:
                return self._exchange(request, headers, base_url, timeout, is_local)
            except FOREIGN_ERRORS as error:
                raise _translate(error, watch, timeout) from error
            finally:
                self._last_used = time.monotonic()

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def _exchange(
        self, request: Request, headers: Mapping[str, str], base_url: str, timeout: Timeout, is_local: bool
    ) -> RawAnswer:
        query = f"?{urlencode(request.params)}" if request.params else ""
        url = f"{base_url}{request.path}{query}"
        all_headers = {"Accept-Encoding": "gzip, deflate", **headers}
        prepared = requests.Request(request.method, url, headers=all_headers, data=request.body).prepare()
        response = self._adapter.send(
            prepared,
            stream=True,
            timeout=(timeout.connect, timeout.total),
            proxies={} if is_local else get_environ_proxies(url),
            verify=_certificates(),
        )
        watch = _watch()
        with response:
            body = self._read(response)
        if watch.has_expired:
            raise TimeoutError("the answer was cut off at its deadline")
        received = {name.lower(): value for name, value in response.headers.items()}
        return RawAnswer(response.status_code, received, body, watch.elapsed_ms, watch.sent_at or self._clock())

    def _read(self, response: requests.Response) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_content(self._CHUNK):
            size += len(chunk)
            if size > self._max_body:
                raise QboBadAnswer(
                    f"The answer is longer than {self._max_body} bytes and was given up",
                    http_status=response.status_code,
                )
            chunks.append(chunk)
        return b"".join(chunks)

    def _drop_idle_connections(self) -> None:
        if time.monotonic() - self._last_used > self._max_idle:
            self._adapter.close()


def _check_address(base_url: str) -> bool:
    """Whether the server is on this machine, or named in PLAIN_HTTP_HOSTS; only such a one may be called without TLS."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    named = os.environ.get(PLAIN_HTTP_HOSTS, "").lower().replace(",", " ").split()
    is_local = host == "localhost" or _is_loopback(host) or host in named
    if not host or parts.scheme not in ("http", "https"):
        raise QboConfigError(f"{base_url!r} is no address of a server")
    if parts.scheme == "http" and not is_local:
        raise QboConfigError(f"{base_url} must use https: only a server on this machine may be called without it")
    return is_local


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _certificates() -> str | bool:
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _translate(error: Exception, watch: CallWatch, timeout: Timeout) -> QboError:
    if watch.sent_at is None:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return QboTlsFailure(f"The server's certificate cannot be trusted: {error}")
        return QboNotConnected(f"No connection: {error}")
    if watch.has_expired:
        return QboUnknownOutcome(f"No complete answer within {timeout.total:g} s")
    return QboUnknownOutcome(f"Sent, but the answer was lost: {error}")
