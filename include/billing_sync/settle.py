"""How an unknown outcome is settled: by what QBO holds, never by guessing (DESIGN, exactly once, rules 2, 6, 7, 8, 11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from include.billing_sync import outcomes
from include.billing_sync.owned import holds, is_untouched
from include.billing_sync.ports import Entity, Item, Link, Settled
from include.billing_sync.statuses import Action

CLOCK_SLACK = timedelta(seconds=5)
"""QBO's CreateTime has whole seconds and differs by seconds within one batch write (QBO facts, section 7)."""


@dataclass(frozen=True, slots=True)
class Window:
    """When QBO can have executed a sending, on QBO's clock."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        """Whether a CreateTime falls inside, give or take the slack of whole seconds."""
        return self.start - CLOCK_SLACK <= at <= self.end + CLOCK_SLACK


def sending_window(sent_at: datetime, call_limit: float, clock_offset: timedelta) -> Window:
    """The window of one sending. ``clock_offset`` is QBO's clock minus ours; ``call_limit`` in seconds."""
    start = sent_at + clock_offset
    return Window(start, start + timedelta(seconds=call_limit))


def created_at(entity: Entity) -> datetime:
    """MetaData.CreateTime as an aware time. Raises KeyError or ValueError when QBO's answer has none."""
    return datetime.fromisoformat(str(entity["MetaData"]["CreateTime"]))


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known about one document number or name when QBO was asked.

    ``hits`` are QBO's objects of that number; ``windows`` every sending of ours that may have made one; ``archived`` the
    links that were archived; ``linked`` the billing id behind each hit that is linked now; ``deleted`` the ids of unlinked
    objects deleted in QBO since the sending.
    """

    hits: Sequence[Entity]
    windows: Sequence[Window] = ()
    archived: Sequence[Link] = ()
    linked: Mapping[str, str] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()

    def free_hits(self) -> list[Entity]:
        """The hits that are not linked to any billing document."""
        return [hit for hit in self.hits if str(hit["Id"]) not in self.linked]

    def ours(self) -> list[Entity]:
        """The free hits that a sending of ours made."""
        return [hit for hit in self.free_hits() if any(window.holds(created_at(hit)) for window in self.windows)]

    def archived_hits(self) -> list[tuple[Entity, Link]]:
        """The free hits that an archived link of the same document explains."""
        by_id = {link.qbo_id: link for link in self.archived}
        return [(hit, by_id[str(hit["Id"])]) for hit in self.free_hits() if str(hit["Id"]) in by_id]


def look_before_create(item: Item, evidence: Evidence, *, adopt_exact: bool) -> Settled | None:
    """What the first look says of a planned create: None means that QBO does not hold the number and it may be sent."""
    if not evidence.hits:
        return None
    archived = evidence.archived_hits()
    ours = evidence.ours()
    explained = {str(hit["Id"]) for hit, _ in archived} | {str(hit["Id"]) for hit in ours}
    if len(explained) == 1 and len(evidence.hits) == 1:
        link = archived[0][1] if archived else None
        hit = archived[0][0] if archived else ours[0]
        why = "an archived link names it" if link else "a lost sending of ours made it"
        return outcomes.done(item, hit, "adopted", outcome="adopted", adopted_from=link, extra=why)
    if len(explained) > 1:
        return _ambiguous(item, evidence.hits)
    if adopt_exact and len(evidence.free_hits()) == 1 and _agrees(item, evidence.free_hits()[0]):
        hit = evidence.free_hits()[0]
        return outcomes.done(item, hit, "adopted", outcome="adopted", extra="number, total and customer agree")
    return _already_there(item, evidence)


def settle_create(item: Item, evidence: Evidence, *, whole_batch_absent: bool) -> Settled:
    """What became of an unknown create."""
    ours = evidence.ours()
    if len(ours) > 1:
        return _ambiguous(item, ours)
    if len(ours) == 1:
        return outcomes.done(item, ours[0], "created", outcome="found", origin="adopted")
    archived = evidence.archived_hits()
    if len(archived) == 1:
        hit, link = archived[0]
        return outcomes.done(
            item, hit, "adopted", outcome="adopted", adopted_from=link, extra="an archived link names it"
        )
    if evidence.hits:
        return _already_there(item, evidence)
    if evidence.deleted:
        ids = ", ".join(sorted(evidence.deleted))
        text = (
            f"The answer to the sending was lost, QuickBooks does not hold the number, and {item.entity} {ids} was deleted "
            "there since: whether that was this one cannot be told."
        )
        return outcomes.stopped(item, "ambiguous", text, outcome="ambiguous")
    return outcomes.absent(item, whole_batch=whole_batch_absent)


def settle_change(item: Item, link: Link, entity: Entity | None) -> Settled:
    """What became of an unknown update or void, or of one that QBO called stale: read, then decide (rules 7 and 8).

    ``entity`` is what reading the linked id gave; None means that QBO answered 610: it was deleted.
    """
    if entity is None:
        text = f"{item.entity} {link.qbo_id} was deleted in QuickBooks"
        return outcomes.stopped(item, "deleted_in_qbo", text, outcome="deleted", archive_link=text)
    if item.action == Action.VOID and is_void(entity):
        return outcomes.done(item, entity, "updated", outcome="found")
    if item.action == Action.UPDATE and holds(item.payload or {}, entity):
        return outcomes.done(item, entity, "updated", outcome="found")
    if item.outcome == outcomes.NOT_FOUND:
        text = f"{item.entity} {link.qbo_id} stands in QuickBooks, but something that the change refers to is inactive there"
        return outcomes.stopped(item, "inactive_reference", text, outcome="refused")
    if str(entity["SyncToken"]) == item.sync_token:
        return outcomes.absent(item, whole_batch=False)
    if is_untouched(link.answer, entity):
        return outcomes.repeat_with_token(item, str(entity["SyncToken"]))
    text = f"{item.entity} {link.qbo_id} was edited in QuickBooks since our last write (version {entity['SyncToken']})"
    return outcomes.stopped(item, "edited_in_qbo", text, outcome="edited")


def settle_send(item: Item, entity: Entity | None, offset: timedelta) -> Settled:
    """Whether QBO mailed it: by EmailStatus and the delivery time, on QBO's clock (rule 11)."""
    if entity is None:
        text = f"{item.entity} {item.qbo_id} was deleted in QuickBooks"
        return outcomes.stopped(item, "deleted_in_qbo", text, outcome="deleted", archive_link=text)
    delivered = (entity.get("DeliveryInfo") or {}).get("DeliveryTime")
    earliest = item.claimed_at + offset - CLOCK_SLACK if item.claimed_at else None
    is_mailed = entity.get("EmailStatus") == "EmailSent" and delivered
    if is_mailed and earliest and datetime.fromisoformat(str(delivered)) >= earliest:
        return outcomes.done(item, entity, "updated", outcome="found")
    text = "QuickBooks does not say whether the mail went out: look before sending it again"
    return outcomes.stopped(item, "send_unknown", text, outcome="send_unknown")


