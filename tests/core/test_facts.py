"""The facts of a document, just on and just over each limit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.billing_sync.documents import Customer
from include.billing_sync.fact_context import NAME_SHOWN, hundredths, listed
from include.billing_sync.facts import FACTS, FLAG_FACTS, TEXT_FACTS, CustomerMatch, facts
from include.billing_sync.settings import Named
from tests.core.builders import ANNA, GB, TODAY, US, book, charge, context, invoice, settings, tax_line


@dataclass(frozen=True)
class Held:
    """A link as the facts see it."""

    entity: str = "Invoice"
    answer: Any = None


def held(day: str | None = None) -> Held:
    """A link whose document QuickBooks dates so."""
    return Held(answer={"TxnDate": day} if day else {})


def of(document=None, **changes):
    """The facts of a document in the usual context, changed where said."""
    return facts(document or invoice(), context(**changes))


def test_an_ordinary_document_has_nothing_to_object_to():
    """Every count is zero, every flag as it should be, every detail empty or plain."""
    found = of()

    assert found.keys() == FACTS.keys()
    counts = ("dates_out_of_range", "invalid_texts", "texts_to_cut", "inexact_amounts", "totals_difference_minor")
    assert [found[name] for name in counts] == [0] * 5
    assert (found["subtotal_minor"], found["total_minor"], found["lowest_minor"]) == (10000, 10000, 10000)
    assert found["is_customer_mapped"] is True


def test_every_fact_is_of_the_type_that_its_name_says():
    """Flags are booleans, details texts, everything else whole numbers; what cannot be known is None."""
    for document in (invoice(), invoice(customer_id=None, doc_number=None, currency="??", customer=None)):
        for name, value in of(document).items():
            kind = str if name in TEXT_FACTS else bool if name in FLAG_FACTS else int
            assert value is None or type(value) is kind, name


@pytest.mark.row("F70")
@pytest.mark.parametrize(
    ("status", "is_draft", "is_out"),
    [
        ("draft", True, False),
        ("Draft", True, False),
        ("open", False, False),
        ("paid", False, False),
        ("void", False, True),
        ("deleted", False, True),
        ("in dispute", False, True),
    ],
)
def test_the_status_in_billing_decides_whether_a_document_is_one_to_push(status, is_draft, is_out):
    """Everything that was opened goes, paid or not: it is revenue; a void, deleted or unheard-of status does not (F70)."""
    found = of(invoice(status=status))

    assert (found["is_draft"], found["is_out_of_scope"]) == (is_draft, is_out)
    assert of(invoice(status="void"), link=held())["is_out_of_scope"] is False


@pytest.mark.row("F75")
def test_marks_of_billing_are_facts():
    """Opted out, imported from QuickBooks, test customer."""
    found = of(invoice(is_opted_out=True, origin="QBO", customer=replace(ANNA, is_test=True)))

    assert (found["is_opted_out"], found["is_from_qbo"], found["is_customer_excluded"]) == (True, True, True)
    assert found["is_customer_mapped"] is None


@pytest.mark.row("F82")
@pytest.mark.parametrize(("day", "expected"), [(date(2025, 12, 31), 1), (date(2026, 1, 1), 0), (date(2026, 1, 2), -1)])
def test_days_before_the_start_date_are_counted(day, expected):
    """The start date itself is in scope, the day before is not (F82)."""
    assert of(invoice(invoice_date=day))["days_before_start"] == expected
    assert of(settings=settings(start_date=None))["days_before_start"] is None


@pytest.mark.row("G6")
def test_both_dates_of_a_document_in_quickbooks_count_for_closing():
    """An update of a document that QuickBooks dates into the closed period is as closed as one of such a date."""
    closed = replace(US, closing_date=date(2026, 10, 31))

    assert of(company=closed)["days_from_closing"] == 1
    assert of(company=closed, link=held("2026-10-31"))["days_from_closing"] == 0
    assert of(company=closed)["closing_detail"] == "dated 2026-11-01, books closed until 2026-10-31"
    assert of()["days_from_closing"] is None


def test_a_document_that_moves_out_of_the_closed_period_is_not_closed():
    """With move_date the date under which it goes counts."""
    closed = replace(US, closing_date=date(2026, 11, 10))

    assert of(company=closed, settings=settings(closed_period="move_date"))["days_from_closing"] == 1
    assert of(company=closed)["days_from_closing"] == -9


def test_a_reported_period_locks_only_what_is_in_quickbooks():
    """A create in an old month is news; a change of what was reported is not, and QuickBooks' date counts too."""
    old = invoice(invoice_date=date(2026, 9, 30))

    assert of(old)["days_before_lock"] is None
    assert of(old, link=held("2026-09-30"))["days_before_lock"] == 1
    assert of(link=held("2026-09-01"))["days_before_lock"] == 30
    assert of(link=held())["days_before_lock"] == -31
    assert of(old, link=held(), settings=settings(locked_before="off"))["days_before_lock"] is None


