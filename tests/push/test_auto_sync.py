"""The auto-sync takes what changed in billing, and what a changed cause releases."""

from __future__ import annotations

from decimal import Decimal

import pytest

from include.stores import realms
from include.wiring import connections, runs
from include.wiring.pushing import RealmStoppedError
from tests.world import World


def test_the_first_sync_takes_everything_from_the_start_date_and_the_next_one_nothing(world: World) -> None:
    """Empty watermark: the full set but drafts and what lies before the start; then nothing is sent or asked again."""
    world.invoice("T-1")
    world.invoice("T-2", status="draft")
    world.invoice("T-3", day="2025-12-31")
    world.sync()
    assert {one["DocNumber"] for one in world.in_qbo()} == {"T-1"}
    world.qbo.clear_journal()

    again = world.sync()

    assert again["sent"] == 0
    calls = [entry for entry in world.qbo.journal() if "/v3/company/" in entry["path"]]
    assert len(calls) <= 2


def test_a_change_in_billing_reaches_quickbooks_with_the_next_sync(world: World) -> None:
    """Only the touched invoice is written: the same one in QuickBooks, with the new total."""
    for number in range(1, 4):
        world.invoice(f"T-{number}")
    world.sync()

    world.change("inv-T-2", "55.00")
    changed = world.sync()

    assert changed["sent"] == 1
    assert {Decimal(str(one["TotalAmt"])) for one in world.in_qbo("T-2")} == {Decimal(55)}


@pytest.mark.row("F71")
def test_opening_a_draft_pushes_it(world: World) -> None:
    """Draft to open in billing is all that is needed."""
    world.invoice("T-1", status="draft")
    world.sync()
    assert world.in_qbo() == []

    world.sql(
        "update billing.invoices set status = 'open', updated_at = clock_timestamp() where invoice_id = 'inv-T-1'"
    )
    world.sync()

    assert len(world.in_qbo("T-1")) == 1


def test_a_new_mapping_releases_what_it_blocked_although_billing_did_not_change(world: World) -> None:
    """The cause changed, not the document: it is planned again by itself."""
    world.invoice("T-1", lines=[{"amount": Decimal(5), "category": "rental"}])
    world.sync()
    assert world.status("inv-T-1") == ("Skipped", "item_unmapped")

    world.map("category", "rental", "1", "Services")
    world.sync()

    assert world.status("inv-T-1") == ("Synced", "created")


