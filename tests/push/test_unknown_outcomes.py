"""Whatever becomes of an answer, each document is in QuickBooks exactly once afterwards (DESIGN, exactly once, rules 3 to 6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.runner.postgres import EmbeddedPostgres
from include.wiring import runs
from qbo_simulator.testing import RunningSimulator
from tests.push import wire as mishaps
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import LIMITS
from tests.push.stage import Stage, wired_world
from tests.push.wire import OneForEach
from tests.world import World

EVERY_MISHAP = (
    mishaps.time_out,
    mishaps.cut_before,
    mishaps.cut_while_working,
    mishaps.cut_after,
    mishaps.truncate,
    mishaps.unreadable,
    mishaps.bad_gateway_before,
    mishaps.bad_gateway_after,
    mishaps.system_fault_before,
    mishaps.system_fault_after,
    mishaps.half_of_it,
    mishaps.mixed_up,
)
BATCH = 3
WAITS = {"settle_after": 1, "call_limit": 1, "pause_after_429": 1}
SINGLES = {"create Customer", "void Invoice", "send Invoice"}
VOIDED = [f"T-v{number}" for number in range(len(EVERY_MISHAP))]
MAILED = [f"T-s{number}" for number in range(len(EVERY_MISHAP))]


@pytest.fixture(scope="module")
def stage(pg: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A plan with every kind of write, as many calls of each as there are mishaps; none of it sent yet."""
    folder = tmp_path_factory.mktemp("stage")
    changed = [f"T-u{number}" for number in range(BATCH * len(EVERY_MISHAP))]
    with RunningSimulator(folder / "qbo.sqlite") as qbo, wired_world(pg, qbo, folder) as (world, wire):
        world.settings(waits=WAITS, limits=LIMITS, voided_in_billing="void", locked_before="off")
        for number in [*changed, *VOIDED]:
            world.invoice(number, amounts=("10.00",))
        for number in MAILED:
            world.invoice(number, billing_email="ap@cafe.example")
        world.run()
        for number in changed:
            world.change(f"inv-{number}", "11.00")
        world.sql("update billing.invoices set status = 'void' where doc_number like 'T-v%%'")
        for number in range(len(EVERY_MISHAP)):
            world.customer(f"n{number}", f"New customer {number}")
        for number in range(BATCH * len(EVERY_MISHAP)):
            owner = f"n{number}" if number < len(EVERY_MISHAP) else "c1"
            world.invoice(f"T-c{number}", amounts=("1.00", f"{number}.25"), customer_id=owner)
        plan, context = world.prepare(delivery="send")
        qbo.stop()
        database = world.dsn.rsplit("/", 1)[1].partition("?")[0]
        yield Stage(pg, world, database, qbo.db_path, wire, plan, context)


@pytest.mark.row("G1")
@pytest.mark.parametrize(
    ("batch_size", "memory", "kinds"),
    [
        (BATCH, "on", {"batch of create", "batch of update"}),
        (BATCH, "fault", {"batch of create", "batch of update"}),
        (1, "off", {"create Invoice", "update Invoice"}),
    ],
)
def test_each_document_arrives_once_whatever_becomes_of_the_answers(
    stage: Stage, tmp_path: Path, batch_size: int, memory: str, kinds: set[str]
) -> None:
    """Every mishap meets every kind of write, whether QuickBooks remembers request ids or not: one push settles it all."""
    with stage.play(tmp_path) as world:
        world.settings(
            waits=WAITS, limits={**LIMITS, "batch_size": batch_size}, voided_in_billing="void", locked_before="off"
        )
        world.qbo.settings(requestid_memory=memory)
        each = OneForEach(*EVERY_MISHAP)
        stage.wire.strike(each, each.is_struck, times=1000)

        runs.push(stage.plan, stage.context)

        assert {kind for kind, times in each.met.items() if times == len(EVERY_MISHAP)} == kinds | SINGLES
        assert_exactly_once(world, voided=VOIDED)
        assert_settled(world)
        for number in MAILED:
            assert_mailed_at_most_once(world, number)


def assert_mailed_at_most_once(world: World, number: str) -> None:
    """QuickBooks mailed the invoice once; or nobody can tell, and a person is asked instead of mailing twice."""
    (held,) = world.in_qbo(number)
    mailed = [entry for entry in world.qbo.journal(path=f"/{held['Id']}/send") if entry["status"] == 200]
    reason = world.status(f"inv-{number}")
    assert len(mailed) <= 1
    assert (held.get("EmailStatus") == "EmailSent") == bool(mailed)
    assert (reason == ("Synced", "send_unknown")) == (not mailed)
