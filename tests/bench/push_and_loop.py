"""The push beside a bare loop: the same bodies, to two companies that hold the same, in turns, so that noise strikes both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from demo.runner.postgres import EmbeddedPostgres
from qbo_hook.batch import BatchItem
from qbo_hook.building import RequestBuilder
from qbo_hook.wire import Request
from qbo_hook.wire_json import Encoded
from qbo_simulator.testing import DEFAULT_REALM, RunningSimulator
from tests.bench.data import customer_names
from tests.bench.site import Site, company, customers_in, run_program, site
from tests.bench.stopwatch import SEND
from tests.bench.table import Row, say
from tests.bench.task import ORDER

MOST_RATIO = 2.0

_SENT = """
select batch_id, b_id, entity, request, request_id
from qbo_sync.attempts where event = 'sent' and kind = 'invoice' order by id
"""


class NotTheSameError(RuntimeError):
    """Push and loop left different invoices: their times say nothing about each other."""


def measure(
    pg: EmbeddedPostgres, folder: Path, load: Callable[[str], Any], rounds: int, profile: Path | None
) -> list[Row]:
    """Both in each round, the push first in the odd ones; the bodies of the first push are the loop's in all rounds."""
    calls: list[Request] = []
    pushes: list[dict[str, Any]] = []
    loops: list[float] = []
    for number in range(1, rounds + 1):
        name = f"push_{number}"
        with company(folder, name) as ours, company(folder, f"loop_{number}") as other:
            with site(pg, ours, folder / name, load) as at:
                at.profile = profile
                names = fill_customers(at)
                customers_in(other, names)
                at.run(ORDER[:4])
                loop_first = number % 2 == 0
                if loop_first:
                    loops.append(_loop(other, calls, folder / f"loop_{number}"))
                pushes.append(_push(at))
                calls = calls or requests_sent(at)
                if not loop_first:
                    loops.append(_loop(other, calls, folder / f"loop_{number}"))
            _compare(ours, other)
        say(f"push: round {number}: push {pushes[-1]['span']:.2f} s, bare loop {loops[-1]:.2f} s")
    return _rows(pushes, loops, calls)


def fill_customers(at: Site) -> list[str]:
    """Make all customers of billing in the site's company and map them, so that no run has to create them."""
    names = customer_names(at.world.dsn)
    customers_in(at.simulator, names)
    at.map_customers()
    return names


def requests_sent(at: Site) -> list[Request]:
    """The calls that the push of a site sent for invoices, byte for byte, out of what it stored before sending."""
    builder = RequestBuilder(DEFAULT_REALM)
    groups: dict[str, list[tuple[Any, ...]]] = {}
    for row in at.world.sql(_SENT):
        groups.setdefault(row[0], []).append(row)
    return [_request(builder, batch_id, rows) for batch_id, rows in groups.items()]


def _request(builder: RequestBuilder, batch_id: str, rows: list[tuple[Any, ...]]) -> Request:
    if len(rows) == 1:
        _, _, entity, text, request_id = rows[0]
        return builder.build_create(entity, Encoded(text), request_id)
    return builder.build_batch([BatchItem(row[1], "create", row[2], Encoded(row[3])) for row in rows], batch_id)


def _push(at: Site) -> dict[str, Any]:
    say("push: ours")
    at.run_task("push", is_timed=True)
    return at.watch


def _loop(qbo: RunningSimulator, calls: list[Request], path: Path) -> float:
    say(f"push: the bare loop, {len(calls)} calls")
    work = {
        "base_url": qbo.base_url,
        "token": qbo.access_token(),
        "calls": [
            {"path": call.path, "params": dict(call.params), "body": (call.body or b"").decode()} for call in calls
        ],
    }
    return float(run_program("tests.bench.bare_loop", work, path)["seconds"])


def _compare(ours: RunningSimulator, other: RunningSimulator) -> None:
    held, meant = ours.totals("Invoice"), other.totals("Invoice")
    if held != meant or not held["count"]:
        raise NotTheSameError(f"the push left {held} in QuickBooks and the bare loop {meant}")


def _rows(pushes: list[dict[str, Any]], loops: list[float], calls: list[Request]) -> list[Row]:
    best, least = min(pushes, key=lambda push: push["span"]), min(loops)
    ratios = [push["span"] / loop for push, loop in zip(pushes, loops, strict=True)]
    ratio = sum(push["span"] for push in pushes) / sum(loops)
    own = [1000 * (push["span"] - push["steps"][SEND]) / len(calls) for push in pushes]
    busy = [1000 * push["cpu"] / len(calls) for push in pushes]
    invoices = sum(call.operations for call in calls)
    _say_breakdown(best, len(calls))
    return [
        Row("push", f"bare loop, {invoices:,} invoices in {len(calls)} calls", "-", _each(loops, "{:.2f} s")),
        Row("push", "our push, first claim to last settle", "-", _each([push["span"] for push in pushes], "{:.2f} s")),
        Row("push", "push / bare loop over all rounds", f"<= {MOST_RATIO:g}", f"{ratio:.2f}", ratio <= MOST_RATIO),
        Row("push", "push / bare loop by round", "-", _each(ratios, "{:.2f}")),
        Row("push", "best push / best loop", "-", f"{best['span'] / least:.2f}"),
        Row("push", "time per call in which we did not wait", "-", _each(own, "{:.0f} ms")),
        Row("push", "our process's processor time per call", "-", _each(busy, "{:.0f} ms")),
    ]


def _each(values: list[float], form: str) -> str:
    return ", ".join(form.format(value) for value in values)


def _say_breakdown(push: dict[str, Any], calls: int) -> None:
    say("push: where the time of the best round went, milliseconds per call")
    for step, seconds in sorted(push["steps"].items(), key=lambda pair: -pair[1]):
        print(f"           {step:<26} {1000 * seconds / calls:8.1f}", flush=True)
