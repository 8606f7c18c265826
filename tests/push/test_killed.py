"""Kill the pushing process at every step: QuickBooks holds each invoice exactly once afterwards, equal to the cent."""

from __future__ import annotations

from collections import Counter

import pytest

from include.wiring import runs
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import LIMITS
from tests.push.mortal import push_and_die
from tests.world import World

# Python 3.12 warns of fork in a process with threads; the child here only pushes and ends.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")

WAITS = {"settle_after": 0.1, "call_limit": 2, "pause_after_429": 1}
WRITES = ("create Customer", "create Invoice", "update Invoice", "void Invoice", "send Invoice")
CRITICAL = ("-- Purpose: claim plan items", "/v3/company", "-- Purpose: store how plan items ended", "_exit_gen")
"""What every kind of write has to have died at: the claim, the call, the answer, and the end of a transaction."""


@pytest.mark.row("F87", "G1")
def test_a_push_killed_at_every_step_in_turn_ends_with_each_invoice_exactly_once(world: World) -> None:
    """One plan of customers, creates, updates, voids and mails; its pushes die at each step, until one gets through.

    The company takes a number twice and remembers no request id, so that nothing but the push keeps a document from being there
    twice.
    """
    # A dead process's permit counts as in flight until it expires, so there are enough for all that die here.
    limits = {**LIMITS, "batch_size": 2, "in_flight": 1000}
    world.settings(waits=WAITS, limits=limits, voided_in_billing="void", locked_before="off")
    voided = [f"T-v{number}" for number in range(16)]
    for number in range(30):
        world.invoice(f"T-u{number}", amounts=("10.00",))
    for number in voided:
        world.invoice(number)
    for number in range(16):
        world.invoice(f"T-s{number}", billing_email="ap@cafe.example")
    world.run()
    for number in range(30):
        world.change(f"inv-T-u{number}", "11.00")
    world.sql("update billing.invoices set status = 'void' where doc_number like 'T-v%%'")
    for number in range(16):
        world.customer(f"n{number}", f"New customer {number}")
    for number in range(60):
        world.invoice(f"T-c{number}", amounts=("1.00", f"{number}.25"), customer_id=f"n{number % 16}")
    plan, context = world.prepare(delivery="send")
    world.qbo.preferences(WarnDuplicateDocNumbers=False)
    world.qbo.settings(requestid_memory="off")

    steps = push_and_die(plan, context, look=lambda: assert_nothing_is_there_twice(world))
    runs.push(plan, context)

    for write in WRITES:
        missed = [what for what in CRITICAL if not any(step.startswith(write) and what in step for step in steps)]
        assert not missed, f"{write}: no push died at {missed}"
    assert_exactly_once(world, voided=voided)
    assert_settled(world)
    mailed = [entry["path"] for entry in world.qbo.journal(path="/send") if entry["status"] == 200]
    assert len(mailed) == len(set(mailed))


def assert_nothing_is_there_twice(world: World) -> None:
    """No number stands in QuickBooks twice, whatever is not settled yet."""
    numbers = Counter(one["DocNumber"] for one in world.in_qbo())
    assert [number for number, times in numbers.items() if times > 1] == [], "in QuickBooks twice before the end"
