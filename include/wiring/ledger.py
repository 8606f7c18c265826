"""QuickBooks as the core's push needs it: the client's typed errors become the core's answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from include.billing_sync.exact_json import loads
from include.billing_sync.outcomes import DUPLICATE_NAME, DUPLICATE_NUMBER, NOT_FOUND, STALE_OBJECT
from include.billing_sync.ports import Answer, AnswerKind, Entity, Found, Write
from include.billing_sync.push import LATEST_SENDING
from qbo_hook import errors
from qbo_hook.batch import BatchItem
from qbo_hook.client import QboClient
from qbo_hook.governor import Permit
from qbo_hook.queries import chunks_of, is_in
from qbo_hook.wire import Answer as WireAnswer
from qbo_hook.wire import Request
from qbo_hook.wire_json import Encoded

INACTIVE_CODES = frozenset({"610", "2500"})
_KINDS = {
    "refused": AnswerKind.REFUSED,
    "not_executed": AnswerKind.NOT_EXECUTED,
    "unknown": AnswerKind.UNKNOWN,
    "realm": AnswerKind.REALM,
}
_REASONS: tuple[tuple[type[errors.QboError], str], ...] = (
    (errors.QboDuplicateNumber, DUPLICATE_NUMBER),
    (errors.QboDuplicateName, DUPLICATE_NAME),
    (errors.QboStaleObject, STALE_OBJECT),
    (errors.QboPeriodClosed, "period_closed"),
    (errors.QboTokenExpired, "token_expired"),
    (errors.QboThrottled, "throttled"),
)
CDC_WINDOW = timedelta(days=30)


@dataclass(slots=True)
class HeldPermit:
    """A permit that goes back to the governor once: with the call that uses it, or when none was made."""

    permit: Permit
    taken_at: datetime
    is_used: bool = False


class QboLedger:
    """The push's view of one QuickBooks company, over its client."""

    def __init__(self, client: QboClient) -> None:
        self.client = client

    @contextmanager
    def permit(self, kind: str, operations: int) -> Iterator[HeldPermit]:
        """Wait until a call may go out, and hold the right to it; an unused one is given back."""
        size = operations if kind == "batch" else 1
        held = HeldPermit(
            self.client.governor.acquire("batch" if kind == "batch" else "request", size), datetime.now(UTC)
        )
        try:
            yield held
        finally:
            if not held.is_used:
                self.client.governor.release(held.permit)

    def send_batch(self, writes: Sequence[Write], batch_id: str, permit: HeldPermit) -> Mapping[str, Answer]:
        """Send the stored texts as one batch; an answer for every write, by bId."""
        items = [BatchItem(write.b_id, _operation(write), write.entity, Encoded(write.text)) for write in writes]
        request = self.client.build_batch(items, batch_id)
        try:
            answer = self._send(request, permit)
        except errors.QboError as error:
            told = _told(error)
            return {write.b_id: told for write in writes}
        found = self.client.parse_batch(answer, items)
        texts = _item_texts(answer)
        return {b_id: _item_answer(verdict, answer, texts.get(b_id, "")) for b_id, verdict in found.items()}

    def send_one(self, write: Write, permit: HeldPermit) -> Answer:
        """Send one stored text by a call of its own."""
        try:
            answer = self._send(self._single(write), permit)
            entity = self.client.parse_entity(answer, write.entity)
        except errors.QboError as error:
            return _told(error)
        return _item_answer(entity, answer, answer.body.decode(errors="replace"))

    def find_numbers(self, entity: str, numbers: Sequence[str]) -> Found:
        """All transactions of the entity that carry one of these document numbers, whoever made them."""
        return self._find(entity, "DocNumber", numbers, "")

    def find_names(self, entity: str, names: Sequence[str]) -> Found:
        """All list entries of the entity under one of these names, inactive ones included."""
        field = "Name" if entity == "Item" else "DisplayName"
        return self._find(entity, field, names, " AND Active IN (true, false)")

    def read(self, entity: str, qbo_id: str) -> Entity | None:
        """The entity as QBO holds it now; None when QBO answers 610: it was deleted."""
        try:
            return self.client.read(entity, qbo_id)
        except errors.QboNotFound:
            return None

    def deleted_since(self, entity: str, since: datetime) -> set[str]:
        """Ids that were deleted since then (CDC reaches back 30 days). Raises when the answer is not complete."""
        changes = self.client.cdc([entity], max(since, datetime.now(UTC) - CDC_WINDOW))
        if not changes.is_complete:
            raise errors.QboBadAnswer(
                "the change list is full (1,000 objects): deletions since the sending cannot be told"
            )
        return {str(row["Id"]) for row in changes.entities.get(entity, []) if row.get("status") == "Deleted"}

    def _send(self, request: Request, held: HeldPermit) -> WireAnswer:
        held.is_used = True
        return self.client.send(request, held.permit, not_after=held.taken_at + LATEST_SENDING)

    def _single(self, write: Write) -> Request:
        if write.action == "send":
            return self.client.build_send(write.entity, str(write.qbo_id), write.send_to, write.request_id)
        if write.action == "void":
            version = loads(write.text)
            return self.client.build_void(write.entity, version["Id"], version["SyncToken"], write.request_id)
        build = self.client.build_update if write.action == "update" else self.client.build_create
        return build(write.entity, Encoded(write.text), write.request_id)

    def _find(self, entity: str, field: str, values: Sequence[str], extra: str) -> Found:
        entities: list[Entity] = []
        now = datetime.now(UTC)
        for part in chunks_of(values):
            where = is_in(field, part) + extra
            start = 1
            while True:
                statement = f"SELECT * FROM {entity} WHERE {where} ORDERBY Id STARTPOSITION {start} MAXRESULTS 1000"  # noqa: S608 - QBO's language; values are escaped by is_in
                answer = self.client.send(self.client.build_query(statement))
                envelope = answer.json()
                now = _time_of(envelope, now)
                rows = (envelope.get("QueryResponse") or {}).get(entity) or []
                entities.extend(rows)
                if len(rows) < 1000:
                    break
                start += 1000
        return Found(entities, now)


