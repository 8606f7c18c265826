"""How unknown outcomes are settled by what QuickBooks holds (DESIGN, exactly once, rules 2, 6, 7, 8, 11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.billing_sync import settle
from include.billing_sync.owned import owned_fields
from include.billing_sync.ports import Item, Link
from include.billing_sync.settle import Evidence, sending_window
from include.billing_sync.settle_names import settle_held_name

SENT = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
ITEM = Item(
    id=1,
    plan_id=1,
    step=1,
    source="billing_db",
    kind="invoice",
    billing_id="inv-1",
    entity="Invoice",
    action="create",
    state="unknown",
    reason="created",
    doc_number="T-1",
    total=Decimal("10.00"),
    meant={"doc_number": "T-1", "customer": "7", "total": "10.00"},
    sent_at=SENT,
    claimed_at=SENT,
    batch_id="b" * 36,
    outcome="no_answer",
    unknown_times=1,
)
WINDOW = sending_window(SENT, 150, timedelta(0))


def invoice(qbo_id: str = "5", created: datetime = SENT, **changed: Any) -> dict[str, Any]:
    """An invoice as QuickBooks shows it."""
    return {
        "Id": qbo_id,
        "SyncToken": "0",
        "DocNumber": "T-1",
        "TotalAmt": Decimal("10.00"),
        "Balance": Decimal("10.00"),
        "CustomerRef": {"value": "7"},
        "Line": [
            {"Id": "1", "Amount": Decimal("10.00"), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
        ],
        "MetaData": {"CreateTime": created.isoformat(timespec="seconds")},
        **changed,
    }


def link(entity: dict[str, Any], **changed: Any) -> Link:
    """The link that our write of this entity left."""
    made = Link("invoice", "inv-1", "Invoice", entity["Id"], entity["SyncToken"], "fp", 1, owned_fields(entity), "T-1")
    return replace(made, **changed)


def test_an_invoice_created_inside_our_window_is_ours() -> None:
    """The answer was lost, QuickBooks holds the number, created while our call ran: linked, not sent again."""
    settled = settle.settle_create(ITEM, Evidence([invoice()], [WINDOW]), whole_batch_absent=False)

    assert (settled.state, settled.status, settled.reason, settled.outcome) == ("done", "Synced", "created", "found")


@pytest.mark.parametrize("seconds", [-6, 156])
def test_an_invoice_created_outside_our_window_is_somebody_elses(seconds: int) -> None:
    """Typed by hand before or after our call: never adopted on a guess."""
    hit = invoice(created=SENT + timedelta(seconds=seconds))

    settled = settle.settle_create(ITEM, Evidence([hit], [WINDOW]), whole_batch_absent=False)

    assert (settled.state, settled.status, settled.reason) == ("refused", "Skipped", "already_in_qbo")


def test_an_invoice_that_says_something_else_is_linked_and_the_difference_named() -> None:
    """Ours by its time, edited since: it is in QuickBooks, but not as meant."""
    settled = settle.settle_create(
        ITEM, Evidence([invoice(TotalAmt=Decimal("11.00"))], [WINDOW]), whole_batch_absent=False
    )

    assert (settled.state, settled.status, settled.reason) == ("done", "Error", "total_differs")
    assert "11.00" in settled.detail


def test_what_quickbooks_does_not_hold_is_sent_again_singly_under_its_own_ids() -> None:
    """Absent: planned again, single, with the ids it was stored with."""
    settled = settle.settle_create(ITEM, Evidence([], [WINDOW]), whole_batch_absent=False)

    assert (settled.state, settled.is_single, settled.keeps_ids) == ("planned", True, True)


def test_after_a_fault_to_a_repeat_the_next_sending_has_new_ids() -> None:
    """QuickBooks may remember the fault under the old id, so that id is not used again."""
    item = replace(ITEM, outcome="fault_on_repeat", unknown_times=2)

    settled = settle.settle_create(item, Evidence([], [WINDOW]), whole_batch_absent=True)

    assert (settled.state, settled.keeps_ids, settled.is_single) == ("planned", False, True)


def test_two_that_may_be_ours_are_for_a_person() -> None:
    """QuickBooks does not warn of duplicates in every company: two candidates are ambiguous, nothing is linked."""
    settled = settle.settle_create(ITEM, Evidence([invoice("5"), invoice("6")], [WINDOW]), whole_batch_absent=False)

    assert (settled.state, settled.reason, settled.entity) == ("refused", "ambiguous", None)


def test_a_deletion_since_the_sending_makes_an_absent_create_ambiguous() -> None:
    """Perhaps ours landed and was deleted: it is not resurrected on a guess."""
    settled = settle.settle_create(ITEM, Evidence([], [WINDOW], deleted=frozenset({"9"})), whole_batch_absent=False)

    assert settled.reason == "ambiguous"


def test_the_first_look_lets_an_unknown_number_pass() -> None:
    """Nothing of that number in QuickBooks: the create may be sent."""
    assert settle.look_before_create(ITEM, Evidence([]), adopt_exact=False) is None


@pytest.mark.row("X6")
def test_the_first_look_stops_at_a_number_typed_by_hand() -> None:
    """Go-live over existing invoices: Skipped until a person decides."""
    settled = settle.look_before_create(ITEM, Evidence([invoice()]), adopt_exact=False)

    assert settled is not None
    assert settled.reason == "already_in_qbo"


@pytest.mark.row("X6")
def test_the_first_look_adopts_what_an_archived_link_names() -> None:
    """Disconnected and connected again: the same invoice is linked again, with the content that the archive knew."""
    hit = invoice()

    settled = settle.look_before_create(ITEM, Evidence([hit], archived=[link(hit)]), adopt_exact=False)

    assert settled is not None
    assert (settled.reason, settled.adopted_from) == ("adopted", link(hit))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, "adopted"),
        ({"TotalAmt": Decimal("9.99")}, "already_in_qbo"),
        ({"CustomerRef": {"value": "8"}}, "already_in_qbo"),
    ],
)
def test_adopt_exact_takes_only_what_agrees(changed: dict[str, Any], reason: str) -> None:
    """With ``adopt_existing: exact``: number, total and customer must agree."""
    settled = settle.look_before_create(ITEM, Evidence([invoice(**changed)]), adopt_exact=True)

    assert settled is not None
    assert settled.reason == reason


def test_a_number_that_another_document_holds_is_never_adopted() -> None:
    """The hit is linked to another billing document: naming it is all that is done."""
    evidence = Evidence([invoice()], [WINDOW], linked={"5": "inv-99"})

    settled = settle.settle_create(ITEM, evidence, whole_batch_absent=False)

    assert settled.reason == "already_in_qbo"
    assert "inv-99" in settled.detail


UPDATE = replace(
    ITEM,
    action="update",
    qbo_id="5",
    sync_token="0",
    payload={
        "Id": "5",
        "SyncToken": "0",
        "DocNumber": "T-1",
        "Line": [{"Id": "1", "Amount": Decimal("12.00"), "DetailType": "SalesItemLineDetail"}],
    },
    meant={"total": "12.00"},
    total=Decimal("12.00"),
)


def lines(amount: str) -> list[dict[str, Any]]:
    """One line of this amount, as QuickBooks shows it."""
    return [{"Id": "1", "Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}]


def test_an_update_that_stands_there_is_done() -> None:
    """The answer was lost, our content is in QuickBooks: done."""
    now = invoice(SyncToken="1", TotalAmt=Decimal("12.00"), Line=lines("12.00"))

    assert settle.settle_change(UPDATE, link(invoice()), now).outcome == "found"


def test_a_payment_that_bumped_the_version_is_no_edit() -> None:
    """Nothing that we own was touched: the same update again, with the new SyncToken."""
    settled = settle.settle_change(UPDATE, link(invoice()), invoice(SyncToken="1", Balance=Decimal(0)))

    assert (settled.state, settled.sync_token) == ("planned", "1")


def test_an_accountants_edit_is_never_overwritten() -> None:
    """Another amount than our last write left there: edited_in_qbo, nothing is sent."""
    now = invoice(SyncToken="1", TotalAmt=Decimal("77.00"), Line=lines("77.00"))

    settled = settle.settle_change(UPDATE, link(invoice()), now)

    assert (settled.state, settled.reason) == ("refused", "edited_in_qbo")


def test_an_update_that_did_not_arrive_is_sent_again() -> None:
    """The version is the one we wrote over: nothing happened."""
    assert settle.settle_change(UPDATE, link(invoice()), invoice()).outcome == "absent"


@pytest.mark.parametrize(
    ("outcome", "reason", "told"),
    [
        ("stale_object", "refused", "out of date, and shows no other"),
        ("duplicate_number", "already_in_qbo", "Invoice 5 stays T-1 as it was"),
    ],
)
def test_a_change_that_was_refused_for_good_is_not_sent_again_and_again(outcome: str, reason: str, told: str) -> None:
    """Called out of date though the version is ours, or under a number that is taken: it ends, and says why."""
    renumbered = replace(UPDATE, outcome=outcome, doc_number="T-9")

    settled = settle.settle_change(renumbered, link(invoice()), invoice())

    assert (settled.state, settled.reason) == ("refused", reason)
    assert told in settled.detail


def test_a_deletion_in_quickbooks_archives_the_link_and_resurrects_nothing() -> None:
    """Reading the linked id answers 610."""
    settled = settle.settle_change(UPDATE, link(invoice()), None)

    assert settled.reason == "deleted_in_qbo"
    assert settled.archive_link


def test_an_inactive_reference_is_not_a_deleted_invoice() -> None:
    """610 to the write, while the invoice itself can be read."""
    settled = settle.settle_change(replace(UPDATE, outcome="not_found"), link(invoice()), invoice())

    assert (settled.reason, settled.archive_link) == ("inactive_reference", "")


def test_a_void_that_stands_there_is_done() -> None:
    """Everything zero and the word in the memo."""
    void = invoice(SyncToken="1", TotalAmt=Decimal(0), Balance=Decimal(0), PrivateNote="Voided - Ref inv-1", Line=[])

    assert settle.settle_change(replace(UPDATE, action="void"), link(invoice()), void).outcome == "found"


def test_a_memo_that_spoke_of_a_void_before_proves_none() -> None:
    """A document of 0.00 with such a memo, whose version a payment moved on: the void is repeated, not taken for done."""
    nothing = {"TotalAmt": Decimal(0), "Balance": Decimal(0), "PrivateNote": "Voided - old claim", "Line": []}
    before = invoice(**nothing)

    settled = settle.settle_change(replace(UPDATE, action="void"), link(before), invoice(SyncToken="1", **nothing))

    assert settled.outcome == "new_token"


DUE = invoice(DueDate="2026-12-24")
EMPTIED = replace(
    UPDATE,
    payload={"DocNumber": "T-1", "DueDate": None, "Line": lines("10.00")},
    meant={"doc_number": "T-1", "total": "10.00"},
)


def test_an_emptied_field_says_nothing_against_what_arrived() -> None:
    """QuickBooks filled in a due date of its own: our lost update is there."""
    now = invoice(SyncToken="1", DueDate="2026-11-04")

    settled = settle.settle_change(EMPTIED, link(DUE), now)

    assert (settled.outcome, settled.detail) == (
        "found",
        "due date: QuickBooks shows 2026-11-04, and billing names none",
    )


def test_an_update_that_only_empties_is_repeated_where_nothing_shows_that_it_arrived() -> None:
    """A payment raised the version, and the date of before still stands: asked for again, which cannot do harm."""
    now = invoice(SyncToken="1", Balance=Decimal(0), DueDate="2026-12-24")

    assert settle.settle_change(EMPTIED, link(DUE), now).outcome == "new_token"


@pytest.mark.parametrize(("delay", "reason"), [(3, "updated"), (-60, "send_unknown")])
def test_a_mail_counts_as_sent_only_if_it_left_after_our_claim(delay: int, reason: str) -> None:
    """An earlier delivery is not this one."""
    at = (SENT + timedelta(seconds=delay)).isoformat()
    entity = invoice(EmailStatus="EmailSent", DeliveryInfo={"DeliveryTime": at})

    assert settle.settle_send(replace(ITEM, action="send", qbo_id="5"), "5", entity, timedelta(0)).reason == reason


def test_a_batch_goes_again_as_a_whole_only_if_all_of_it_is_absent_the_first_time() -> None:
    """One item that landed, or a second unknown outcome, makes the rest go singly."""
    first, second = replace(ITEM, id=1), replace(ITEM, id=2)

    assert settle.batches_all_absent([first, second], {1: True, 2: True}) == {ITEM.batch_id}
    assert settle.batches_all_absent([first, second], {1: True, 2: False}) == set()
    assert settle.batches_all_absent([replace(first, unknown_times=2), second], {1: True, 2: True}) == set()


CUSTOMER = replace(ITEM, kind="customer", entity="Customer", billing_id="c2", doc_number="Acme", total=None, meant=None)


@pytest.mark.parametrize(
    ("hit", "owners", "expected"),
    [
        ({}, {}, "adopted"),
        ({"DisplayName": "ACME"}, {}, "adopted"),
        ({}, {"8": "c9"}, "billing customer c9"),
        ({"Active": False}, {}, "inactive"),
        ({"ParentRef": {"value": "1"}}, {}, "sub-customer"),
        ({"CurrencyRef": {"value": "EUR"}}, {}, "kept in EUR"),
        ({"DisplayName": "Acme Ltd"}, {}, "written 'Acme Ltd'"),
    ],
)
def test_a_name_that_our_lists_did_not_know_is_taken_by_the_rules_of_planning(
    hit: dict[str, Any], owners: dict[str, str], expected: str
) -> None:
    """One free customer of exactly this name is taken; any other is left to a person, with its cause."""
    held = {"Id": "8", "SyncToken": "0", "DisplayName": "Acme", "Active": True, **hit}
    item = replace(CUSTOMER, payload={"DisplayName": "Acme", "CurrencyRef": {"value": "USD"}})

    settled = settle_held_name(item, [held], owners)

    if expected == "adopted":
        assert (settled.state, settled.reason, settled.entity) == ("done", "adopted", held)
    else:
        assert (settled.state, settled.reason) == ("refused", "ambiguous_name")
        assert expected in settled.detail


def test_two_entries_of_one_name_are_left_to_a_person() -> None:
    """QuickBooks shows two: both ids are named, and neither is taken."""
    held = [{"Id": number, "SyncToken": "0", "DisplayName": "Acme", "Active": True} for number in ("8", "9")]

    settled = settle_held_name(CUSTOMER, held, {})

    assert settled.reason == "ambiguous_name"
    assert ("id 8" in settled.detail, "id 9" in settled.detail) == (True, True)


@pytest.mark.parametrize(
    ("hit", "reason"),
    [({}, "adopted"), ({"Name": "ADVICE"}, "ambiguous_name"), ({"Type": "Category"}, "ambiguous_name")],
)
def test_an_item_is_taken_to_the_letter_and_never_a_category(hit: dict[str, Any], reason: str) -> None:
    """Items may serve several services, so an owner is no hindrance; another spelling and a category are."""
    item = replace(CUSTOMER, kind="item", entity="Item", doc_number="Advice")
    held = {"Id": "8", "SyncToken": "0", "Name": "Advice", "Type": "Service", "Active": True, **hit}

    assert settle_held_name(item, [held], {"8": "s9"}).reason == reason
