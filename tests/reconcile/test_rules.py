"""The rules of the reconciliation on single documents: what differs, what explains it, and what the money adds up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.billing_sync.documents import NO_CONTENT, plain
from include.billing_sync.edits import LINES_SHOWN, SHOWN, edits
from include.billing_sync.pairs import Billed, Difference, DriftClass, Edit, Held, Known, Pair
from include.billing_sync.reasons import CATALOGUE
from include.billing_sync.reconcile import CONFLICTS, Rules, differences
from include.billing_sync.reconcile_totals import Totals, period
from include.billing_sync.repairs import Case, repair

RULES = Rules()
BILLED = Billed(
    billing_id="1",
    entity="Invoice",
    doc_number="A-1",
    day=date(2026, 10, 5),
    customer_name="Northwind Cafe",
    currency="USD",
    total=Decimal("108.00"),
    tax=Decimal("8.00"),
    balance=Decimal("108.00"),
    state="open",
    fingerprint="f1",
    customer_ref="7",
)
HELD = Held(
    entity="Invoice",
    qbo_id="55",
    doc_number="A-1",
    day=date(2026, 10, 5),
    customer_ref="7",
    customer_name="Northwind Cafe",
    currency="USD",
    total=Decimal("108.00"),
    tax=Decimal("8.00"),
    balance=Decimal("108.00"),
)
MEANT = {
    "doc_number": "A-1",
    "date": "2026-10-05",
    "customer": "7",
    "currency": "USD",
    "total": "108.00",
    "tax": "8.00",
}
LINKED = Known(billing_id="1", qbo_id="55", fingerprint="f1", meant=MEANT, status="Synced", reason="created")


def found(pair: Pair, rules: Rules = RULES) -> list[tuple[str, str, str]]:
    """Class, amount and explanation of each difference; the totals must tie whatever they are."""
    rows = differences(pair, rules)
    require_ties(pair, rows)
    return [(str(one.drift), plain(one.amount), one.explained) for one in rows]


def require_ties(pair: Pair, rows: list[Difference]) -> None:
    """Both money rules, for one document."""
    totals = Totals()
    totals.add(pair, rows)
    for _, _, sums in totals.months():
        assert sums.is_whole
    for _, sums in totals.by_currency():
        assert sums.difference_open == sums.explained + sums.drift + sums.payments


def test_equal_sides_differ_in_nothing() -> None:
    """Every field alike: no difference."""
    assert found(Pair(BILLED, HELD, LINKED)) == []


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({"total": Decimal("108.01"), "balance": Decimal("108.01")}, [("amount", "-0.01", "")]),
        ({"total": Decimal("107.50"), "tax": Decimal("7.50"), "balance": Decimal("107.50")}, [("tax", "0.50", "")]),
        (
            {"total": Decimal("109.00"), "tax": Decimal("7.00"), "balance": Decimal("109.00")},
            [("tax", "1.00", ""), ("amount", "-2.00", "")],
        ),
        ({"day": date(2026, 10, 6)}, [("date", "0.00", "")]),
        ({"day": date(2026, 11, 1)}, [("date", "108.00", ""), ("date", "-108.00", "")]),
        ({"customer_ref": "8"}, [("customer", "0.00", "")]),
        ({"doc_number": None}, [("number", "0.00", "")]),
        ({"currency": "EUR"}, [("currency", "108.00", ""), ("currency", "-108.00", "")]),
        (
            {"currency": "EUR", "balance": Decimal("100.00"), "day": date(2026, 11, 2)},
            [("date", "0.00", ""), ("currency", "108.00", ""), ("currency", "-108.00", ""), ("balance", "8.00", "")],
        ),
        ({"balance": Decimal("8.00")}, [("balance", "100.00", "")]),
        ({"is_void": True, "total": Decimal(0), "tax": Decimal(0), "balance": Decimal(0)}, [("voided_in_qbo", "108.00", "")]),
    ],
)  # fmt: skip
def test_each_field_that_differs_has_its_class(held: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    """One field changed in QuickBooks: its class with billing's money less QuickBooks', and the sums tie."""
    assert found(Pair(BILLED, replace(HELD, **held), LINKED)) == expected


def test_what_is_paid_in_one_currency_and_open_in_another_is_named_on_both_sides() -> None:
    """A wrong currency, and both sides were paid something: each payment counts in its own currency."""
    billed, held = replace(BILLED, balance=Decimal("100.00")), replace(HELD, currency="EUR", balance=Decimal("101.00"))

    rows = differences(Pair(billed, held, LINKED), RULES)

    assert [(one.currency, plain(one.amount)) for one in rows if one.is_payment] == [("USD", "-8.00"), ("EUR", "7.00")]
    require_ties(Pair(billed, held, LINKED), rows)


@pytest.mark.parametrize(
    ("state", "expected"),
    [("void", "voided_in_billing"), ("Deleted", "deleted_in_billing")],
)
def test_what_is_gone_in_billing_is_reported_and_stays(state: str, expected: str) -> None:
    """F128: void or deleted in billing, alive in QuickBooks: its class, and QuickBooks' money."""
    assert found(Pair(replace(BILLED, state=state), HELD, LINKED)) == [(expected, "-108.00", "")]


