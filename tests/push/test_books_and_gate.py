"""Closed books, negative invoices, numbers, dates and gaps: what stays out before any call, and what lets it go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.world import World


def nothing_was_sent(world: World) -> bool:
    """No call that writes has left the house."""
    return world.sql("select count(*) from qbo_sync.attempts where event = 'sent'") == [(0,)]


@pytest.mark.row("X12", "G6", "F83")
def test_the_closing_date_itself_is_closed_and_the_day_after_is_open(world: World) -> None:
    """Skipped before any call, with the date; with move_date it goes to the day after, and says where it came from."""
    world.qbo.preferences(BookCloseDate="2026-10-05")
    world.refresh()
    world.invoice("T-1", day="2026-10-05")
    world.run()
    assert world.status("inv-T-1") == ("Skipped", "period_closed")
    assert world.reasons("inv-T-1")["period_closed"] == "dated 2026-10-05, books closed until 2026-10-05"
    assert nothing_was_sent(world)
    world.invoice("T-2", day="2026-10-06")

    world.settings(closed_period="move_date")
    world.run()

    held = {one["DocNumber"]: one for one in world.in_qbo()}
    assert {number: one["TxnDate"] for number, one in held.items()} == {"T-1": "2026-10-06", "T-2": "2026-10-06"}
    assert "2026-10-05" in held["T-1"]["PrivateNote"]
    assert ("date_moved" in world.reasons("inv-T-1"), "date_moved" in world.reasons("inv-T-2")) == (True, False)
    world.run()
    assert world.status("inv-T-1") == ("Synced", "date_moved")
    assert world.status("inv-T-2") == ("Synced", "unchanged")


@pytest.mark.row("X12")
def test_what_was_moved_behind_closing_can_still_be_changed_and_voided(world: World) -> None:
    """Billing's own date stays in the closed period; the date that QuickBooks holds is open, and it is the one that counts."""
    world.qbo.preferences(BookCloseDate="2026-10-05")
    world.refresh()
    world.settings(closed_period="move_date", voided_in_billing="void")
    world.invoice("T-1", day="2026-10-05")
    world.run()

    world.change("inv-T-1", "110.00")
    world.run()
    changed = world.in_qbo("T-1")
    world.sql("update billing.invoices set status = 'void' where invoice_id = 'inv-T-1'")
    world.run()

    assert [(one["TxnDate"], Decimal(str(one["TotalAmt"]))) for one in changed] == [("2026-10-06", Decimal(110))]
    assert [Decimal(str(one["TotalAmt"])) for one in world.in_qbo("T-1")] == [0]
    assert world.status("inv-T-1")[0] == "Synced"


@pytest.mark.row("F155", "X11")
@pytest.mark.parametrize(
    ("choice", "status", "memos"),
    [
        ("error", ("Error", "negative_subtotal"), []),
        ("carry_forward", ("Skipped", "carried_forward"), []),
        ("credit_memo", ("Synced", "created"), [Decimal("0.01")]),
    ],
)
def test_a_negative_invoice_is_judged_as_settings_say(
    world: World, choice: str, status: tuple[str, str], memos: list[Decimal]
) -> None:
    """One cent below zero is an error, a carried credit or a credit memo; zero is an invoice like any other."""
    world.settings(negative_invoices=choice)
    world.invoice("T-1", amounts=("10.00", "-10.01"))
    world.invoice("T-2", amounts=("10.00", "-10.00"))

    world.run()

    assert world.status("inv-T-1") == status
    assert [Decimal(str(one["TotalAmt"])) for one in world.in_qbo()] == [0]
    memos_there = [one for one in world.qbo.state("CreditMemo", world.realm_id) if one["DocNumber"] == "T-1"]
    assert [Decimal(str(one["TotalAmt"])) for one in memos_there] == memos


@pytest.mark.row("X10")
def test_a_number_of_22_characters_is_an_error_and_never_cut(world: World) -> None:
    """Twenty-one go as they are; one more stays out, whatever its beginning."""
    fits, too_long = "T" * 21, "T" * 22
    world.invoice(fits)
    world.invoice(too_long)

    world.run()

    assert world.status(f"inv-{too_long}") == ("Error", "doc_number_too_long")
    assert [one["DocNumber"] for one in world.in_qbo()] == [fits]


