"""Safeguards, each of which can be taken away in the workers, to see that the suite goes red without it.

Here, and nowhere else, methods of the product are replaced: that is the point of it. The product has no switch for this.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.chaos.temper import Temper

NOT_ENOUGH = frozenset(("task failed", "status"))
"""What would also be found if the product did not run at all, which proves nothing about the safeguard."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One safeguard: what it is, how it is taken away in a worker, and in what runs that can be seen."""

    what: str
    take_away: Callable[[], None]
    temper: Temper


def _send_under_other_ids() -> None:
    """Calls go out under ids that were never stored."""
    from include.wiring.ledger import QboLedger

    send_one, send_batch = QboLedger.send_one, QboLedger.send_batch

    def one(self: Any, write: Any, *rest: Any) -> Any:
        return send_one(self, replace(write, request_id=secrets.token_hex(20)), *rest)

    def batch(self: Any, writes: Any, batch_id: str, *rest: Any) -> Any:
        return send_batch(self, writes, secrets.token_hex(18), *rest)

    QboLedger.send_one, QboLedger.send_batch = one, batch  # type: ignore[method-assign]  # a mutation


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
    """The claim is committed together with its answer, so that a death in between leaves no trace of the sending."""
    from include.stores.outbox import PostgresOutbox

    settle = PostgresOutbox.settle

    def claim(self: Any, items: Any, decide: Any) -> Any:
        self.connection.execute(b"begin")
        decided = self._claim(items, decide)
        if all(not hasattr(part, "write") for part in decided):
            self.connection.execute(b"commit")
        return decided

    def settle_and_commit(self: Any, results: Any) -> None:
        settle(self, results)
        if self.connection.info.transaction_status.name == "INTRANS":
            self.connection.execute(b"commit")

    PostgresOutbox.claim, PostgresOutbox.settle = claim, settle_and_commit  # type: ignore[method-assign]  # a mutation


def _create_without_looking() -> None:
    """Numbers are taken as free, and QuickBooks is not asked before the first create."""
    from include.billing_sync.push import LOOK_SIZE, Push

    def look(self: Any) -> bool:
        items = self.outbox.creates_not_looked_at(self.plan_id, LOOK_SIZE, self._left_alone())
        self.outbox.mark_looked_at(items)
        return bool(items)

    Push._look = look  # type: ignore[method-assign]  # a mutation


_FORGETFUL = Temper(memory="off", refuses=False, restores=False, batch=5)
_RESTORED = Temper(memory="off", refuses=False, restores=True, batch=5)

MUTATIONS: dict[str, Mutation] = {
    "stored-ids": Mutation("the ids stored before sending", _send_under_other_ids, _FORGETFUL),
    "look-up": Mutation("the look-up of what is unknown", _settle_without_looking, _FORGETFUL),
    "wait": Mutation("the wait before settling", _settle_without_waiting, _FORGETFUL),
    "lock": Mutation("the lock and its epoch", _push_without_lock, _FORGETFUL),
    "commit": Mutation("the commit before sending", _send_before_commit, _FORGETFUL),
    "first-look": Mutation("the look before the first create", _create_without_looking, _RESTORED),
}