def test_what_is_gone_in_billing_counts_in_the_currency_of_quickbooks() -> None:
    """Billing's row is void and names another currency, or none that can be read: what stands in QuickBooks is USD."""
    gone = replace(BILLED, state="void", currency="", balance=None)

    assert found(Pair(gone, HELD, LINKED)) == [("voided_in_billing", "-108.00", "")]
    assert [one.currency for one in differences(Pair(gone, HELD, LINKED), RULES)] == ["USD"]


_SOME = st.sampled_from([Decimal("108.00"), Decimal("107.99"), Decimal("108.03"), Decimal(0), Decimal("-108.00")])
_TAXES = st.sampled_from([Decimal("8.00"), Decimal("7.99"), Decimal(0)])
_LET_THROUGH = {"meant": {**MEANT, "total": "107.99", "tax": "7.99"}, "reasons": ("tax_variance",)}
_CHANGES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "billed": st.fixed_dictionaries(
        {
            "total": _SOME,
            "tax": st.none() | _TAXES,
            "balance": st.none() | _SOME,
            "currency": st.sampled_from(["USD", "EUR", ""]),
            "state": st.sampled_from(["open", "void", "deleted", "draft"]),
            "day": st.sampled_from([None, date(2026, 10, 5), date(2026, 11, 5)]),
            "entity": st.sampled_from(["Invoice", "CreditMemo"]),
            "is_ours": st.booleans(),
            "fingerprint": st.sampled_from(["f1", "f2"]),
        }
    ),
    "held": st.fixed_dictionaries(
        {
            "total": _SOME,
            "tax": _TAXES,
            "balance": _SOME,
            "currency": st.sampled_from(["USD", "EUR"]),
            "day": st.sampled_from([date(2026, 10, 5), date(2026, 12, 5)]),
            "entity": st.sampled_from(["Invoice", "CreditMemo"]),
            "twin": st.none() | st.just("9"),
            "edits": st.sampled_from([(), (Edit("TotalAmt", "1", "2"),), (Edit("Line", "1", "2"),)]),
        }
    ),
    "known": st.sampled_from(
        [
            {},
            {"meant": {}},
            {"meant": {}, "written_day": "2026-09-05"},
            {"qbo_id": None, "meant": {}},
            {"is_in_motion": True},
            {"status": "Skipped", "reason": "period_closed"},
            _LET_THROUGH,
            {**_LET_THROUGH, "meant": {}},
        ]
    ),
}


@given(
    billed=st.none() | _CHANGES["billed"],
    held=st.none() | _CHANGES["held"] | st.just({"is_void": True, "total": Decimal(0), "balance": Decimal(0)}),
    known=_CHANGES["known"],
    limit=st.none() | st.just(Decimal("0.05")),
)
def test_whatever_two_sides_say_their_differences_add_up(
    billed: dict[str, Any] | None, held: dict[str, Any] | None, known: dict[str, Any], limit: Decimal | None
) -> None:
    """Both money rules, for any two sides of a document: a night must never end on its own sums."""
    pair = Pair(
        None if billed is None else replace(BILLED, **billed),
        None if held is None else replace(HELD, **held),
        replace(LINKED, **known),
    )

    require_ties(pair, differences(pair, Rules(variance_limit=limit)))


def test_what_is_gone_on_both_sides_is_no_difference() -> None:
    """Void here, void or deleted there, or billing never had it and it is void: nothing is owed."""
    gone, void = (
        replace(BILLED, state="void"),
        replace(HELD, is_void=True, total=Decimal(0), tax=Decimal(0), balance=Decimal(0)),
    )

    assert found(Pair(gone, void, LINKED)) == []
    assert found(Pair(gone, None, LINKED)) == []
    assert found(Pair(gone, None)) == []
    assert found(Pair(None, void)) == []
    assert found(Pair(None, void, LINKED)) == []


