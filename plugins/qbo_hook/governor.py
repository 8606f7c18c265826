"""The rate governor: one place that says when the next call to a company may go out (QBO.md, section 3; DESIGN.md, section 4).

All workers of all machines share one governor per company; that one lives in PostgreSQL with its owner. This room says what
it needs and brings a governor for a single process.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from qbo_hook.errors import QboConfigError

PermitKind = Literal["request", "batch"]


@dataclass(frozen=True)
class Limits:
    """What QBO allows per company, and how much of it we use.

    :param requests_per_minute: all calls
    :param requests_per_second: all calls
    :param in_flight: calls under way at one time
    :param batches_per_minute: batch calls
    :param batch_size: items in one batch
    :param items_counted: True if each item of a batch counts as a request; QBO's documents leave it open
    :param share_used: part of the rates that we use, so that late arrivals never exceed them
    """

    requests_per_minute: int = 500
    requests_per_second: int = 10
    in_flight: int = 10
    batches_per_minute: int = 40
    batch_size: int = 30
    items_counted: bool = False
    share_used: float = 0.97

    @property
    def request_interval(self) -> float:
        """Seconds between two requests, evenly spaced."""
        return max(60 / self.requests_per_minute, 1 / self.requests_per_second) / self.share_used

    @property
    def batch_interval(self) -> float:
        """Seconds between two batches, evenly spaced."""
        return 60 / self.batches_per_minute / self.share_used


@dataclass(frozen=True)
class Permit:
    """The right to send one call now.

    :param id: names it when it is given back
    :param kind: request or batch
    :param taken_at: the governor's clock in seconds
    """

    id: str
    kind: PermitKind
    taken_at: float


class Governor(Protocol):
    """Spaces the calls to one company, for whoever shares it."""

    def acquire(
        self, kind: PermitKind, operations: int = 1, reads: int = 0, before_wait: Callable[[], None] | None = None
    ) -> Permit:
        """Wait until a call may go out.

        :param kind: ``batch`` for POST /batch, else ``request``
        :param operations: items of the batch, else 1
        :param reads: how many of them count toward the monthly cap on reads
        :param before_wait: called once if the call may not go out at once
        :raises QboThrottled: if the cap on reads is used up
        """

    def release(self, permit: Permit) -> None:
        """Give a permit back once its call has ended; a permit given back already, or lapsed, is ignored."""

    def pause(self, seconds: float, why: str) -> None:
        """Let no call to this company start for a while; a longer pause already set stays.

        :param seconds: from now
        :param why: for those who watch
        """


class MemoryGovernor:
    """A governor for one process.

    :param limits: QBO's limits and our share of them
    :param clock: seconds that never run backwards
    :param sleep: waits for a number of seconds
    """

    # How often a full house is looked at again, in seconds.
    _LOOK_AGAIN = 0.05

    def __init__(
        self,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limits = limits or Limits()
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._in_flight: set[str] = set()
        self._next_request_at = float("-inf")
        self._next_batch_at = float("-inf")
        self._paused_until = float("-inf")
        self.paused_because = ""
        self.reads_taken = 0

    def acquire(
        self, kind: PermitKind, operations: int = 1, reads: int = 0, before_wait: Callable[[], None] | None = None
    ) -> Permit:
        """See :meth:`Governor.acquire`; this one counts reads without capping them.

        :raises QboConfigError: if a batch holds more items than QBO takes
        """
        if operations > (self.limits.batch_size if kind == "batch" else 1):
            raise QboConfigError(f"a {kind} of {operations} operations is more than QuickBooks takes")
        while True:
            with self._lock:
                wait = self._wait(kind)
                if wait <= 0:
                    return self._take(kind, operations, reads)
            if before_wait:
                before_wait()
                before_wait = None
            self._sleep(wait)

    def release(self, permit: Permit) -> None:
        """See :meth:`Governor.release`."""
        with self._lock:
            self._in_flight.discard(permit.id)

    def pause(self, seconds: float, why: str) -> None:
        """See :meth:`Governor.pause`."""
        with self._lock:
            until = self._clock() + seconds
            if until > self._paused_until:
                self._paused_until, self.paused_because = until, why

    def _wait(self, kind: PermitKind) -> float:
        allowed_at = max(self._paused_until, self._next_request_at)
        if kind == "batch":
            allowed_at = max(allowed_at, self._next_batch_at)
        wait = allowed_at - self._clock()
        if wait <= 0 and len(self._in_flight) >= self.limits.in_flight:
            return self._LOOK_AGAIN
        return wait

    def _take(self, kind: PermitKind, operations: int, reads: int) -> Permit:
        now = self._clock()
        counted = operations if self.limits.items_counted else 1
        self._next_request_at = now + counted * self.limits.request_interval
        if kind == "batch":
            self._next_batch_at = now + self.limits.batch_interval
        permit = Permit(id=str(next(self._numbers)), kind=kind, taken_at=now)
        self._in_flight.add(permit.id)
        self.reads_taken += reads
        return permit