def is_void(entity: Entity) -> bool:
    """Whether QBO shows a voided document: everything zero and the word in its memo (QBO facts, 9.4)."""
    return entity.get("TotalAmt") == 0 and entity.get("Balance") == 0 and "Voided" in str(entity.get("PrivateNote", ""))


def batches_all_absent(items: Iterable[Item], is_absent: Mapping[int, bool]) -> set[str]:
    """The batch ids of which every item was looked for and none is in QBO, and that were unknown only once."""
    batches: dict[str, list[Item]] = {}
    for item in items:
        if item.batch_id and not item.is_single:
            batches.setdefault(item.batch_id, []).append(item)
    return {
        batch
        for batch, members in batches.items()
        if all(is_absent.get(member.id, False) and member.unknown_times <= 1 for member in members)
    }


def _agrees(item: Item, hit: Entity) -> bool:
    meant: Mapping[str, Any] = item.meant or {}
    customer = str((hit.get("CustomerRef") or {}).get("value"))
    return (
        str(hit.get("DocNumber")) == item.doc_number
        and hit.get("TotalAmt") == item.total
        and customer == str(meant.get("customer"))
    )


def _already_there(item: Item, evidence: Evidence) -> Settled:
    hit = evidence.hits[0]
    owner = evidence.linked.get(str(hit["Id"]))
    whose = f", linked to billing document {owner}" if owner else ""
    text = (
        f"QuickBooks already holds {item.entity} {item.doc_number} (id {hit['Id']}, total {hit.get('TotalAmt')}, "
        f"created {hit.get('MetaData', {}).get('CreateTime')}{whose}) and no sending of ours explains it."
    )
    return outcomes.stopped(item, "already_in_qbo", text, outcome="already_in_qbo")


def _ambiguous(item: Item, hits: Sequence[Entity]) -> Settled:
    ids = ", ".join(str(hit["Id"]) for hit in hits)
    text = f"QuickBooks holds several {item.entity} that may be {item.doc_number}: ids {ids}"
    return outcomes.stopped(item, "ambiguous", text, outcome="ambiguous")