def _operation(write: Write) -> Any:
    return "update" if write.action == "update" else "create"


def _item_answer(verdict: Mapping[str, Any] | errors.QboError, answer: WireAnswer, text: str) -> Answer:
    if isinstance(verdict, errors.QboError):
        told = _told(verdict)
        return replace(told, text=text or told.text, duration_ms=answer.duration_ms)
    return Answer(
        AnswerKind.WRITTEN,
        entity=verdict,
        text=text,
        http_status=answer.status,
        intuit_tid=answer.intuit_tid,
        duration_ms=answer.duration_ms,
    )


def _told(error: errors.QboError) -> Answer:
    """What an error of the wire proves about the write."""
    if isinstance(error, errors.QboConfigError) and error.http_status is None:
        raise error
    fault_errors = error.fault.errors if error.fault else ()
    code = fault_errors[0].code if fault_errors else ""
    words = str(error.fault) if error.fault else error.message
    return Answer(
        _KINDS[error.failure_mode],
        reason=_reason(error, code),
        detail=f"{words}{' ' + error.cure if error.cure else ''}".strip(),
        code=code,
        text=error.answer.body.decode(errors="replace")[:100_000] if error.answer else words,
        http_status=error.http_status,
        intuit_tid=error.intuit_tid,
        duration_ms=error.answer.duration_ms if error.answer else None,
        whole_batch=isinstance(error, errors.QboBatchRefused),
        retry_after=error.retry_after,
    )


def _reason(error: errors.QboError, code: str) -> str:
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    if error.failure_mode == "realm":
        return "subscription_lapsed" if code == "6190" else "not_connected"
    if isinstance(error, errors.QboNotFound):
        return NOT_FOUND
    return "inactive_reference" if code in INACTIVE_CODES else "refused"


def _item_texts(answer: WireAnswer) -> dict[str, str]:
    """QBO's own words for each item, cut out of the body verbatim where its shape allows."""
    text = answer.body.decode(errors="replace")
    start = text.find('"BatchItemResponse"')
    position = text.find("[", start) + 1 if start >= 0 else 0
    decoder = json.JSONDecoder()
    texts: dict[str, str] = {}
    while position and position < len(text):
        while position < len(text) and text[position] in " ,\r\n\t":
            position += 1
        if position >= len(text) or text[position] != "{":
            break
        item, end = decoder.raw_decode(text, position)
        texts[str(item.get("bId"))] = text[position:end]
        position = end
    return texts


def _time_of(envelope: Mapping[str, Any], fallback: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(envelope["time"]))
    except (KeyError, ValueError):
        return fallback
