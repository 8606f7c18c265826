"""The rate governor that all workers share: permits as rows, given by one SQL function (`qbo_sync.take_permit`)."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Generic, Literal, Protocol, TypeVar

from psycopg.types.json import Jsonb

from include.stores.own_connection import Connect, OwnConnection

PermitKind = Literal["request", "batch"]
PermitT = TypeVar("PermitT", bound="PermitShape")

_TAKE = b"""select permit, taken_at, wait_seconds, waits_for from qbo_sync.take_permit(
    %(realm)s, %(kind)s, %(operations)s, %(reads)s, %(limits)s, %(lifetime)s, %(holder)s, %(now)s)"""
_GIVE_BACK = b"select qbo_sync.give_back_permit(%(permit)s, %(now)s)"
_PAUSE = b"select qbo_sync.pause_realm(%(realm)s, %(seconds)s, %(why)s, %(now)s)"
# A permit lost in a crash of the server costs nothing, so no caller waits for the disk.
_SET_UP = "set synchronous_commit = off"


class ReadsSpentError(RuntimeError):
    """The reads that Intuit allows in a month are used up; writes go on."""


class PermitShape(Protocol):
    """What is read of a permit that comes back."""

    @property
    def id(self) -> str:
        """Its number in `qbo_sync.permits`."""


class LimitsShape(Protocol):
    """The limits of one company, as settings and wire both state them."""

    @property
    def requests_per_minute(self) -> int:
        """All calls."""

    @property
    def requests_per_second(self) -> int:
        """All calls."""

    @property
    def in_flight(self) -> int:
        """Calls under way at one time."""

    @property
    def batches_per_minute(self) -> int:
        """Batch calls."""

    @property
    def items_counted(self) -> bool:
        """Whether each item of a batch counts as a request."""

    @property
    def share_used(self) -> Decimal | float:
        """Part of the rates that is used, evenly spaced."""


class PostgresGovernor(Generic[PermitT]):
    """Spaces the calls to one company for every process that works for it. Thread-safe.

    :param connect: opens a connection of the governor's own
    :param realm: the realm's row
    :param limits: what QuickBooks allows, and our share
    :param make_permit: builds the value that `acquire` returns, from id, kind and the clock's seconds
    :param reads_per_month: the cap on reads over all companies of the app; None counts without a cap
    :param out_of_reads: makes the error that is raised when that cap is reached
    :param lifetime: seconds after which a permit of a dead holder counts no longer; longer than any call
    :param look_again: seconds between two looks when all places are taken, since one may be given back at any time
    :param clock: replaces the database's clock
    :param sleep: waits for a number of seconds
    """

    def __init__(
        self,
        connect: Connect,
        realm: int,
        limits: LimitsShape,
        make_permit: Callable[[str, PermitKind, float], PermitT],
        *,
        reads_per_month: int | None = None,
        out_of_reads: Callable[[str], Exception] = ReadsSpentError,
        lifetime: float = 200.0,
        look_again: float = 0.05,
        clock: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = OwnConnection(connect, _SET_UP)
        self._realm = realm
        self._limits = Jsonb(_as_json(limits, reads_per_month))
        self._make_permit = make_permit
        self._out_of_reads = out_of_reads
        self._lifetime = lifetime
        self._look_again = look_again
        self._clock = clock
        self._sleep = sleep
        self._holder = f"{socket.gethostname()}:{os.getpid()}"

    def acquire(
        self, kind: PermitKind, operations: int = 1, reads: int = 0, before_wait: Callable[[], None] | None = None
    ) -> PermitT:
        """Wait until a call may go out and return the permit for it.

        :param kind: `batch` for a batch call, else `request`
        :param operations: items of the batch, else 1
        :param reads: how many of them count toward the monthly cap on reads
        :param before_wait: called once if the call may not go out at once
        :raises Exception: what `out_of_reads` makes, when that cap is reached
        """
        while True:
            row = self._database.one_row(
                _TAKE,
                {
                    "realm": self._realm,
                    "kind": kind,
                    "operations": operations,
                    "reads": reads,
                    "limits": self._limits,
                    "lifetime": self._lifetime,
                    "holder": self._holder,
                    "now": self._now(),
                },
            )
            if row is None:
                raise RuntimeError("qbo_sync.take_permit returned no row")
            if row["permit"] is not None:
                return self._make_permit(str(row["permit"]), kind, row["taken_at"].timestamp())
            if row["waits_for"] == "reads":
                raise self._out_of_reads("the reads that Intuit allows this month are used up")
            if before_wait:
                before_wait()
                before_wait = None
            wait = float(row["wait_seconds"])
            self._sleep(min(wait, self._look_again) if row["waits_for"] == "in_flight" else wait)

    def release(self, permit: PermitT) -> None:
        """Give a permit back once its call has ended; one given back already, or lapsed, is ignored."""
        self._database.one_row(_GIVE_BACK, {"permit": int(permit.id), "now": self._now()})

    def pause(self, seconds: float, why: str) -> None:
        """Let no call to this company start for so many seconds, in any process; a longer pause already set stays."""
        self._database.one_row(_PAUSE, {"realm": self._realm, "seconds": seconds, "why": why, "now": self._now()})

    def close(self) -> None:
        """Close the governor's connection."""
        self._database.close()

    def _now(self) -> datetime | None:
        return self._clock() if self._clock else None


def _as_json(limits: LimitsShape, reads_per_month: int | None) -> dict[str, int | float | bool | None]:
    if not 0 < limits.share_used <= 1:
        raise ValueError(f"limits.share_used must lie between 0 and 1, not {limits.share_used}")
    return {
        "requests_per_minute": limits.requests_per_minute,
        "requests_per_second": limits.requests_per_second,
        "in_flight": limits.in_flight,
        "batches_per_minute": limits.batches_per_minute,
        "items_counted": limits.items_counted,
        "share_used": float(limits.share_used),
        "reads_per_month": reads_per_month,
    }
