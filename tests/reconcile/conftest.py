"""A realm that is compared with its QuickBooks company."""

from __future__ import annotations

import pytest

from tests.reconcile.night import DOCUMENTS, Night
from tests.world import World


@pytest.fixture
def night(world: World) -> Night:
    """A world to be compared."""
    return Night(world)


@pytest.fixture
def pushed(world: World) -> World:
    """Sixty invoices of three months and three customers, all in QuickBooks."""
    world.customer("c2", "Bluebird Bakery")
    world.customer("c3", "Harbor Freight")
    for number in range(1, DOCUMENTS + 1):
        world.invoice(
            f"T-{number}",
            customer_id=f"c{number % 3 + 1}",
            amounts=(f"{number}.10", "3.45"),
            day=f"2026-{9 + number % 3:02}-{number % 27 + 1:02}",
        )
    world.run()
    assert len(world.in_qbo()) == DOCUMENTS
    return world
