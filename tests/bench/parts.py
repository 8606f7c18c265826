"""The measures, one function each: they say what they do, and return the rows of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from demo.runner.postgres import EmbeddedPostgres
from qbo_simulator.testing import DEFAULT_REALM, RunningSimulator
from tests.bench import push_and_loop
from tests.bench.data import load_plain
from tests.bench.retail import KNOWN, WHOLE_FILE, Expected, expected
from tests.bench.site import Site, company, load_with, site
from tests.bench.table import Row, say
from tests.bench.task import ORDER

MEGABYTE = 1024 * 1024
MOST_MEMORY = 500 * MEGABYTE
MOST_GROWTH = 15
MOST_IDLE_CALLS = 2
LEAST_RATE = 95
BATCHES_ALLOWED = 40
"""Batch calls a minute that QBO allows a company and app, and the default of the setting limits.batches_per_minute."""
BATCH = 30


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for. ``share``: the part of the file that the part ``real`` takes.

    ``file``: the retail file, or one of its form that was made up where it is absent (``is_made_up``).
    """

    file: Path
    share: float = 1.0
    push_invoices: int = 3_000
    rounds: int = 2
    limits_seconds: int = 180
    memory_invoices: int = 700
    profile: Path | None = None
    is_made_up: bool = False


@dataclass(frozen=True, slots=True)
class Bench:
    """The options, the server that holds all databases, and the folder for everything else."""

    options: Options
    pg: EmbeddedPostgres
    folder: Path


def real(bench: Bench) -> list[Row]:
    """The retail file through the whole pipeline, counted in the simulator; then once more, with nothing to do."""
    file, share = bench.options.file, bench.options.share
    limit = None if share >= 1 else max(1, round(WHOLE_FILE * share))
    wanted = expected(file, limit)
    say(f"real: {wanted.invoices} invoices, {wanted.synced} of them pushable, {wanted.customers} customers to create")
    with (
        company(bench.folder, "real") as qbo,
        site(bench.pg, qbo, bench.folder / "real", load_with(file, limit)) as at,
    ):
        pushed = at.run(on_wait=partial(_progress, at))
        rows = _counts(at, wanted, is_known=limit is None and not bench.options.is_made_up)
        rows += [_unknown(at, pushed), *_durations(at)]
        rows += [_most(f"peak memory of {task}", at.peaks[task]) for task in ORDER]
        return rows + _second_run(at, "real")


def idle(bench: Bench) -> list[Row]:
    """Calls to QuickBooks of a run that finds all invoices Synced and unchanged."""
    with (
        company(bench.folder, "idle") as qbo,
        site(bench.pg, qbo, bench.folder / "idle", lambda dsn: load_plain(dsn, 60, 3)) as at,
    ):
        say("idle: 60 invoices, then a run with nothing to do")
        at.run()
        return _second_run(at, "idle")


def push(bench: Bench) -> list[Row]:
    """The push against a bare loop that posts the same bodies, each in a process and against a company of its own."""
    return push_and_loop.measure(
        bench.pg,
        bench.folder,
        load_with(bench.options.file, bench.options.push_invoices),
        bench.options.rounds,
        bench.options.profile,
    )


def limits(bench: Bench) -> list[Row]:
    """How much of the allowed batch rate a long push uses while the limits of both sides are on."""
    seconds = bench.options.limits_seconds
    allowed = BATCHES_ALLOWED * seconds / 60
    invoices = BATCH * (int(allowed) + 2)
    with (
        company(bench.folder, "limits", has_limits=False) as qbo,
        site(bench.pg, qbo, bench.folder / "limits", lambda dsn: load_plain(dsn, invoices, 2), limits={}) as at,
    ):
        push_and_loop.fill_customers(at)
        at.run(ORDER[:4])
        qbo.limits(is_on=True)
        qbo.clear_journal()
        say(f"limits: {invoices} invoices are pushed with the default limits, which takes a little over {seconds} s")
        at.run_task("push", on_wait=partial(_progress, at))
        times, throttled = _batch_calls(qbo)
    used = sum(at - times[0] < seconds for at in times) if times else 0
    share = 100 * used / allowed
    return [
        Row(
            "limits",
            f"batch calls in {seconds} s",
            f">= {LEAST_RATE} % of {allowed:g}",
            f"{used} ({share:.1f} %)",
            share >= LEAST_RATE,
        ),
        Row("limits", "answers 429", "0", str(throttled), throttled == 0),
    ]


def memory(bench: Bench) -> list[Row]:
    """The peak of each task's process with some invoices and with ten times as many."""
    few = bench.options.memory_invoices
    small, large = _peaks(bench, few), _peaks(bench, 10 * few)
    rows = []
    for task in ORDER:
        growth = 100 * (large[task] - small[task]) / small[task]
        measured = f"{_megabytes(small[task])} -> {_megabytes(large[task])} ({growth:+.1f} %)"
        target = f"< +{MOST_GROWTH} %, < {_megabytes(MOST_MEMORY)}"
        is_met = growth < MOST_GROWTH and large[task] < MOST_MEMORY
        rows.append(Row("memory", f"{task}: {few} -> {10 * few} invoices", target, measured, is_met))
    return rows


