"""What the nightly reconciliation finds between billing and QuickBooks, and what it leaves alone."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from include.wiring.forms import ChoiceError
from tests.reconcile.night import DOCUMENTS, Night
from tests.world import World, write_settings


def accountant(world: World, do: str, number: str) -> None:
    """Delete or void an invoice in QuickBooks itself."""
    world.qbo.act(do, entity="Invoice", id=world.in_qbo(number)[0]["Id"])


def edit(world: World, number: str, **changes: Any) -> None:
    """Change fields of an invoice in QuickBooks, as somebody does there."""
    held = world.in_qbo(number)[0]
    write(world, {"Id": held["Id"], "SyncToken": held["SyncToken"], "sparse": True, **changes})


def type_in(world: World, number: str, amount: str) -> None:
    """Enter an invoice in QuickBooks by hand."""
    held = world.qbo.state("Customer", name="Northwind Cafe")
    if not held:
        world.qbo.act("create", entity="Customer", values={"DisplayName": "Northwind Cafe"})
        held = world.qbo.state("Customer", name="Northwind Cafe")
    detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}}
    line = {"Amount": float(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    header = {"DocNumber": number, "TxnDate": "2026-10-05", "CustomerRef": {"value": held[0]["Id"]}}
    write(world, {**header, "Line": [line]}, include="allowduplicatedocnum")


def write(world: World, invoice: dict[str, Any], **parameters: str) -> None:
    """Write to QuickBooks as another client does."""
    status, answer = world.qbo.call("POST", "invoice", invoice, **parameters)
    assert status == 200, answer


def billed_and_held(world: World) -> tuple[Decimal, Decimal]:
    """The totals of both sides, asked of both sides: what billing bills, what QuickBooks has invoiced."""
    billed = world.sql(
        "select coalesce(sum(total_amount), 0) from billing.invoices where status not in ('void', 'deleted')"
    )[0][0]
    return billed, Decimal(world.qbo.totals("Invoice")["total"])


def open_balances(world: World) -> tuple[Decimal, Decimal]:
    """What is open on both sides, asked of both sides."""
    billed = world.sql(
        "select coalesce(sum(balance_amount), 0) from billing.invoices where status not in ('void', 'deleted')"
    )[0][0]
    return billed, Decimal(world.qbo.totals("Invoice")["balance"])


def test_two_sides_that_agree_have_no_difference(pushed: World, night: Night) -> None:
    """Sixty invoices as they were pushed: no row, every month ties, and the page says that there is no drift."""
    said = night.run()

    assert said["is_done"]
    assert said["drift_rows"] == 0
    assert pushed.sql("select count(*) from qbo_sync.differences") == [(0,)]
    totals = night.totals()
    assert (totals["billed"], totals["held"], totals["agreeing"]) == (DOCUMENTS, DOCUMENTS, DOCUMENTS)
    assert [month["month"] for month in totals["months"]] == ["2026-09", "2026-10", "2026-11"]
    assert all(month["billing"] == month["qbo"] for month in totals["months"])
    assert "No drift" in night.page()


def test_one_of_each_class_is_found_and_nothing_else(pushed: World, night: Night) -> None:
    """Each kind of drift, put among sixty documents: each is named with its class, and no other document is."""
    world = pushed
    one = lambda number: world.in_qbo(number)[0]  # noqa: E731 - a name for the line below is enough
    world.invoice("T-100", amounts=("70.00",), day="2026-10-07")
    type_in(world, "T-200", "55.55")
    type_in(world, "T-1", "44.00")
    accountant(world, "delete", "T-2")
    accountant(world, "void", "T-3")
    world.sql("delete from billing.invoices where doc_number = 'T-4'")
    world.sql("update billing.invoices set status = 'void' where doc_number = 'T-5'")
    world.sql("update billing.invoices set status = 'deleted' where doc_number = 'T-6'")
    edit(world, "T-7", Line=_first_line(one("T-7"), Amount=99.99))
    edit(world, "T-8", TxnDate="2026-11-28")
    edit(world, "T-9", CustomerRef=one("T-10")["CustomerRef"])
    edit(world, "T-11", DocNumber="T-1100")
    edit(world, "T-12", PrivateNote="called, pays on Friday")
    edit(world, "T-13", Line=_first_line(one("T-13"), Description="Something else"))
    world.qbo.act(
        "receive_payment", customer=one("T-14")["CustomerRef"]["value"], amount="5.00", invoices=[one("T-14")["Id"]]
    )

    night.run()

    assert night.drift() == {
        "T-100": {"missing_in_qbo"},
        "T-200": {"extra_in_qbo"},
        "T-1": {"duplicate"},
        "T-2": {"deleted_in_qbo"},
        "T-3": {"voided_in_qbo"},
        "T-4": {"deleted_in_billing"},
        "T-5": {"voided_in_billing"},
        "T-6": {"deleted_in_billing"},
        "T-7": {"amount"},
        "T-8": {"date"},
        "T-9": {"customer"},
        "T-11": {"number"},
        "T-12": {"edited_in_qbo"},
        "T-13": {"edited_in_qbo"},
    }
    assert night.explained() == {}
    assert night.row("T-14", "balance")["amount"] == Decimal("5.00")
    assert "Something else" in night.row("T-13", "edited_in_qbo")["qbo_value"]
    assert "id " in night.row("T-9", "customer")["qbo_value"]
    assert night.row("T-8", "date")["qbo_value"] == "2026-11-28"


def test_the_differences_add_up_to_the_difference_of_the_totals(pushed: World, night: Night) -> None:
    """Billed less invoiced is the sum of the differences; open less open is the same sum with the payments."""
    world = pushed
    accountant(world, "delete", "T-20")
    accountant(world, "void", "T-21")
    edit(world, "T-22", Line=_first_line(world.in_qbo("T-22")[0], Amount=1.01))
    type_in(world, "T-300", "12.34")
    world.qbo.act("receive_payment", customer=world.in_qbo("T-23")[0]["CustomerRef"]["value"], amount="3.21")
    world.sql("update billing.invoices set balance_amount = balance_amount - 1.11 where doc_number = 'T-24'")
    world.invoice("T-101", amounts=("9.99",), balance_amount="4.00")
    world.invoice("T-102", amounts=("8.88",), status="draft")
    world.run(invoice_numbers=["T-102"])

    night.run()

    (billed, held), (billed_open, held_open) = billed_and_held(world), open_balances(world)
    assert night.sums() == (billed - held, billed_open - held_open)
    months = night.totals()["months"]
    for month in months:
        assert Decimal(month["billing"]) - Decimal(month["qbo"]) == night.by_month().get(month["month"], Decimal(0))
        assert Decimal(month["billing"]) - Decimal(month["qbo"]) == Decimal(month["explained"]) + Decimal(
            month["drift"]
        )
    assert sum(Decimal(month["billing"]) for month in months) == billed
    assert sum(Decimal(month["qbo"]) for month in months) == held


def test_drift_of_one_cent_is_found_and_named(pushed: World, night: Night) -> None:
    """F125: 0.01 more in QuickBooks than in billing is a difference like any other."""
    line = _first_line(pushed.in_qbo("T-30")[0], Amount=30.11)
    edit(pushed, "T-30", Line=line)

    night.run()

    found = night.row("T-30", "amount")
    assert (found["billing_value"], found["qbo_value"]) == ("33.55 USD", "33.56 USD")
    assert found["amount"] == Decimal("-0.01")
    assert "changed the total in QuickBooks" in found["proposed_repair"]


@pytest.mark.row("F75")
def test_what_has_a_status_with_a_reason_is_explained(world: World, night: Night) -> None:
    """Opted out, draft, skipped and refused documents are named with their reason, and are no drift (F75)."""
    world.invoice("T-1")
    world.invoice("T-2", is_opted_out=True)
    world.invoice("T-3", status="draft")
    world.invoice("T-4", customer_id=None)
    world.invoice("T-5", amounts=("-5.00",))
    world.invoice("T-6", status="void")
    world.run()
    world.invoice("T-7", is_opted_out=True)

    night.run()

    assert night.drift() == {}
    assert night.explained() == {
        "T-2": "opted_out",
        "T-3": "draft",
        "T-4": "customer_missing",
        "T-5": "negative_subtotal",
        "T-7": "opted_out",
    }
    assert "negative_subtotal" in night.page()


def test_what_no_run_has_looked_at_is_drift(world: World, night: Night) -> None:
    """F126: billed, not in QuickBooks, and without a status: missed revenue, with the amount and what to do."""
    world.invoice("T-1", amounts=("120.00",))

    night.run()

    found = night.row("T-1", "missing_in_qbo")
    assert found["amount"] == Decimal("120.00")
    assert found["billing_value"] == "120.00 USD, Northwind Cafe, without a status"
    assert "qbo_export_invoices" in found["proposed_repair"]


def test_a_change_in_billing_that_a_check_holds_back_is_explained(pushed: World, night: Night) -> None:
    """Billing changed an invoice and took its customer away: the run refused it, so the amount is explained by that."""
    pushed.change("inv-T-1", "500.00")
    pushed.sql("update billing.invoices set customer_id = null where invoice_id = 'inv-T-1'")
    pushed.change("inv-T-4", "600.00")
    pushed.run(invoice_numbers=["T-1"])

    night.run()

    assert night.explained() == {"T-1": "customer_missing"}
    assert night.drift() == {"T-4": {"amount"}}
    assert "Billing changed the total" in night.row("T-4", "amount")["proposed_repair"]


def test_a_date_that_moves_to_another_month_moves_its_money(pushed: World, night: Night) -> None:
    """The accountant dates an October invoice into July, outside the period: it is found there, and both months tie."""
    number = next(one["DocNumber"] for one in pushed.in_qbo() if one["TxnDate"].startswith("2026-10"))
    edit(pushed, number, TxnDate="2026-07-15")

    night.run(from_date="2026-09-01", to_date="2026-11-30")

    assert night.drift() == {number: {"date"}}
    months = {month["month"]: month for month in night.totals()["months"]}
    assert set(months) == {"2026-07", "2026-09", "2026-10", "2026-11"}
    total = Decimal(str(pushed.in_qbo(number)[0]["TotalAmt"]))
    assert night.by_month() == {"2026-10": total, "2026-07": -total}
    assert Decimal(months["2026-07"]["drift"]) == -total


def test_a_date_that_billing_moves_out_of_the_period_is_found(pushed: World, night: Night) -> None:
    """QuickBooks shows it in the period, billing dates it elsewhere now: billing is asked for it by its id."""
    pushed.sql("update billing.invoices set invoice_date = '2026-03-03' where invoice_id = 'inv-T-1'")

    night.run(from_date="2026-09-01", to_date="2026-11-30")

    assert night.drift() == {"T-1": {"date"}}


def test_closed_books_move_no_date_of_what_is_in_quickbooks(world: World, night: Night) -> None:
    """Under move_date one stands in its own month and one in the next; billing changes both amounts when all is closed."""
    world.settings(closed_period="move_date", locked_before="off")
    world.invoice("T-1", day="2026-09-10")
    world.run()
    world.qbo.preferences(BookCloseDate="2026-09-30")
    world.refresh()
    world.invoice("T-2", day="2026-09-11")
    world.run()
    world.qbo.preferences(BookCloseDate="2026-10-31")
    world.refresh()
    world.change("inv-T-1", "110.00")
    world.change("inv-T-2", "120.00")
    world.run()
    assert [one["TxnDate"] for one in world.in_qbo()] == ["2026-09-10", "2026-10-01"]

    night.run()

    assert night.explained() == {"T-1": "period_closed", "T-2": "period_closed"}
    assert night.by_month() == {"2026-09": Decimal(10), "2026-10": Decimal(20)}
    months = {month["month"]: Decimal(month["billing"]) for month in night.totals()["months"]}
    assert months == {"2026-09": Decimal(110), "2026-10": Decimal(120)}


def test_documents_outside_the_period_are_left_alone(pushed: World, night: Night) -> None:
    """Only the dates of the form are compared; all documents when the form asks for them."""
    accountant(pushed, "void", "T-3")
    day = pushed.sql("select invoice_date from billing.invoices where invoice_id = 'inv-T-3'")[0][0]
    assert day.month == 9

    night.run(from_date="2026-10-01", to_date="2026-11-30")
    assert night.drift() == {}
    assert night.totals()["billed"] == DOCUMENTS * 2 // 3

    night.run(from_date="2026-10-01", everything=True)
    assert night.drift() == {"T-3": {"voided_in_qbo"}}
    assert night.totals()["billed"] == DOCUMENTS


def test_a_hand_typed_invoice_of_a_skipped_number_is_compared_by_its_number(world: World, night: Night) -> None:
    """QuickBooks has an invoice of this number that we did not write: known by its number, only what differs is named."""
    world.invoice("T-1", amounts=("50.00",))
    world.invoice("T-2", amounts=("60.00",))
    type_in(world, "T-1", "50.00")
    type_in(world, "T-2", "61.00")
    world.run()
    assert world.status("inv-T-1") == ("Skipped", "already_in_qbo")

    night.run()

    assert night.drift() == {"T-2": {"amount"}}
    assert "not ours" in night.row("T-2", "amount")["proposed_repair"]


def test_void_on_both_sides_is_no_difference(pushed: World, night: Night) -> None:
    """Voided in billing and in QuickBooks, or deleted on one side and voided on the other: nothing is owed anywhere."""
    accountant(pushed, "void", "T-1")
    accountant(pushed, "void", "T-2")
    pushed.sql("update billing.invoices set status = 'void' where doc_number = 'T-1'")
    pushed.sql("delete from billing.invoices where doc_number = 'T-2'")

    night.run()

    assert night.drift() == {}
    assert night.sums() == (Decimal(0), Decimal(0))


def test_a_reconciliation_writes_nothing_to_quickbooks_and_asks_little(pushed: World, night: Night) -> None:
    """Of sixty documents with drift in them: queries and reads alone, five calls at most, and every number stays."""
    accountant(pushed, "delete", "T-1")
    accountant(pushed, "void", "T-2")
    before = pushed.qbo.totals("Invoice")
    sent = pushed.sql("select count(*) from qbo_sync.attempts")
    pushed.qbo.clear_journal()

    night.run()

    calls = pushed.qbo.journal(realm_id=pushed.realm_id)
    assert {call["method"] for call in calls} == {"GET"}
    assert len(calls) <= 5
    assert pushed.qbo.totals("Invoice") == before
    assert pushed.sql("select count(*) from qbo_sync.attempts") == sent


def test_a_realm_with_nothing_to_compare_asks_once(world: World, night: Night) -> None:
    """No document on either side: one query, a page that says so, no error."""
    world.qbo.clear_journal()

    said = night.run()

    assert said["drift_rows"] == 0
    assert len(world.qbo.journal(realm_id=world.realm_id)) == 1
    assert "nothing to compare" in night.page()


def test_a_repeated_try_replaces_what_the_first_one_kept(pushed: World, night: Night) -> None:
    """Airflow repeats a task: one reconciliation of the run remains, with one set of differences."""
    accountant(pushed, "void", "T-1")
    night.run()
    night.runs -= 1

    night.run()

    assert pushed.sql("select count(*) from qbo_sync.reconciliations") == [(1,)]
    assert pushed.sql("select class from qbo_sync.differences") == [("voided_in_qbo",)]


def test_what_changed_after_a_sync_that_is_running_waits_for_the_next_one(pushed: World, night: Night) -> None:
    """With the hourly sync alive, what billing changed since it looked is planned, not drift; without it, it is drift."""
    pushed.sql(
        "insert into qbo_sync.watermarks (realm, stream, value)"
        " select max(id), 'invoices', clock_timestamp() from qbo_sync.realms"
    )
    pushed.change("inv-T-1", "77.00")
    pushed.invoice("T-100")

    night.run()
    assert night.drift() == {}
    assert night.explained() == {"T-1": "planned", "T-100": "planned"}

    pushed.sql("update qbo_sync.watermarks set moved_at = now() - interval '1 day'")
    night.run()
    assert night.drift() == {"T-1": {"amount"}, "T-100": {"missing_in_qbo"}}


def test_a_mapping_that_was_changed_later_is_no_drift(pushed: World, night: Night) -> None:
    """A changed mapping never rewrites what is in QuickBooks, so its invoices stay right where they are."""
    pushed.sql(
        "update qbo_sync.mappings set qbo_id = '29', qbo_name = 'x' where kind = 'customer' and billing_key = 'c1'"
    )

    night.run()

    assert night.drift() == {}


def test_the_page_opens_offline_and_hides_nothing_hostile(pushed: World, night: Night) -> None:
    """No script, nothing fetched, and a note that an accountant wrote as markup is shown as text."""
    edit(pushed, "T-1", PrivateNote="<script>alert(1)</script>")

    night.run()

    page = night.page()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    # A link to the document in QuickBooks is followed by a click alone; nothing else may name an address.
    assert "http" not in re.sub(r'<a [^>]*href="[^"]*"', "", page)
    assert "<svg" in page
    assert "2026-10" in page


def test_the_log_tells_classes_and_months(pushed: World, night: Night, caplog: pytest.LogCaptureFixture) -> None:
    """The report's log has counts and money per class, one table of months, and a line for each drift."""
    accountant(pushed, "void", "T-1")
    caplog.set_level("INFO", logger="ledgerline")

    night.run()

    assert "voided_in_qbo: 1 (Voided in QuickBooks, and still billed), 4.55 USD" in caplog.text
    assert "month" in caplog.text
    assert "drift: 1 differences to look at" in caplog.text
    assert "T-1 | voided_in_qbo | billing 4.55 USD | QuickBooks void" in caplog.text


