"""Kill the pushing process at every step: QuickBooks holds each invoice exactly once afterwards, equal to the cent."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from include.wiring import runs
from tests.push.mortal import push_and_die
from tests.world import World

# Python 3.12 warns of fork in a process with threads; the child here only pushes and ends.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")

FAST = {"settle_after": 1, "call_limit": 1, "pause_after_429": 1}
LIMITS = {"requests_per_minute": 60000, "requests_per_second": 1000, "batches_per_minute": 60000, "batch_size": 2}


def test_a_push_killed_at_every_step_in_turn_ends_with_each_invoice_exactly_once(world: World) -> None:
    """One plan of new customers, creates and updates; its pushes die at step 1, 2, 3 … of what they do, until one gets through."""
    world.settings(waits=FAST, limits=LIMITS)
    expected: dict[str, Decimal] = {}
    for number in range(20):
        world.invoice(f"T-u{number}", amounts=("10.00",))
    world.run()
    for number in range(20):
        world.change(f"inv-T-u{number}", "11.00")
        expected[f"T-u{number}"] = Decimal(11)
    for number in range(8):
        world.customer(f"n{number}", f"New customer {number}")
    for number in range(120):
        world.invoice(f"T-c{number}", amounts=("1.00", f"{number}.25"), customer_id=f"n{number % 8}")
        expected[f"T-c{number}"] = Decimal(f"{number}.25") + 1
    plan, context = world.prepare()

    deaths = 0
    while push_and_die(plan, context, deaths + 1):
        deaths += 1
    runs.push(plan, context)

    assert deaths > 30
    held = world.in_qbo()
    assert Counter(one["DocNumber"] for one in held) == Counter(list(expected))
    assert {one["DocNumber"]: Decimal(str(one["TotalAmt"])) for one in held} == expected
    names = Counter(one["DisplayName"] for one in world.qbo.state("Customer") if one["DisplayName"].startswith("New"))
    assert names == Counter([f"New customer {number}" for number in range(8)])
    assert {status for status, _ in world.statuses().values()} == {"Synced"}
    assert world.sql("select count(*) from qbo_sync.plan_items where state in ('sending', 'unknown')") == [(0,)]
