"""What a person should know before it hurts: sign-ons that end, reads that run out, a company that changed, work that is stuck.

Each notice has a topic and a subject; the same two are told once, however often the look is repeated.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from include.billing_sync.company import Change

WARN_DAYS = (7, 30)
"""Days before its end at which a sign-on is told of, the nearer first."""
READS_SHARE = 80
"""Percent of the month's reads at which they are told of, used or foreseen beyond all of them."""
FORECAST_FROM = timedelta(days=3)
"""So much of a month must be over before a forecast says anything."""
THROTTLED_LONG = timedelta(hours=3)
RECENT = timedelta(days=1)
"""What was over before this is not told of any more."""
WAITS_LONG = timedelta(days=2)
"""An approval that nobody gave, and documents that stay Pending."""
UNSETTLED_LONG = timedelta(hours=1)
LISTS_OLD = timedelta(days=3)
SYNC_OLD = timedelta(hours=6)
"""The sync runs hourly; a push that waits for another one is repeated for less than two hours."""
NEVER_SYNCED = timedelta(days=2)
RECONCILED_OLD = timedelta(days=3)
_CONNECT = "Open Admin > Connect QuickBooks in Airflow and sign on again."


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. ``topic`` and ``subject`` say whether it was told before; ``cure`` is what to do."""

    topic: str
    subject: str
    text: str
    cure: str


@dataclass(frozen=True, slots=True)
class SignOnAge:
    """How long the sign-on lasts: if nobody calls, for good (None: Intuit did not say), and why it is over already."""

    refresh_expires_at: datetime
    hard_expires_at: datetime | None = None
    needs_reconnect: str | None = None
    needs_reconnect_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A plan that waits for an approval."""

    plan_id: int
    run_id: str
    documents: int
    since: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Stuck:
    """What does not go on by itself. ``None``: there is none, or it was never read."""

    unsettled: int = 0
    unsettled_since: datetime | None = None
    pending: int = 0
    pending_reason: str = ""
    pending_since: datetime | None = None
    throttled_since: datetime | None = None
    throttled_until: datetime | None = None
    lists_read_at: datetime | None = None
    synced_at: datetime | None = None
    reconciled_at: datetime | None = None
    connected_at: datetime | None = None
    waiting: Sequence[Waiting] = ()


def sign_on_notices(age: SignOnAge, now: datetime) -> Iterator[Notice]:
    """The end of the sign-on: now, within 7 days, or within 30."""
    if age.needs_reconnect is not None:
        at = age.needs_reconnect_at or age.refresh_expires_at
        text = f"The sign-on to QuickBooks is over since {_moment(at)}: {age.needs_reconnect}. Nothing is synchronised."
        yield Notice("sign_on_over", at.isoformat(), text, _CONNECT)
        return
    ends = [(age.refresh_expires_at, "if nothing is synchronised until then")]
    if age.hard_expires_at is not None:
        ends.append((age.hard_expires_at, "whatever is synchronised until then"))
    for at, condition in ends:
        left = at - now
        if left <= timedelta(0):
            yield Notice("sign_on_over", at.isoformat(), f"The sign-on to QuickBooks ended at {_moment(at)}.", _CONNECT)
            return
        days = next((days for days in WARN_DAYS if left <= timedelta(days=days)), None)
        if days is not None:
            text = f"The sign-on to QuickBooks ends at {_moment(at)}, in {left.days} days, {condition}."
            yield Notice(f"sign_on_ends_{days}_days", at.isoformat(), text, _CONNECT)


def reads_notices(used: int, budget: int, now: datetime) -> Iterator[Notice]:
    """The month's reads of the app: nearly or wholly used, or foreseen to be so before the month ends (UTC)."""
    month = f"{now:%Y-%m}"
    cure = "Reconcile fewer months, refresh lists less often, or raise read_budget where Intuit's plan allows more."
    if used >= budget:
        text = f"The {budget:,} reads of {month} are used up: QuickBooks is not asked any more before the next month."
        yield Notice("reads_used_up", month, f"{text} Writes go on where nothing has to be looked up.", cure)
        return
    expected = forecast(used, now)
    if used * 100 >= budget * READS_SHARE:
        yield Notice("reads_nearly_used", month, f"{used:,} of the {budget:,} reads of {month} are used.", cure)
    elif expected is not None and expected > budget:
        text = f"{used:,} reads of {month} are used; at this pace it will be {expected:,}, and {budget:,} are allowed."
        yield Notice("reads_running_out", month, text, cure)