def test_each_company_is_compared_with_its_own_documents(
    world: World, night: Night, caplog: pytest.LogCaptureFixture
) -> None:
    """Two companies: what billing routes elsewhere is left alone, what it moved away is explained, what is nobody's is told."""
    for number in ("T-1", "T-2"):
        world.invoice(number, realm_key="demo")
    write_settings(world.mappings, "other", {"connection": "qbo_other", "time_zone": "Europe/London"})
    world.run()
    world.invoice("T-3", realm_key="other")
    world.invoice("T-4", realm_key="nowhere")
    world.invoice("T-5")
    world.sql("update billing.invoices set realm_key = 'other' where doc_number = 'T-2'")
    caplog.set_level("WARNING", logger="ledgerline")

    night.run()

    assert night.drift() == {}
    assert night.explained() == {"T-2": "moved"}
    assert night.totals()["billed"] == 1
    assert "2 documents of billing belong to no company" in caplog.text


def test_dates_before_the_start_date_are_refused_in_the_form(world: World, night: Night) -> None:
    """Nothing was synchronised then: one sentence that names the company and its first day."""
    with pytest.raises(ChoiceError, match=r"demo: nothing is to be compared up to 2025-12-31: .* 2026-01-01"):
        night.run(from_date="2025-12-01", to_date="2025-12-31")


