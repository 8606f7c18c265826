"""One task of a DAG run in a process of its own, so that its memory can be measured: `python -m tests.bench.task FILE`.

FILE holds what to do as JSON; the result goes back into the same file. The log goes to standard error, as a task's does.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

DAG_ID = "qbo_export_invoices"
ORDER = ("preflight", "extract", "check", "plan", "push", "report")


def peak_memory() -> int:
    """The most memory that this process ever held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage here: Linux lets it start with the peak of the process that started this one.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def run(work: Mapping[str, Any]) -> dict[str, Any]:
    """Do one task as its DAG does; what it hands on, its seconds and its peak of memory."""
    from include.wiring import runs

    dag_run = SimpleNamespace(dag_id=DAG_ID, run_id=work["run_id"], run_type="manual")
    context = {"dag_run": dag_run, "params": {}}
    realm_key, given = work["realm_key"], work["given"]
    steps: dict[str, Callable[[], Any]] = {
        "preflight": lambda: runs.preflight(realm_key, context),
        "extract": lambda: runs.extract(realm_key, context),
        "check": lambda: runs.check(given, context),
        "plan": lambda: runs.plan(given, context),
        "push": lambda: runs.push(given, context),
        "report": lambda: runs.report(realm_key, context),
    }
    stopwatch = None
    if work.get("is_timed"):
        from tests.bench.stopwatch import watch_push

        stopwatch = watch_push()
    started = time.perf_counter()
    result = steps[work["task"]]()
    seconds = time.perf_counter() - started
    found = {"result": result, "seconds": seconds, "peak": peak_memory()}
    return found | ({"watch": stopwatch.result()} if stopwatch else {})


def main() -> None:
    """Run the task that the file names, under the profiler where it asks for one."""
    file = Path(sys.argv[1])
    work = json.loads(file.read_text())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if work.get("profile"):
        import cProfile

        with cProfile.Profile() as profile:
            found = run(work)
        profile.dump_stats(work["profile"])
    else:
        found = run(work)
    file.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
