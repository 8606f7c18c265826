"""A push in a process of its own, which freezes at a chosen step, wakes, and dies, as processes do."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from requests.adapters import HTTPAdapter

from tests.push.mortal import before, call_of, exchange_of, leave_the_parents_memory_alone

DEADLINE = 60.0
"""Seconds after which a test gives up waiting for another process."""


class PushProcess:
    """Pushes a plan in a forked process; ``wait`` tells how that ended.

    ``freezes_at`` is asked before each exchange with PostgreSQL and each call to QuickBooks, told what it is; the process stops
    at the first for which it says yes, and ``until_frozen`` returns then.
    """

    def __init__(
        self, plan: Mapping[str, Any], context: Mapping[str, Any], freezes_at: Callable[[str], bool] | None = None
    ) -> None:
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reader)
            _live(plan, context, freezes_at, writer)
        os.close(writer)
        self._told = os.fdopen(reader)

    def until_frozen(self) -> None:
        """Wait until it stands still."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "the push ended without coming to the step at which it freezes"

    def wake(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> str:
        """How the push ended: ``done``, the name of what it raised, or ``killed``."""
        with self._told as told:
            text = told.read()
        os.waitpid(self.pid, 0)
        return text or "killed"


def _live(
    plan: Mapping[str, Any], context: Mapping[str, Any], freezes_at: Callable[[str], bool] | None, writer: int
) -> None:
    from include.wiring import runs

    leave_the_parents_memory_alone()
    has_frozen = False

    def at(what: str) -> None:
        nonlocal has_frozen
        if freezes_at and not has_frozen and freezes_at(what):
            has_frozen = True
            os.kill(os.getpid(), signal.SIGSTOP)

    try:
        before(psycopg.Connection, "wait", lambda _, generator, *__: at(exchange_of(generator)))
        before(HTTPAdapter, "send", lambda _, request, *__: at(call_of(request)))
        runs.push(plan, context)
        os.write(writer, b"done")
    except BaseException as error:  # noqa: BLE001 - its name is what the test asks for
        os.write(writer, type(error).__name__.encode())
    finally:
        os._exit(0)


class AfterClaim:
    """Says yes at the first step after a claim was committed."""

    def __init__(self) -> None:
        self._seen = 0

    def __call__(self, step: str) -> bool:
        """Whether this step is the one."""
        if self._seen == 0:
            self._seen = int("-- Purpose: claim plan items" in step)
        elif self._seen == 1:
            self._seen += int("_exit_gen" in step)
        else:
            return True
        return False


class AfterBatches:
    """Says yes at the first such step after so many batch calls; right after a call it is what is done while QuickBooks works."""

    def __init__(self, calls: int, step: str = "") -> None:
        self._left = calls
        self._step = step

    def __call__(self, step: str) -> bool:
        """Whether this step is the one."""
        if self._left == 0:
            return self._step in step
        self._left -= at_batch(step)
        return False


def at_batch(step: str) -> bool:
    """The call of a batch, when the last look at the clock lies behind it."""
    return step.startswith("POST") and step.endswith("/batch")


def until(what: Callable[[], bool]) -> None:
    """Wait until it is so; it is an error when that takes too long."""
    end = time.monotonic() + DEADLINE
    while not what():
        assert time.monotonic() < end, "what the test waits for did not happen"
        time.sleep(0.02)