@pytest.mark.row("F69")
@pytest.mark.parametrize("days", [90, 120, 121])
def test_the_age_of_the_detail_counts_back_from_today(days):
    """Not from the invoice's date: the same document may pass today and not tomorrow (F69)."""
    document = invoice(detail_date=TODAY - timedelta(days=days))

    assert of(document)["detail_age_days"] == days
    assert of(document, today=TODAY + timedelta(days=1))["detail_age_days"] == days + 1
    assert of()["detail_age_days"] is None


@pytest.mark.parametrize(
    ("number", "length"), [(None, 0), ("", 0), ("   ", 0), ("x" * 21, 21), ("x" * 22, 22), (" A-1 ", 3)]
)
def test_the_length_of_the_number_is_counted(number, length):
    """Blanks are no number, and blanks around one are a fact of the texts."""
    found = of(invoice(doc_number=number))

    assert found["doc_number_length"] == length
    assert found["invalid_texts"] == (1 if number == " A-1 " else 0)


def test_other_documents_of_the_same_number_are_counted():
    """Here and among the linked; without a number there is nothing to repeat."""
    assert of(same_number_in_run=1, same_number_linked=2)["doc_number_uses"] == 3
    assert of(invoice(doc_number=None), same_number_in_run=5)["doc_number_uses"] is None
    told = of(same_number_in_run=1, same_number=["I-7"])["doc_number_detail"]
    assert told == "'INV-1001' is also the number of I-7"


@pytest.mark.parametrize(
    ("day", "count"),
    [
        (date(1900, 1, 1), 1),
        (date(1999, 12, 31), 1),
        (date(2000, 1, 1), 0),
        (TODAY + timedelta(days=366), 0),
        (TODAY + timedelta(days=367), 1),
        (date(2999, 12, 31), 1),
    ],
)
def test_dates_before_2000_or_more_than_a_year_ahead_are_out_of_range(day, count):
    """Whichever date of the document it is."""
    assert of(invoice(invoice_date=day))["dates_out_of_range"] == count
    assert of(invoice(due_date=day))["dates_out_of_range"] == count
    found = of(invoice(charge(service_date=day)))
    assert found["dates_out_of_range"] == count
    assert found["dates_detail"] == (f"service date of line 1 {day}" if count else "")


def test_an_unknown_currency_is_only_that():
    """Whether it is the customer's cannot be asked then."""
    found = of(invoice(currency="XQZ"))

    assert (found["is_currency_known"], found["is_currency_accepted"]) == (False, None)
    assert found["currency_detail"] == "XQZ instead of USD"


MULTI = replace(US, is_multi_currency=True)
EURO = replace(ANNA, currency="EUR")