@pytest.mark.row("F82")
def test_nothing_before_the_start_date_goes(world: World) -> None:
    """The start date itself is in scope, the day before is not."""
    world.settings(start_date="2026-10-05")
    world.invoice("T-1", day="2026-10-05")
    world.invoice("T-2", day="2026-10-04")

    world.run()

    assert world.status("inv-T-2") == ("Skipped", "before_start_date")
    assert [one["DocNumber"] for one in world.in_qbo()] == ["T-1"]


@pytest.mark.row("F33", "F103", "F104")
def test_a_line_without_service_or_tax_code_is_kept_back_until_it_is_filled(world: World) -> None:
    """No category, or a code that nobody mapped: stopped with the line named; filled in billing, the next run pushes."""
    world.sql("delete from qbo_sync.mappings where kind = 'tax_code'")
    world.map("tax_code", "2", "2", "California")
    taxed: dict[str, Any] = {"amount": Decimal(100), "tax_code": "CITY", "tax_amount": Decimal(8)}
    totals = {"subtotal_amount": Decimal(100), "tax_amount": Decimal(8), "total_amount": Decimal(108)}
    world.invoice("T-1", lines=[{"amount": Decimal(5), "category": None, "description": "Setup"}])
    world.invoice("T-2", lines=[taxed], **totals)
    world.run()
    assert world.status("inv-T-1") == ("Skipped", "category_missing")
    assert "line 1 'Setup'" in world.reasons("inv-T-1")["category_missing"]
    assert world.status("inv-T-2") == ("Skipped", "tax_code_unmapped")
    assert "CITY" in world.reasons("inv-T-2")["tax_code_unmapped"]
    assert nothing_was_sent(world)

    world.sql("update billing.invoice_lines set category = 'recurring' where line_id = 'inv-T-1-1'")
    world.sql("update billing.invoice_lines set tax_code = '2' where line_id = 'inv-T-2-1'")
    world.run()

    assert {one["DocNumber"]: Decimal(str(one["TotalAmt"])) for one in world.in_qbo()} == {"T-1": 5, "T-2": 108}


@pytest.mark.row("F30", "G7")
def test_a_default_category_taken_away_holds_back_its_invoices_until_it_is_back(world: World) -> None:
    """300 invoices of the category are Skipped, one of another goes; one row of the book releases exactly the 300."""
    world.map("category", "setup", "2", "Hours")
    world.sql("delete from qbo_sync.mappings where kind = 'category' and billing_key = 'recurring'")
    for number in range(300):
        world.invoice(f"T-{number}")
    world.invoice("T-other", lines=[{"amount": Decimal(1), "category": "setup"}])
    world.sync()
    assert [one["DocNumber"] for one in world.in_qbo()] == ["T-other"]
    blocked = {key for key, status in world.statuses().items() if status == ("Skipped", "item_unmapped")}
    assert len(blocked) == 300

    world.map("category", "recurring", "1", "Services")
    released = world.sync()

    assert released["sent"] == 300
    assert len(world.in_qbo()) == 301
    assert {world.statuses()[key] for key in blocked} == {("Synced", "created")}


@pytest.mark.row("F68", "F69")
def test_old_detail_is_told_or_stopped_as_settings_say(world: World) -> None:
    """Detail older than the days of the setting: by default the invoice goes with a warning, with stop it stays."""
    for number, age in (("T-1", 120), ("T-2", 121)):
        world.invoice(number)
        world.sql(
            "update billing.invoice_lines set service_date = (now() at time zone 'America/Los_Angeles')::date - %s::int"
            " where invoice_id = %s",
            age,
            f"inv-{number}",
        )

    world.settings(detail_age={"choice": "stop", "days": 120})
    world.run(mode="plan_only")
    assert (world.status("inv-T-1")[0], world.status("inv-T-2")) == ("Pending", ("Skipped", "detail_expired"))

    world.settings(detail_age="warn")
    world.run()

    assert {one["DocNumber"] for one in world.in_qbo()} == {"T-1", "T-2"}
    warned = ["detail_expired" in world.reasons(f"inv-{number}") for number in ("T-1", "T-2")]
    assert warned == [False, True]
