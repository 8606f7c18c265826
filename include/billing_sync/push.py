"""The push: look, claim, commit, send, settle (DESIGN, exactly once, rules 1 to 11).

The order of a write is always the same: take the permit, read billing again, claim in one transaction and commit, send,
store the answer. Whatever is not proved by an answer is looked up in QBO before anything is done with it again.

While QBO is at work on a batch, the answer to the one before is stored and the next one is chosen and read; it is claimed when
every item of the batch was answered as written, and otherwise chosen anew after that answer was stored
(docs/decisions/overlap.md).
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from include.billing_sync import outcomes, settle
from include.billing_sync.choice import Choice
from include.billing_sync.ports import (
    NAME_KINDS,
    Answer,
    AnswerKind,
    Claimed,
    Clock,
    Inputs,
    Item,
    Journal,
    LateBook,
    Ledger,
    Outbox,
    Settled,
)
from include.billing_sync.settling import Settler
from include.billing_sync.statuses import Action, ItemState

LOOK_SIZE = 400
"""Document numbers per query (rule 2)."""
ROUNDS = 6
TRIES = 5
"""How often one push sends an item that QBO provably did not run."""
WRITES_BEFORE_SETTLING = 800
"""QBO tells at most 1,000 changes at once, deletions among them: before we make more ourselves, what is unknown is settled."""
THROTTLED = 429


class PushStopped(Exception):
    """The realm cannot be written to now: its items stay planned. ``reason`` is one of the realm-wide reasons.

    ``is_passing``: waiting helps; otherwise a person has to act.
    """

    def __init__(self, reason: str, detail: str, *, is_passing: bool = False) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.is_passing = is_passing


@dataclass(frozen=True, slots=True)
class PushSettings:
    """How to push.

    ``settle_after``, ``call_limit`` and ``latest_sending`` (nothing is sent later after its claim, rule 1) in seconds;
    ``batch_size`` in operations; ``max_bytes`` of one batch body. ``asked_for``: the numbers, case-folded, that a person named.
    """

    settle_after: float = 150.0
    call_limit: float = 150.0
    latest_sending: float = 30.0
    batch_size: int = 30
    max_bytes: int = 1_000_000
    adopt_exact: bool = False
    asked_for: frozenset[str] = frozenset()


@dataclass(slots=True)
class PushSummary:
    """What one push did: calls sent and, of the documents that it brought to an end, how many by status and reason."""

    sent: int = 0
    batches: int = 0
    unsettled: int = 0
    by_reason: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Answered:
    """A call and its answers by bId."""

    claimed: Sequence[Claimed] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether QBO wrote every item: nothing about it says that what comes next should be another than what was chosen."""
        kinds = {answer.kind for answer in self.answers.values()}
        return kinds == {AnswerKind.WRITTEN} and self.answers.keys() >= {claim.write.b_id for claim in self.claimed}


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
        late: LateBook,
        settings: PushSettings,
    ) -> None:
        self.plan_id = plan_id
        self.outbox = outbox
        self.ledger = ledger
        self.inputs = inputs
        self.clock = clock
        self.journal = journal
        self.late = late
        self.settings = settings
        self.summary = PushSummary()
        self._settler = Settler(outbox, ledger, settings.settle_after, settings.call_limit)
        self._group_limit = settings.batch_size
        self._tries: Counter[int] = Counter()
        self._waiting: set[int] = set()
        self._unreachable = 0
        self._writes_since_unknown: int | None = None
        self._realm_stop: PushStopped | None = None
        self._kept = _Answered()
        """What QBO wrote last, while it is not stored: for as long as the next batch takes to leave, and never more than one."""
        self._ahead: Sequence[Item] = ()
        """The next batch as it was chosen and read while the last one was on the wire; nothing of it is claimed."""
        self._failed: Exception | None = None
        """What went wrong while a batch was on the wire: no other one is sent."""

    def run(self) -> PushSummary:
        """Push what the plan holds and settle what stays unknown.

        Raises PushStopped when the realm cannot be written to; what was not sent stays planned. Whatever the outbox raises
        (a lost lock) ends the push at once: this process then sends nothing more.
        """
        try:
            return self._run()
        except BaseException:
            # What ended the push is what is raised. An answer that cannot be stored any more is in the log, and looked up.
            with contextlib.suppress(Exception):
                self._store_kept()
            raise

    def _run(self) -> PushSummary:
        try:
            self._settle(wait=False)
            for _ in range(ROUNDS):
                self._waiting.clear()
                self._write_names()
                self._write_documents()
                self._write_sends()
                if not self._settle(wait=True):
                    break
        except PushStopped as stopped:
            self.outbox.hold_up(self.plan_id, stopped.reason, stopped.detail)
            raise
        self.summary.unsettled = len(self.outbox.unsettled())
        return self.summary

    def _write_names(self) -> None:
        """Customers and items first, each written singly, since QBO locks its name lists (rule 9)."""
        while items := self.outbox.names_to_write(self.plan_id, self._left_alone()):
            for item in items:
                self._send([item])

    def _write_documents(self) -> None:
        while True:
            group, self._ahead = self._ahead, ()
            if not group:
                self._store_kept()
                group = self._next_group()
                if len(group) < self._group_limit and self._look():
                    continue
            if not group:
                return
            self._send(group)

    def _next_group(self) -> Sequence[Item]:
        return self.outbox.next_group(self.plan_id, self._group_limit, self._left_alone())

    def _write_sends(self) -> None:
        while item := self.outbox.next_send(self.plan_id, self._left_alone()):
            if self._in_doubt([item]):
                self._store([settle.mail_in_doubt(item)])
            else:
                self._send([item])

    def _left_alone(self) -> list[int]:
        """Items that stay planned: QBO did not run them however often they were sent, or they wait for a customer or item."""
        return [*(item for item, tries in self._tries.items() if tries >= TRIES), *self._waiting]

    def _in_doubt(self, items: Sequence[Item]) -> set[int]:
        """Items of which an earlier sending was left to a person, who has not asked for the document by its number since."""
        open_items = [item for item in items if (item.doc_number or "").casefold() not in self.settings.asked_for]
        doubts = self.outbox.doubts(open_items) if open_items else set()
        return {item.id for item in open_items if (item.kind, item.billing_id) in doubts}

    def _look(self) -> bool:
        """Ask QBO for the numbers of the creates that come next, before the first of them is sent (rule 2).

        Returns whether there were any that QBO had not been asked for.
        """
        items = self.outbox.creates_not_looked_at(self.plan_id, LOOK_SIZE, self._left_alone())
        if not items:
            return False
        evidence, doubts = self._settler.evidence(items), self._in_doubt(items)
        found = {
            item.id: settle.look_before_create(
                item,
                replace(evidence[item.id], is_in_doubt=item.id in doubts),
                adopt_exact=self.settings.adopt_exact,
            )
            for item in items
        }
        self._store([settled for settled in found.values() if settled])
        self.outbox.mark_looked_at([item for item in items if not found[item.id]])
        return True

    def _send(self, group: Sequence[Item]) -> None:
        """Permit, claim, commit, send, settle: one call to QBO.

        Of a batch that QBO wrote as a whole the settling may be left to the time of the next call.
        """
        if (self._writes_since_unknown or 0) + len(group) > WRITES_BEFORE_SETTLING:
            self._settle(wait=True)
        is_batch = len(group) > 1
        with self.ledger.permit("batch" if is_batch else "request", len(group), self._store_kept) as permit:
            self.inputs.prepare(group)
            choice = Choice(self.inputs, group, self.settings.max_bytes)
            not_after = self.clock.now() + timedelta(seconds=self.settings.latest_sending)
            decided = self.outbox.claim(group, choice.decide)
            self._note_ended([settled for settled in decided if isinstance(settled, Settled)])
            claimed = [claim for claim in decided if isinstance(claim, Claimed)]
            if not decided:
                self._tries.update(item.id for item in group)
            if len(claimed) <= 1:
                self._store_kept()
            if not claimed:
                return
            if self.clock.now() > not_after:
                late = f"claimed more than {self.settings.latest_sending:g} s ago, so it was not sent"
                self._store(
                    [outcomes.open_again(claim.item, None, outcome="returned", detail=late) for claim in claimed]
                )
                return
            if len(claimed) == 1:
                write = claimed[0].write
                answers: Mapping[str, Answer] = {write.b_id: self.ledger.send_one(write, permit, not_after)}
            else:
                answers = self.ledger.send_batch(
                    [claim.write for claim in claimed], choice.batch_id, permit, not_after, self._while_on_the_wire
                )
        self.summary.sent += len(claimed)
        self.summary.batches += len(claimed) > 1
        self._take(_Answered(claimed, answers))
        if stop := self._realm_stop or self._failed:
            raise stop

    def _while_on_the_wire(self) -> None:
        """What needs no answer of the batch that has just left: store the one before, choose and read the next.

        What fails here is raised when the answer is stored: raised at once it would end the call that brings it.
        """
        if self._failed:
            return
        try:
            self._store_kept()
            group = self._next_group()
            # One that is not full may have to wait for a look at the numbers that come next.
            if len(group) == self._group_limit:
                self.inputs.prepare(group)
                self._ahead = group
        except Exception as error:  # noqa: BLE001 - raised by _send
            self._failed = error

    def _take(self, answered: _Answered) -> None:
        """Follow up on what the answers ask for. They are stored first, unless all is written and the next batch is ready."""
        if self._ahead and answered.is_plain:
            self._kept = answered
        else:
            self._ahead = ()
            self._store_kept()
            self._store_answers(answered)
        answers = answered.answers
        self._count_unreachable(answers.values())
        if any(answer.whole_batch for answer in answers.values()):
            self._group_limit = max(1, len(answered.claimed) // 2)
        else:
            self._group_limit = min(self.settings.batch_size, self._group_limit * 2)

    def _store_kept(self) -> None:
        """Store what QBO wrote last, if that was left for later."""
        kept, self._kept = self._kept, _Answered()
        if kept.claimed:
            self._store_answers(kept)

    def _store_answers(self, answered: _Answered) -> None:
        """Store what each answer means, item by item, in one transaction."""
        claimed, answers = answered.claimed, answered.answers
        results = []
        for claim in claimed:
            answer = answers.get(claim.write.b_id) or Answer(
                AnswerKind.UNKNOWN, detail="the answer does not name this item"
            )
            if answer.kind is AnswerKind.REALM:
                self._realm_stop = PushStopped(answer.reason, answer.detail, is_passing=answer.is_passing)
            if answer.kind is AnswerKind.NOT_EXECUTED and not answer.whole_batch and answer.http_status != THROTTLED:
                self._tries[claim.item.id] += 1
            results.append(self._verdict(claim, answer, len(claimed)))
        try:
            self._store(results)
        except BaseException:
            self._keep_late_answers([result for result in results if result.entity])
            raise
        self._count_writes(results)

    def _keep_late_answers(self, results: Sequence[Settled]) -> None:
        """The right to store them is lost: whoever has it now looks them up, and what is in QBO twice by them is named."""
        for result in results:
            number = result.item.doc_number or result.item.billing_id
            written = result.entity or {}
            self.journal.note(f"{number}: QuickBooks wrote id {written['Id']}, which this push could not store")
        if results:
            self.late.keep(results)

    def _count_writes(self, results: Sequence[Settled]) -> None:
        is_unknown = any(
            result.state == ItemState.UNKNOWN and result.item.action == Action.CREATE for result in results
        )
        if is_unknown or self._writes_since_unknown is not None:
            self._writes_since_unknown = (self._writes_since_unknown or 0) + len(results)

    def _count_unreachable(self, answers: Iterable[Answer]) -> None:
        """Stop after several calls in a row that did not even connect or were throttled; space the former out meanwhile.

        A throttled company is paused by the governor; a push that waited for ever would hold its lock and its slot for it.
        """
        answers = list(answers)
        is_throttled = any(answer.http_status == THROTTLED for answer in answers)
        is_unreached = all(answer.kind is AnswerKind.NOT_EXECUTED and answer.http_status is None for answer in answers)
        self._unreachable = self._unreachable + 1 if is_throttled or is_unreached else 0
        detail = next((answer.detail for answer in answers), "no answer")
        if self._unreachable >= TRIES and is_throttled:
            self._realm_stop = PushStopped("throttled", detail, is_passing=True)
        elif self._unreachable >= TRIES:
            self._realm_stop = PushStopped("not_connected", f"QuickBooks cannot be reached: {detail}", is_passing=True)
        elif is_unreached:
            self.clock.sleep(0.5 * 2**self._unreachable)

    def _verdict(self, claim: Claimed, answer: Answer, batch: int) -> Settled:
        if answer.whole_batch and batch == 1:
            answer = replace(answer, kind=AnswerKind.REFUSED, reason="refused")
        return outcomes.judge(claim.item, answer)

    def _settle(self, *, wait: bool) -> bool:
        """Look up what is unknown. Returns whether there is more to be done for this plan now.

        ``wait``: also what is not ripe yet (a write may still be running in QBO until its limit is over).
        """
        self._store_kept()
        items = self.outbox.unsettled()
        self._writes_since_unknown = None
        if not items:
            return False
        ripe_at = {item.id: self._settler.ripe_at(item) for item in items}
        if wait:
            pause = (max(ripe_at.values()) - self.outbox.now()).total_seconds()
            if pause > 0:
                self.journal.note(f"{len(items)} outcomes are unknown: QuickBooks is asked about them in {pause:.0f} s")
                self.clock.sleep(pause)
        now = self.outbox.now()
        ripe = [item for item in items if ripe_at[item.id] <= now]
        if len(ripe) < len(items):
            self._writes_since_unknown = 0
        results = self._settler.verdicts(ripe)
        self._store(results)
        return any(self._opens(result) for result in results)

    def _opens(self, result: Settled) -> bool:
        """Whether a settled item leaves work: itself, or the documents that waited for a name."""
        is_awaited = result.item.kind in NAME_KINDS and bool(self._waiting)
        return is_awaited or (result.state == ItemState.PLANNED and result.item.plan_id == self.plan_id)

    def _store(self, results: Sequence[Settled]) -> None:
        if results:
            self._note_ended(self.outbox.settle(results))

    def _note_ended(self, results: Iterable[Settled]) -> None:
        for result in results:
            if result.outcome == "waits":
                self._waiting.add(result.item.id)
            if result.item.kind not in NAME_KINDS and result.state in _ENDED:
                self.summary.by_reason[(str(result.status), result.reason)] += 1
            self.journal.document(result)


_ENDED = frozenset({ItemState.DONE, ItemState.REFUSED, ItemState.STALE})
