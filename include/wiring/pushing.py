"""Push: the plan that was decided on, by the process that holds the realm's lock; one log line per document."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import psycopg

from include.billing_sync.money import for_people
from include.billing_sync.ports import Settled
from include.billing_sync.push import Push, PushSettings, PushStopped, PushSummary
from include.stores.late_answers import keep_late_answers
from include.stores.locks import BusyError, RealmLock
from include.stores.outbox import PostgresOutbox
from include.stores.plans import Plan, PlanError
from include.wiring import connections
from include.wiring.inputs import LiveInputs
from include.wiring.ledger import QboLedger
from include.wiring.realms import Realm
from include.wiring.settings import realm_keys

log = logging.getLogger("ledgerline")

WAITING = "another run is pushing to %s: this one waits for it, up to %g seconds"


class RealmBusyError(RuntimeError):
    """Another run pushes to this company; Airflow tries again every two minutes, holding no slot between."""

    failure_mode = "busy"


class RealmStoppedError(RuntimeError):
    """The company cannot be written to now. What was not sent stays planned."""

    def __init__(self, stopped: PushStopped) -> None:
        super().__init__(str(stopped))
        self.reason = stopped.reason
        self.failure_mode = "wait" if stopped.is_passing else "realm"


class SystemClock:
    """The time of day and real waits."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""
        time.sleep(seconds)


class LogJournal:
    """One log line per document: number, status, action, QBO id, total, reason, intuit_tid."""

    def document(self, settled: Settled) -> None:
        """Log how one item ended."""
        log.log(logging.WARNING if settled.state in {"refused", "unknown"} else logging.INFO, journal_line(settled))

    def note(self, text: str) -> None:
        """Log what the push is waiting for or doing."""
        log.info(text)


class LateAnswers:
    """Keeps what came too late over a fresh connection, since the lock's own is gone or speaks for nobody."""

    def __init__(self, realm: Realm, epoch: int, run_id: str) -> None:
        self._realm, self._epoch, self._run_id = realm, epoch, run_id

    def keep(self, results: Sequence[Settled]) -> None:
        """Keep them. A database that cannot be reached leaves it to the nightly comparison, which finds them by itself."""
        try:
            with connections.connect_state() as state:
                found = keep_late_answers(
                    state, results, realm=self._realm.id, epoch=self._epoch, run_id=self._run_id, now=datetime.now(UTC)
                )
        except psycopg.Error as error:
            log.warning(
                "what QuickBooks answered too late could not be kept, so qbo_reconcile has to find it: %s", error
            )
            return
        for one in found:
            log.error("%s | duplicate | id %s | %s | %s", one.doc_number, one.qbo_id, one.qbo_value, one.repair)


def journal_line(settled: Settled) -> str:
    """How one item ended, as a line."""
    item, answer = settled.item, settled.answer
    entity = settled.entity or {}
    parts = [
        f"{item.doc_number or item.billing_id}",
        str(settled.status),
        f"{item.action} {item.entity}",
        f"id {entity.get('Id') or item.qbo_id or '-'}",
        f"total {_total(settled)}",
        settled.reason,
    ]
    if answer and answer.intuit_tid:
        parts.append(f"intuit_tid {answer.intuit_tid}")
    if settled.detail:
        parts.append(settled.detail)
    return " | ".join(parts)


def _total(settled: Settled) -> str:
    """What QuickBooks says, or what was meant; with the currency where QuickBooks names it."""
    entity = settled.entity or {}
    amount = entity.get("TotalAmt", settled.item.total)
    if settled.item.kind != "invoice" or amount is None:
        return "-"
    currency = (entity.get("CurrencyRef") or {}).get("value")
    return " ".join(filter(None, (for_people(Decimal(str(amount)), currency), currency)))


