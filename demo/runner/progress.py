"""Progress on one line: rewritten every second on a terminal, a line now and then where output goes to a file."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from types import TracebackType

_LINE_EVERY_SECONDS = 30.0


class Progress:
    """One step of the work, shown as `label   what is happening (12 s)` and ended by `done`; used in a `with` block."""

    def __init__(self, label: str) -> None:
        """Name the step."""
        self._label = label
        self._text = ""
        self._started = time.monotonic()
        self._terminal = sys.stdout.isatty()
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Progress:
        self._started = time.monotonic()
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._ended.is_set():
            self.done("failed" if error else "done")
        self._ticker.join()

    def show(self, text: str) -> None:
        """Say what is happening now; it is shown at the next tick."""
        self._text = text

    def done(self, text: str) -> None:
        """End the step's line with its result."""
        self._ended.set()
        self._ticker.join()
        self._write(text, "\n")

    def _tick(self) -> None:
        if self._terminal:
            self._write(self._text, "")
        while not self._ended.wait(1.0 if self._terminal else _LINE_EVERY_SECONDS):
            self._write(self._text, "" if self._terminal else "\n")

    def _write(self, text: str, end: str) -> None:
        seconds = time.monotonic() - self._started
        line = f"{self._label:<28} {text}" + (f" ({seconds:.0f} s)" if seconds >= 1 else "")
        if self._terminal:
            line = f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K"
        sys.stdout.write(line + end)
        sys.stdout.flush()
