"""Batches: what goes in, and what each item's answer means (QBO.md, section 5)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from qbo_hook.errors import QboBadAnswer, QboConfigError, QboError, QboUnknownOutcome
from qbo_hook.faults import fault_in
from qbo_hook.verdicts import as_entity, error_of_fault
from qbo_hook.wire import Answer
from qbo_hook.wire_json import Encoded

log = logging.getLogger("qbo_hook")

MAX_B_ID = 10

Operation = Literal["create", "update", "delete", "void", "query"]
Payload = Mapping[str, Any] | Encoded
ItemAnswer = dict[str, Any] | QboError


def values_of(payload: Payload) -> Mapping[str, Any]:
    """What a payload says, stored text or not.

    :param payload: of one entity
    :raises QboConfigError: if stored text is no JSON object
    """
    try:
        values = payload.values() if isinstance(payload, Encoded) else payload
    except ValueError as error:
        raise QboConfigError(f"a stored payload is not JSON: {error}") from error
    if not isinstance(values, Mapping):
        raise QboConfigError("a stored payload is no JSON object")
    return values


@dataclass(frozen=True)
class BatchItem:
    """One operation of a batch.

    :param b_id: 1 to 10 characters; with the batch's request id it names this operation for ever
    :param operation: create, update, delete, void (a payment or receipt; void invoices singly) or query
    :param entity: QBO's name, such as ``Invoice``; None for a query
    :param payload: as for a single call, or the stored text of it; None for a query
    :param query: the statement of a query
    :raises QboConfigError: if these do not go together
    """

    b_id: str
    operation: Operation
    entity: str | None = None
    payload: Payload | None = None
    query: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.b_id) <= MAX_B_ID:
            raise QboConfigError(f"a bId has 1 to {MAX_B_ID} characters, not {len(self.b_id)}")
        is_complete = self.query if self.is_read else self.entity and self.payload is not None
        if not is_complete:
            raise QboConfigError(f"batch item {self.b_id}: a {self.operation} lacks what it works on")
        if self.operation == "void" and self.entity == "Invoice":
            # How a batch voids an invoice is documented nowhere; a single call is.
            raise QboConfigError(f"batch item {self.b_id}: void an invoice by a single call")

    @property
    def is_read(self) -> bool:
        """True if the item changes nothing."""
        return self.operation == "query"

    def values(self) -> Mapping[str, Any]:
        """What the payload says; nothing for a query."""
        return values_of(self.payload) if self.payload is not None else {}

    def to_json(self) -> dict[str, Any]:
        """The item as QBO wants it."""
        if self.is_read:
            return {"bId": self.b_id, "Query": self.query}
        if self.operation == "void":
            payload = {**self.values(), "sparse": True}
            return {"bId": self.b_id, "operation": "update", "optionsData": "void", str(self.entity): payload}
        return {"bId": self.b_id, "operation": self.operation, str(self.entity): self.payload}


def parse_batch(answer: Answer, items: Sequence[BatchItem], *, is_first_sending: bool = True) -> dict[str, ItemAnswer]:
    """Find for each item what became of it.

    :param answer: to the batch
    :param items: as they were sent
    :param is_first_sending: False if the batch was sent before with unknown outcome: then no fault means *refused*
    :return: for each bId asked for, in the order of the items: the entity as QBO holds it now (for a query its QueryResponse), or
        the error. An item that is missing, answered twice, or answered with something else is an unknown outcome, never a guess.
    """
    found = _by_b_id(answer)
    if strange := sorted(found.keys() - {item.b_id for item in items}):
        log.warning("QBO answered batch items that nobody asked for: %s intuit_tid=%s", strange, answer.intuit_tid)
    verdicts = {item.b_id: _verdict(item, found.get(item.b_id, []), answer.status) for item in items}
    for verdict in verdicts.values():
        if isinstance(verdict, QboError):
            _complete(verdict, answer, is_first_sending)
    return verdicts


def _by_b_id(answer: Answer) -> dict[str, list[Mapping[str, Any]]]:
    try:
        envelope = answer.json()
    except ValueError:
        return {}
    listed = envelope.get("BatchItemResponse") if isinstance(envelope, dict) else None
    found: dict[str, list[Mapping[str, Any]]] = {}
    for response in listed if isinstance(listed, list) else []:
        if isinstance(response, dict):
            found.setdefault(str(response.get("bId")), []).append(response)
    return found


def _verdict(item: BatchItem, responses: list[Mapping[str, Any]], status: int) -> ItemAnswer:
    if not responses:
        return QboUnknownOutcome(f"QuickBooks' answer leaves out item {item.b_id}")
    if len(responses) > 1:
        return QboBadAnswer(f"QuickBooks answered item {item.b_id} {len(responses)} times")
    (response,) = responses
    content = _content(item, response)
    fault = fault_in(response)
    if fault and content is None:
        return error_of_fault(fault, status, "read" if item.is_read else "write")
    if content is None or fault:
        return QboBadAnswer(f"QuickBooks' answer to item {item.b_id} does not fit what was asked")
    return content


def _content(item: BatchItem, response: Mapping[str, Any]) -> dict[str, Any] | None:
    if item.is_read:
        value = response.get("QueryResponse")
        return value if isinstance(value, dict) else None
    entity = as_entity(response, str(item.entity))
    # A create names no id that the answer could contradict, and its text is long.
    asked_id = None if item.operation == "create" else item.values().get("Id")
    if entity is not None and asked_id and str(entity["Id"]) != str(asked_id):
        return None
    return entity


def _complete(error: QboError, answer: Answer, is_first_sending: bool) -> None:
    if not is_first_sending and error.failure_mode == "refused":
        error.failure_mode = "unknown"
    error.add_context(http_status=answer.status, intuit_tid=answer.intuit_tid, answer=answer)
