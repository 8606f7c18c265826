"""How an unknown outcome is settled: by what QBO holds, never by guessing (DESIGN, exactly once, rules 2, 6, 7, 8, 11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from include.billing_sync import outcomes
from include.billing_sync.exact_json import loads
from include.billing_sync.owned import FIRST_VERSION, answer_meant, edits, holds, is_untouched, looks_void
from include.billing_sync.ports import NAME_KINDS, Entity, Item, Link, Settled
from include.billing_sync.settle_names import settle_held_name
from include.billing_sync.statuses import Action, Status

CLOCK_SLACK = timedelta(seconds=5)
"""QBO's CreateTime has whole seconds and differs by seconds within one batch write (QBO facts, section 7)."""
_TAKEN = frozenset({outcomes.DUPLICATE_NUMBER, outcomes.DUPLICATE_NAME})


@dataclass(frozen=True, slots=True)
class Window:
    """When QBO can have executed a sending, on QBO's clock, and what was sent."""

    start: datetime
    end: datetime
    request: str | None = None

    def holds(self, at: datetime) -> bool:
        """Whether a CreateTime falls inside, give or take the slack of whole seconds."""
        return self.start - CLOCK_SLACK <= at <= self.end + CLOCK_SLACK


def sending_window(sent_at: datetime, call_limit: float, clock_offset: timedelta, request: str | None = None) -> Window:
    """The window of one sending. ``clock_offset`` is QBO's clock minus ours; ``call_limit`` in seconds."""
    start = sent_at + clock_offset
    return Window(start, start + timedelta(seconds=call_limit), request)