@pytest.mark.parametrize(
    ("billed", "known", "expected"),
    [
        ({}, Known(), ("missing_in_qbo", "108.00", "")),
        ({}, Known(status="Error", reason="no_lines"), ("missing_in_qbo", "108.00", "no_lines")),
        ({}, Known(status="Synced", reason="created"), ("missing_in_qbo", "108.00", "")),
        ({}, Known(status="Skipped", reason="a_word_of_tomorrow"), ("missing_in_qbo", "108.00", "")),
        ({}, Known(status="Skipped", reason="already_in_qbo"), ("missing_in_qbo", "108.00", "")),
        ({}, Known(status="Skipped", reason="deleted_in_qbo"), ("deleted_in_qbo", "108.00", "")),
        ({}, LINKED, ("deleted_in_qbo", "108.00", "")),
        ({}, replace(LINKED, is_in_motion=True), ("deleted_in_qbo", "108.00", "planned")),
        ({}, Known(is_in_motion=True), ("missing_in_qbo", "108.00", "planned")),
        ({"state": "draft"}, Known(), ("missing_in_qbo", "108.00", "draft")),
        ({"state": "on hold"}, Known(), ("missing_in_qbo", "108.00", "out_of_scope")),
        ({"is_opted_out": True}, Known(), ("missing_in_qbo", "108.00", "opted_out")),
        ({"origin": "QBO"}, Known(), ("missing_in_qbo", "108.00", "qbo_origin")),
    ],
)
def test_what_is_not_in_quickbooks_is_explained_by_its_status_or_billings_own_word(
    billed: dict[str, Any], known: Known, expected: tuple[str, str, str]
) -> None:
    """A status with a reason explains; a conflict, an unknown word, or no status at all does not."""
    assert found(Pair(replace(BILLED, **billed), None, known)) == [expected]


def test_a_payment_of_an_explained_document_is_explained_with_it() -> None:
    """A skipped invoice that was paid in billing: the payment is named and carries the same reason."""
    billed = replace(BILLED, balance=Decimal("8.00"))

    rows = found(Pair(billed, None, Known(status="Skipped", reason="item_unmapped")))

    assert rows == [("missing_in_qbo", "108.00", "item_unmapped"), ("balance", "-100.00", "item_unmapped")]


@pytest.mark.parametrize(
    ("billed", "known", "twin", "expected"),
    [
        (None, Known(), None, ("extra_in_qbo", "-108.00", "")),
        (None, Known(), "12", ("duplicate", "-108.00", "")),
        (None, LINKED, None, ("deleted_in_billing", "-108.00", "")),
        (replace(BILLED, is_ours=False), LINKED, None, ("extra_in_qbo", "-108.00", "moved")),
        (None, replace(LINKED, is_in_motion=True), None, ("deleted_in_billing", "-108.00", "planned")),
    ],
)
def test_what_billing_does_not_have_is_extra_a_duplicate_deleted_or_moved(
    billed: Billed | None, known: Known, twin: str | None, expected: tuple[str, str, str]
) -> None:
    """Which of the four decides the link, the number and billing's routing."""
    assert found(Pair(billed, replace(HELD, twin=twin), known)) == [expected]


@pytest.mark.parametrize(("reason", "explained"), [("moved", "moved"), ("no_routing_rule", "no_routing_rule")])
def test_what_billing_gives_to_another_company_or_to_none_has_the_cure_of_that(reason: str, explained: str) -> None:
    """Billing does know it: whoever reads the row is not told to enter it there."""
    known = replace(LINKED, status="Skipped", reason=reason)

    (row,) = differences(Pair(replace(BILLED, is_ours=False), HELD, known), RULES)

    assert (str(row.drift), row.explained) == ("extra_in_qbo", explained)
    assert row.repair == CATALOGUE[explained].cure


def test_a_document_of_another_company_that_is_not_here_is_no_difference() -> None:
    """Billing routes it elsewhere, and QuickBooks does not hold it here."""
    assert found(Pair(replace(BILLED, is_ours=False), None)) == []