@pytest.mark.parametrize(
    ("changes", "currency", "customer", "is_accepted"),
    [
        ({}, "USD", ANNA, True),
        ({}, "EUR", ANNA, False),
        ({}, "USD", EURO, False),
        ({"company": MULTI}, "USD", ANNA, True),
        ({"company": MULTI}, "EUR", ANNA, False),
        ({"company": MULTI, "customer": CustomerMatch("42", currency="EUR")}, "EUR", ANNA, True),
        ({"company": MULTI, "customer": CustomerMatch("42", currency="EUR")}, "USD", ANNA, False),
        ({"company": MULTI, "customer": CustomerMatch("@customer:C1")}, "EUR", EURO, True),
        ({"company": MULTI, "customer": CustomerMatch("@customer:C1")}, "USD", EURO, False),
        ({"company": MULTI, "customer": CustomerMatch("@customer:C1")}, "CAD", None, True),
        ({"company": MULTI, "customer": CustomerMatch()}, "EUR", ANNA, True),
    ],
)
def test_a_currency_must_be_the_companys_and_the_customers(changes, currency, customer, is_accepted):
    """A company of one currency takes that one; with several, QuickBooks' customer decides, or billing's until it is there."""
    document = invoice(currency=currency, customer=customer)

    assert of(document, **changes)["is_currency_accepted"] is is_accepted


def test_texts_that_cutting_would_not_heal_are_counted_and_named():
    """A control character, ten megabytes, blanks around the number; an emoji is a text like any other."""
    lines = (charge(description="bell\x07"), charge(position=2, description="x" * 10_000_000), charge(position=3))

    found = of(invoice(*lines, memo="fine 😀"))

    assert found["invalid_texts"] == 2
    assert found["texts_detail"] == (
        "description of line 1: control or broken characters: 1, description of line 2: 10,000,000 characters"
    )


@pytest.mark.row("F98")
def test_texts_over_the_limit_are_counted():
    """4,001 is one, 4,000 is none (F98)."""
    found = of(invoice(charge(description="x" * 4001), charge(position=2, description="é" * 4000)))

    assert found["texts_to_cut"] == 1
    assert found["cut_detail"] == "description of line 1: 4,001 characters"


def test_only_what_will_be_cut_counts_as_too_long():
    """A limit of descriptions says nothing of number and memo; the memo's is what the reference behind it leaves free."""
    chosen = settings(description_length=3)

    fits = of(invoice(charge(description="abc"), doc_number="LL-10001", memo="m" * 3993), settings=chosen)
    cut = of(invoice(charge(description="abc"), memo="m" * 3994), settings=chosen)

    assert fits["texts_to_cut"] == 0
    assert (cut["texts_to_cut"], cut["cut_detail"]) == (1, "memo: 3,994 characters")


@pytest.mark.row("F93")
def test_an_address_is_missed_only_when_sending():
    """Copying needs none (F93)."""
    assert of()["is_email_missing"] is False
    assert of(mode="send")["is_email_missing"] is True
    assert of(invoice(billing_email="a@b.co"), mode="send")["is_email_missing"] is False


@pytest.mark.row("F155")
@pytest.mark.parametrize(("credit", "lowest"), [("-100.00", 0), ("-100.01", -1), ("-99.99", 1)])
def test_the_lowest_of_subtotal_and_total_is_known_to_the_cent(credit, lowest):
    """-0.01 is below zero and 0.00 is not (F155)."""
    document = invoice(charge(), charge(credit, position=2, kind="credit", category="credit"))

    assert of(document)["lowest_minor"] == lowest


def test_a_total_below_zero_counts_even_where_the_lines_do_not():
    """A negative tax can pull the total under a positive subtotal; without lines the total alone speaks."""
    assert of(invoice(charge("1.00"), tax_line("-2.00", "NY")))["lowest_minor"] == -100
    empty = replace(invoice(), lines=(), total_amount=Decimal("-5.00"))
    assert of(empty)["subtotal_minor"] == -500
    assert of(empty)["line_count"] == 0