def push(realm: Realm, plan: Plan) -> PushSummary | None:
    """Push a plan that was approved, or that needs no approval. None: it is rejected, or only a plan was wanted.

    Raises PlanError for a plan that may not be pushed, RealmBusyError, RealmStoppedError, and LockLost when the right to push
    was lost on the way.
    """
    if plan.mode == "plan_only" or plan.decision == "rejected":
        log.info(
            "plan %s is not pushed: %s",
            plan.id,
            "plan only" if plan.mode == "plan_only" else f"rejected by {plan.decided_by}",
        )
        return None
    _check(plan)
    wait = realm.settings.waits.lock
    lock = RealmLock(
        connections.connect_state, realm.id, timeout=wait, on_wait=lambda: log.info(WAITING, realm.key, wait)
    )
    try:
        lock.acquire()
    except BusyError as error:
        raise RealmBusyError(f"busy: {realm.key}: {error}") from error
    try:
        with _what_is_there_stays():
            return _push_locked(realm, plan, lock)
    finally:
        lock.release()


@contextmanager
def _what_is_there_stays() -> Iterator[None]:
    """Spare the collector what the process holds already: each answer makes it look, and Airflow alone is large."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _push_locked(realm: Realm, plan: Plan, lock: RealmLock) -> PushSummary:
    outbox = PostgresOutbox(
        lock.connection, realm=realm.id, environment=realm.row.environment, epoch=lock.push_epoch, run_id=plan.run_id
    )
    mode: Literal["copy", "send"] = "send" if plan.choices.get("mode") == "send" else "copy"
    keys = realm_keys()
    inputs = LiveInputs(
        state=realm.state,
        realm=realm.id,
        reader=realm.reader,
        outbox=outbox,
        make=lambda: realm.maker(mode),
        realm_keys=keys,
        made_from=plan.made_from,
        belongs_here=lambda document: (
            document.realm_key == realm.key or (document.realm_key is None and len(keys) == 1)
        ),
    )
    settings = realm.settings
    work = Push(
        plan.id,
        outbox=outbox,
        ledger=QboLedger(realm.client),
        inputs=inputs,
        clock=SystemClock(),
        journal=LogJournal(),
        late=LateAnswers(realm, lock.push_epoch, plan.run_id),
        settings=PushSettings(
            settle_after=settings.waits.settle_after,
            call_limit=settings.waits.call_limit,
            latest_sending=settings.waits.latest_sending,
            batch_size=settings.limits.batch_size,
            adopt_exact=settings.adopt_existing == "exact",
            asked_for=frozenset(str(number).casefold() for number in plan.choices.get("numbers") or ()),
        ),
    )
    try:
        summary = work.run()
    except PushStopped as stopped:
        _log_summary(work.summary)
        raise RealmStoppedError(stopped) from stopped
    realm.plans().mark_pushed(plan.id)
    _log_summary(summary)
    return summary


def _check(plan: Plan) -> None:
    if plan.state not in {"planned", "pushed"}:
        raise PlanError(f"plan {plan.id} is {plan.state}: it cannot be pushed; make a new one")
    if plan.decision not in {"approved", "not_needed"}:
        raise PlanError(f"plan {plan.id} was not decided on: it cannot be pushed")
    if plan.expires_at <= datetime.now(UTC):
        raise PlanError(f"plan {plan.id} expired on {plan.expires_at:%Y-%m-%d %H:%M} UTC: make a new one")


def _log_summary(summary: PushSummary) -> None:
    log.info("%s writes sent in %s batches, %s unsettled", summary.sent, summary.batches, summary.unsettled)
    for (status, reason), count in sorted(summary.by_reason.items()):
        log.info("summary: %s %s: %s", status, reason, count)


def as_counts(summary: PushSummary | None) -> dict[str, Any]:
    """The summary as counts, for XCom."""
    if summary is None:
        return {"sent": 0}
    found = {f"{status}: {reason}": count for (status, reason), count in sorted(summary.by_reason.items())}
    return {"sent": summary.sent, "batches": summary.batches, "unsettled": summary.unsettled, **found}