def forecast(used: int, now: datetime) -> int | None:
    """The reads of the whole month at the present pace; None while too little of it is over."""
    start = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    over = now - start
    if over < FORECAST_FROM:
        return None
    days = calendar.monthrange(start.year, start.month)[1]
    return round(used * (timedelta(days=days) / over))


def change_notices(changes: Sequence[Change], now: datetime) -> Iterator[Notice]:
    """What the accountant changed in the company since it was last told."""
    for change in changes:
        name = change.fact.replace("_", " ")
        text = f"In QuickBooks, {name} was {_value(change.before)} and is {_value(change.after)}."
        yield Notice("company_changed", f"{change.fact} {now.isoformat()}", text, _cure_of(change))


def stuck_notices(stuck: Stuck, now: datetime) -> Iterator[Notice]:
    """What has stood still for so long that it will not go on by itself."""
    if stuck.unsettled_since is not None and now - stuck.unsettled_since > UNSETTLED_LONG:
        text = f"{stuck.unsettled} sendings since {_moment(stuck.unsettled_since)} have no known outcome."
        cure = "Run `ledgerline settle`, and see in its output why QuickBooks cannot be asked."
        yield Notice("unsettled", stuck.unsettled_since.isoformat(), text, cure)
    if stuck.pending_since is not None and now - stuck.pending_since > WAITS_LONG:
        text = f"{stuck.pending} documents are Pending since {_moment(stuck.pending_since)}: {stuck.pending_reason}."
        yield Notice("pending", stuck.pending_since.isoformat(), text, "Look at the last run of qbo_auto_sync.")
    if (
        stuck.throttled_since is not None
        and stuck.throttled_until is not None
        and now - stuck.throttled_until < RECENT
        and stuck.throttled_until - stuck.throttled_since > THROTTLED_LONG
    ):
        times = f"{_moment(stuck.throttled_since)} to {_moment(stuck.throttled_until)}"
        text = f"QuickBooks throttled this company again and again from {times}."
        cure = "See who else calls its API (other apps share the limit), or lower `limits` in settings.yaml."
        yield Notice("throttled", stuck.throttled_since.isoformat(), text, cure)
    if stuck.lists_read_at is not None and now - stuck.lists_read_at > LISTS_OLD:
        text = f"QuickBooks' lists were last read at {_moment(stuck.lists_read_at)}."
        yield Notice("lists_old", stuck.lists_read_at.isoformat(), text, "Unpause qbo_refresh_lists, or trigger it.")
    yield from _silent_notices(stuck, now)
    for one in stuck.waiting:
        if now - one.since > WAITS_LONG:
            text = f"Plan {one.plan_id} with {one.documents} documents waits for an approval since {_moment(one.since)}"
            cure = (
                f"Trigger qbo_export_invoices with this stored plan before {_moment(one.expires_at)}, when it expires."
            )
            yield Notice("approval_waits", str(one.plan_id), f"{text} (run {one.run_id}).", cure)


def _silent_notices(stuck: Stuck, now: datetime) -> Iterator[Notice]:
    """Schedules that are paused, or fail before they look: told by what their runs leave in our state."""
    cure = "Unpause {} in Airflow, or look at why its last run failed before its extract."
    if stuck.synced_at is not None and now - stuck.synced_at > SYNC_OLD:
        text = f"qbo_auto_sync has not looked at billing since {_moment(stuck.synced_at)}: what billing changed since waits."
        yield Notice("sync_silent", stuck.synced_at.isoformat(), text, cure.format("qbo_auto_sync"))
    if stuck.synced_at is None and stuck.connected_at is not None and now - stuck.connected_at > NEVER_SYNCED:
        text = f"qbo_auto_sync has never run for this company, which is connected since {_moment(stuck.connected_at)}."
        also = " Where invoices are exported by hand alone, nothing is to be done."
        yield Notice("sync_silent", "never", text, cure.format("qbo_auto_sync") + also)
    if stuck.reconciled_at is not None and now - stuck.reconciled_at > RECONCILED_OLD:
        text = f"qbo_reconcile last compared both sides at {_moment(stuck.reconciled_at)}."
        why = "Unpause qbo_reconcile in Airflow, or look at why its last run failed."
        yield Notice("reconcile_silent", stuck.reconciled_at.isoformat(), text, why)


def _cure_of(change: Change) -> str:
    if change.fact == "closing_date":
        return "Nothing, if it was meant: documents on or before it are Skipped, and planned again when it moves back."
    return "Ask the accountant whether it was meant, and read what `ledgerline check` says of it."


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not set" if value is None else str(value)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
