"""QuickBooks as the core's push needs it: the client's typed errors become the core's answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from include.billing_sync.exact_json import loads
from include.billing_sync.outcomes import DUPLICATE_NAME, DUPLICATE_NUMBER, NO_VOID, NOT_FOUND, STALE_OBJECT
from include.billing_sync.ports import Answer, AnswerKind, Entity, Found, Write
from include.billing_sync.push import PushStopped
from qbo_hook import errors
from qbo_hook.batch import BatchItem
from qbo_hook.client import QboClient
from qbo_hook.governor import Permit
from qbo_hook.queries import MAX_ROWS, chunks_of, is_in, select
from qbo_hook.wire import Answer as WireAnswer
from qbo_hook.wire import Request
from qbo_hook.wire_json import Encoded

NEVER_VOIDED = frozenset({"CreditMemo"})
"""QuickBooks' API voids invoices, payments and receipts alone (QBO facts, section 0, point 24)."""
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
PASSING_CODES = frozenset({"130", "150"})
"""Realm faults that end by themselves: QBO moves the company, or is under maintenance."""
CDC_WINDOW = timedelta(days=30)


@dataclass(slots=True)
class HeldPermit:
    """A permit that goes back to the governor once: with the call that uses it, or when none was made."""

    permit: Permit
    is_used: bool = False


class QboLedger:
    """The push's view of one QuickBooks company, over its client."""

    def __init__(self, client: QboClient) -> None:
        self.client = client

    @contextmanager
    def permit(self, kind: str, operations: int, before_wait: Callable[[], None]) -> Iterator[HeldPermit]:
        """Wait until a call may go out, and hold the right to it; an unused one is given back."""
        is_batch = kind == "batch"
        permit = self.client.governor.acquire(
            "batch" if is_batch else "request", operations if is_batch else 1, before_wait=before_wait
        )
        held = HeldPermit(permit)
        try:
            yield held
        finally:
            if not held.is_used:
                self.client.governor.release(held.permit)

    def send_batch(
        self,
        writes: Sequence[Write],
        batch_id: str,
        permit: HeldPermit,
        not_after: datetime,
        meanwhile: Callable[[], None],
    ) -> Mapping[str, Answer]:
        """Send the stored texts as one batch; an answer for every write, by bId."""
        try:
            items = [BatchItem(write.b_id, _operation(write), write.entity, Encoded(write.text)) for write in writes]
            request = self.client.build_batch(items, batch_id)
        except errors.QboConfigError as error:
            return dict.fromkeys([write.b_id for write in writes], replace(_unsendable(error), whole_batch=True))
        try:
            answer = self._send(request, permit, not_after, meanwhile)
        except errors.QboError as error:
            return dict.fromkeys([write.b_id for write in writes], _told(error))
        found = self.client.parse_batch(answer, items)
        texts = _item_texts(answer)
        return {b_id: _item_answer(verdict, answer, texts.get(b_id, "")) for b_id, verdict in found.items()}

    def send_one(self, write: Write, permit: HeldPermit, not_after: datetime) -> Answer:
        """Send one stored text by a call of its own. A void that QuickBooks does not offer is not sent, and leads to a look."""
        if write.action == "void" and write.entity in NEVER_VOIDED:
            return Answer(AnswerKind.REFUSED, reason=NO_VOID)
        try:
            request = self._single(write)
        except errors.QboConfigError as error:
            return _unsendable(error)
        try:
            answer = self._send(request, permit, not_after)
            entity = self.client.parse_entity(answer, write.entity)
        except errors.QboError as error:
            return _told(error)
        text = answer.text
        if write.qbo_id and str(entity["Id"]) != write.qbo_id:
            detail = f"QuickBooks answered with id {entity['Id']}, and {write.qbo_id} was written to"
            return Answer(AnswerKind.UNKNOWN, detail=detail, text=text, intuit_tid=answer.intuit_tid)
        return _item_answer(entity, answer, text)

    def find_numbers(self, entity: str, numbers: Sequence[str]) -> Found:
        """All transactions of the entity that carry one of these document numbers, whoever made them."""
        return self._find(entity, "DocNumber", numbers, "")

    def find_names(self, entity: str, names: Sequence[str]) -> Found:
        """All list entries of the entity under one of these names, inactive ones included."""
        field = "DisplayName" if entity == "Customer" else "Name"
        return self._find(entity, field, names, " AND Active IN (true, false)")

    def read(self, entity: str, qbo_id: str) -> Found:
        """The entity as QBO holds it now; nothing when QBO answers 610: it was deleted."""
        request = self.client.build_read(entity, qbo_id)
        try:
            answer = self.client.send(request)
            return Found([self.client.parse_entity(answer, entity)], _time_of(answer))
        except errors.QboNotFound as error:
            return Found([], _time_of(error.answer))
        except errors.QboError as error:
            raise _stopped(error) from error

    def deleted_since(self, entity: str, since: datetime) -> set[str] | None:
        """Ids that were deleted since then; None when QBO cannot tell: too long ago, or more changes than one answer holds."""
        if since < datetime.now(UTC) - CDC_WINDOW:
            return None
        try:
            changes = self.client.cdc([entity], since)
        except errors.QboError as error:
            raise _stopped(error) from error
        if not changes.is_complete:
            return None
        return {str(row["Id"]) for row in changes.entities.get(entity, []) if row.get("status") == "Deleted"}

    def _send(
        self,
        request: Request,
        held: HeldPermit,
        not_after: datetime,
        meanwhile: Callable[[], None] | None = None,
    ) -> WireAnswer:
        held.is_used = True
        return self.client.send(request, held.permit, not_after=not_after, meanwhile=meanwhile)

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
            is_last = False
            while not is_last:
                answer = self._ask(select(entity, where, "Id", start=start))
                now = _time_of(answer)
                rows = (answer.json().get("QueryResponse") or {}).get(entity) or []
                entities.extend(rows)
                start += MAX_ROWS
                is_last = len(rows) < MAX_ROWS
        return Found(entities, now)

    def _ask(self, statement: str) -> WireAnswer:
        try:
            return self.client.send(self.client.build_query(statement))
        except errors.QboError as error:
            raise _stopped(error) from error


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


