"""What is kept of QuickBooks' answers: no secret, and no text that the database would refuse."""

from __future__ import annotations

import pytest

from include.wiring import runs
from include.wiring.pushing import RealmStoppedError
from tests.world import World


def test_no_piece_of_a_token_is_kept_with_a_refused_sending(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The simulator quotes the token's head in its 401, as QuickBooks does: neither attempts nor log nor status hold it."""
    world.invoice("T-1")
    plan, context = world.prepare()
    world.qbo.fault("token_expired", path="/invoice", method="POST", count=0)

    with pytest.raises(RealmStoppedError):
        runs.push(plan, context)

    kept = world.sql("select concat(request, answer, detail) from qbo_sync.attempts")
    kept += world.sql("select detail from qbo_sync.statuses") + world.sql("select detail from qbo_sync.plan_items")
    texts = [*(str(text) for (text,) in kept), caplog.text]
    assert any("Token expired: ***" in text for text in texts)
    quoted = [str(entry["answer_body"]) for entry in world.qbo.journal(path="/invoice") if entry["status"] == 401]
    heads = {body.split("Token expired: ")[1][:8] for body in quoted}
    assert heads
    assert not [text for text in texts for head in heads if head in text]


def test_a_nul_in_quickbooks_texts_is_kept_as_its_escape(world: World) -> None:
    """A customer's name and an invoice's memo with a NUL: the lists are read, the invoice is updated, the audit is whole."""
    world.invoice("T-1")
    world.run()
    (invoice,) = world.in_qbo("T-1")
    (customer,) = world.qbo.state("Customer", name="Northwind Cafe")
    world.qbo.load("Customer", [{**customer, "DisplayName": "North\0wind", "Notes": "a\0b"}])
    world.qbo.load("Invoice", [{**invoice, "CustomerMemo": {"value": "thanks\0"}}])

    world.refresh()
    world.change("inv-T-1", "120.00")
    world.run()

    names = world.sql("select name, payload ->> 'Notes' from qbo_sync.reference where qbo_id = %s", customer["Id"])
    assert (r"North\u0000wind", r"a\u0000b") in names
    assert [one["TotalAmt"] for one in world.in_qbo("T-1")] == [120]
    assert world.status("inv-T-1") == ("Synced", "updated")
