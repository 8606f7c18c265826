"""Clean up after a process that was killed before it could: servers of a test run end when the test run is gone."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class Watcher:
    """Runs a command as soon as the process that made this object has ended, whatever ended it.

    A small shell waits on a pipe whose other end only this process holds; the system closes it in any case.
    """

    def __init__(self, command: Sequence[str], cwd: Path, environment: Mapping[str, str] | None = None) -> None:
        """Begin to watch."""
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", 'read -r line; exec "$@"', "watcher", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=cwd,
            env=None if environment is None else dict(environment),
            start_new_session=True,  # the signal that ends a test run by its group is not for the one who cleans up
        )

    def dismiss(self) -> None:
        """Stop watching without running the command."""
        self._shell.kill()
        self._shell.communicate()
