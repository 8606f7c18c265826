"""What tax QuickBooks will compute, and how the difference to billing's is stated."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.billing_sync.settings import Named
from include.billing_sync.tax import (
    Rate,
    billing_tax,
    compute,
    lines_to_send,
    plan_tax,
    rounding_target,
    tax_method,
    tax_table,
)
from tests.core.builders import GB, SETTINGS, TAXES, US, book, charge, invoice, settings, tax_line

CATCH_ALL = ("tax_code", "*", "3", "New York")
TABLE = TAXES | {"3": (Rate("31", Decimal("8.875")),)}


def plan(document, *, company=US, chosen=SETTINGS, mapped=None, table=TABLE):
    """The tax of a document under the usual book."""
    return plan_tax(document, mapped or book(CATCH_ALL), chosen, company, table)


@pytest.mark.row("X7")
@pytest.mark.parametrize(
    ("setting", "company", "method"),
    [
        (None, US, "override"),
        (None, GB, "qbo_computes"),
        ("as_lines", US, "as_lines"),
        ("as_lines", GB, "as_lines"),
        ("qbo_computes", US, "qbo_computes"),
    ],
)
def test_the_method_follows_from_the_country_unless_a_setting_says_otherwise(setting, company, method):
    """US: billing's tax as an override; everywhere else QuickBooks computes (X7)."""
    assert tax_method(settings(tax=setting), company) == method


def test_an_override_outside_the_us_is_a_contradiction():
    """QuickBooks rejects a TxnTaxDetail there, so the setting is refused by name."""
    with pytest.raises(ValueError, match="tax: override works in US companies only, and this one is in GB"):
        tax_method(settings(tax="override"), GB)


def test_billings_tax_is_the_headers_else_that_of_the_lines():
    """A header's amount goes first, then tax lines, then the tax on the lines, then none."""
    on_lines = charge(tax_amount=Decimal("7.00"))

    assert billing_tax(invoice(charge(), tax_amount=Decimal("9.00"))) == Decimal("9.00")
    assert billing_tax(invoice(on_lines, tax_line("5.00", "NY"), tax_amount=None)) == Decimal("5.00")
    assert billing_tax(invoice(on_lines, tax_amount=None)) == Decimal("7.00")
    assert billing_tax(invoice(charge(), tax_amount=None)) == 0


def test_a_discount_in_the_header_is_nothing_that_an_override_could_tax():
    """Only the discount bears tax, and QuickBooks gets it without a code: its answer will show none, and that is known before."""
    taxed = charge("-10.00", position=2, kind="discount", tax_code="NY", tax_amount=Decimal("-0.80"))
    document = invoice(charge(tax_code="NY", tax_amount=Decimal(0)), taxed, tax_amount=Decimal("-0.80"))
    in_header = settings(discount_account=Named("86", "Discounts given"))

    assert plan_tax(document, book(CATCH_ALL), SETTINGS, US, TABLE).variance == 0
    assert plan_tax(document, book(CATCH_ALL), in_header, US, TABLE).variance == Decimal("0.80")


def test_taxes_finer_than_a_cent_are_rounded_once_for_the_document() -> None:
    """Two lines of 0.0025 each are half a cent together, which is a cent; a header of billing stands as it is."""
    lines = [charge(position=number, tax_amount=Decimal("0.0025")) for number in (1, 2)]

    assert billing_tax(invoice(*lines, tax_amount=None)) == Decimal("0.01")
    assert billing_tax(invoice(*lines, tax_amount=Decimal("0.005"))) == Decimal("0.005")


def test_tax_becomes_lines_by_code_where_billing_has_no_tax_lines():
    """The lines' own tax is summed by code; a header's tax alone becomes one line; no tax, no line."""
    by_code = invoice(
        charge(tax_code="A", tax_amount=Decimal("1.00")),
        charge(position=2, tax_code="B", tax_amount=Decimal("2.00")),
        charge(position=3, tax_code="A", tax_amount=Decimal("3.00")),
        tax_amount=Decimal("6.00"),
    )
    header = invoice(charge(), tax_amount=Decimal("6.00"))

    added = lines_to_send(by_code, "as_lines")[3:]

    assert [(line.kind, line.tax_code, line.amount) for line in added] == [
        ("tax", "A", Decimal("4.00")),
        ("tax", "B", Decimal("2.00")),
    ]
    assert [line.amount for line in lines_to_send(header, "as_lines")[1:]] == [Decimal("6.00")]
    assert len(lines_to_send(invoice(), "as_lines")) == 1
    assert lines_to_send(invoice(charge(), tax_amount=None), "override") == [charge()]