def test_a_credit_memo_turns_the_sign():
    """Where negative documents become credit memos, they are judged as what they become."""
    chosen = settings(negative_invoices="credit_memo")

    assert of(invoice(charge("-5.00")), settings=chosen)["lowest_minor"] == 500
    mixed = invoice(charge("3.00"), tax_line("-4.00", "NY"))
    assert of(mixed, settings=chosen)["lowest_minor"] == -300


@pytest.mark.parametrize(
    ("change", "difference", "detail"),
    [
        ({}, 0, ""),
        ({"total_amount": Decimal("108.89")}, 1, "total off by 0.01"),
        ({"subtotal_amount": Decimal("99.00")}, 100, "subtotal off by -1.00"),
        ({"tax_amount": Decimal("8.87")}, 2, "total off by 0.01, tax off by -0.01"),
        ({"total_amount": Decimal("108.8801")}, 1, "total off by 0.01"),
    ],
)
def test_totals_that_do_not_equal_their_lines_are_known_to_the_cent(change, difference, detail):
    """Total, subtotal and tax are each compared; none can hide another, and no fraction of a cent is lost."""
    document = replace(invoice(charge(), tax_line("8.88", "NY")), **change)

    found = of(document)

    assert found["totals_difference_minor"] == difference
    assert found["totals_detail"] == detail


def test_nothing_is_compared_without_lines():
    """No lines is a reason of its own."""
    found = of(replace(invoice(), lines=(), subtotal_amount=Decimal(1)))

    assert found["totals_difference_minor"] is None


def test_the_tax_on_the_lines_may_be_finer_than_a_cent():
    """A third of a cent on each of three lines is one cent in the header."""
    lines = tuple(charge(position=place, tax_amount=Decimal("0.3333")) for place in (1, 2, 3))

    assert of(invoice(*lines, tax_amount=Decimal("1.00")))["tax_difference_minor"] == 0


@pytest.mark.parametrize(
    ("currency", "amount", "count"),
    [
        ("USD", "10.00", 0),
        ("USD", "10.005", 2),
        ("JPY", "10", 0),
        ("JPY", "10.50", 2),
        ("KWD", "10.005", 2),
        ("XQZ", "10.005", 2),
        ("USD", "9999999999.99", 0),
        ("USD", "10000000000.00", 2),
    ],
)
def test_amounts_finer_than_the_currency_or_too_large_are_counted(currency, amount, count):
    """Line and total; QuickBooks holds two places at most, also where a currency has three."""
    assert of(invoice(charge(amount), currency=currency, tax_amount=None))["inexact_amounts"] == count


@pytest.mark.parametrize("digits", [30, 5_000])
def test_an_amount_that_no_ledger_holds_is_a_finding_and_never_an_exception(digits):
    """Whatever PostgreSQL lets into a numeric, total, line or tax, is counted and shown by its size."""
    huge = Decimal(10) ** digits + Decimal("0.001")
    document = invoice(charge(tax_amount=huge, tax_code="STD"), charge(str(huge), position=2, tax_code="STD"))
    document = replace(document, total_amount=huge, tax_amount=huge, currency="GBP")

    found = of(document, company=GB)

    assert found["inexact_amounts"] == 3
    assert len(str(found["amounts_detail"])) < 60
    assert len(str(found["tax_detail"])) < 100


def test_a_price_of_three_decimals_is_no_amount():
    """Prices may be as fine as they like."""
    found = of(invoice(charge("12.55", quantity=Decimal(10), unit_price=Decimal("1.255"))))

    assert found["inexact_amounts"] == 0


def test_the_tax_variance_is_known_to_the_cent():
    """0.01 on 9.975 % of 4,495.16, and whether a rounding line could close it (G9)."""
    document = invoice(charge("4495.16", tax_code="ODD"), currency="GBP", tax_amount=Decimal("448.40"))

    found = of(document, company=GB)

    assert found["tax_variance_minor"] == -1
    assert found["tax_detail"] == "QuickBooks will compute 448.39, billing charged 448.40"
    assert found["can_round"] is False
    rounding = settings(generic_item=Named("10", "Rounding"))
    assert of(document, company=GB, settings=rounding)["can_round"] is True
    assert of()["can_round"] is None
    unknown = invoice(charge(tax_code="STD"), tax_line("8.88", "NY"))
    by_qbo = of(unknown, settings=settings(tax="qbo_computes"))
    assert (by_qbo["tax_variance_minor"], by_qbo["tax_detail"]) == (
        None,
        "QuickBooks will compute unknown, billing charged 8.88",
    )