def _unsendable(error: errors.QboConfigError) -> Answer:
    """It cannot even be written down for QBO, so nothing was sent."""
    return Answer(AnswerKind.REFUSED, reason="refused", detail=error.message, text=error.message)


def _told(error: errors.QboError) -> Answer:
    """What an error of the wire proves about the write."""
    fault_errors = error.fault.errors if error.fault else ()
    code = fault_errors[0].code if fault_errors else ""
    words = str(error.fault) if error.fault else error.message
    return Answer(
        _KINDS[error.failure_mode],
        reason=_reason(error, code),
        detail=f"{words}{' ' + error.cure if error.cure else ''}".strip(),
        code=code,
        text=error.answer.text[:100_000] if error.answer else words,
        http_status=error.http_status,
        intuit_tid=error.intuit_tid,
        duration_ms=error.answer.duration_ms if error.answer else None,
        whole_batch=isinstance(error, errors.QboBatchRefused),
        is_passing=code in PASSING_CODES,
    )


def _stopped(error: errors.QboError) -> Exception:
    """QBO cannot be asked: the push ends, unless the question itself was wrong."""
    told = _told(error)
    if told.kind is AnswerKind.REALM:
        return PushStopped(told.reason, told.detail, is_passing=told.is_passing)
    if told.kind is AnswerKind.REFUSED:
        return error
    reason = "throttled" if isinstance(error, errors.QboThrottled) else "not_connected"
    return PushStopped(reason, told.detail, is_passing=True)


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
    """QBO's own words for each item by bId, cut out of the body verbatim where its shape allows."""
    texts = answer.item_texts()
    items = answer.json()["BatchItemResponse"] if texts else ()
    return {str(item.get("bId")): text for item, text in zip(items, texts, strict=True) if isinstance(item, dict)}


def _time_of(answer: WireAnswer | None) -> datetime:
    """QBO's clock as the answer tells it; ours where it does not."""
    try:
        return datetime.fromisoformat(str(answer.json()["time"])) if answer else datetime.now(UTC)
    except (KeyError, TypeError, ValueError):
        return datetime.now(UTC)