def created_at(entity: Entity) -> datetime:
    """MetaData.CreateTime as an aware time. Raises KeyError or ValueError when QBO's answer has none."""
    return datetime.fromisoformat(str(entity["MetaData"]["CreateTime"]))


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known about one document number or name when QBO was asked.

    ``hits`` are QBO's objects of that number; ``windows`` every sending of ours that may have made one; ``archived`` the
    links that were archived; ``linked`` the billing id behind each hit that is linked now; ``deleted`` the ids of unlinked
    objects deleted in QBO since the sending, None when QBO cannot tell all of them; ``is_in_doubt``: an earlier sending was
    left to a person, who has not asked for the document since. ``number`` is the document number as our sendings spelt it:
    QBO finds numbers in any case, and another document of ours may carry the same one in other letters.
    """

    hits: Sequence[Entity]
    windows: Sequence[Window] = ()
    archived: Sequence[Link] = ()
    linked: Mapping[str, str] = field(default_factory=dict)
    deleted: frozenset[str] | None = frozenset()
    is_in_doubt: bool = False
    number: str | None = None

    @property
    def is_absent(self) -> bool:
        """QBO holds nothing of this number and has deleted nothing that could have been it."""
        return not self.hits and self.deleted is not None and not self.deleted

    def free_hits(self) -> list[Entity]:
        """The hits that are not linked to any billing document."""
        return [hit for hit in self.hits if str(hit["Id"]) not in self.linked]

    def linked_to(self, billing_id: str) -> list[Entity]:
        """The hits that are linked to this very document."""
        return [hit for hit in self.hits if self.linked.get(str(hit["Id"])) == billing_id]

    def ours(self) -> list[Entity]:
        """The free hits that a sending of ours made."""
        return [
            hit
            for hit in self.free_hits()
            if self._is_spelt_so(hit) and any(window.holds(created_at(hit)) for window in self.windows)
        ]

    def meant(self, hit: Entity) -> dict[str, Any] | None:
        """What QBO would have answered to the sending that made the hit, where somebody edited it since; else None."""
        at = created_at(hit)
        requests = [window.request for window in self.windows if window.request and window.holds(at)]
        answers = [answer_meant(loads(request), hit) for request in requests]
        is_first_version = str(hit["SyncToken"]) == FIRST_VERSION
        if is_first_version or not answers or any(is_untouched(answer, hit) for answer in answers):
            return None
        return answers[-1]

    def _is_spelt_so(self, hit: Entity) -> bool:
        held = hit.get("DocNumber")
        return self.number is None or held is None or str(held).strip() == self.number.strip()

    def archived_hits(self) -> list[tuple[Entity, Link]]:
        """The free hits that an archived link of the same document explains."""
        by_id = {link.qbo_id: link for link in reversed(self.archived)}
        return [(hit, by_id[str(hit["Id"])]) for hit in self.free_hits() if str(hit["Id"]) in by_id]

    def explained(self) -> list[Entity]:
        """The free hits that an archived link or a sending of ours explains, each once."""
        ids = {str(hit["Id"]) for hit in [*self.ours(), *(hit for hit, _ in self.archived_hits())]}
        return [hit for hit in self.hits if str(hit["Id"]) in ids]


def look_before_create(item: Item, evidence: Evidence, *, adopt_exact: bool) -> Settled | None:
    """What the first look says of a planned create: None means that nothing in QBO keeps it from being claimed."""
    if evidence.linked_to(item.billing_id):
        return None
    if not evidence.hits:
        return _in_doubt(item, "") if evidence.is_in_doubt else None
    explained, archived = evidence.explained(), evidence.archived_hits()
    if len(explained) > 1:
        return _ambiguous(item, explained)
    if archived:
        return _adopted(item, *archived[0])
    if explained:
        why = "a lost sending of ours made it"
        return _found(evidence, outcomes.done(item, explained[0], "adopted", outcome="adopted", extra=why))
    free = evidence.free_hits()
    if adopt_exact and len(free) == 1 and _agrees(item, free[0]):
        adopted = outcomes.done(item, free[0], "adopted", outcome="adopted", extra="number, total and customer agree")
        return replace(adopted, is_agreed=adopted.status is Status.SYNCED)
    return _already_there(item, evidence)


def settle_create(item: Item, evidence: Evidence, *, whole_batch_absent: bool) -> Settled:
    """What became of an unknown create."""
    explained, ours, archived = evidence.explained(), evidence.ours(), evidence.archived_hits()
    if linked := evidence.linked_to(item.billing_id):
        return _ambiguous(item, [*linked, *ours]) if ours else outcomes.already(item, "it was linked meanwhile")
    if len(explained) > 1:
        return _ambiguous(item, explained)
    if ours:
        return _found(evidence, outcomes.done(item, ours[0], "created", outcome="found", origin="adopted"))
    if archived:
        return _adopted(item, *archived[0])
    if evidence.hits and item.kind in NAME_KINDS:
        return settle_held_name(item, evidence.hits, dict(evidence.linked))
    if evidence.hits:
        return _already_there(item, evidence)
    if item.outcome in _TAKEN:
        return _taken_by_another_kind(item, evidence.archived)
    if evidence.deleted is None:
        return _in_doubt(item, "more changed there since than it tells at once, so that a deletion cannot be excluded")
    if evidence.deleted:
        ids = ", ".join(sorted(evidence.deleted))
        return _in_doubt(
            item, f"{item.entity} {ids} was deleted there since, and whether that was this one cannot be told"
        )
    return outcomes.absent(item, whole_batch=whole_batch_absent)


def _found(evidence: Evidence, result: Settled) -> Settled:
    """What a lost sending made. An edit made before it was found is remembered, so that no later change overwrites it."""
    entity = result.entity or {}
    if result.item.kind in NAME_KINDS or (meant := evidence.meant(entity)) is None:
        return result
    text = f"edited in QuickBooks before it was found: {'; '.join(edits(meant, entity))}"
    return replace(result, meant_answer=meant, detail="; ".join(filter(None, (result.detail, text))))


def _adopted(item: Item, hit: Entity, link: Link) -> Settled:
    return outcomes.done(item, hit, "adopted", outcome="adopted", adopted_from=link, extra="an archived link names it")


def settle_change(item: Item, link: Link, entity: Entity | None) -> Settled:
    """What became of an unknown update or void, or of one that QBO called stale: read, then decide (rules 7 and 8).

    ``entity`` is what reading the linked id gave; None means that QBO answered 610: it was deleted.
    """
    if entity is None:
        return _deleted(item, link.qbo_id)
    # Every write raises the version, so that an equal one proves that ours never ran, whatever the content looks like.
    is_untouched_version = str(entity["SyncToken"]) == item.sync_token
    if not is_untouched_version and _has_arrived(item, link, entity):
        return outcomes.done(item, entity, "updated", outcome="found")
    if item.outcome == outcomes.NO_VOID:
        text = (
            f"QuickBooks lets no program void a {item.entity}: void or delete {item.entity} {link.qbo_id} there by hand, "
            "and the next run that looks at it goes on"
        )
        return outcomes.stopped(item, "refused", text, outcome="refused")
    if item.outcome == outcomes.NOT_FOUND:
        text = f"{item.entity} {link.qbo_id} stands in QuickBooks, but something that the change refers to is inactive there"
        return outcomes.stopped(item, "inactive_reference", text, outcome="refused")
    if is_untouched_version and item.outcome == outcomes.STALE_OBJECT:
        text = (
            f"QuickBooks calls version {item.sync_token} of {item.entity} {link.qbo_id} out of date, and shows no other"
        )
        return outcomes.stopped(item, "refused", text, outcome="refused")
    if is_untouched_version and item.outcome == outcomes.DUPLICATE_NUMBER:
        text = (
            f"{item.entity} {link.qbo_id} stays {link.doc_number} as it was: QuickBooks takes a number once, and "
            f"{item.doc_number} is another document's there. Give one of the two another number, and the next night goes on"
        )
        return outcomes.stopped(item, "already_in_qbo", text, outcome="refused")
    if is_untouched_version:
        return outcomes.absent(item, whole_batch=False)
    if is_untouched(link.answer, entity):
        return outcomes.repeat_with_token(item, str(entity["SyncToken"]))
    text = (
        f"{item.entity} {link.qbo_id} was edited in QuickBooks since our last write (version {entity['SyncToken']}): "
        f"{'; '.join(edits(link.answer, entity))}"
    )
    # What QuickBooks holds now, so that the totals of the run are those of both sides.
    return replace(outcomes.stopped(item, "edited_in_qbo", text, outcome="edited"), entity=entity)


def _has_arrived(item: Item, link: Link, entity: Entity) -> bool:
    """Whether QBO shows what the change asked for. A void changes the memo, whatever it said before."""
    if item.action == Action.VOID:
        return looks_void(entity) and entity.get("PrivateNote") != link.answer.get("PrivateNote")
    asked = loads(item.request) if item.request else item.payload or {}
    if None in asked.values() and is_untouched(link.answer, entity):
        # What is emptied still stands, and nothing else differs that could tell.
        return False
    return holds(asked, entity)


def _deleted(item: Item, qbo_id: str | None) -> Settled:
    text = f"{item.entity} {qbo_id} was deleted in QuickBooks"
    return outcomes.stopped(item, "deleted_in_qbo", text, outcome="deleted", archive_link=text)


def settle_send(item: Item, qbo_id: str, entity: Entity | None, clock_offset: timedelta) -> Settled:
    """Whether QBO mailed it: by EmailStatus and the delivery time, on QBO's clock (rule 11)."""
    if entity is None:
        return _deleted(item, qbo_id)
    delivered = (entity.get("DeliveryInfo") or {}).get("DeliveryTime")
    earliest = item.claimed_at + clock_offset - CLOCK_SLACK if item.claimed_at else None
    is_mailed = entity.get("EmailStatus") == "EmailSent" and delivered
    if is_mailed and earliest and datetime.fromisoformat(str(delivered)) >= earliest:
        return outcomes.done(item, entity, "updated", outcome="found")
    if item.outcome in outcomes.NEEDS_A_LOOK and not item.unknown_times:
        text = f"{item.entity} {qbo_id} stands in QuickBooks, which refused to mail it"
        return outcomes.stopped(item, "copied_not_sent", text, outcome="refused")
    return mail_in_doubt(item)


