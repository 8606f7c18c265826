"""Requests and answers of QBO's surface, and the headers that QBO sends."""

import uuid
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from qbo_simulator.mishaps import Rule

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON_OK = "application/json;charset=utf-8"
JSON_ERROR = "application/json"
XML_OK = "application/xml;charset=utf-8"
XML_ERROR = "application/xml"


LARGEST_BODY = 16 * 1024 * 1024
# What zlib calls the two ways of packing.
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class BadBody(Exception):
    """The body could not be unpacked."""


class TooLarge(Exception):
    """The body is larger than the front door lets through, packed or unpacked: 413."""


@dataclass(slots=True)
class Call:
    """One request, read completely."""

    method: str
    path: str
    query_string: str
    parameters: dict[str, str]
    headers: dict[str, str]
    body: bytes
    realm_id: str = ""
    segments: list[str] = field(default_factory=list)
    mishap: Rule | None = None

    def payload(self) -> bytes:
        """The body, unpacked; raises ``BadBody`` and ``TooLarge``."""
        encoding = self.headers.get("content-encoding", "").lower()
        if encoding in ("", "identity"):
            return self.body
        if encoding not in _WINDOWS:
            raise BadBody(f"Content-Encoding {encoding}")
        unpacker = zlib.decompressobj(_WINDOWS[encoding])
        try:
            unpacked = unpacker.decompress(self.body, LARGEST_BODY + 1)
        except zlib.error as error:
            raise BadBody(f"the body is not {encoding}") from error
        if len(unpacked) > LARGEST_BODY:
            raise TooLarge
        if not unpacker.eof:
            raise BadBody(f"the body is not {encoding}")
        return unpacked

    def query_values(self) -> dict[str, str]:
        """The query string with the names as they were written."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def content_type(self) -> str:
        """Media type of the body, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(slots=True)
class Answer:
    """One answer, before it is sent."""

    status: int
    body: bytes
    content_type: str = JSON_OK
    headers: list[tuple[str, str]] = field(default_factory=list)


async def read_call(scope: Scope, receive: Receive) -> Call:
    """Read the request to its end."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    query_string = scope["query_string"].decode("latin-1")
    path = scope["path"]
    segments = [unquote(part) for part in path.split("/") if part]
    return Call(
        method=scope["method"],
        path=path,
        query_string=query_string,
        parameters={name.lower(): value for name, value in parse_qsl(query_string, keep_blank_values=True)}
        if query_string
        else {},
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=chunks[0] if len(chunks) == 1 else b"".join(chunks),
        realm_id=realm_of(segments),
        segments=segments,
    )


def realm_of(segments: list[str]) -> str:
    """The company of a data path, or an empty text."""
    is_data = len(segments) > 2 and segments[0] == "v3" and segments[1].lower() == "company"
    return segments[2] if is_data else ""


def new_tid(now: float) -> str:
    """A trace id of Intuit's form: ``1-<seconds in hex>-<24 hex digits>``."""
    return f"1-{int(now):08x}-{uuid.uuid4().hex[:24]}"


def answer_headers(answer: Answer, tid: str, milliseconds: float) -> list[tuple[bytes, bytes]]:
    """All headers of an answer, as recorded from QBO."""
    headers = [
        ("content-type", answer.content_type),
        ("content-length", str(len(answer.body))),
        ("server", "nginx"),
        ("intuit_tid", tid),
    ]
    if answer.status not in (401, 403):
        headers += [
            ("strict-transport-security", "max-age=15552000"),
            ("x-spanid", str(uuid.UUID(hex=tid[-24:].rjust(32, "0")))),
            ("x-amzn-trace-id", f"Root={tid}"),
        ]
    if answer.status == 200:
        total = max(1, round(milliseconds))
        headers += [
            ("qbo-version", "1990.186"),
            ("service-time", f"total={total}, db={max(1, total // 2)}"),
            ("expires", "0"),
            ("cache-control", "max-age=0, no-cache, no-store, must-revalidate, private"),
        ]
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (*headers, *answer.headers)]


HTML_TITLES = {
    404: "Not Found",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Time-out",
}


def html_answer(status: int) -> Answer:
    """An error page of the front door, as Apache and nginx write them."""
    title = f"{status} {HTML_TITLES.get(status, 'Error')}"
    head, body = f"<head><title>{title}</title></head>", f"<body>\r\n<center><h1>{title}</h1></center>\r\n</body>"
    page = f"<html>\r\n{head}\r\n{body}\r\n</html>\r\n"
    return Answer(status, page.encode(), "text/html")


async def send_answer(send: Send, answer: Answer, headers: list[tuple[bytes, bytes]]) -> None:
    """Send a whole answer."""
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