def test_an_override_needs_one_code_for_the_header():
    """All jurisdictions lead to one QBO code, or to the catch-all where they lead to several."""
    document = invoice(charge(tax_code="STD"), tax_line("4.00", "A", 90), tax_line("4.88", "B", 91))
    both = book(("tax_code", "A", "3", "NY"), ("tax_code", "B", "3", "NY"))
    apart = book(("tax_code", "A", "3", "NY"), ("tax_code", "B", "4", "CA"))

    assert plan(document, mapped=both).header_code == "3"
    assert plan(document, mapped=apart).unmapped == ("A", "B")
    assert plan(document, mapped=apart).variance is None
    assert plan(document, mapped=book(("tax_code", "A", "3", "NY"))).unmapped == ("B",)
    with_default = book(("tax_code", "A", "3", "NY"), ("tax_code", "B", "4", "CA"), ("tax_code", "*", "9", "All"))
    assert plan(document, mapped=with_default).header_code == "9"


def test_a_header_never_carries_what_only_says_that_a_line_is_taxed_or_not():
    """``*`` mapped to NON or TAX is no tax code: QuickBooks would refuse it, so the codes that need one are named before."""
    document = invoice(charge(tax_code="LOCAL", tax_amount=Decimal("8.88")), tax_amount=Decimal("8.88"))

    for word in ("NON", "TAX"):
        found = plan(document, mapped=book(("tax_code", "*", word, word)))
        assert (found.header_code, found.unmapped) == (None, (f"LOCAL (mapped to {word}, which is no tax)",))


def test_a_document_without_tax_marks_every_line_as_untaxed():
    """There is nothing to override, and nothing that QuickBooks could compute."""
    found = plan(invoice(charge(tax_code="STD")))

    assert found.codes == ("NON",)
    assert (found.header_code, found.variance) == (None, 0)


def test_lines_are_taxed_as_billing_says():
    """By the line's own tax, else by its code; a code mapped to NON is untaxed; if nothing is said, all charges are taxed."""
    mapped = book(CATCH_ALL, ("tax_code", "EXEMPT", "NON", "NON"), ("tax_code", "TAXABLE", "TAX", "TAX"))
    spoken = invoice(
        charge(tax_code="TAXABLE"),
        charge(position=2, tax_code="EXEMPT"),
        charge(position=3, tax_amount=Decimal(0), tax_code="TAXABLE"),
        charge(position=4),
        tax_line("8.88", "NY"),
    )
    silent = invoice(charge(), charge("-5.00", position=2, kind="credit", category="credit"), tax_line("8.88", "NY"))

    assert plan(spoken, mapped=mapped).codes == ("TAX", "NON", "NON", "NON")
    assert plan(spoken, mapped=mapped).header_code == "3"
    assert plan(silent, mapped=mapped).codes == ("TAX", "NON")


def test_an_override_over_nothing_taxed_will_be_answered_with_no_tax():
    """Taxed lines that cancel out leave QuickBooks nothing to tax: the whole tax is a variance, named before the push."""
    document = invoice(
        charge(tax_code="STD"),
        charge("-100.00", position=2, kind="credit", category="credit", tax_code="STD"),
        tax_line("8.88", "NY"),
    )

    assert plan(document).variance == Decimal("-8.88")


def test_the_tax_of_automated_sales_tax_cannot_be_known_before():
    """QuickBooks computes from addresses: no variance is claimed; without automation the header's code decides."""
    document = invoice(charge(tax_code="STD"), tax_line("8.88", "NY"))
    chosen = settings(tax="qbo_computes")
    manual = replace(US, uses_automated_tax=False)

    assert plan(document, chosen=chosen).computed is None
    assert plan(document, chosen=chosen, company=manual).variance == 0
    assert plan(document, chosen=chosen, company=manual).total_tax is None
    unmapped = plan(document, chosen=chosen, company=manual, mapped=book(without=("STD",)))
    assert unmapped.unmapped == ("NY",)


def test_a_company_without_sales_tax_computes_none():
    """No codes go, and billing's tax is a variance as a whole."""
    document = invoice(charge(), tax_amount=Decimal("20.00"))

    found = plan(document, company=replace(GB, uses_sales_tax=False))

    assert found.codes == (None,)
    assert found.variance == Decimal("-20.00")


def test_outside_the_us_every_line_needs_its_code():
    """A line whose code is missing or unmapped is named, and no tax is claimed to be known."""
    found = plan(invoice(charge(tax_code="STD"), charge(position=2), charge(position=3, tax_code="LUX")), company=GB)
    strict = plan(invoice(charge(tax_code="LUX")), company=GB, mapped=book())

    assert found.unmapped == ("(line 2 has none)",)
    assert found.computed is None
    assert strict.unmapped == ("LUX",)


def test_tax_as_lines_outside_the_us_must_carry_untaxed_codes():
    """The tax is in the lines; whatever QuickBooks would compute on top is a variance."""
    lines = (charge(tax_code="ZERO"), tax_line("20.00", "ZERO"))
    chosen = settings(tax="as_lines")

    assert plan(invoice(*lines), company=GB, chosen=chosen).variance == 0
    taxed = invoice(charge(tax_code="STD"), tax_line("20.00", "ZERO"))
    assert plan(taxed, company=GB, chosen=chosen).variance == Decimal("20.00")


