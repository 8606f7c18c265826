"""Progress on one line: rewritten in place on a terminal, a line now and then where output goes to a file."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType

_QUIET_SECONDS = 30.0


class Progress:
    """One step of the work, shown as `label ... what is happening (12 s)` and ended by `done`."""

    def __init__(self, label: str) -> None:
        """Begin the step and show its label."""
        self._label = label
        self._started = time.monotonic()
        self._shown = self._started
        self._terminal = sys.stdout.isatty()
        self._ended = False
        if self._terminal:
            self.show("")

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._ended:
            self.done("failed" if error else "done")

    @property
    def seconds(self) -> float:
        """How long the step has taken so far."""
        return time.monotonic() - self._started

    def show(self, text: str) -> None:
        """Say what is happening now."""
        if self._terminal:
            self._write("\r", text, "\x1b[K")
        elif time.monotonic() - self._shown > _QUIET_SECONDS:
            self._write("", text, "\n")

    def done(self, text: str) -> None:
        """End the step's line with its result."""
        self._ended = True
        self._write("\r" if self._terminal else "", text, "\x1b[K\n" if self._terminal else "\n")

    def _write(self, start: str, text: str, end: str) -> None:
        self._shown = time.monotonic()
        line = f"{self._label:<28} {text}"
        if self.seconds >= 1:
            line += f" ({self.seconds:.0f} s)"
        if self._terminal:
            line = line[: shutil.get_terminal_size().columns - 1]
        sys.stdout.write(f"{start}{line}{end}")
        sys.stdout.flush()
