"""What goes over the wire and what comes back, as plain values.

A :class:`Request` holds the exact bytes that will be sent and survives a trip through JSON, so that it can be stored before it is
sent (DESIGN.md, section 5, rule 3). It knows neither token nor host: both are added at the moment of sending.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from qbo_hook import wire_json

Method = Literal["GET", "POST"]
Kind = Literal["read", "write", "batch"]

JSON = "application/json"


@dataclass(frozen=True)
class Request:
    """One call to QBO, down to its bytes.

    :param method: GET or POST; QBO has no other
    :param path: from the host on, realm included: ``/v3/company/9130…/invoice``
    :param params: query parameters in order, not yet encoded
    :param body: the exact bytes, or None for no body
    :param content_type: of the body
    :param accept: media type wanted back
    :param request_id: QBO's idempotency key; it is also among ``params``
    :param kind: ``read``, ``write`` or ``batch``
    :param is_idempotent: True if it changes nothing in QBO and may be repeated whatever happened
    :param operations: number of items of a batch, else 1
    :param reads: how many of the operations are metered reads
    """

    method: Method
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str | None = None
    accept: str = JSON
    request_id: str | None = None
    kind: Kind = "read"
    is_idempotent: bool = False
    operations: int = 1
    reads: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The request as values that JSON can hold; the body stays readable text where it is text."""
        return {
            "method": self.method,
            "path": self.path,
            "params": [list(pair) for pair in self.params],
            **_body_to_dict(self.body),
            "content_type": self.content_type,
            "accept": self.accept,
            "request_id": self.request_id,
            "kind": self.kind,
            "is_idempotent": self.is_idempotent,
            "operations": self.operations,
            "reads": self.reads,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Request:
        """The same request again, byte for byte.

        :param stored: what :meth:`to_dict` gave
        """
        facts = dict(stored)
        text, encoded = facts.pop("body", None), facts.pop("body_base64", None)
        body = base64.b64decode(encoded) if encoded is not None else None if text is None else text.encode()
        return cls(**{**facts, "body": body, "params": tuple((name, value) for name, value in facts["params"])})

    def to_json(self) -> str:
        """The request as one JSON text; read back by :meth:`from_json`."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Request:
        """The same request again, byte for byte.

        :param text: what :meth:`to_json` gave
        """
        return cls.from_dict(json.loads(text))


def _body_to_dict(body: bytes | None) -> dict[str, str]:
    if body is None:
        return {}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    # PostgreSQL's jsonb cannot hold a NUL character, so such bytes travel encoded.
    return {"body_base64": base64.b64encode(body).decode()} if "\0" in text else {"body": text}


@dataclass(frozen=True)
class Timeout:
    """How long one call may take.

    :param connect: seconds until the first byte must be on its way, name look-up and handshake included
    :param total: seconds until the last byte of the answer must be here; QBO itself gives up after 120 s (QBO.md, section 3)
    """

    connect: float = 10.0
    total: float = 150.0


@dataclass(frozen=True)
class RawAnswer:
    """What the transport received, unjudged.

    :param status: HTTP status
    :param headers: names in lower case
    :param body: all bytes, decompressed
    :param duration_ms: from the call to the last byte; an answer that lay here while we did something else counts until it came
    :param sent_at: when the first byte of the request was handed over (UTC)
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    duration_ms: int
    sent_at: datetime


@dataclass(frozen=True)
class Answer:
    """An answer of QBO.

    :param status: HTTP status
    :param headers: names in lower case
    :param body: the bytes as received; of an error, without what it quotes of our access token
    :param intuit_tid: Intuit's trace id, for their support
    :param duration_ms: milliseconds from the call to the last byte, as in :class:`RawAnswer`
    :param sent_at: when the request was handed over (UTC)
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    intuit_tid: str | None = None
    duration_ms: int = 0
    sent_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def from_raw(cls, raw: RawAnswer) -> Answer:
        """The received answer with its trace id; QBO writes the header's name in several ways (QBO.md, section 2)."""
        trace = raw.headers.get("intuit_tid") or raw.headers.get("intuit-tid")
        return cls(raw.status, raw.headers, raw.body, trace, raw.duration_ms, raw.sent_at)

    @property
    def text(self) -> str:
        """The body as text that can be stored: what is not UTF-8, or NUL, is shown as a replacement or an escape."""
        return wire_json.visible(self.body.decode(errors="replace"))

    @cached_property
    def _parsed(self) -> tuple[Any, tuple[str, ...]]:
        return wire_json.loads_batch(self.body)

    def json(self) -> Any:
        """The body as values; numbers with a fraction are Decimal, whole ones int.

        :raises ValueError: if the body is not JSON
        """
        return self._parsed[0]

    def item_texts(self) -> tuple[str, ...]:
        """QBO's own words for each item of a batch, in the order of its ``BatchItemResponse``; none for any other answer.

        :raises ValueError: if the body is not JSON
        """
        return self._parsed[1]
