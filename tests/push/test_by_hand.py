"""What people do by hand in Airflow's UI, and what a task says that was given nothing because of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from demo.runner.postgres import EmbeddedPostgres
from include.wiring import reconciling, runs
from include.wiring.approval import PlanApproval
from include.wiring.migrations import SchemaVersionError
from include.wiring.realms import NothingHandedOnError
from tests.state_fixture import as_run
from tests.world import World

Step = Callable[[Any, Mapping[str, Any]], Any]

STEPS: dict[str, Step] = {
    "extract": runs.extract,
    "extract of the sync": runs.extract_changes,
    "check": runs.check,
    "plan": runs.plan,
    "approve": lambda plan, context: PlanApproval(task_id="approve", plan=plan).execute(context),
    "push": runs.push,
    "compare": reconciling.compare,
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_task_after_one_that_was_marked_as_success_says_what_to_do(world: World, step: Step) -> None:
    """A task marked by hand hands nothing on, so an approval is not given that way; one line says so, and nothing goes."""
    world.invoice("T-1")

    with pytest.raises(NothingHandedOnError, match=r"marked as success by hand.*clear"):
        step(None, world.context("manual__1"))

    assert world.in_qbo() == []


def test_a_schema_that_was_forgotten_is_named_by_the_first_task(
    world: World, pg: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before `ledgerline migrate` no task reads or keeps anything: scheduled and by hand, one line with the cure."""
    empty = as_run(pg.create_database("without_schema_yet"))
    monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_DB", empty.replace("postgresql://", "postgres://"))
    world.qbo.clear_journal()

    with pytest.raises(SchemaVersionError, match="ledgerline migrate"):
        runs.preflight("demo", world.context("manual__1"))
    with pytest.raises(SchemaVersionError, match="ledgerline migrate"):
        runs.choose(world.context("scheduled__1", "scheduled"))

    assert world.qbo.journal(realm_id=world.realm_id) == []