def test_a_change_of_billing_is_explained_by_what_held_it_back() -> None:
    """Changed since our last write: explained by the status of the run that refused it, by opting out, or by a live sync."""
    at = datetime(2026, 11, 22, 3, tzinfo=UTC)
    changed = replace(BILLED, total=Decimal("110.00"), balance=Decimal("110.00"), fingerprint="f2", updated_at=at)
    known = replace(LINKED, meant={})

    refused = replace(known, status="Skipped", reason="period_closed")
    assert found(Pair(changed, HELD, refused)) == [("amount", "2.00", "period_closed")]
    assert found(Pair(replace(changed, is_opted_out=True), HELD, known)) == [("amount", "2.00", "opted_out")]
    assert found(Pair(changed, HELD, known), Rules(synced_until=at)) == [("amount", "2.00", "planned")]
    assert found(Pair(changed, HELD, known), Rules(synced_until=at.replace(hour=4))) == [("amount", "2.00", "")]
    assert found(Pair(changed, HELD, known)) == [("amount", "2.00", "")]


def test_our_own_void_that_billing_took_back_is_no_deed_of_the_accountant() -> None:
    """Explained by what holds it back; without that, the way to push it. A void of somebody else explains nothing."""
    void = replace(HELD, is_void=True, total=Decimal(0), tax=Decimal(0), balance=Decimal(0))
    ours = replace(LINKED, fingerprint=NO_CONTENT, meant={})
    stopped = replace(ours, status="Skipped", reason="period_closed")

    assert found(Pair(BILLED, void, stopped)) == [("voided_in_qbo", "108.00", "period_closed")]
    assert found(Pair(BILLED, void, replace(stopped, fingerprint="f1"))) == [("voided_in_qbo", "108.00", "")]
    told = [differences(Pair(BILLED, void, known), RULES)[0].repair for known in (stopped, ours, LINKED)]
    assert told[0] == CATALOGUE["period_closed"].cure
    assert told[1].startswith("Billing opened it again after our void: trigger qbo_export_invoices")
    assert told[2].startswith("It was voided in QuickBooks.")


@pytest.mark.parametrize(
    ("held", "edited", "expected"),
    [
        ({"total": Decimal("138.00"), "balance": Decimal("138.00")}, "TotalAmt", [("amount", "-30.00", "")]),
        ({"day": date(2026, 11, 5)}, "TxnDate", [("date", "108.00", ""), ("date", "-108.00", "")]),
        ({"customer_ref": "99"}, "CustomerRef", [("customer", "0.00", "")]),
    ],
)
def test_a_change_that_was_held_back_explains_no_edit_in_quickbooks(
    held: dict[str, Any], edited: str, expected: list[tuple[str, str, str]]
) -> None:
    """Billing changed a text in a closed month, and the accountant another thing: that is drift, not the closed month's."""
    changed = replace(BILLED, fingerprint="f2")
    known = replace(LINKED, meant={}, status="Skipped", reason="period_closed")
    theirs = replace(HELD, **held, edits=(Edit(edited, "ours", "theirs"),))

    assert found(Pair(changed, theirs, known)) == expected
    on_its_way = found(Pair(changed, theirs, replace(known, is_in_motion=True)))
    assert {explained for *_, explained in on_its_way} == {"planned"}


def test_a_status_explains_nothing_of_what_billing_did_not_change() -> None:
    """Unchanged in billing, another total in QuickBooks: drift, whatever the status says."""
    held = replace(HELD, total=Decimal("110.00"), balance=Decimal("110.00"))

    assert found(Pair(BILLED, held, replace(LINKED, status="Skipped", reason="period_closed"))) == [
        ("amount", "-2.00", "")
    ]


def test_a_tax_variance_that_settings_let_through_is_explained() -> None:
    """tax_variance: push lets 0.05 through and says so; a larger one, or one that nobody named, is drift."""
    held = replace(HELD, total=Decimal("108.02"), tax=Decimal("8.02"), balance=Decimal("108.02"))
    known = replace(LINKED, meant={**MEANT, "total": "108.02", "tax": "8.02"}, reasons=("created", "tax_variance"))
    rules = Rules(variance_limit=Decimal("0.05"))

    assert found(Pair(BILLED, held, known), rules) == [("tax", "-0.02", "tax_variance")]
    assert found(Pair(BILLED, held, known)) == [("amount", "-0.02", "")]
    assert found(Pair(BILLED, held, replace(known, reasons=())), rules) == [("amount", "-0.02", "")]


