"""One program of the stack: started in a session of its own, known by a pid file, ended with all that it started."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from demo.runner import processes
from demo.runner.layout import Home
from demo.runner.problems import RunnerError


class Component:
    """A long-running program, its log `logs/<name>.log` and its pid file `pids/<name>.json`."""

    def __init__(self, name: str, command: Sequence[str], home: Home, environment: Mapping[str, str]) -> None:
        """Describe the program; nothing is started before `start`."""
        self.name = name
        self.log = home.logs / f"{name}.log"
        self._command = list(command)
        self._environment = dict(environment)
        self._folder = home.run
        self._pid_file = home.pids / f"{name}.json"
        self._child: subprocess.Popen[bytes] | None = None

    def process(self) -> processes.Process | None:
        """Return the running process, whoever started it; None when the pid file is missing or stale."""
        try:
            written = processes.Process(**json.loads(self._pid_file.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        if self._child is not None and self._child.pid == written.pid:
            self._child.poll()
        return written if processes.is_running(written) else None

    def start(self) -> None:
        """Start the program unless it runs."""
        if self.process() is not None:
            return
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = processes.find_process(self._child.pid)
        if process is not None:
            unfinished = self._pid_file.with_suffix(".new")
            unfinished.write_text(json.dumps(asdict(process)))
            unfinished.replace(self._pid_file)

    def wait_until(self, is_healthy: Callable[[], bool], seconds: float, show: Callable[[str], None]) -> None:
        """Wait for the program to become healthy.

        :param show: called now and then with what is being waited for.
        :raises RunnerError: when the program ends or the time is over; the last line of its log is part of it.
        """
        deadline = time.monotonic() + seconds
        while not is_healthy():
            if self.process() is None:
                raise RunnerError(f"{self.name} ended by itself: {self.last_line()}", f"read {self.log}")
            if time.monotonic() > deadline:
                trouble = f"{self.name} is not ready after {seconds:.0f} s: {self.last_line()}"
                raise RunnerError(trouble, f"read {self.log}")
            show("starting")
            time.sleep(0.2)

    def stop(self, grace: float = 15.0) -> None:
        """Ask the program to end and wait; what it leaves behind after the grace period is ended too."""
        process = self.process()
        if process is not None:
            crew = processes.family([process])
            processes.send_signal([process], signal.SIGTERM)
            crew = processes.wait_until_ended(crew, grace)
            processes.end_all(processes.family(crew), grace=2.0)
        self._forget()

    def kill(self) -> None:
        """End the program and all that it started at once, without a chance to clean up."""
        process = self.process()
        if process is not None:
            crew = processes.family([process])
            processes.send_signal(crew, signal.SIGKILL)
            processes.wait_until_ended(crew, 5.0)
        self._forget()

    def last_line(self) -> str:
        """Return the last line of the log that says something."""
        return last_line(self.log)

    def _forget(self) -> None:
        if self._child is not None:
            self._child.wait()
            self._child = None
        self._pid_file.unlink(missing_ok=True)


def last_line(log: Path) -> str:
    """Return the last line of a log file that is not blank, cut to a readable length."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        return "no log"
    return lines[-1][:300] if lines else "its log is empty"
