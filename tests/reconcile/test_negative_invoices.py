"""One chain of credits under each policy for negative invoices: both sides tie out to the cent (FEATURES X11, F156, G12)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.reconcile.night import Night
from tests.world import World

NOT_CARRIED = {"T-9": ("79.00",), "T-10": ("40.00",)}
CARRIED = {"T-9": ("79.00", "-79.00"), "T-10": ("40.00", "-1.00")}
"""What billing writes into September and October where it carries August's credit of 80.00 itself."""


def amount(world: World, entity: str, number: str) -> Decimal | None:
    """The total under which QuickBooks holds a document, None where it has none."""
    held = [one for one in world.qbo.state(entity, world.realm_id) if one.get("DocNumber") == number]
    return Decimal(str(held[0]["TotalAmt"])) if held else None


@pytest.mark.row("F156", "G12")
@pytest.mark.parametrize(
    ("policy", "later", "invoices", "memo", "explained"),
    [
        ("error", NOT_CARRIED, ["79", "40"], None, {"T-8": "negative_subtotal"}),
        ("carry_forward", CARRIED, ["0", "39"], None, {"T-8": "carried_forward"}),
        ("credit_memo", NOT_CARRIED, ["79", "40"], Decimal(80), {}),
    ],
)
def test_a_chain_of_credits_ties_out(
    world: World,
    night: Night,
    policy: str,
    later: dict[str, tuple[str, ...]],
    invoices: list[str],
    memo: Decimal | None,
    explained: dict[str, str],
) -> None:
    """August is 80.00 below zero: no drift under any policy, what is not in QuickBooks is named, and the sums are whole."""
    world.settings(negative_invoices=policy, locked_before="off")
    world.invoice("T-8", amounts=("50.00", "-130.00"), day="2026-08-15")
    for number, amounts in later.items():
        world.invoice(number, amounts=amounts, day=f"2026-{int(number[2:]):02}-15")
    world.run()

    night.run(from_date="2026-08-01", to_date="2026-10-31")

    assert [amount(world, "Invoice", number) for number in later] == [Decimal(total) for total in invoices]
    assert (amount(world, "Invoice", "T-8"), amount(world, "CreditMemo", "T-8")) == (None, memo)
    billed = Decimal(-80) + sum((Decimal(one) for amounts in later.values() for one in amounts), Decimal(0))
    in_quickbooks = sum((Decimal(total) for total in invoices), -(memo or Decimal(0)))
    assert (night.drift(), night.explained()) == ({}, explained)
    assert night.sums()[0] == billed - in_quickbooks


def test_a_carried_credit_is_used_up_by_the_invoices_that_follow(world: World) -> None:
    """F156: what August lacks is exactly what September and October were reduced by."""
    world.settings(negative_invoices="carry_forward", locked_before="off")
    world.invoice("T-8", amounts=("50.00", "-130.00"), day="2026-08-15")
    for number, amounts in CARRIED.items():
        world.invoice(number, amounts=amounts, day=f"2026-{int(number[2:]):02}-15")

    world.run()

    charged = sum((Decimal(amounts[0]) for amounts in CARRIED.values()), Decimal(0))
    held = sum((amount(world, "Invoice", number) or Decimal(0) for number in CARRIED), Decimal(0))
    assert charged - held == Decimal(80)
    assert world.status("inv-T-8") == ("Skipped", "carried_forward")