def test_an_edit_in_quickbooks_hides_behind_no_tax_variance() -> None:
    """Four cents on a line, or tax shifted into the net: our last write says how much of it was let through."""
    known = replace(LINKED, meant={**MEANT, "total": "107.99", "tax": "7.99"}, reasons=("created", "tax_variance"))
    rules = Rules(variance_limit=Decimal("0.05"))
    held = replace(HELD, total=Decimal("107.99"), tax=Decimal("7.99"), balance=Decimal("107.99"))
    line = Edit("Line", "line 1: 100", "line 1: 100.04")
    dearer = replace(held, total=Decimal("108.03"), balance=Decimal("108.03"), edits=(line,))
    untaxed = replace(held, tax=Decimal(0), edits=(line,))
    only_a_text = replace(held, edits=(line,))
    let_through = ("tax", "0.01", "tax_variance")

    assert found(Pair(BILLED, held, known), rules) == [let_through]
    assert found(Pair(BILLED, dearer, known), rules) == [let_through, ("amount", "-0.04", "")]
    assert found(Pair(BILLED, untaxed, known), rules) == [let_through, ("tax", "7.99", ""), ("amount", "-7.99", "")]
    assert found(Pair(BILLED, only_a_text, known), rules) == [let_through, ("edited_in_qbo", "0.00", "")]


def test_a_change_in_billing_hides_behind_no_tax_variance() -> None:
    """What billing means now was never written: only a difference that is all tax counts as the one of before."""
    known = replace(LINKED, fingerprint="f0", meant={}, reasons=("created", "tax_variance"))
    held = replace(HELD, total=Decimal("107.99"), tax=Decimal("7.99"), balance=Decimal("107.99"))
    rules = Rules(variance_limit=Decimal("0.05"))
    dearer = replace(BILLED, total=Decimal("108.03"), balance=Decimal("108.03"))

    assert found(Pair(BILLED, held, known), rules) == [("tax", "0.01", "tax_variance")]
    assert found(Pair(dearer, held, known), rules) == [("tax", "0.01", ""), ("amount", "0.03", "")]


def test_where_no_tax_is_known_only_the_total_is_compared() -> None:
    """Tax as lines of its own: QuickBooks shows none, and none is missed."""
    held = replace(HELD, tax=Decimal(0))

    assert found(Pair(replace(BILLED, tax=None), held, replace(LINKED, meant={}))) == []
    assert found(Pair(BILLED, held, replace(LINKED, meant={"date": "2026-10-05"}))) == []


def test_a_credit_memo_is_compared_with_its_sign() -> None:
    """A negative document of billing is a credit memo in QuickBooks, whose meant amounts are positive."""
    total, tax = Decimal("-108.00"), Decimal("-8.00")
    billed = replace(BILLED, entity="CreditMemo", total=total, tax=tax, balance=total)
    held = replace(HELD, entity="CreditMemo", total=total, tax=tax, balance=total)

    assert found(Pair(billed, held, LINKED)) == []
    assert found(Pair(replace(billed, entity="Invoice"), held, LINKED)) == [], "the setting was given up since"
    assert found(Pair(billed, None, Known(status="Error", reason="refused"))) == [
        ("missing_in_qbo", "-108.00", "refused")
    ]


def test_a_moved_date_counts_under_the_day_that_was_meant() -> None:
    """closed_period: move_date posted it a month later on purpose: no difference, and one month for both sides."""
    billed = replace(BILLED, day=date(2026, 9, 28))

    assert found(Pair(billed, HELD, LINKED)) == []


def test_a_document_whose_date_cannot_be_read_has_no_month() -> None:
    """Billing's date breaks the contract: it counts under no month, and is not lost."""
    totals = Totals()
    pair = Pair(replace(BILLED, day=None), None, Known(status="Error", reason="date_out_of_range"))
    totals.add(pair, differences(pair, RULES))

    assert [(month, str(sums.billing)) for month, _, sums in totals.months()] == [("", "108.00")]


def test_a_customer_that_is_created_by_the_plan_is_known_by_its_mapping() -> None:
    """What was meant may still read @customer:42; then the mapping of today decides, and without one nothing is compared."""
    known = replace(LINKED, meant={**MEANT, "customer": "@customer:42"})

    assert found(Pair(BILLED, HELD, known)) == []
    assert found(Pair(replace(BILLED, customer_ref="9"), HELD, known)) == [("customer", "0.00", "")]
    assert found(Pair(replace(BILLED, customer_ref=None), HELD, known)) == []


