"""What the core needs from outside, and the values that travel through these openings. Others fit them by shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

NAME_KINDS = frozenset({"account", "customer", "item"})
"""The kinds that are names: what documents refer to, mapped in the book and written one at a time."""

Entity = Mapping[str, Any]
"""One QBO object as its JSON says, numbers as Decimal."""


class AnswerKind(StrEnum):
    """What an answer, or its absence, proves about one write."""

    WRITTEN = "written"
    """QBO did it and shows the result."""
    REFUSED = "refused"
    """QBO validated it and refused: nothing was done."""
    NOT_EXECUTED = "not_executed"
    """It surely never ran: not connected, throttled, name lock, token refused, whole batch unreadable."""
    UNKNOWN = "unknown"
    """Sent, and nothing proves what became of it."""
    REALM = "realm"
    """The company itself cannot be written to now; nothing was done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one write as far as the wire can tell. ``text`` is QBO's own text, kept verbatim."""

    kind: AnswerKind
    entity: Entity | None = None
    reason: str = ""
    detail: str = ""
    code: str = ""
    text: str = ""
    http_status: int | None = None
    intuit_tid: str | None = None
    duration_ms: int | None = None
    whole_batch: bool = False
    is_passing: bool = False
    """For what closes the realm: waiting helps, nobody has to act."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write ready to be sent: the exact text of its body and the ids under which QBO may remember it."""

    entity: str
    action: str
    text: str
    b_id: str
    request_id: str
    qbo_id: str | None = None
    send_to: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A plan item as the push sees it."""

    id: int
    plan_id: int
    step: int
    source: str
    kind: str
    billing_id: str
    entity: str
    action: str
    state: str
    reason: str
    doc_number: str | None = None
    doc_date: date | None = None
    payload: Mapping[str, Any] | None = None
    meant: Mapping[str, Any] | None = None
    warnings: Sequence[Mapping[str, Any]] = ()
    total: Decimal | None = None
    fingerprint: str | None = None
    canon_version: int | None = None
    customer_id: str | None = None
    """Billing's customer of the document."""
    rows_digest: str | None = None
    """Billing's digest of the rows that the document was planned from."""
    qbo_id: str | None = None
    sync_token: str | None = None
    link_token: str | None = None
    """The version that the link had when the item was planned; only our own writes change it."""
    is_single: bool = False
    batch_id: str | None = None
    b_id: str | None = None
    request_id: str | None = None
    push_epoch: int | None = None
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    unknown_times: int = 0
    """How many sendings under the item's present ids have an unknown outcome; 0: what is sent next is a first sending."""
    outcome: str | None = None
    request: str | None = None
    """The exact text that was sent last, read back for what is looked up."""


@dataclass(frozen=True, slots=True)
class Link:
    """Billing id <-> QBO id, with the fields we own as QBO answered our last write."""

    kind: str
    billing_id: str
    entity: str
    qbo_id: str
    sync_token: str
    fingerprint: str | None
    canon_version: int | None
    answer: Mapping[str, Any]
    doc_number: str | None = None
    total: Decimal | None = None
    email_status: str | None = None
    source: str = ""
    realm: int | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """What a plan item would be if it were planned now: the text to send, or why it is not to be sent.

    ``stale``: it has to be planned anew. ``already``: QBO has it as billing means it by now. ``waits``: a customer or item
    that it needs is not settled yet. ``blocked``: a reason of the catalogue.
    """

    text: str | None
    fingerprint: str | None
    meant: Mapping[str, Any] = field(default_factory=dict)
    stale: str = ""
    already: str = ""
    waits: str = ""
    blocked: str = ""
    blocked_detail: str = ""
    qbo_id: str | None = None
    send_to: str | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """A create that was sent once: when, on the outbox's clock, and the exact text."""

    at: datetime
    request: str | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """An item that was claimed in this transaction, with what goes over the wire."""

    item: Item
    write: Write


@dataclass(frozen=True, slots=True)
class Settled:
    """How one item ended (or that it is open again), to be stored in one transaction."""

    item: Item
    state: str
    outcome: str
    status: str
    reason: str
    detail: str = ""
    entity: Entity | None = None
    answer: Answer | None = None
    origin: str = ""
    reasons: Sequence[Mapping[str, Any]] = ()
    is_single: bool | None = None
    archive_link: str = ""
    keeps_ids: bool = False
    adopted_from: Link | None = None
    sync_token: str | None = None
    unknown_times: int | None = None
    is_agreed: bool = False
    """Adopted, and nothing that was compared differs: it counts as billing's content, and is not written until that changes."""
    meant_answer: Mapping[str, Any] | None = None
    """What QBO would have answered, where somebody edited the object before it was found: the link remembers this instead."""


Decide = Callable[[Item], Claimed | Settled | None]
"""What becomes of an item at its claim: sent, ended without sending, or left for a later call."""