def test_a_rounding_line_counts_among_the_lines_that_are_sent():
    """750 lines and a rounding line are 751, which QuickBooks does not take."""
    document = invoice(charge("4495.16", tax_code="ODD"), currency="GBP", tax_amount=Decimal("448.40"))

    assert of(document, company=GB)["sent_line_count"] == 1
    assert of(document, company=GB, settings=settings(tax_variance="rounding_line"))["sent_line_count"] == 2


def test_a_customer_that_is_not_named_is_only_that():
    """Whether it is mapped cannot be asked then."""
    found = of(invoice(customer_id=" ", customer=None), customer=CustomerMatch())

    assert (found["is_customer_named"], found["is_customer_mapped"]) == (False, None)


@pytest.mark.parametrize(
    ("match", "is_mapped"),
    [
        (CustomerMatch("42"), True),
        (CustomerMatch("@customer:C1"), True),
        (CustomerMatch(), False),
        (CustomerMatch(is_excluded=True), None),
        (CustomerMatch(is_ambiguous=True), None),
        (CustomerMatch(is_inactive=True), None),
    ],
)
def test_a_customer_is_mapped_unless_another_fact_says_why_not(match, is_mapped):
    """One cause gives one reason."""
    assert of(customer=match)["is_customer_mapped"] is is_mapped


def test_the_detail_names_the_customer_and_the_cause():
    """So that nobody has to look up whom to map."""
    found = of(customer=CustomerMatch(detail="two customers are called so"))

    assert found["customer_detail"] == 'customer C1 "Anna\'s Orchard": two customers are called so'


def test_a_changed_name_is_told_only_where_the_customer_is_created():
    """A mapped customer keeps whatever name it has."""
    colon = invoice(customer=Customer("C1", "Delta: Marine"))

    assert of(colon)["is_name_changed"] is False
    assert of(colon, customer=CustomerMatch("@customer:C1"))["is_name_changed"] is True
    assert of(customer=CustomerMatch("@customer:C1"))["is_name_changed"] is False


def test_ambiguous_names_of_customer_and_items_are_counted_together():
    """An ambiguous item is not unmapped as well."""
    document = invoice(charge(category="satellite", service_id="sat"))

    found = of(document, customer=CustomerMatch(is_ambiguous=True, detail="two"), ambiguous_lines={"L1": "two items"})

    assert found["ambiguous_names"] == 2
    assert found["unmapped_items"] == 0
    assert found["ambiguous_detail"] == 'customer C1 "Anna\'s Orchard": two, line 1: two items'


@pytest.mark.row("F39")
def test_unmapped_lines_are_counted_and_their_keys_named():
    """Subscription, service and category are what a person can map."""
    lines = (
        charge(category="satellite", service_id="sat", subscription_id="S9"),
        charge(position=2, category="satellite"),
        charge("-1.00", position=3, kind="credit", category=None, description="Goodwill"),
        charge(position=4),
    )

    found = of(invoice(*lines))

    assert found["unmapped_items"] == 3
    assert found["unmapped_detail"] == (
        "subscription S9 / service sat / category satellite, category satellite, credit line 3 'Goodwill'"
    )


@pytest.mark.row("F33")
def test_a_charge_without_category_is_a_fault_of_the_data_alone():
    """It is not counted as unmapped too: no mapping could cure it (F33)."""
    found = of(invoice(charge(category=None), charge(position=2, category=" ")))

    assert (found["lines_without_category"], found["unmapped_items"]) == (2, 0)
    assert found["category_detail"] == "line 1 'Fiber 500', line 2 'Fiber 500'"