def test_a_customer_that_was_moved_along_with_its_mapping_is_right() -> None:
    """The accountant moved the invoice to the customer that the mapping names now."""
    assert found(Pair(replace(BILLED, customer_ref="8"), replace(HELD, customer_ref="8"), LINKED)) == []


def test_a_balance_that_billing_does_not_know_is_taken_as_quickbooks_has_it() -> None:
    """balance_amount is null: no payment is invented on either side."""
    billed, held = replace(BILLED, balance=None), replace(HELD, balance=Decimal("10.00"))

    assert found(Pair(billed, held, LINKED)) == []
    assert found(Pair(billed, replace(held, currency="EUR"), LINKED)) == [
        ("currency", "108.00", ""),
        ("currency", "-108.00", ""),
        ("balance", "98.00", ""),
    ]


def test_edits_beside_what_is_named_already_are_one_row() -> None:
    """Memo and line edited: one row with both; a total or date that differs brings its lines and due date along."""
    memo, line = Edit("PrivateNote", "Ref 1", "hello"), Edit("Line", "line 1: a", "line 1: b")
    total, due = Edit("TotalAmt", "108", "109"), Edit("DueDate", "2026-10-05", "2026-11-05")

    rows = differences(Pair(BILLED, replace(HELD, edits=(memo, line)), LINKED), RULES)
    assert [(str(one.drift), one.field, one.qbo_value) for one in rows] == [
        ("edited_in_qbo", "PrivateNote, Line", "hello; line 1: b")
    ]

    held = replace(HELD, total=Decimal("109.00"), balance=Decimal("109.00"), edits=(total, line, memo))
    assert [one[0] for one in found(Pair(BILLED, held, LINKED))] == ["amount", "edited_in_qbo"]
    held = replace(HELD, day=date(2026, 10, 6), edits=(due,))
    assert [one[0] for one in found(Pair(BILLED, held, LINKED))] == ["date"]


def test_every_class_has_words_for_its_repair() -> None:
    """Whatever is found, the row says what to do, in a sentence, explained or not."""
    for drift in DriftClass:
        for amount in (Decimal(-1), Decimal(1)):
            for explained in ("", "planned"):
                for flags in (
                    {},
                    {"is_linked": True},
                    {"is_linked": True, "is_edited": True},
                    {"is_linked": True, "is_changed_in_billing": True},
                ):
                    words = repair(Case(str(drift), amount, explained, twin="9", **flags))
                    assert words.endswith("."), (drift, words)


def test_a_credit_that_one_side_has_used_is_applied_on_the_other() -> None:
    """It is no payment: the row says on which side the credit memo is still open."""
    total = Decimal("-108.00")
    billed = replace(BILLED, entity="CreditMemo", total=total, tax=Decimal("-8.00"), balance=Decimal(0))
    held = replace(HELD, entity="CreditMemo", total=total, tax=Decimal("-8.00"), balance=total)

    (used_in_billing,) = differences(Pair(billed, held, LINKED), RULES)
    (used_there,) = differences(Pair(replace(billed, balance=total), replace(held, balance=Decimal(0)), LINKED), RULES)

    assert (plain(used_in_billing.amount), plain(used_there.amount)) == ("108.00", "-108.00")
    assert used_in_billing.repair.startswith("Billing has used more of this credit, and in QuickBooks it is still open")
    assert used_there.repair.startswith("QuickBooks has used more of this credit, and in billing it is still open")


def test_the_cure_of_a_missing_document_is_that_of_its_reason() -> None:
    """Explained or in conflict, the catalogue's own words; without a status the way to push it."""
    assert repair(Case("missing_in_qbo", Decimal(1), "item_unmapped")) == CATALOGUE["item_unmapped"].cure
    assert repair(Case("missing_in_qbo", Decimal(1), reason="already_in_qbo")) == CATALOGUE["already_in_qbo"].cure
    assert "qbo_export_invoices" in repair(Case("missing_in_qbo", Decimal(1)))


def test_conflicts_are_reasons_of_the_catalogue() -> None:
    """A reason that was renamed must not quietly begin to explain."""
    assert set(CATALOGUE) >= CONFLICTS


