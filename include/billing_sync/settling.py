"""Looks unknown outcomes up in QBO: gathers what is known of each, and asks :mod:`settle` what it means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from include.billing_sync import outcomes, settle
from include.billing_sync.ports import NAME_KINDS, Entity, Found, Item, Ledger, Outbox, Settled
from include.billing_sync.settle import CLOCK_SLACK, Evidence, sending_window
from include.billing_sync.statuses import Action

MOST_AT_ONCE = 400
"""Numbers or names per query (rule 2)."""


class Settler:
    """The verdicts on unknown items of one realm.

    :param settle_after: seconds from a sending to its look, since QBO may still be at work on it until then.
    :param call_limit: seconds within which QBO has executed a sending or never will.
    """

    def __init__(self, outbox: Outbox, ledger: Ledger, settle_after: float, call_limit: float) -> None:
        self._outbox = outbox
        self._ledger = ledger
        self._settle_after = timedelta(seconds=settle_after)
        self._call_limit = call_limit

    def ripe_at(self, item: Item) -> datetime:
        """When QBO may be asked, on the outbox's clock. Where a first sending was refused, nothing can be at work still."""
        at = item.sent_at or item.claimed_at
        if at is None:
            raise ValueError(f"plan item {item.id} is {item.state} but was never claimed")
        is_idle = item.outcome in outcomes.NEEDS_A_LOOK and not item.unknown_times
        return at if is_idle else at + self._settle_after

    def verdicts(self, items: Sequence[Item]) -> list[Settled]:
        """What became of each item. Raises PushStopped when QBO cannot be asked."""
        creates = [item for item in items if item.action == Action.CREATE]
        changes = [item for item in items if item.action != Action.CREATE]
        return [*self._creates(creates), *self._changes(changes)]

    def evidence(self, items: Sequence[Item], *, with_deletions: bool = False) -> dict[int, Evidence]:
        """All that is known about the items, by item id: one query per entity and 400 numbers."""
        archived = self._outbox.archived(items)
        sendings = self._outbox.sendings(items)
        evidence: dict[int, Evidence] = {}
        for entity in sorted({item.entity for item in items}):
            of_entity = [item for item in items if item.entity == entity]
            found = self._find(entity, of_entity)
            offset = self._offset(found)
            hits = _by_number(found.entities)
            linked = self._outbox.linked(entity, [str(hit["Id"]) for hit in found.entities])
            deleted = self._deleted(entity, of_entity, offset) if with_deletions else frozenset()
            for item in of_entity:
                key = (item.kind, item.billing_id)
                evidence[item.id] = Evidence(
                    hits=hits.get(_number(item).casefold(), []),
                    windows=[
                        sending_window(sending.at, self._call_limit, offset, sending.request)
                        for sending in sendings.get(key, ())
                    ],
                    archived=archived.get(key, ()),
                    linked=linked,
                    deleted=deleted,
                    number=item.doc_number,
                )
        return evidence

    def _creates(self, items: Sequence[Item]) -> list[Settled]:
        if not items:
            return []
        evidence = self.evidence(items, with_deletions=True)
        whole = settle.batches_all_absent(items, {item.id: evidence[item.id].is_absent for item in items})
        return [
            settle.settle_create(item, evidence[item.id], whole_batch_absent=item.batch_id in whole) for item in items
        ]

    def _changes(self, items: Sequence[Item]) -> list[Settled]:
        links = self._outbox.links_of(items) if items else {}
        results = []
        for item in items:
            link = links.get((item.kind, item.billing_id))
            if link is None or link.qbo_id != item.qbo_id:
                results.append(outcomes.stale(item, "its link to QuickBooks was ended since it was sent"))
                continue
            found = self._ledger.read(item.entity, link.qbo_id)
            entity = found.entities[0] if found.entities else None
            if item.action == Action.SEND:
                results.append(settle.settle_send(item, link.qbo_id, entity, self._offset(found)))
            else:
                results.append(settle.settle_change(item, link, entity))
        return results

    def _find(self, entity: str, items: Sequence[Item]) -> Found:
        """Names of customers and items are looked for under the entity's name, all else under its number."""
        ask = self._ledger.find_names if items[0].kind in NAME_KINDS else self._ledger.find_numbers
        numbers = list(dict.fromkeys(_number(item) for item in items if _number(item)))
        answers = [ask(entity, numbers[start : start + MOST_AT_ONCE]) for start in range(0, len(numbers), MOST_AT_ONCE)]
        if not answers:
            raise ValueError(f"{entity} without a number or name cannot be looked for")
        return Found([hit for answer in answers for hit in answer.entities], answers[-1].qbo_now)

    def _offset(self, found: Found) -> timedelta:
        """QBO's clock minus the one under which sendings are recorded."""
        return found.qbo_now - self._outbox.now()

    def _deleted(self, entity: str, items: Sequence[Item], offset: timedelta) -> frozenset[str] | None:
        """Unlinked objects that were deleted in QBO since the earliest of these sendings. Names are never deleted there."""
        if items[0].kind in NAME_KINDS:
            return frozenset()
        since = min(at for item in items if (at := item.sent_at or item.claimed_at))
        ids = self._ledger.deleted_since(entity, since + offset - CLOCK_SLACK)
        if ids is None:
            return None
        return frozenset(ids - set(self._outbox.linked(entity, ids)) - self._outbox.known_once(entity, ids))


def _number(item: Item) -> str:
    """What QBO is asked for: the document number, or the name of a customer or item."""
    return item.doc_number or ""


def _by_number(entities: Iterable[Entity]) -> dict[str, list[Entity]]:
    """Entities by number or name, case-folded: QBO compares strings without regard to case."""
    hits: dict[str, list[Entity]] = {}
    for entity in entities:
        number = entity.get("DocNumber") or entity.get("DisplayName") or entity.get("Name") or ""
        hits.setdefault(str(number).casefold(), []).append(entity)
    return hits