PARTS: dict[str, Callable[[Bench], list[Row]]] = {
    "real": real,
    "push": push,
    "limits": limits,
    "memory": memory,
    "idle": idle,
}


def _peaks(bench: Bench, invoices: int) -> dict[str, int]:
    name = f"memory_{invoices}"
    with (
        company(bench.folder, name) as qbo,
        site(bench.pg, qbo, bench.folder / name, load_with(bench.options.file, invoices)) as at,
    ):
        push_and_loop.fill_customers(at)
        say(f"memory: {invoices} invoices")
        at.run(on_wait=partial(_progress, at))
        return at.peaks


def _counts(at: Site, wanted: Expected, *, is_known: bool) -> list[Row]:
    """What the simulator holds, and what the user is shown of the rest."""
    held = at.simulator.totals("Invoice", DEFAULT_REALM)
    found = at.statuses()
    rows = []
    if is_known:
        same = wanted.by_status == KNOWN.by_status and (wanted.total, wanted.both) == (KNOWN.total, KNOWN.both)
        rows.append(
            Row("real", "counted from the file", "the known numbers", "the same" if same else str(wanted), same)
        )
    target = f"{wanted.synced:,} of {wanted.total:,} GBP"
    measured = f"{held['count']:,} of {Decimal(held['total']):,} GBP"
    rows.append(Row("real", "invoices in QuickBooks", target, measured, target == measured))
    for (status, reason), count in wanted.by_status.items():
        is_met = found.get((status, reason)) == count
        rows.append(
            Row("real", f"{status} {reason}".strip(), f"{count:,}", f"{found.get((status, reason), 0):,}", is_met)
        )
    strange = {key: count for key, count in found.items() if key not in wanted.by_status}
    rows.append(Row("real", "any other status", "0", str(sum(strange.values())), not strange))
    both = at.world.sql(
        'select count(*) from qbo_sync.document_status where reasons @> \'[{"reason": "customer_missing"}]\''
        " and reasons @> '[{\"reason\": \"negative_subtotal\"}]' and status = 'Error'"
    )[0][0]
    rows.append(Row("real", "Errors that show both reasons", str(wanted.both), str(both), both == wanted.both))
    return rows


def _unknown(at: Site, pushed: dict[str, Any]) -> Row:
    left = pushed["unsettled"]
    return Row("real", "outcomes left unknown", "0", str(left), left == 0)


def _durations(at: Site) -> list[Row]:
    times = ", ".join(f"{task} {at.seconds[task]:.0f}" for task in ORDER)
    return [Row("real", "seconds by task", "-", times)]


def _second_run(at: Site, part: str) -> list[Row]:
    """Everything is Synced and unchanged: nothing is sent, and QuickBooks is asked for next to nothing."""
    say(f"{part}: a second run, which has nothing to do")
    at.simulator.clear_journal()
    pushed = at.run(on_wait=partial(_progress, at))
    calls = [entry for entry in at.simulator.journal(limit=100_000) if entry["path"].startswith("/v3/")]
    paths = ", ".join(entry["path"].rsplit("/", 2)[-2 if "companyinfo" in entry["path"] else -1] for entry in calls)
    return [
        Row(part, "second run: writes sent", "0", str(pushed["sent"]), pushed["sent"] == 0),
        Row(
            part,
            "second run: calls to QuickBooks",
            f"<= {MOST_IDLE_CALLS}",
            f"{len(calls)} ({paths})" if len(calls) <= 5 else str(len(calls)),
            len(calls) <= MOST_IDLE_CALLS,
        ),
    ]


def _most(measure: str, peak: int) -> Row:
    return Row("real", measure, f"< {_megabytes(MOST_MEMORY)}", _megabytes(peak), peak < MOST_MEMORY)


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.0f} MB"


def _progress(at: Site, task: str) -> None:
    held = f", {at.simulator.totals('Invoice')['count']:,} invoices in QuickBooks" if task == "push" else ""
    say(f"  {task} is at work{held}")


def _batch_calls(qbo: RunningSimulator) -> tuple[Sequence[float], int]:
    """When each batch call that was not refused arrived, in seconds; and how many calls were answered 429."""
    from datetime import datetime

    calls = [entry for entry in qbo.journal(limit=100_000) if entry["path"].startswith("/v3/")]
    times = [
        datetime.fromisoformat(entry["at"]).timestamp()
        for entry in calls
        if entry["path"].endswith("/batch") and entry["status"] == 200
    ]
    return times, sum(entry["status"] == 429 for entry in calls)