def test_totals_survive_being_kept() -> None:
    """Totals as JSON and back are the same, amounts exact."""
    totals = Totals()
    for pair in (
        Pair(BILLED, HELD, LINKED),
        Pair(BILLED, replace(HELD, total=Decimal("0.10"), balance=Decimal("0.05")), LINKED),
        Pair(replace(BILLED, state="draft", currency="EUR"), None),
        Pair(replace(BILLED, state="void"), None),
    ):
        totals.add(pair, differences(pair, RULES))

    again = Totals.from_json(totals.to_json())

    assert again == totals
    assert (totals.billed, totals.held) == (4, 2)
    assert (totals.agreeing, totals.void, totals.drifting, totals.explained) == (1, 1, 1, 1)
    assert totals.drift_rows == 1
    assert [(one.drift, one.explained) for one in totals.classes()] == [
        (DriftClass.AMOUNT, ""),
        (DriftClass.BALANCE, ""),
        (DriftClass.MISSING_IN_QBO, "draft"),
    ]


@pytest.mark.parametrize(
    ("asked", "start", "expected"),
    [
        ((None, None), None, (date(2026, 8, 1), date(2026, 11, 30))),
        ((None, None), date(2026, 10, 10), (date(2026, 10, 10), date(2026, 11, 30))),
        ((date(2026, 1, 1), None), None, (date(2026, 1, 1), date(2026, 11, 30))),
        ((None, date(2026, 2, 28)), None, (date(2025, 11, 1), date(2026, 2, 28))),
        ((date(2027, 12, 24), None), None, (date(2027, 12, 24), date(2027, 12, 31))),
        ((date(2026, 1, 1), date(2026, 1, 31)), date(2026, 1, 15), (date(2026, 1, 15), date(2026, 1, 31))),
    ],
)
def test_the_period_is_this_month_and_the_three_before_or_what_was_asked_for(
    asked: tuple[date | None, date | None], start: date | None, expected: tuple[date, date]
) -> None:
    """Local dates, both included, never before the start date."""
    assert period(date(2026, 11, 22), *asked, start) == expected


def test_a_period_before_the_start_date_is_refused() -> None:
    """Nothing was ever synchronised there, so nothing can be compared."""
    with pytest.raises(ValueError, match="first day that is synchronised is 2026-06-01"):
        period(date(2026, 11, 22), date(2026, 1, 1), date(2026, 1, 31), date(2026, 6, 1))


def test_edits_name_fields_and_lines_that_changed_came_or_went() -> None:
    """What we put there, and what stands now, field by field and line by line; tokens and mails are no edits."""
    answer = {
        "Id": "5", "SyncToken": "0", "DocNumber": "A-1", "TotalAmt": "30", "PrivateNote": "Ref 1",
        "Line": [{"Id": "1", "Amount": "10", "Description": "a"}, {"Id": "2", "Amount": "20"}],
    }  # fmt: skip
    entity = {
        "Id": "5", "SyncToken": "3", "DocNumber": "A-1", "TotalAmt": Decimal("35.00"), "EmailStatus": "EmailSent",
        "Line": [
            {"Id": "1", "Amount": 10, "Description": "b"},
            {"Id": "3", "Amount": 25, "Description": "new"},
            {"Amount": 35, "DetailType": "SubTotalLineDetail"},
        ],
    }  # fmt: skip

    found = edits(answer, entity)

    assert found == (
        Edit("TotalAmt", "30", "35"),
        Edit("PrivateNote", "Ref 1", "nothing"),
        Edit(
            "Line",
            "line 1 Description: a; line 2: 20; no such line",
            "line 1 Description: b; line 2: removed; added: 25 new",
        ),
    )
    assert edits(answer, {**answer, "SyncToken": "9", "TotalAmt": 30, "Line": answer["Line"]}) == ()


def test_edits_say_that_lines_changed_places_and_cut_what_is_long() -> None:
    """Two lines swapped; many lines and long texts are shown in part."""
    lines = [{"Id": str(n), "Amount": str(n), "Description": "x" * 300} for n in range(1, 9)]
    answer = {"Id": "5", "SyncToken": "0", "Line": lines}

    swapped = edits(answer, {"Id": "5", "SyncToken": "0", "Line": lines[::-1]})
    assert swapped == (Edit("Line", "lines in our order", "lines in another order"),)
    (found,) = edits(answer, {"Id": "5", "SyncToken": "0", "Line": []})
    assert found.theirs.endswith(f"and {8 - LINES_SHOWN} more")
    assert len(found.ours) < (SHOWN + 20) * LINES_SHOWN
