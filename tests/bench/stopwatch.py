"""Where the time of a push goes: timers around the steps of the pipeline, each without the steps inside it.

The timers are put around our own functions in the bench's push process alone; nothing is replaced and nothing is skipped.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

CLAIM = "claim and commit"
SEND = "QuickBooks"
SETTLE = "settle and commit"


class Stopwatch:
    """Seconds by step, and the span from the first claim to the last settle."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.calls: dict[str, int] = {}
        self.first_claim: float | None = None
        self.last_settle = 0.0
        self._cpu_from = self._cpu_to = 0.0
        self._inside: list[float] = []

    def watch(self, owner: type, name: str, step: str) -> None:
        """Time a method of a class under the name of a step."""
        plain: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(plain)
        def timed(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            if step == CLAIM and self.first_claim is None:
                self.first_claim, self._cpu_from = started, time.process_time()
            self._inside.append(0.0)
            try:
                return plain(*args, **kwargs)
            finally:
                ended = time.perf_counter()
                own = ended - started - self._inside.pop()
                if self._inside:
                    self._inside[-1] += ended - started
                if self.first_claim is not None:
                    self.seconds[step] = self.seconds.get(step, 0.0) + own
                    self.calls[step] = self.calls.get(step, 0) + 1
                if step == SETTLE:
                    self.last_settle, self._cpu_to = ended, time.process_time()

        setattr(owner, name, timed)

    def result(self) -> dict[str, Any]:
        """The span, the processor time within it and the steps, in seconds; ``other`` is what no timer saw."""
        if self.first_claim is None:
            return {"span": 0.0, "cpu": 0.0, "steps": {}, "calls": {}}
        span = self.last_settle - self.first_claim
        other = span - sum(self.seconds.values())
        cpu = self._cpu_to - self._cpu_from
        return {"span": span, "cpu": cpu, "steps": {**self.seconds, "other": other}, "calls": self.calls}


def watch_push() -> Stopwatch:
    """Put timers around everything that a push does."""
    from include.billing_sync import push
    from include.stores.outbox import PostgresOutbox
    from include.stores.permits import PostgresGovernor
    from include.wiring.inputs import LiveInputs
    from include.wiring.ledger import QboLedger
    from include.wiring.pushing import LogJournal
    from qbo_hook.transport import RequestsTransport

    stopwatch = Stopwatch()
    for owner, name, step in (
        (PostgresOutbox, "creates_not_looked_at", "choose what comes next"),
        (PostgresOutbox, "next_group", "choose what comes next"),
        (PostgresOutbox, "mark_looked_at", "look for numbers"),
        (push.Push, "_look", "look for numbers"),
        (PostgresGovernor, "acquire", "permits"),
        (PostgresGovernor, "release", "permits"),
        (LiveInputs, "prepare", "read billing again"),
        (LiveInputs, "ready", "rebuild the payload"),
        (PostgresOutbox, "claim", CLAIM),
        (QboLedger, "send_batch", "write and read the wire"),
        (QboLedger, "send_one", "write and read the wire"),
        (RequestsTransport, "send", SEND),
        (push.Push, "_take", "judge the answers"),
        (PostgresOutbox, "settle", SETTLE),
        (LogJournal, "document", "log"),
    ):
        stopwatch.watch(owner, name, step)
    return stopwatch