def mail_in_doubt(item: Item) -> Settled:
    """Nobody knows whether the mail went out, so that a person looks before it is sent again."""
    text = "QuickBooks does not say whether the mail went out: look before sending it again"
    return outcomes.stopped(item, "send_unknown", text, outcome=outcomes.IN_DOUBT)


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
        and "total" in meant
        and hit.get("TotalAmt") == Decimal(meant["total"])
        and customer == str(meant.get("customer"))
    )


def _already_there(item: Item, evidence: Evidence) -> Settled:
    hit = evidence.hits[0]
    owner = evidence.linked.get(str(hit["Id"]))
    total = f", total {hit['TotalAmt']}" if "TotalAmt" in hit else ""
    held = str(hit.get("DocNumber") or item.doc_number)
    if owner or held != item.doc_number:
        whose = f", which is billing document {owner}" if owner else ""
        why = "does not tell upper from lower case in numbers" if held != item.doc_number else "takes a number once"
        text = (
            f"QuickBooks holds {item.entity} {held} (id {hit['Id']}{total}){whose}, and {why}. "
            f"Give one of the two another number, so that {item.doc_number} can go."
        )
        return outcomes.stopped(item, "already_in_qbo", text, outcome="already_in_qbo")
    text = (
        f"QuickBooks already holds {item.entity} {item.doc_number} (id {hit['Id']}{total}, "
        f"created {hit.get('MetaData', {}).get('CreateTime')}) and no sending of ours explains it."
    )
    return outcomes.stopped(item, "already_in_qbo", text, outcome="already_in_qbo")


def _taken_by_another_kind(item: Item, archived: Sequence[Link]) -> Settled:
    """QBO says that the number or name is taken, and shows no such entity under it: something else has it."""
    if item.kind in NAME_KINDS:
        text = (
            f"QuickBooks says that the name {item.doc_number!r} is taken, though by no {item.entity}. "
            "Run qbo_refresh_lists, which shows whose it is, and map it by hand or rename one of the two"
        )
        return outcomes.stopped(item, "ambiguous_name", text, outcome="refused")
    text = f"QuickBooks says that number {item.doc_number} is taken, though by no {item.entity}"
    former = next((link for link in archived if link.entity != item.entity), None)
    if former is not None:
        text += (
            f": {former.entity} id {former.qbo_id}, which was this document before it moved, keeps it. "
            "Renumber that one in QuickBooks, and the next run goes on"
        )
    return outcomes.stopped(item, "already_in_qbo", text, outcome="refused")


def _in_doubt(item: Item, why: str) -> Settled:
    text = f"The answer to a sending was lost, and QuickBooks does not hold the number{': ' + why if why else ''}. "
    cure = "If it belongs there, push it again by its number from the form."
    return outcomes.stopped(item, "ambiguous", text + cure, outcome=outcomes.IN_DOUBT)


def _ambiguous(item: Item, hits: Sequence[Entity]) -> Settled:
    ids = ", ".join(str(hit["Id"]) for hit in hits)
    text = f"QuickBooks holds several {item.entity} that may be {item.doc_number}: ids {ids}"
    return outcomes.stopped(item, "ambiguous", text, outcome="ambiguous")
