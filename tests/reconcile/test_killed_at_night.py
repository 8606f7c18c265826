"""Kill the tasks of the night at every step: Airflow repeats them, and they find the same as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.wiring import caring, list_refreshing, reconcile_report, reconciling
from tests.push.mortal import do_and_die
from tests.reconcile.night import Night
from tests.world import World

# Python 3.12 warns of fork in a process with threads; the child here only works and ends.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")

Task = Callable[[str, dict[str, Any]], dict[str, Any]]


def _killed_and_repeated(world: World, task: Task, name: str) -> dict[str, Any]:
    """Let a task die at each of its steps in turn, and repeat it until it gets through; returns what it hands on."""
    context = world.context(f"scheduled__{name}", "scheduled")
    assert do_and_die(lambda: task(world.realm_key, context))
    return task(world.realm_key, context)


def test_a_night_killed_at_every_step_finds_what_an_undisturbed_one_finds(world: World, night: Night) -> None:
    """One invoice was edited in QuickBooks, one is missing there; lists, care, comparison and report die at each step."""
    world.customer("c2", "Bluebird Bakery")
    for number in range(1, 5):
        world.invoice(f"T-{number}", customer_id=f"c{number % 2 + 1}")
    world.run()
    (edited,) = world.in_qbo("T-1")
    line = edited["Line"][0]
    line["Amount"] = 90
    line["SalesItemLineDetail"].pop("UnitPrice", None)
    world.qbo.act("edit", world.realm_id, entity="Invoice", id=edited["Id"], changes={"Line": [line]})
    (deleted,) = world.in_qbo("T-2")
    world.qbo.act("delete", world.realm_id, entity="Invoice", id=deleted["Id"])
    night.run()
    undisturbed, totals = night.drift(), night.totals()
    assert set(undisturbed) == {"T-1", "T-2"}
    lists = "select entity, qbo_id, is_active from qbo_sync.reference order by 1, 2"
    listed = world.sql(lists)

    _killed_and_repeated(world, list_refreshing.refresh, "lists")
    _killed_and_repeated(world, caring.settle, "settle")
    _killed_and_repeated(world, caring.watch, "watch")
    _killed_and_repeated(world, reconciling.compare, "night")
    _killed_and_repeated(world, reconcile_report.report, "night")

    assert (night.drift(), night.totals()) == (undisturbed, totals)
    assert world.sql(lists) == listed
    assert len(world.in_qbo()) == 3