def test_a_document_that_breaks_the_contract_is_explained_by_its_status(world: World, night: Night) -> None:
    """Half of it cannot be read; what can be is compared, and its status says what is wrong with it."""
    world.invoice("T-1", currency=None)
    world.run()
    _, reason = world.status("inv-T-1")

    night.run()

    assert night.drift() == {}
    assert night.explained() == {"T-1": reason}


def _first_line(invoice: dict[str, Any], **changed: Any) -> list[dict[str, Any]]:
    """The invoice's lines with the first one changed; without quantity and price, whose product would contradict it."""
    lines = [dict(line) for line in invoice["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    detail = {
        name: value for name, value in lines[0]["SalesItemLineDetail"].items() if name not in ("Qty", "UnitPrice")
    }
    lines[0] |= {"SalesItemLineDetail": detail, **changed}
    return lines


@pytest.mark.row("F21")
def test_a_merge_of_customers_is_named_and_nothing_is_to_be_put_back(world: World, night: Night) -> None:
    """Two customers were merged in QuickBooks: the difference says so; mapped to the one that is left, it is gone.

    What is billed in between waits, whether our lists know of the merge or not; then it goes to that one. No customer is made.
    """
    world.customer("c2", "Bluebird Bakery")
    world.invoice("T-1", customer_id="c1")
    world.invoice("T-2", customer_id="c2")
    world.run()
    away, into = (world.in_qbo(number)[0]["CustomerRef"]["value"] for number in ("T-1", "T-2"))
    world.qbo.act("merge", entity="Customer", id=away, into=into)
    customers = world.qbo.state("Customer")
    world.invoice("T-3", customer_id="c1")
    world.run()
    unread = world.status("inv-T-3")
    world.refresh()
    calls = world.run()["sent"]
    read = world.status("inv-T-3")

    night.run()
    told = night.row("T-1", "customer")["proposed_repair"]
    world.map("customer", "c1", into, "Bluebird Bakery")
    night.run()
    world.run()

    assert unread == read == ("Skipped", "inactive_reference")
    assert calls == 0
    assert [one["CustomerRef"]["value"] for one in world.in_qbo("T-3")] == [into]
    assert [one["DisplayName"] for one in world.qbo.state("Customer")] == [one["DisplayName"] for one in customers]
    assert f"Customer id {away} is inactive" in told
    assert f"map the billing customer to id {into}" in told
    assert night.drift() == {}


def test_a_document_of_nothing_whose_memo_speaks_of_a_void_is_none(world: World, night: Night) -> None:
    """0.00 with billing's memo "Voided - old claim" is an invoice like any other; voided by hand it is void."""
    for number in ("T-1", "T-2"):
        world.invoice(number, amounts=("0.00",), memo="Voided - old claim")
    world.run()
    accountant(world, "void", "T-2")

    night.run()
    world.sql("update billing.invoices set status = 'void'")
    world.run()

    assert night.drift() == {"T-2": {"voided_in_qbo"}}
    assert world.status("inv-T-1") == ("Synced", "voided_in_billing")