def test_a_new_mapping_releases_what_it_blocked_although_the_first_try_after_it_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Billing is away for a minute just then: the second try takes what the mapping released, not the next night."""
    world.invoice("T-1", lines=[{"amount": Decimal(5), "category": "rental"}])
    world.sync()
    world.map("category", "rental", "1", "Services")
    with monkeypatch.context() as away:
        away.setenv("AIRFLOW_CONN_BILLING_DB", "postgres://nobody:x@127.0.0.1:9/none")
        with pytest.raises(connections.UnreachableError):
            world.sync()

    world.sync()

    assert world.status("inv-T-1") == ("Synced", "created")


@pytest.mark.row("X12", "G6")
def test_opening_the_books_releases_what_the_closed_period_held(world: World) -> None:
    """Skipped ``period_closed`` before any call; the closing date moves, and the next sync pushes the invoice."""
    world.qbo.preferences(BookCloseDate="2026-10-05")
    world.refresh()
    world.invoice("T-1", day="2026-10-05")
    world.sync()
    assert world.status("inv-T-1") == ("Skipped", "period_closed")
    assert world.in_qbo() == []

    world.qbo.preferences(BookCloseDate="2026-10-04")
    world.refresh()
    world.sync()

    assert len(world.in_qbo("T-1")) == 1


def test_a_line_edit_that_billing_did_not_stamp_is_found_at_night(world: World) -> None:
    """A late commit or an edit without a new time: the look at everything in scope compares contents."""
    world.invoice("T-1", amounts=("10.00",))
    world.sync()
    world.sql("alter table billing.invoice_lines disable trigger all")
    world.sql("alter table billing.invoices disable trigger all")
    world.change("inv-T-1", "12.00")
    assert world.sync()["sent"] == 0

    world.sync(kind="manual", everything=True)

    assert [Decimal(str(one["TotalAmt"])) for one in world.in_qbo("T-1")] == [Decimal(12)]


def test_a_void_that_billing_did_not_stamp_is_found_at_night(world: World) -> None:
    """The content is the same, and the invoice is no longer wanted: QuickBooks voids it, and the next night sends nothing."""
    world.settings(voided_in_billing="void", locked_before="off")
    world.invoice("T-1")
    world.sync()
    world.sql("alter table billing.invoices disable trigger all")
    world.sql("update billing.invoices set status = 'void' where doc_number = 'T-1'")
    assert world.sync()["sent"] == 0

    world.sync(kind="manual", everything=True)

    assert [one["TotalAmt"] for one in world.in_qbo("T-1")] == [0]
    assert world.sync(kind="manual", everything=True)["sent"] == 0


def test_what_billing_opens_again_after_our_void_is_written_again(world: World) -> None:
    """Voided on both sides, then open in billing with the same content: stamped or not, QuickBooks holds its amount again."""
    world.settings(voided_in_billing="void", locked_before="off")
    world.invoice("T-1", amounts=("10.00",))
    world.invoice("T-2", amounts=("20.00",))
    world.sync()
    world.sql("update billing.invoices set status = 'void'")
    world.sync()
    assert [one["TotalAmt"] for one in world.in_qbo()] == [0, 0]

    world.sql("update billing.invoices set status = 'open' where doc_number = 'T-1'")
    world.sync()
    world.sql("alter table billing.invoices disable trigger all")
    world.sql("update billing.invoices set status = 'open' where doc_number = 'T-2'")
    world.sync(kind="manual", everything=True)

    assert sorted(one["TotalAmt"] for one in world.in_qbo()) == [10, 20]
    assert set(world.statuses().values()) == {("Synced", "updated")}
    assert world.sync(kind="manual", everything=True)["sent"] == 0


def test_what_a_run_had_read_when_it_died_is_taken_by_the_next_one(world: World) -> None:
    """The watermark moved with the candidates, and then the run died: the void reaches QuickBooks all the same."""
    world.settings(voided_in_billing="void", locked_before="off")
    world.invoice("T-1")
    world.sync()
    world.sql("update billing.invoices set status = 'void' where doc_number = 'T-1'")
    context = world.context("scheduled__dies", "scheduled")
    context["dag_run"].dag_id = "qbo_auto_sync"
    runs.extract_changes(world.realm_key, context)

    world.sync()

    assert [one["TotalAmt"] for one in world.in_qbo("T-1")] == [0]
    assert world.sync()["sent"] == 0


def test_after_a_reconnect_the_nightly_run_links_what_was_pushed_before(world: World) -> None:
    """All links were archived, and billing changed nothing: one night links every invoice again, and changes reach it."""
    world.invoice("T-1", amounts=("10.00",))
    world.invoice("T-2", amounts=("20.00",))
    world.sync()
    before = {one["DocNumber"]: one["Id"] for one in world.in_qbo()}
    disconnect(world)
    world.connect()

    assert world.sync(kind="manual", everything=True)["sent"] == 0

    world.change("inv-T-2", "25.00")
    assert world.sync()["sent"] == 1
    assert {one["DocNumber"]: one["Id"] for one in world.in_qbo()} == before
    assert [Decimal(str(one["TotalAmt"])) for one in world.in_qbo("T-2")] == [Decimal(25)]
    assert world.sync(kind="manual", everything=True)["sent"] == 0


def test_what_changed_while_a_company_was_disconnected_is_brought_there_by_night(world: World) -> None:
    """Disconnected, changed in billing, connected again: the invoice is found by its archived link and then updated."""
    world.invoice("T-1", amounts=("10.00",))
    world.sync()
    disconnect(world)
    world.change("inv-T-1", "15.00")
    world.connect()

    world.sync(kind="manual", everything=True)
    world.sync(kind="manual", everything=True)

    assert [Decimal(str(one["TotalAmt"])) for one in world.in_qbo("T-1")] == [Decimal(15)]
    assert world.status("inv-T-1") == ("Synced", "updated")


def test_an_edit_made_while_a_company_was_disconnected_is_never_overwritten(world: World) -> None:
    """Disconnected and edited by the accountant, connected again, changed in billing: both are shown, the edit stays."""
    world.invoice("T-1", amounts=("10.00",))
    world.sync()
    disconnect(world)
    (held,) = world.in_qbo("T-1")
    world.qbo.act("edit", entity="Invoice", id=held["Id"], changes={"PrivateNote": "agreed by phone"})
    world.connect()
    world.sync(kind="manual", everything=True)
    world.change("inv-T-1", "15.00")

    world.sync(kind="manual", everything=True)

    assert world.status("inv-T-1") == ("Skipped", "edited_in_qbo")
    assert [one["PrivateNote"] for one in world.in_qbo("T-1")] == ["agreed by phone"]
    assert [Decimal(str(one["TotalAmt"])) for one in world.in_qbo("T-1")] == [Decimal(10)]


def disconnect(world: World) -> None:
    """End the connection to the company as an administrator does."""
    with connections.connect_state() as state:
        realms.disconnect(state, world.sql("select max(id) from qbo_sync.realms")[0][0], who="test")


def test_a_mail_that_a_stopped_push_left_behind_goes_out_with_the_next_sync(world: World) -> None:
    """The token is refused before the mail, which ends the run: billing changes nothing, and the next run mails it."""
    world.settings(send="send")
    world.invoice("T-1", billing_email="ap@cafe.example")
    world.qbo.fault("token_expired", operation="send", count=2)
    with pytest.raises(RealmStoppedError):
        world.sync()
    assert world.status("inv-T-1") == ("Synced", "not_yet_sent")

    world.sync()

    assert [one["EmailStatus"] for one in world.in_qbo("T-1")] == ["EmailSent"]
    assert world.sync()["sent"] == 0
