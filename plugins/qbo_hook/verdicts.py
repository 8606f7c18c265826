"""What an answer means: a success, or one of our errors with its failure mode (DESIGN.md, section 5, rules 5 and 10)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from qbo_hook.errors import (
    QboAuthError,
    QboBadAnswer,
    QboBatchRefused,
    QboError,
    QboThrottled,
    QboUnknownOutcome,
    QboValidationError,
)
from qbo_hook.faults import CatalogueEntry, Fault, classify, fault_in, parse_fault
from qbo_hook.wire import JSON, Answer, Kind, Request

# Nobody means a longer wait than this; a mistyped header must not close a company for years.
LONGEST_RETRY_AFTER = 7 * 86400.0


def judge(request: Request, answer: Answer, *, now: datetime, is_first_sending: bool = True) -> Answer:
    """Return the answer if it is a readable success, else raise what it means.

    :param request: what was sent
    :param answer: what came back
    :param now: UTC, to read a Retry-After given as a date
    :param is_first_sending: False if the same write was sent before with unknown outcome: then no fault means *refused*
    :raises QboError: one of the classes of :mod:`qbo_hook.errors`, with the answer attached
    """
    fault = _fault_of(answer)
    error = error_of_fault(fault, answer.status, request.kind) if fault else _error_of_status(request, answer)
    if error is None:
        return answer
    if not is_first_sending and error.failure_mode == "refused":
        error.failure_mode = "unknown"
    error.add_context(
        http_status=answer.status,
        intuit_tid=answer.intuit_tid,
        method=request.method,
        path=request.path,
        request_id=request.request_id,
        retry_after=retry_after(answer, now),
        answer=answer,
    )
    raise error


def _fault_of(answer: Answer) -> Fault | None:
    """The answer's fault; a body that is JSON is parsed once and kept, since its reader wants it too."""
    try:
        envelope = answer.json()
    except ValueError:
        return parse_fault(answer.body)
    return fault_in(envelope) if isinstance(envelope, dict) else None


def error_of_fault(fault: Fault, status: int, kind: Kind) -> QboError:
    """The error that a Fault means.

    :param fault: with all its errors
    :param status: HTTP status of the answer that carried it
    :param kind: of the request; for the single items of a batch ``write`` or ``read``
    """
    entry = classify(fault)
    return _class_for(entry, status, kind)(f"QuickBooks: {fault}", fault=fault, entry=entry)


def _class_for(entry: CatalogueEntry, status: int, kind: Kind) -> type[QboError]:
    if status >= 500:
        # Whatever the body says: a server that broke down may have executed the request.
        return QboUnknownOutcome
    if entry.failure_mode == "realm":
        return entry.error
    if status in (401, 429):
        return QboAuthError if status == 401 else QboThrottled
    if status == 413:
        return _too_large(kind)
    return QboBatchRefused if kind == "batch" and entry.failure_mode == "refused" else entry.error


def _error_of_status(request: Request, answer: Answer) -> QboError | None:
    status = answer.status
    if status >= 500:
        return QboUnknownOutcome(f"QuickBooks answered HTTP {status}")
    if status == 401:
        return QboAuthError("QuickBooks does not accept the access token")
    if status == 429:
        return QboThrottled("QuickBooks answered that there were too many calls")
    if status == 413:
        return _too_large(request.kind)("The request is too large for QuickBooks")
    if 200 <= status < 300:
        return _error_of_success(request, answer)
    return QboBadAnswer(f"QuickBooks answered HTTP {status} with {_describe(answer)}")


def _error_of_success(request: Request, answer: Answer) -> QboError | None:
    if request.accept != JSON:
        return None
    try:
        is_object = isinstance(answer.json(), dict)
    except ValueError as error:
        return QboBadAnswer(f"QuickBooks answered {_describe(answer)} that cannot be read as JSON: {error}")
    return None if is_object else QboBadAnswer("QuickBooks answered JSON that is no object")


def _too_large(kind: Kind) -> type[QboError]:
    return QboBatchRefused if kind == "batch" else QboValidationError


def _describe(answer: Answer) -> str:
    kind = answer.headers.get("content-type", "no content type").partition(";")[0]
    target = f" to {answer.headers['location']}" if "location" in answer.headers else ""
    return f"{len(answer.body)} bytes of {kind}{target}"


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Seconds that the server wants us to wait, None if it said nothing that can be read.

    :param answer: with ``Retry-After`` as seconds or as an HTTP date
    :param now: UTC
    """
    value = answer.headers.get("retry-after", "").strip()
    seconds = float(value) if value.isdecimal() else _seconds_until(value, now)
    return None if seconds is None else min(seconds, LONGEST_RETRY_AFTER)


def _seconds_until(value: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def as_entity(found: Any, entity: str) -> dict[str, Any] | None:
    """The entity under its name in an envelope, or None if it is not there whole.

    :param found: parsed JSON of a single answer or of a batch item
    :param entity: QBO's name, such as ``Invoice``
    """
    value = found.get(entity) if isinstance(found, dict) else None
    return value if isinstance(value, dict) and value.get("Id") else None