def test_a_discount_with_an_account_needs_no_item():
    """It goes into QuickBooks' own discount line."""
    document = invoice(charge(), charge("-1.00", position=2, kind="discount", category="promo"))

    assert of(document)["unmapped_items"] == 1
    assert of(document, settings=settings(discount_account=Named("86", "Discounts")))["unmapped_items"] == 0


@pytest.mark.row("F103")
def test_unmapped_tax_codes_are_counted_where_the_document_needs_them():
    """Outside the US each line; in the US the one of the header."""
    assert of(invoice(charge(tax_code="LUX")), company=GB)["tax_codes_detail"] == "LUX"
    assert of(invoice(charge(), tax_line("1.00", "NY")))["unmapped_tax_codes"] == 1
    assert of(invoice(charge(tax_code="LUX")))["unmapped_tax_codes"] == 0


def test_inactive_references_are_counted_and_named():
    """Customer, item and tax code, each once."""
    document = invoice(charge(tax_code="STD"), charge(position=2, tax_code="STD"), currency="GBP")

    found = of(
        document,
        company=GB,
        customer=CustomerMatch("42", is_inactive=True),
        inactive={("Item", "11"), ("TaxCode", "5"), ("Item", "99")},
    )

    assert found["inactive_references"] == 3
    assert found["inactive_detail"] == "customer 42, item 'Recurring charges' (id 11), tax code id 5"


def test_names_for_people_are_few_and_short():
    """Ten are shown and the rest is counted; a huge one does not drown the log."""
    assert listed(["a", "b", "a"]) == "a, b"
    assert listed(str(number) for number in range(12)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    assert len(listed(["x" * 10_000])) == NAME_SHOWN


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4))
def test_no_difference_is_ever_rounded_to_none(amount):
    """Whole hundredths, away from zero, and exact where the amount is."""
    minor = hundredths(amount)

    assert (minor == 0) == (amount == 0)
    assert abs(Decimal(minor) / 100 - amount) < Decimal("0.01")


@given(
    st.lists(st.decimals(min_value=-99999, max_value=99999, places=2), min_size=1, max_size=12),
    st.decimals(min_value=-5, max_value=5, places=2),
)
def test_the_difference_of_a_total_is_exactly_what_was_added_to_it(amounts, error):
    """However many lines there are, a cent too much is one cent."""
    lines = [charge(str(amount), position=place) for place, amount in enumerate(amounts, start=1)]
    document = invoice(*lines)
    wrong = replace(document, total_amount=document.total_amount + error)

    assert of(wrong)["total_difference_minor"] == int(error * 100)


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_is_explained_in_the_documentation(name):
    """docs/checks.md lists each fact with its type and its own sentence."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "checks.md").read_text(encoding="utf-8")
    kind = "text" if name in TEXT_FACTS else "flag" if name in FLAG_FACTS else "number"

    assert f"| `{name}` | {kind} | {str(FACTS[name].__doc__).replace('``', '`')} |" in page


def test_the_book_of_the_tests_leads_somewhere():
    """A guard for the tests above: the usual charge is mapped."""
    assert book().item(charge()).qbo_id == "11"


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("T-1\u200b", "U+200B ZERO WIDTH SPACE"),
        ("T\u00a01", "U+00A0 NO-BREAK SPACE"),
        ("Re\u0301-1", "U+0301 COMBINING ACUTE ACCENT"),
        ("T-1 ", "blanks around it: 'T-1 '"),
    ],
)
def test_a_number_with_characters_that_nobody_sees_is_refused_by_their_code_points(number: str, told: str) -> None:
    """It looks like another number and is none; the text names what is in it."""
    found = of(invoice(doc_number=number))

    assert found["invalid_texts"] == 1
    assert told in str(found["texts_detail"])
    assert of(invoice(doc_number="Ré-1 株"))["invalid_texts"] == 0
