"""One task of a DAG run in a process of its own, forked from the suite, which has imported everything already."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.chaos.points import Aim, Points, tell

TASKS = ("preflight", "extract", "check", "plan", "push", "report")
"""As the DAGs wire them; the form's approval is not asked for."""
_ASIDE = ("preflight", "report")
"""What they return is not handed on to the next task."""


@dataclass
class DagRun:
    """One run of one DAG over one realm: what its tasks have handed on so far."""

    realm_key: str
    dag_id: str
    run_id: str
    params: Mapping[str, Any] = field(default_factory=dict)
    done: int = 0
    given: Any = None
    tries: int = 0

    @property
    def task(self) -> str:
        """The task that comes next."""
        return TASKS[self.done]

    @property
    def is_over(self) -> bool:
        """Whether all tasks have ended well."""
        return self.done == len(TASKS)

    def advance(self, result: Any) -> None:
        """The task has ended well and handed this on."""
        if self.task not in _ASIDE:
            self.given = result
        self.done += 1
        self.tries = 0

    def perform(self) -> Any:
        """Do the next task as the DAG's own task does."""
        from include.wiring import runs

        kind = "scheduled" if self.dag_id == "qbo_auto_sync" else "manual"
        dag_run = SimpleNamespace(dag_id=self.dag_id, run_id=self.run_id, run_type=kind)
        context = {"dag_run": dag_run, "params": dict(self.params)}
        extract = runs.extract_changes if self.dag_id == "qbo_auto_sync" else runs.extract
        steps: dict[str, Callable[[], Any]] = {
            "preflight": lambda: runs.preflight(self.realm_key, context),
            "extract": lambda: extract(self.realm_key, context),
            "check": lambda: runs.check(self.given, context),
            "plan": lambda: runs.plan(self.given, context),
            "push": lambda: runs.push(self.given, context),
            "report": lambda: runs.report(self.realm_key, context),
        }
        return steps[self.task]()


_alive: set[int] = set()


def kill_all() -> None:
    """Leave no worker behind, stopped ones included."""
    for pid in list(_alive):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        _alive.discard(pid)


class Worker:
    """A running task. The suite reads what it tells, and does with the process what it likes."""

    def __init__(self, run: DagRun, aim: Aim | None, log: Path, prepare: Callable[[], None] | None = None) -> None:
        self.run = run
        self.aim = aim
        self.result: Any = None
        self.error: dict[str, Any] | None = None
        self.met = 0
        self._buffer = b""
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        self.pid = os.fork()
        if self.pid == 0:
            _live(run, aim, log, writer, prepare)
        _alive.add(self.pid)
        os.close(writer)

    def poll(self) -> dict[str, Any] | None:
        """What happened since the last look: a strike (``step``), the end (``end``), or nothing."""
        pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
        if pid == 0:
            return None
        told = self._read()
        if os.WIFSTOPPED(status):
            return {"step": told[-1]["step"] if told else "unknown"}
        _alive.discard(self.pid)
        for message in told:
            self.result = message.get("result", self.result)
            self.error = message.get("error", self.error)
            self.met = message.get("met", self.met)
        os.close(self._reader)
        is_done = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
        return {"end": "done" if is_done else "failed" if self.error else "killed"}

    def go_on(self) -> None:
        """Resume the stopped process."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)

    def _read(self) -> list[dict[str, Any]]:
        try:
            while chunk := os.read(self._reader, 65536):
                self._buffer += chunk
        except BlockingIOError:
            pass
        *lines, self._buffer = self._buffer.split(b"\n")
        return [json.loads(line) for line in lines]


def _live(run: DagRun, aim: Aim | None, log: Path, writer: int, prepare: Callable[[], None] | None) -> None:
    """Be the worker: do the task, tell how it ended, and end without the parent's own clean-up."""
    gc.freeze()  # what the parent holds is not looked through for garbage: each page would have to be copied
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _log_to(log, run)
        if prepare is not None:
            prepare()
        points = Points(aim, writer)
        points.watch()
        try:
            result = run.perform()
            tell(writer, {"result": result, "met": points.met})
            code = 0
        except Exception as error:  # told to the parent, which decides as Airflow's retry policy does
            logging.getLogger("ledgerline").exception("task %s failed", run.task)
            mode = getattr(error, "failure_mode", None)
            told = {"type": type(error).__name__, "text": str(error)[:2000], "mode": mode}
            tell(writer, {"error": told, "met": points.met})
    finally:
        os._exit(code)


def _log_to(log: Path, run: DagRun) -> None:
    handler = logging.FileHandler(log)
    name = f"{run.realm_key} {run.run_id} {run.task} {os.getpid()}"
    handler.setFormatter(logging.Formatter(f"%(asctime)s {name} %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("qbo_hook").setLevel(logging.INFO)
    for quiet in ("airflow", "great_expectations", "urllib3", "httpx"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
