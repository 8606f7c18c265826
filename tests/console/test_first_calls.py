"""How soon new invoices go out, as the first page tells it from plans and attempts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from include.stores.first_calls import first_calls
from include.wiring import connections
from tests.console.airflow_fixture import Visitor
from tests.world import World


def seen_before(world: World, seconds: dict[str, int]) -> None:
    """Move the plan of each invoice so that it was made so many seconds before the invoice was first sent."""
    for number, wait in seconds.items():
        world.sql(
            "update qbo_sync.plans as plan set created_at = first.at - make_interval(secs => %s) from"
            " (select plan_id, min(at) as at from qbo_sync.attempts where event = 'sent' and doc_number = %s group by 1)"
            " as first where plan.id = first.plan_id",
            wait,
            number,
        )


@pytest.mark.row("F72")
def test_the_first_page_tells_how_soon_invoices_go_out(world: World, site: str) -> None:
    """From the sync that saw the invoice to its first call: the median and 95 of 100, for those who may see the runs."""
    for wait in (3, 5, 47):
        world.invoice(f"T-{wait}")
        world.sync()
        seen_before(world, {f"T-{wait}": wait})
    world.invoice("T-HAND")
    world.run()

    page = Visitor(site, "VIEWER", "vera").get("/qbo/").text

    table = re.sub(r"<[^>]+>", "|", page.split("How soon invoices go out")[1])
    assert re.findall(r"\|(demo|\d+|[\d.]+ s)\|", table) == ["demo", "3", "5.0 s", "47 s"]


def test_a_repeated_call_counts_from_the_first_one(world: World) -> None:
    """An answer was lost and the invoice sent again: what counts is when QuickBooks was called first."""
    world.invoice("T-1")
    world.sync()
    seen_before(world, {"T-1": 4})
    world.sql(
        "insert into qbo_sync.attempts (at, realm, plan_id, plan_item, source, kind, billing_id, doc_number, entity, action,"
        " event) select at + interval '90 seconds', realm, plan_id, plan_item, source, kind, billing_id, doc_number, entity,"
        " action, event from qbo_sync.attempts where event = 'sent' and doc_number = 'T-1'"
    )

    (found,) = _found()

    assert (found.documents, int(found.median_seconds), int(found.p95_seconds)) == (1, 4, 4)


def test_a_repeated_task_counts_from_its_first_try(world: World) -> None:
    """The extract died and was repeated under the same run: the invoice was seen by the first try."""
    world.invoice("T-1")
    world.sync()
    seen_before(world, {"T-1": 4})
    world.sql(
        "insert into qbo_sync.plans (realm, source, dag_id, run_id, mode, created_at)"
        " select realm, source, dag_id, run_id, mode, created_at - interval '1 minute' from qbo_sync.plans"
    )

    (found,) = _found()

    assert int(found.median_seconds) == 64


def _found() -> Any:
    with connections.connect_state() as state:
        return first_calls(state, "qbo_auto_sync", 7)
