"""QBO's limits: requests a minute and a second, requests in flight, batches, and the monthly meter of reads."""

import time
from collections import defaultdict, deque
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from qbo_simulator.world import World

MINUTE = 60.0
DOCUMENTATION = {
    "is_on": "whether anything is limited",
    "per_minute": "requests a minute of one realm",
    "per_second": "requests a second of one realm and app",
    "in_flight": "requests of one realm and app that are being answered",
    "batches_per_minute": "batch calls a minute of one realm and app",
    "batches_per_minute_of_realm": "batch calls a minute of one realm, all apps together",
    "counts_batch_items": "whether the items of a batch count towards per_minute",
    "monthly_reads": "reads (GET, query) a month of one app; 0 = no meter",
    "emails_per_day": "documents mailed a day of one sandbox company; 0 = no limit. More are answered like any other limit: "
    "QBO's own words are not documented",
    "body": "json | xml: form of the 429",
    "retry_after": "seconds in a Retry-After header; 0 = no header",
    "status": "429, or 403 as in older recordings",
}


class Throttled(Exception):
    """A limit was reached."""


@dataclass(slots=True)
class LimitValues:
    """All limits; ``/_sim/limits`` reads and changes them."""

    is_on: bool = True
    per_minute: int = 500
    per_second: int = 10
    in_flight: int = 10
    batches_per_minute: int = 40
    batches_per_minute_of_realm: int = 120
    counts_batch_items: bool = False
    monthly_reads: int = 500_000
    emails_per_day: int = 40
    body: str = "json"
    retry_after: int = 0
    status: int = 429


class Window:
    """Moments of what was admitted within a span of seconds."""

    def __init__(self, span: float) -> None:
        self.span = span
        self.moments: deque[float] = deque()

    def fits(self, now: float, limit: int, cost: int = 1) -> bool:
        """Whether ``cost`` more may be admitted."""
        moments = self.moments
        while moments and not now - self.span < moments[0] <= now:
            moments.popleft()
        return len(moments) + cost <= limit

    def add(self, now: float, cost: int = 1) -> None:
        """Admit."""
        self.moments.extend([now] * cost)


class Limits:
    """Counts calls and refuses those that are too many. Refused calls do not count."""

    def __init__(self, world: World, is_on: bool = True) -> None:
        self.world = world
        self.is_on_at_first = is_on
        self.values = LimitValues(is_on=is_on)
        self.forget()
        self.change(world.recall("limits") or {}, keep=False)

    def forget(self) -> None:
        """Begin to count anew."""
        self.minutes: dict[str, Window] = defaultdict(lambda: Window(MINUTE))
        self.seconds: dict[tuple[str, str], Window] = defaultdict(lambda: Window(1.0))
        self.batches: dict[tuple[str, ...], Window] = defaultdict(lambda: Window(MINUTE))
        self.flying: dict[str, int] = defaultdict(int)
        self.most_in_flight: dict[str, int] = defaultdict(int)

    def reset(self) -> None:
        """Back to the values of the start."""
        self.values = LimitValues(is_on=self.is_on_at_first)
        self.forget()

    def change(self, values: dict[str, Any], keep: bool = True) -> None:
        """Set several; raises ``ValueError`` for an unknown name or a wrong type."""
        known = {one.name: one.type for one in fields(LimitValues)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown limit {name!r}; known: {', '.join(known)}")
            kind = type(getattr(self.values, name))
            if type(value) is not kind:
                raise ValueError(f"limit {name} takes a {kind.__name__}")
            setattr(self.values, name, value)
        if keep:
            self.world.remember("limits", self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """All limits."""
        return asdict(self.values)

    def _now(self) -> float:
        """Simulated time; real time while the simulated clock stands still."""
        return time.time() if self.world.clock.frozen_at is not None else self.world.clock.now()

    def take_off(self, realm_id: str) -> None:
        """A request of a realm has arrived."""
        self.flying[realm_id] += 1
        self.most_in_flight[realm_id] = max(self.most_in_flight[realm_id], self.flying[realm_id])

    def land(self, realm_id: str) -> None:
        """It has been answered."""
        self.flying[realm_id] -= 1

    def admit(self, realm_id: str, client_id: str, batch_items: int | None, is_read: bool) -> None:
        """Count a call, or raise ``Throttled``.

        :param batch_items: number of operations of a batch, None for any other call.
        """
        values = self.values
        if not values.is_on:
            return
        now = self._now()
        minute, second = self.minutes[realm_id], self.seconds[realm_id, client_id]
        cost = max(1, batch_items or 1) if values.counts_batch_items else 1
        own_batches, realm_batches = self.batches[realm_id, client_id], self.batches[(realm_id,)]
        is_batch = batch_items is not None
        if (
            not minute.fits(now, values.per_minute, cost)
            or not second.fits(now, values.per_second)
            or self.flying[realm_id] > values.in_flight
            or (is_batch and not own_batches.fits(now, values.batches_per_minute))
            or (is_batch and not realm_batches.fits(now, values.batches_per_minute_of_realm))
            or (is_read and not self._meter(client_id, now))
        ):
            raise Throttled
        minute.add(now, cost)
        second.add(now)
        if is_batch:
            own_batches.add(now)
            realm_batches.add(now)

    def _meter(self, client_id: str, now: float) -> bool:
        """Count a read of this month; false when the month's are used up."""
        if not self.values.monthly_reads:
            return True
        month = datetime.fromtimestamp(now, UTC).strftime("%Y-%m")
        used: int = self.world.database.execute(
            "insert into meters (client_id, month, used) values (?, ?, 1) "
            "on conflict (client_id, month) do update set used = used + 1 returning used",
            (client_id, month),
        ).fetchone()[0]
        return used <= self.values.monthly_reads

    def mail(self, realm_id: str, day: str) -> None:
        """Count a document that is mailed, or raise ``Throttled``."""
        if not self.values.is_on or not self.values.emails_per_day:
            return
        used: int = self.world.database.execute(
            "insert into meters (client_id, month, used) values (?, ?, 1) "
            "on conflict (client_id, month) do update set used = used + 1 returning used",
            (f"e-mails of {realm_id}", day),
        ).fetchone()[0]
        if used > self.values.emails_per_day:
            raise Throttled

    def usage(self) -> dict[str, Any]:
        """What has been counted, for assertions."""
        return {
            "requests_in_last_minute": {realm_id: len(window.moments) for realm_id, window in self.minutes.items()},
            "most_in_flight": dict(self.most_in_flight),
            "monthly_reads": [
                {"client_id": client_id, "month": month, "used": used}
                for client_id, month, used in self.world.database.execute(
                    "select client_id, month, used from meters where length(month) = 7"
                )
            ],
        }