class Outbox(Protocol):
    """The plan and what became of its items, on the connection that holds the realm's lock.

    ``now`` is the clock under which sendings are recorded, the same for all workers. ``claim`` stores and commits the decisions
    for items that are still planned and have no other item of their document in flight; ``decide`` leaves an item for a later
    call with None, and what is not returned was not claimed. ``settle`` stores results in one transaction, and item by item where
    one of them cannot be linked; it returns them as they were stored. ``archived`` and
    ``sendings`` say what we knew of a document once: its archived links, and when creates of it were sent that no answer
    proved to have done nothing. ``doubts`` are the documents whose last sending of this action was left to a person. ``linked``
    gives the billing id behind each QBO id that is linked now, ``known_once`` the ids in the archive. ``hold_up`` says of all
    documents that are still planned why they wait. ``without`` are item ids to leave alone. Keys are (kind, billing id).
    """

    def now(self) -> datetime: ...
    def names_to_write(self, plan_id: int, without: Sequence[int]) -> list[Item]: ...
    def creates_not_looked_at(self, plan_id: int, limit: int, without: Sequence[int]) -> list[Item]: ...
    def next_group(self, plan_id: int, limit: int, without: Sequence[int]) -> list[Item]: ...
    def next_send(self, plan_id: int, without: Sequence[int]) -> Item | None: ...
    def unsettled(self) -> list[Item]: ...
    def mark_looked_at(self, items: Sequence[Item]) -> None: ...
    def claim(self, items: Sequence[Item], decide: Decide) -> list[Claimed | Settled]: ...
    def settle(self, results: Sequence[Settled]) -> Sequence[Settled]: ...
    def hold_up(self, plan_id: int, reason: str, detail: str) -> None: ...
    def archived(self, items: Sequence[Item]) -> Mapping[tuple[str, str], Sequence[Link]]: ...
    def sendings(self, items: Sequence[Item]) -> Mapping[tuple[str, str], Sequence[Sending]]: ...
    def doubts(self, items: Sequence[Item]) -> set[tuple[str, str]]: ...
    def linked(self, entity: str, qbo_ids: Iterable[str]) -> Mapping[str, str]: ...
    def known_once(self, entity: str, qbo_ids: Iterable[str]) -> set[str]: ...
    def links_of(self, items: Sequence[Item]) -> Mapping[tuple[str, str], Link]: ...


class Ledger(Protocol):
    """QBO as the push needs it. Writes always answer, and nothing is sent after ``not_after``; reads may raise PushStopped.

    ``permit`` does ``before_wait`` once if it has to wait. ``send_batch`` does ``meanwhile`` when the batch has left and its
    answer is still to come; with each repeat too, and not at all if nothing leaves. ``read`` finds nothing when QBO answers 610:
    deleted. ``deleted_since`` is None when QBO cannot tell all deletions.
    """

    def permit(self, kind: str, operations: int, before_wait: Callable[[], None]) -> AbstractContextManager[Any]: ...
    def send_batch(
        self,
        writes: Sequence[Write],
        batch_id: str,
        permit: Any,
        not_after: datetime,
        meanwhile: Callable[[], None],
    ) -> Mapping[str, Answer]: ...
    def send_one(self, write: Write, permit: Any, not_after: datetime) -> Answer: ...
    def find_numbers(self, entity: str, numbers: Sequence[str]) -> Found: ...
    def find_names(self, entity: str, names: Sequence[str]) -> Found: ...
    def read(self, entity: str, qbo_id: str) -> Found: ...
    def deleted_since(self, entity: str, since: datetime) -> set[str] | None: ...


@dataclass(frozen=True, slots=True)
class Found:
    """The objects that QBO holds of those asked for, and QBO's own clock at that moment."""

    entities: Sequence[Entity]
    qbo_now: datetime


class Inputs(Protocol):
    """What a plan item would be now: billing read again, today's mappings, link and company.

    ``prepare`` reads all that for the next claim; asked again for the same items within a moment, it may keep what billing said.
    """

    def prepare(self, items: Sequence[Item]) -> None: ...
    def ready(self, item: Item) -> Ready: ...


class Clock(Protocol):
    """The time of day (aware, UTC) and a wait that can be shortened by settings."""

    def now(self) -> datetime: ...
    def sleep(self, seconds: float) -> None: ...


class LateBook(Protocol):
    """Where answers go that came when this process had lost the right to store them. Raises nothing of its own."""

    def keep(self, results: Sequence[Settled]) -> None: ...


class Journal(Protocol):
    """The log of the push: one line per document."""

    def document(self, settled: Settled) -> None: ...
    def note(self, text: str) -> None: ...


def by_id(entities: Iterable[Entity]) -> dict[str, Entity]:
    """The entities by their QBO id."""
    return {str(entity["Id"]): entity for entity in entities}
