"""Fault points: where a worker can be struck, before and after each exchange with PostgreSQL and each call to QuickBooks.

They are met on the way, in the drivers' own methods, and told apart by what is asked and by the way through our code that leads
there. So a step that is added to the product tomorrow is struck as well. Nothing of ours is replaced.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import psycopg
from requests.adapters import HTTPAdapter

_OURS = f"{os.sep}include{os.sep}"


@dataclass
class Aim:
    """Where a worker is struck: at the first point after ``skip`` others that is not among ``known``, or ``patience`` later.

    ``again`` is the chance that it is struck once more after it went on.
    """

    skip: int
    patience: int
    known: frozenset[str]
    again: float
    seed: int

    def next_one(self, met: int) -> bool:
        """Choose the next point after a strike; false when there is none."""
        chance = random.Random(f"{self.seed}/{met}")
        if chance.random() >= self.again:
            return False
        self.skip = met + int(2 ** chance.uniform(0, 8))
        return True


class Points:
    """The points that a worker meets. At the one that is aimed at it tells the parent where it is, and stops itself."""

    def __init__(self, aim: Aim | None, writer: int) -> None:
        self._aim = aim
        self._writer = writer
        self.met = 0

    def watch(self) -> None:
        """Meet the points from now on, in this process."""
        self._around(psycopg.Connection, "wait", lambda _, generator, *__: _exchange(generator))
        self._around(HTTPAdapter, "send", lambda _, request, *__: _call(request))

    def _around(self, holder: type, name: str, describe: Callable[..., str]) -> None:
        original: Callable[..., Any] = getattr(holder, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            step = f"{' > '.join(_way())}: {describe(*args)}"
            self._at(f"before {step}")
            result = original(*args, **kwargs)
            self._at(f"after {step}")
            return result

        setattr(holder, name, watched)

    def _at(self, step: str) -> None:
        self.met += 1
        aim = self._aim
        if aim is None or self.met <= aim.skip:
            return
        if step in aim.known and self.met <= aim.skip + aim.patience:
            return
        tell(self._writer, {"step": step, "met": self.met})
        os.kill(os.getpid(), signal.SIGSTOP)
        # Whoever stopped this process may have killed it; here it goes on.
        if not aim.next_one(self.met):
            self._aim = None


def tell(writer: int, message: dict[str, Any]) -> None:
    """Send one line to the parent."""
    os.write(writer, json.dumps(message, default=str).encode() + b"\n")


def _exchange(generator: Any) -> str:
    """What PostgreSQL is asked: a statement by its first words, or such as the end of a transaction."""
    frame = getattr(generator, "gi_frame", None)
    query = frame.f_locals.get("query", "") if frame else ""
    text = query.decode() if isinstance(query, bytes) else str(query)
    return f"{generator.__qualname__} {' '.join(text.split())[:100]}".strip()


def _call(request: Any) -> str:
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
