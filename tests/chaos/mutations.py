"""Safeguards, each of which can be taken away in the workers, to see that the suite goes red without it.

Here, and nowhere else, methods of the product are replaced: that is the point of it. The product has no switch for this.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.chaos.temper import Temper

_HARM = frozenset(("duplicate", "unrecorded"))
"""What a missing safeguard leads to. Much else is also found of a product that does not run at all, which proves nothing."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One safeguard: what it is, how it is taken away in a worker, in what runs that can be seen, and by what violations."""

    what: str
    take_away: Callable[[], None]
    temper: Temper
    leads_to: frozenset[str] = _HARM


def _repeat_under_other_ids() -> None:
    """A call whose fate was unknown is repeated under ids that were never stored."""
    from include.billing_sync.ports import Claimed
    from include.stores.outbox import PostgresOutbox
    from include.wiring.ledger import QboLedger

    claim, send_one, send_batch = PostgresOutbox.claim, QboLedger.send_one, QboLedger.send_batch
    repeated: set[str] = set()

    def noted(self: Any, items: Any, decide: Any) -> Any:
        decided = claim(self, items, decide)
        repeated.update(part.write.b_id for part in decided if isinstance(part, Claimed) and part.item.unknown_times)
        return decided

    def one(self: Any, write: Any, *rest: Any) -> Any:
        known = write.b_id not in repeated
        return send_one(self, write if known else replace(write, request_id=secrets.token_hex(20)), *rest)

    def batch(self: Any, writes: Any, batch_id: str, *rest: Any) -> Any:
        known = repeated.isdisjoint(write.b_id for write in writes)
        return send_batch(self, writes, batch_id if known else secrets.token_hex(18), *rest)

    PostgresOutbox.claim = noted  # type: ignore[method-assign]  # a mutation
    QboLedger.send_one, QboLedger.send_batch = one, batch  # type: ignore[method-assign]  # as above


def _settle_without_looking() -> None:
    """What is unknown counts as absent, and QuickBooks is not asked."""
    from include.billing_sync import outcomes
    from include.billing_sync.settling import Settler

    def guess(self: Any, items: Any) -> list[Any]:
        return [outcomes.absent(item, whole_batch=False) for item in items]

    Settler._creates = guess  # type: ignore[method-assign]  # a mutation


def _settle_without_waiting() -> None:
    """QuickBooks is asked at once, though it may still be at work."""
    from include.billing_sync.settling import Settler

    Settler.ripe_at = lambda self, item: item.sent_at  # type: ignore[method-assign,assign]  # a mutation


def _push_without_lock() -> None:
    """Everybody may push at any time: no lock, and no epoch that tells an earlier push from the present one."""
    from include.stores import locks

    def present_epoch(connection: Any, realm: int) -> int:
        row = connection.execute(b"select push_epoch from qbo_sync.realms where id = %s", (realm,)).fetchone()
        return int(row[0])

    locks.RealmLock._wait_for = lambda self, connection: None  # type: ignore[method-assign,assign]  # a mutation
    locks.raise_push_epoch = present_epoch  # type: ignore[attr-defined]  # as above


def _send_before_commit() -> None:
    """Claims are committed together with their answers, so that a death in between leaves no trace of the sending."""
    from include.billing_sync.ports import Claimed
    from include.stores.outbox import PostgresOutbox

    claim, settle = PostgresOutbox.claim, PostgresOutbox.settle
    on_the_wire: set[int] = set()

    def begin_and_claim(self: Any, items: Any, decide: Any) -> Any:
        if not on_the_wire:
            self.connection.execute(b"begin")
        # Within a transaction the product's own ones are savepoints, which commit nothing.
        decided = claim(self, items, decide)
        on_the_wire.update(part.item.id for part in decided if isinstance(part, Claimed))
        return _committed_when_answered(self, decided)

    def settle_and_commit(self: Any, results: Any) -> Any:
        stored = settle(self, results)
        on_the_wire.difference_update(result.item.id for result in results)
        return _committed_when_answered(self, stored)

    def _committed_when_answered(outbox: Any, told: Any) -> Any:
        if not on_the_wire:
            outbox.connection.execute(b"commit")
        return told

    PostgresOutbox.claim, PostgresOutbox.settle = begin_and_claim, settle_and_commit  # type: ignore[method-assign]  # a mutation


def _create_without_looking() -> None:
    """Numbers are taken as free, and QuickBooks is not asked before the first create."""
    from include.billing_sync.push import LOOK_SIZE, Push

    def look(self: Any) -> bool:
        items = self.outbox.creates_not_looked_at(self.plan_id, LOOK_SIZE, self._left_alone())
        self.outbox.mark_looked_at(items)
        return bool(items)

    Push._look = look  # type: ignore[method-assign]  # a mutation


_FORGETFUL = Temper(memory="off", refuses=False, restores=False, batch=5)

MUTATIONS: dict[str, Mutation] = {
    "stored-ids": Mutation(
        "the ids stored before sending",
        _repeat_under_other_ids,
        replace(_FORGETFUL, often="connection cut before the write"),
    ),
    "look-up": Mutation(
        "the look-up of what is unknown",
        _settle_without_looking,
        replace(_FORGETFUL, often="answer lost after the write"),
    ),
    "wait": Mutation(
        "the wait before settling",
        _settle_without_waiting,
        replace(_FORGETFUL, often="write later than the client waits"),
    ),
    # One document in flight twice is kept out by an index as well; what the dead left is told by the epoch alone.
    "lock": Mutation("the lock and its epoch", _push_without_lock, _FORGETFUL, _HARM | {"unsettled"}),
    "commit": Mutation("the commit before sending", _send_before_commit, _FORGETFUL),
    "first-look": Mutation(
        "the look before the first create", _create_without_looking, replace(_FORGETFUL, restores=True)
    ),
}
"""Each with QuickBooks at its most forgetful, and with the mishap that the safeguard is there for."""
