"""A pushing process that dies at a chosen step: before or after its n-th statement or call.

The steps are found by counting what the process asks of PostgreSQL and of QuickBooks in the drivers' own methods, so a step that
is added to the push tomorrow is killed at as well. Nothing of ours is replaced.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import requests


class Steps:
    """Counts the steps of this process and ends it by SIGKILL at the wanted one."""

    def __init__(self, die_at: int | None, count_to: int | None = None) -> None:
        self.die_at = die_at
        self.seen = 0
        self._pipe = count_to

    def wrap(self, holder: type, name: str) -> None:
        """Count calls of a driver's method: one step before it, one after it."""
        original: Callable[..., Any] = getattr(holder, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = original(*args, **kwargs)
            self.step()
            return result

        setattr(holder, name, counted)

    def step(self) -> None:
        """One more step; the last one of this process if it is the wanted one."""
        self.seen += 1
        if self.seen == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def push_and_die(plan: Mapping[str, Any], context: Mapping[str, Any], die_at: int) -> bool:
    """Push in a process of its own that dies at step ``die_at``. Returns whether it died; False: it had fewer steps."""
    from include.wiring import runs

    child = os.fork()
    if child == 0:
        _run(lambda: runs.push(plan, context), die_at)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "the push failed instead of dying"
    return False


def _run(work: Callable[[], Any], die_at: int) -> None:
    code = 1
    try:
        steps = Steps(die_at)
        steps.wrap(psycopg.Connection, "execute")
        steps.wrap(psycopg.Cursor, "execute")
        steps.wrap(psycopg.Connection, "commit")
        steps.wrap(requests.Session, "send")
        work()
        code = 0
    finally:
        os._exit(code)
