"""The push: look, claim, commit, send, settle (DESIGN, exactly once, rules 1 to 11).

The order of a write is always the same: take the permit, read billing again, claim in one transaction and commit, send,
store the answer. Whatever is not proved by an answer is looked up in QBO before anything is done with it again.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from include.billing_sync import outcomes, settle
from include.billing_sync.ports import (
    Answer,
    AnswerKind,
    Claimed,
    Clock,
    Entity,
    Found,
    Inputs,
    Item,
    Journal,
    Ledger,
    Outbox,
    Ready,
    Settled,
    Write,
)
from include.billing_sync.settle import Evidence, sending_window
from include.billing_sync.statuses import Action, ItemState

LOOK_SIZE = 400
"""Document numbers per query (rule 2)."""
LATEST_SENDING = timedelta(seconds=30)
"""Nothing is sent later than this after its claim (rule 1)."""
ROUNDS = 6
TRIES = 5
"""How often one push sends an item that QBO provably did not run."""
THROTTLED = 429
NAME_KINDS = frozenset({"customer", "item"})


class PushStopped(Exception):
    """The realm cannot be written to now: its items stay planned. ``reason`` is one of the realm-wide reasons."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class PushSettings:
    """``settle_after`` and ``call_limit`` in seconds; ``batch_size`` operations; ``max_bytes`` of one batch body."""

    settle_after: float = 150.0
    call_limit: float = 150.0
    batch_size: int = 30
    max_bytes: int = 1_000_000
    adopt_exact: bool = False


@dataclass(slots=True)
class PushSummary:
    """What one push did: calls sent and documents by status and reason."""

    sent: int = 0
    batches: int = 0
    unsettled: int = 0
    by_reason: Counter[tuple[str, str]] = field(default_factory=Counter)


