"""Settle: sendings of unknown outcome are looked up in QuickBooks, by the same rules and under the same lock as a push."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from include.billing_sync.ports import Journal
from include.billing_sync.push import PushStopped
from include.billing_sync.settling import Settler
from include.stores.locks import BusyError, RealmLock
from include.stores.outbox import PostgresOutbox
from include.wiring import connections
from include.wiring.ledger import QboLedger
from include.wiring.pushing import RealmStoppedError
from include.wiring.realms import Realm

LOCK_WAIT = 5.0
"""Seconds to wait for a push to end. One that goes on settles what is unknown itself."""


@dataclass(frozen=True, slots=True)
class SettledCounts:
    """What one look brought: settled, and still unknown. ``waits``: seconds until QuickBooks may be asked about the rest."""

    settled: int = 0
    left: int = 0
    waits: float = 0.0
    is_busy: bool = False


def settle_unknowns(
    realm: Realm, run_id: str, journal: Journal, *, sleep: Callable[[float], None] | None = None
) -> SettledCounts:
    """Look up what is unknown, as far as QuickBooks may be asked about it already. Sends nothing.

    :param run_id: kept with the outcomes
    :param journal: told of each
    :param sleep: waits until QuickBooks may be asked about all of it; None: what is too young is left to the next look
    :raises RealmStoppedError: if QuickBooks cannot be asked
    """
    if not _has_unsettled(realm):
        return SettledCounts()
    lock = RealmLock(connections.connect_state, realm.id, timeout=LOCK_WAIT)
    try:
        lock.acquire()
    except BusyError:
        return SettledCounts(is_busy=True)
    try:
        outbox = PostgresOutbox(
            lock.connection, realm=realm.id, environment=realm.row.environment, epoch=lock.push_epoch, run_id=run_id
        )
        return _settle(realm, outbox, journal, sleep)
    except PushStopped as stopped:
        raise RealmStoppedError(stopped) from stopped
    finally:
        lock.release()


def _settle(
    realm: Realm, outbox: PostgresOutbox, journal: Journal, sleep: Callable[[float], None] | None
) -> SettledCounts:
    waits = realm.settings.waits
    settler = Settler(outbox, QboLedger(realm.client), waits.settle_after, waits.call_limit)
    items = outbox.unsettled()
    ripe_at = {item.id: settler.ripe_at(item) for item in items}
    pause = max((at - outbox.now()).total_seconds() for at in ripe_at.values()) if ripe_at else 0.0
    if sleep is not None and pause > 0:
        journal.note(f"QuickBooks is asked in {pause:.0f} s, when it can be at work on nothing of this any more")
        sleep(pause)
        pause = 0.0
    now = outbox.now()
    ripe = [item for item in items if ripe_at[item.id] <= now]
    results = settler.verdicts(ripe)
    for result in outbox.settle(results) if results else ():
        journal.document(result)
    left = len(outbox.unsettled())
    return SettledCounts(len(results), left, max(pause, 0.0) if left else 0.0)


def _has_unsettled(realm: Realm) -> bool:
    row = realm.state.execute(
        "select exists (select from qbo_sync.plan_items where realm = %s and state in ('sending', 'unknown'))",
        (realm.id,),
    ).fetchone()
    return bool(row and row[0])