def test_a_tax_line_never_falls_on_the_general_catch_all():
    """The catch-all of categories is revenue; a tax needs its jurisdiction, its category or the key tax."""
    document = invoice(charge(), tax_line("8.88", "NY"))
    chosen = settings(tax="as_lines")
    general = book(("category", "*", "11", "Recurring charges"), without=("tax",))

    assert plan(document, chosen=chosen).unmapped == ()
    assert plan(document, chosen=chosen, mapped=general).unmapped == ("NY",)


def test_a_variance_of_a_cent_is_found():
    """9.975 % of 4,495.16 is 448.39; billing that says 448.40 is 0.01 off (G9)."""
    document = invoice(charge("4495.16", tax_code="ODD"), currency="GBP", tax_amount=Decimal("448.40"))

    assert plan(document, company=GB).variance == Decimal("-0.01")


def test_each_rate_is_rounded_once_on_the_sum_of_its_lines():
    """Three lines of 0.33 at 20 % are 0.20 together, though each alone would be 0.07."""
    assert compute([("5", Decimal("0.33"))] * 3, TABLE) == Decimal("0.20")
    assert compute([("5", Decimal("0.33"))], TABLE) == Decimal("0.07")


def test_a_code_that_nobody_knows_makes_the_tax_unknown():
    """No rate is ever assumed."""
    assert compute([("99", Decimal("1.00"))], TABLE) is None


def test_rates_may_apply_to_the_taxes_before_them():
    """TaxOnAmountPlusTax compounds, TaxOnTax taxes the tax alone; both as QBO's TaxCode says."""
    compound = {"1": (Rate("a", Decimal(10)), Rate("b", Decimal(10), "TaxOnAmountPlusTax"))}
    on_tax = {"1": (Rate("a", Decimal(10)), Rate("b", Decimal(50), "TaxOnTax"))}

    assert compute([("1", Decimal(100))], compound) == Decimal("21.00")
    assert compute([("1", Decimal(100))], on_tax) == Decimal("15.00")


def test_the_table_is_read_from_quickbooks_own_lists():
    """Sales rates of each code in QBO's order; a code without any has none."""
    rates = [{"Id": "1", "RateValue": Decimal("8")}, {"Id": "2", "RateValue": 2}, {"Id": "3"}]
    detail = [
        {"TaxRateRef": {"value": "2"}, "TaxTypeApplicable": "TaxOnTax", "TaxOrder": 1},
        {"TaxRateRef": {"value": "1"}, "TaxOrder": 0},
    ]
    codes = [{"Id": "5", "SalesTaxRateList": {"TaxRateDetail": detail}}, {"Id": "TAX"}]

    assert tax_table(codes, rates) == {
        "5": (Rate("1", Decimal(8)), Rate("2", Decimal(2), "TaxOnTax")),
        "TAX": (),
    }


def test_a_rounding_line_needs_an_item_and_a_code_without_tax():
    """Otherwise the line would be taxed itself, and the gap would only move."""
    chosen = settings(generic_item=Named("10", "Rounding"))
    taxed = book(("tax_code", "rounding", "5", "20.0% S"))

    assert rounding_target(book(), SETTINGS, GB, TABLE) is None
    assert rounding_target(book(), chosen, GB, TABLE) == "6"
    assert rounding_target(taxed, chosen, GB, TABLE) is None
    assert rounding_target(book(), chosen, GB, None) is None
    assert rounding_target(book(without=("rounding",)), chosen, GB, TABLE) is None
    assert rounding_target(book(), chosen, US, TABLE) == "NON"
    assert rounding_target(book(), chosen, replace(US, uses_sales_tax=False), TABLE) == ""


amounts = st.decimals(min_value=-10_000, max_value=10_000, places=2)


@given(st.lists(amounts, min_size=1, max_size=40))
def test_the_tax_of_a_document_is_within_half_a_cent_of_the_exact_one(nets):
    """Rounding once for each rate leaves at most half a cent, however many lines there are."""
    computed = compute([("7", net) for net in nets], TABLE)

    exact = sum(nets, Decimal(0)) * Decimal("9.975") / 100
    assert computed is not None
    assert abs(computed - exact) <= Decimal("0.005")
    assert computed == computed.quantize(Decimal("0.01"))


@given(st.lists(amounts, min_size=1, max_size=10))
def test_a_us_override_never_differs_from_billing(nets):
    """Whatever billing charged is what QuickBooks will show, as long as something taxed is left."""
    lines = [charge(str(net), position=place, tax_code="STD") for place, net in enumerate(nets, start=1)]
    document = invoice(*lines, tax_amount=Decimal("12.34"))

    assert plan(document).variance == (0 if sum(nets) else Decimal("-12.34"))