class Push:
    """One push of one plan, by the process that holds the realm's lock."""

    def __init__(
        self,
        plan_id: int,
        *,
        outbox: Outbox,
        ledger: Ledger,
        inputs: Inputs,
        clock: Clock,
        journal: Journal,
        settings: PushSettings,
    ) -> None:
        self.plan_id = plan_id
        self.outbox = outbox
        self.ledger = ledger
        self.inputs = inputs
        self.clock = clock
        self.journal = journal
        self.settings = settings
        self.summary = PushSummary()
        self._group_limit = settings.batch_size
        self._tries: Counter[int] = Counter()
        self._unreachable = 0
        self._realm_stop: PushStopped | None = None

    def run(self) -> PushSummary:
        """Push what the plan holds and settle what stays unknown.

        Raises PushStopped when the realm cannot be written to; what was not sent stays planned. Whatever the outbox raises
        (a lost lock) ends the push at once: this process then sends nothing more.
        """
        self._settle(wait=False)
        for _ in range(ROUNDS):
            self._write_names()
            self._write_documents()
            self._write_sends()
            if not self._settle(wait=True):
                break
        self.summary.unsettled = len(self.outbox.unsettled())
        return self.summary

    def _write_names(self) -> None:
        """Customers and items first, each written singly, since QBO locks its name lists (rule 9)."""
        while items := self.outbox.names_to_write(self.plan_id, self._given_up()):
            for item in items:
                self._send([item])

    def _write_documents(self) -> None:
        while True:
            self._look()
            group = self.outbox.next_group(self.plan_id, self._group_limit, self._given_up())
            if not group:
                return
            self._send(group)

    def _write_sends(self) -> None:
        while item := self.outbox.next_send(self.plan_id, self._given_up()):
            self._send([item])

    def _given_up(self) -> list[int]:
        """Items that QBO did not run however often they were sent (name lock): they stay planned for a later push."""
        return [item for item, tries in self._tries.items() if tries >= TRIES]

    def _look(self) -> None:
        """Ask QBO for the numbers of the creates that come next, before the first of them is sent (rule 2)."""
        items = self.outbox.creates_not_looked_at(self.plan_id, LOOK_SIZE)
        if not items:
            return
        evidence = self._evidence(items)
        found = {
            item.id: settle.look_before_create(item, evidence[item.id], adopt_exact=self.settings.adopt_exact)
            for item in items
        }
        self._store([settled for settled in found.values() if settled])
        self.outbox.mark_looked_at([item for item in items if not found[item.id]])

    def _send(self, group: Sequence[Item]) -> None:
        """Permit, claim, commit, send, settle: one call to QBO."""
        is_batch = len(group) > 1
        with self.ledger.permit("batch" if is_batch else "request", len(group)) as permit:
            self.inputs.prepare(group)
            ids = _CallIds(group)
            claimed_at = self.clock.now()
            decided = self.outbox.claim(group, lambda item: self._decide(item, ids))
            self._log([settled for settled in decided if isinstance(settled, Settled)])
            claimed = [claim for claim in decided if isinstance(claim, Claimed)]
            if not claimed:
                if not decided:
                    self._tries.update(item.id for item in group)
                return
            if self.clock.now() - claimed_at > LATEST_SENDING:
                late = "claimed more than 30 s ago, so it was not sent"
                self._store(
                    [outcomes.open_again(claim.item, None, outcome="returned", detail=late) for claim in claimed]
                )
                return
            answers = self._call(claimed, ids, permit)
        self.summary.sent += len(claimed)
        self.summary.batches += is_batch
        self._take(claimed, answers)
        if self._realm_stop:
            raise self._realm_stop

    def _call(self, claimed: Sequence[Claimed], ids: _CallIds, permit: Any) -> Mapping[str, Answer]:
        if len(claimed) == 1:
            write = claimed[0].write
            return {write.b_id: self.ledger.send_one(write, permit)}
        return self.ledger.send_batch([claim.write for claim in claimed], ids.batch_id, permit)

    def _decide(self, item: Item, ids: _CallIds) -> Claimed | Settled:
        ready: Ready = self.inputs.ready(item)
        if ready.stale:
            return outcomes.stale(item, ready.stale)
        if ready.blocked:
            return outcomes.stopped(item, ready.blocked, ready.blocked_detail, outcome="blocked")
        if item.action == Action.NONE:
            return outcomes.adopted_name(item)
        b_id = ids.b_id(item)
        return Claimed(
            replace(item, meant=ready.meant or item.meant),
            Write(
                entity=item.entity,
                action=item.action,
                text=ready.text or "",
                b_id=b_id,
                request_id=ids.batch_id + b_id,
                qbo_id=ready.qbo_id or item.qbo_id,
                send_to=ready.send_to,
            ),
        )

    def _take(self, claimed: Sequence[Claimed], answers: Mapping[str, Answer]) -> None:
        """Store what each answer means, item by item, in one transaction; then follow up on what it asks for."""
        results = []
        for claim in claimed:
            answer = answers.get(claim.write.b_id) or Answer(
                AnswerKind.UNKNOWN, detail="the answer does not name this item"
            )
            if answer.kind is AnswerKind.REALM:
                self._realm_stop = PushStopped(answer.reason, answer.detail)
            if answer.kind is AnswerKind.NOT_EXECUTED and not answer.whole_batch and answer.http_status != THROTTLED:
                self._tries[claim.item.id] += 1
            results.append(self._verdict(claim, answer, len(claimed)))
        self._store(results)
        self._count_unreachable(answers.values())
        if any(answer.whole_batch for answer in answers.values()):
            self._group_limit = max(1, len(claimed) // 2)
        else:
            self._group_limit = min(self.settings.batch_size, self._group_limit * 2)

    def _count_unreachable(self, answers: Iterable[Answer]) -> None:
        """Stop after several calls in a row that did not even connect; space them out meanwhile."""
        if any(answer.kind is not AnswerKind.NOT_EXECUTED or answer.http_status is not None for answer in answers):
            self._unreachable = 0
            return
        self._unreachable += 1
        if self._unreachable >= TRIES:
            detail = next((answer.detail for answer in answers), "no answer")
            self._realm_stop = PushStopped("not_connected", f"QuickBooks cannot be reached: {detail}")
        else:
            self.clock.sleep(0.5 * 2**self._unreachable)

    def _verdict(self, claim: Claimed, answer: Answer, batch: int) -> Settled:
        if answer.whole_batch and batch == 1:
            answer = Answer(
                AnswerKind.REFUSED, reason="refused", detail=answer.detail, code=answer.code, text=answer.text
            )
        return outcomes.judge(claim.item, answer)

    def _settle(self, *, wait: bool) -> bool:
        """Look up what is unknown. Returns whether anything of this plan is open again.

        ``wait``: also what is not ripe yet (a write may still be running in QBO until its limit is over).
        """
        items = self.outbox.unsettled()
        if not items:
            return False
        ripe_at = {item.id: self._ripe_at(item) for item in items}
        if wait:
            pause = (max(ripe_at.values()) - self.clock.now()).total_seconds()
            if pause > 0:
                self.journal.note(f"{len(items)} outcomes are unknown: QuickBooks is asked about them in {pause:.0f} s")
                self.clock.sleep(pause)
        now = self.clock.now()
        ripe = [item for item in items if ripe_at[item.id] <= now]
        results = self._verdicts(ripe)
        self._store(results)
        return any(result.state == ItemState.PLANNED and result.item.plan_id == self.plan_id for result in results)

    def _ripe_at(self, item: Item) -> datetime:
        at = item.sent_at or item.claimed_at
        if at is None:
            raise ValueError(f"plan item {item.id} is {item.state} but was never claimed")
        wait = (
            0.0 if item.outcome in outcomes.NEEDS_A_LOOK and not item.unknown_times > 1 else self.settings.settle_after
        )
        return at + timedelta(seconds=wait)

    def _verdicts(self, items: Sequence[Item]) -> list[Settled]:
        creates = [item for item in items if item.action == Action.CREATE]
        results = self._settle_creates(creates)
        links = self.outbox.links_of([item for item in items if item.action != Action.CREATE])
        for item in items:
            if item.action == Action.CREATE:
                continue
            link = links.get((item.kind, item.billing_id))
            if link is None:
                results.append(outcomes.stopped(item, "ambiguous", "its link is gone", outcome="ambiguous"))
                continue
            entity = self.ledger.read(item.entity, link.qbo_id)
            if item.action == Action.SEND:
                results.append(settle.settle_send(item, entity, timedelta(0)))
            else:
                results.append(settle.settle_change(item, link, entity))
        return results

    def _settle_creates(self, items: Sequence[Item]) -> list[Settled]:
        if not items:
            return []
        evidence = self._evidence(items, with_deletions=True)
        gone = {item.id: not evidence[item.id].hits and not evidence[item.id].deleted for item in items}
        whole = settle.batches_all_absent(items, gone)
        return [
            settle.settle_create(item, evidence[item.id], whole_batch_absent=item.batch_id in whole) for item in items
        ]

    def _windows(self, sendings: Iterable[datetime], offset: timedelta) -> list[settle.Window]:
        return [sending_window(at, self.settings.call_limit, offset) for at in sendings]

    def _evidence(self, items: Sequence[Item], *, with_deletions: bool = False) -> dict[int, Evidence]:
        """All that is known about the items, by item id: one query per entity and 400 numbers."""
        archived = self.outbox.archived(items)
        sendings = self.outbox.sendings(items)
        evidence: dict[int, Evidence] = {}
        for entity in sorted({item.entity for item in items}):
            of_entity = [item for item in items if item.entity == entity]
            found = self._find(entity, of_entity)
            offset = found.qbo_now - self.clock.now()
            hits = _by_number(found.entities)
            linked = self.outbox.linked(entity, [str(hit["Id"]) for hit in found.entities])
            deleted = self._deleted(entity, of_entity) if with_deletions else frozenset()
            for item in of_entity:
                key = (item.kind, item.billing_id)
                evidence[item.id] = Evidence(
                    hits=hits.get(_number(item).casefold(), []),
                    windows=self._windows(sendings.get(key, ()), offset),
                    archived=archived.get(key, ()),
                    linked=linked,
                    deleted=deleted,
                )
        return evidence

    def _find(self, entity: str, items: Sequence[Item]) -> Found:
        found: list[Entity] = []
        qbo_now: datetime | None = None
        for start in range(0, len(items), LOOK_SIZE):
            numbers = [_number(item) for item in items[start : start + LOOK_SIZE]]
            ask = self.ledger.find_names if items[0].kind in NAME_KINDS else self.ledger.find_numbers
            answer = ask(entity, numbers)
            found.extend(answer.entities)
            qbo_now = answer.qbo_now
        if qbo_now is None:
            raise ValueError("nothing to look for")
        return Found(found, qbo_now)

    def _deleted(self, entity: str, items: Sequence[Item]) -> frozenset[str]:
        """Unlinked objects that were deleted in QBO since the earliest of these sendings. Names are never deleted there."""
        if items[0].kind in NAME_KINDS:
            return frozenset()
        since = min(at for item in items if (at := item.sent_at or item.claimed_at))
        ids = self.ledger.deleted_since(entity, since)
        return frozenset(ids - set(self.outbox.linked(entity, ids)) - self.outbox.known_once(entity, ids))

    def _store(self, results: Sequence[Settled]) -> None:
        if results:
            self.outbox.settle(results)
            self._log(results)

    def _log(self, results: Iterable[Settled]) -> None:
        for result in results:
            if result.item.kind not in NAME_KINDS:
                self.summary.by_reason[(str(result.status), result.reason)] += 1
            self.journal.document(result)


class _CallIds:
    """The ids of one call: random and of fixed width for a new decision, the stored ones for a repeat (rule 3)."""

    def __init__(self, group: Sequence[Item]) -> None:
        repeated = {item.batch_id for item in group if item.batch_id}
        self.batch_id = repeated.pop() if len(repeated) == 1 and None not in repeated else secrets.token_hex(18)
        self._keeps = bool(group and all(item.batch_id == self.batch_id for item in group))

    def b_id(self, item: Item) -> str:
        """The item's id within the call."""
        if self._keeps and item.b_id:
            return item.b_id
        return secrets.token_hex(5)


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
