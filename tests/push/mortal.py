"""A working process that dies right before a step that no process has died at yet.

A step is one exchange with PostgreSQL or one call to QuickBooks, told apart by what is asked and by the way through our code
that leads to it. The steps are met on the way, in the drivers' own methods, so that one that is added to the push tomorrow is
died at as well. Nothing of ours is replaced. What a process does between two steps leaves no trace outside of it, so that dying
before each step is dying at every moment.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

import psycopg
from requests.adapters import HTTPAdapter

_OURS = f"{os.sep}include{os.sep}"

MOST_DEATHS = 1500
"""Several times the steps that any of the tests' work has: whoever dies more often gets nowhere."""
DEADLINE = 120.0
"""Seconds within which each try has to die or to end."""
DEATHS_BETWEEN_LOOKS = 10


def push_and_die(
    plan: Mapping[str, Any],
    context: Mapping[str, Any],
    steps: set[str] | None = None,
    look: Callable[[], None] = lambda: None,
) -> set[str]:
    """Push again and again as :func:`do_and_die` does; returns the steps that the pushes died at."""
    from include.wiring import runs

    return do_and_die(lambda: runs.push(plan, context), steps, look)


def do_and_die(
    work: Callable[[], Any], steps: set[str] | None = None, look: Callable[[], None] = lambda: None
) -> set[str]:
    """Do some work again and again, each time dying at a step that none died at before, until it gets through to its end.

    Returns the steps. It fails where the work gets nowhere: after too many deaths, or when a try neither dies nor ends.

    :param steps: a set that says of some steps that they are not to be died at.
    :param look: called between some of the tries; raises where it sees that the work went wrong already.
    """
    steps = set() if steps is None else steps
    while (step := _do_and_die_once(work, steps)) is not None:
        assert step not in steps
        steps.add(step)
        assert len(steps) < MOST_DEATHS, f"died at {len(steps)} steps and still has others, the last of them: {step}"
        if len(steps) % DEATHS_BETWEEN_LOOKS == 0:
            look()
    return steps


def _do_and_die_once(work: Callable[[], Any], known: set[str]) -> str | None:
    """The step at which a process of its own died, the first that is not ``known``; None when the work was done."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _live(work, known, writer)
    os.close(writer)
    # Either tells something before it dies, or closes the pipe by ending.
    is_told, *_ = select.select([reader], [], [], DEADLINE)
    if not is_told:
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reader) as told:
        step = told.read()
    _, status = os.waitpid(child, 0)
    assert is_told, f"after {len(known)} deaths a try neither dies at another step nor ends within {DEADLINE:g} s"
    if not os.WIFSIGNALED(status):
        assert os.waitstatus_to_exitcode(status) == 0, "it failed instead of dying"
        return None
    assert os.WTERMSIG(status) == signal.SIGKILL
    return step


def _live(work: Callable[[], Any], known: set[str], writer: int) -> None:
    leave_the_parents_memory_alone()
    code = 1

    def at(what: str) -> None:
        step = f"{' > '.join(_way())}: {what}"
        if step not in known:
            os.write(writer, step.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        before(psycopg.Connection, "wait", lambda _, generator, *__: at(exchange_of(generator)))
        before(HTTPAdapter, "send", lambda _, request, *__: at(call_of(request)))
        work()
        code = 0
    finally:
        os._exit(code)


def leave_the_parents_memory_alone() -> None:
    """In a forked process: collect no garbage of the parent's, since each page that is looked through has to be copied."""
    gc.freeze()


def before(holder: type, name: str, note: Callable[..., None]) -> None:
    original: Callable[..., Any] = getattr(holder, name)

    def noted(*args: Any, **kwargs: Any) -> Any:
        note(*args)
        return original(*args, **kwargs)

    setattr(holder, name, noted)


def exchange_of(generator: Any) -> str:
    """What PostgreSQL is asked: a statement by its first lines, or such as the end of a transaction."""
    frame = getattr(generator, "gi_frame", None)
    query = frame.f_locals.get("query", "") if frame else ""
    text = query.decode() if isinstance(query, bytes) else str(query)
    return f"{generator.__qualname__} {' '.join(text.split())[:120]}".strip()


def call_of(request: Any) -> str:
    """What QuickBooks is asked, without ids."""
    path = str(request.path_url).partition("?")[0]
    return f"{request.method} {'/'.join(part for part in path.split('/') if not part.isdecimal())}"


def _way() -> list[str]:
    """The functions of ours that lead here, and what kind of items they are at work on."""
    frames = [frame for frame in _frames(sys._getframe(2)) if _OURS in frame.f_code.co_filename]
    names = [frame.f_code.co_name for frame in reversed(frames) if not frame.f_code.co_name.startswith("<")]
    actions = {f"{item.action} {item.entity}" for frame in frames for item in frame.f_locals.get("group") or ()}
    return [*sorted(actions)[:1], *names]


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
