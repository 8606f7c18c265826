"""Sales tax: automated and manual in the US, per line elsewhere, with QBO's rounding."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line, ref

MakeCompany = Callable[..., Qbo]
DISCOUNT = {"Amount": 20, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}


def rates(document: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Rate, tax and net of every tax line."""
    lines = document["TxnTaxDetail"].get("TaxLine", [])
    return [
        (line["TaxLineDetail"]["TaxRateRef"]["value"], line["Amount"], line["TaxLineDetail"]["NetAmountTaxable"])
        for line in lines
    ]


def test_automated_tax_is_computed_from_the_address(qbo: Qbo) -> None:
    """8 % of the taxable lines in California; NON lines are left out."""
    made = qbo.create("Invoice", **invoice(item_line("325.75", tax="TAX"), item_line(50, tax="NON"), customer="1"))

    assert made["TxnTaxDetail"] == {
        "TxnTaxCodeRef": {"value": "2"},
        "TotalTax": Decimal("26.06"),
        "TaxLine": [
            {
                "Amount": Decimal("26.06"),
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": "3"},
                    "PercentBased": True,
                    "TaxPercent": 8,
                    "NetAmountTaxable": Decimal("325.75"),
                },
            }
        ],
    }
    assert made["TotalAmt"] == Decimal("401.81")


def test_another_state_has_its_own_rates_each_rounded_on_the_sum(qbo: Qbo) -> None:
    """Tucson has a state and a city rate: 7.1 % and 2 % of 10.05."""
    made = qbo.create("Invoice", **invoice(item_line("10.05", tax="TAX"), customer="5"))

    assert rates(made) == [("1", Decimal("0.71"), Decimal("10.05")), ("2", Decimal("0.20"), Decimal("10.05"))]


def test_tax_rounds_once_per_rate_not_per_line(qbo: Qbo) -> None:
    """Three lines of 0.07 at 8 %: 0.02 on the sum, where line by line would give 0.03."""
    made = qbo.create("Invoice", **invoice(*[item_line("0.07", tax="TAX")] * 3))

    assert made["TxnTaxDetail"]["TotalTax"] == Decimal("0.02")


def test_the_total_tax_is_overridden_only_together_with_a_tax_code(qbo: Qbo) -> None:
    """TxnTaxCodeRef and TotalTax override; TotalTax alone is ignored."""
    with_code = invoice(item_line(100, tax="TAX"), TxnTaxDetail={"TxnTaxCodeRef": ref(3), "TotalTax": "9.11"})
    without_code = invoice(item_line(100, tax="TAX"), TxnTaxDetail={"TotalTax": "9.11"})

    overridden = qbo.create("Invoice", **with_code)
    computed = qbo.create("Invoice", **without_code)

    assert (overridden["TxnTaxDetail"]["TotalTax"], overridden["TotalAmt"]) == (Decimal("9.11"), Decimal("109.11"))
    assert sum(tax for _rate, tax, _net in rates(overridden)) == Decimal("9.11")
    assert computed["TxnTaxDetail"]["TotalTax"] == 8


def test_an_exempt_customer_pays_no_automated_tax(qbo: Qbo) -> None:
    """Taxable false on the customer."""
    exempt = qbo.create("Customer", DisplayName="Charity", Taxable=False)

    made = qbo.create("Invoice", **invoice(item_line(100, tax="TAX"), customer=exempt["Id"]))

    assert made["TxnTaxDetail"] == {"TotalTax": 0}


def test_an_unknown_tax_code_of_the_form_is_2500(qbo: Qbo) -> None:
    """TxnTaxCodeRef must exist."""
    answer = qbo.post("invoice", invoice(item_line(tax="TAX"), TxnTaxDetail={"TxnTaxCodeRef": ref(99)}))

    assert (answer.error["code"], answer.error["Detail"]) == (
        "2500",
        "Invalid Reference Id : TaxCodes element id 99 not found",
    )


def test_a_manual_company_taxes_only_by_the_code_of_the_form(make_company: MakeCompany) -> None:
    """No code, no tax; code 2 at 8 %, before or after the discount as the form says."""
    qbo = make_company(preferences={"PartnerTaxEnabled": False})
    detail = {"TxnTaxCodeRef": ref(2)}

    none = qbo.create("Invoice", **invoice(item_line(100, tax="TAX")))
    before = qbo.create("Invoice", **invoice(item_line(100, tax="TAX"), DISCOUNT, TxnTaxDetail=detail))
    after = qbo.create(
        "Invoice", **invoice(item_line(100, tax="TAX"), DISCOUNT, TxnTaxDetail=detail, ApplyTaxAfterDiscount=True)
    )

    assert none["TxnTaxDetail"] == {"TotalTax": 0}
    assert (before["TxnTaxDetail"]["TotalTax"], before["TotalAmt"]) == (8, 88)
    assert (after["TxnTaxDetail"]["TotalTax"], after["TotalAmt"]) == (Decimal("6.40"), Decimal("86.40"))


@pytest.mark.parametrize(("country", "word"), [("GB", "a VAT rate"), ("CA", "a GST/HST rate"), ("AU", "a GST rate")])
def test_outside_the_us_every_line_needs_a_tax_code(make_company: MakeCompany, country: str, word: str) -> None:
    """6000 with the word of the country; a code of the form alone is not enough; TAX and NON are no codes there."""
    qbo = make_company(country=country)

    bare = qbo.post("invoice", invoice(item_line(tax="2"), item_line()))
    by_form = qbo.post("invoice", invoice(item_line(), TxnTaxDetail={"TxnTaxCodeRef": ref(2)}))
    american = qbo.post("invoice", invoice(item_line(tax="NON")))

    for answer in (bare, by_form):
        assert (answer.status, answer.error["code"]) == (400, "6000")
        assert (
            answer.error["Detail"]
            == f"Business Validation Error: Make sure all your transactions have {word} before you save."
        )
    assert (american.status, american.error["code"]) == (400, "2500")


def test_excluded_tax_is_added_per_rate(make_company: MakeCompany) -> None:
    """20 % and 5 % on the sums of their lines."""
    qbo = make_company(country="GB")

    made = qbo.create(
        "Invoice", **invoice(item_line("10.02", tax="2"), item_line("20.01", tax="2"), item_line(40, tax="3"))
    )

    assert made["GlobalTaxCalculation"] == "TaxExcluded"
    assert rates(made) == [("1", Decimal("6.01"), Decimal("30.03")), ("2", 2, 40)]
    assert made["TotalAmt"] == Decimal("78.04")
    assert made["CurrencyRef"] == {"value": "GBP", "name": "British Pound Sterling"}


def test_two_rates_under_one_code_make_two_tax_lines(make_company: MakeCompany) -> None:
    """GST 5 % and PST 7 % in British Columbia."""
    qbo = make_company(country="CA")

    made = qbo.create("Invoice", **invoice(item_line(100, tax="3")))

    assert rates(made) == [("1", 5, 100), ("2", 7, 100)]


def test_a_rate_of_zero_has_a_tax_line(make_company: MakeCompany) -> None:
    """No VAT is a real code with a real rate."""
    qbo = make_company(country="GB")

    made = qbo.create("Invoice", **invoice(item_line(100, tax="6")))

    assert rates(made) == [("5", 0, 100)]
    assert made["TotalAmt"] == 100


def test_inclusive_amounts_keep_the_gross_to_the_cent(make_company: MakeCompany) -> None:
    """The net is taken out of TaxInclusiveAmt; net and tax add up to the gross."""
    qbo = make_company(country="AU")
    lines = [item_line("9.08", tax="2", TaxInclusiveAmt="9.99") for _ in range(3)]

    made = qbo.create("Invoice", **invoice(*lines, GlobalTaxCalculation="TaxInclusive"))

    assert made["TotalAmt"] == Decimal("29.97")
    assert made["TxnTaxDetail"]["TotalTax"] == Decimal("2.72")
    assert sum(line["Amount"] for line in made["Line"][:3]) == Decimal("27.25")


def test_tax_detail_with_not_applicable_is_6170(make_company: MakeCompany) -> None:
    """NotApplicable means no tax at all."""
    qbo = make_company(country="GB")
    values = {"GlobalTaxCalculation": "NotApplicable"}

    refused = qbo.post("invoice", invoice(TxnTaxDetail={"TotalTax": 1}, **values))
    made = qbo.create("Invoice", **invoice(**values))

    assert (refused.status, refused.error["code"]) == (400, "6170")
    assert (made["TxnTaxDetail"], made["TotalAmt"]) == ({"TotalTax": 0}, 100)


def test_tax_lines_from_outside_are_refused_but_an_echo_passes(make_company: MakeCompany) -> None:
    """Outside the US a create brings no TaxLine; an update may send back what QBO printed, if it still holds."""
    qbo = make_company(country="GB")
    own = {
        "TotalTax": 20,
        "TaxLine": [{"Amount": 20, "DetailType": "TaxLineDetail", "TaxLineDetail": {"TaxRateRef": ref(1)}}],
    }

    refused = qbo.post("invoice", invoice(item_line(100, tax="2"), TxnTaxDetail=own))
    made = qbo.create("Invoice", **invoice(item_line(100, tax="2")))
    echoed = qbo.post("invoice", {**made, "PrivateNote": "echo"})
    stale = qbo.post("invoice", {**echoed["Invoice"], "Line": [item_line(200, tax="2")]})

    assert (refused.status, refused.error["code"]) == (400, "6000")
    assert echoed["Invoice"]["TotalAmt"] == 120
    assert (stale.status, stale.error["code"]) == (400, "6000")


def test_tax_lines_from_outside_pass_when_set_so(make_company: MakeCompany) -> None:
    """Undocumented, hence a setting: accept takes the caller's tax."""
    qbo = make_company(country="GB")
    qbo.simulator.settings(non_us_tax_detail="accept")
    own = {
        "TotalTax": "19.99",
        "TaxLine": [{"Amount": "19.99", "DetailType": "TaxLineDetail", "TaxLineDetail": {"TaxRateRef": ref(1)}}],
    }

    made = qbo.create("Invoice", **invoice(item_line(100, tax="2"), TxnTaxDetail=own))

    assert made["TotalAmt"] == Decimal("119.99")


def test_tax_codes_and_rates_are_read_only_lists(make_company: MakeCompany) -> None:
    """A code lists its rates; one is made by the tax service alone."""
    qbo = make_company(country="GB")

    code = qbo.read("TaxCode", "2")
    rate = qbo.read("TaxRate", "1")
    refused = qbo.post("taxcode", {"Name": "x"})

    assert code["SalesTaxRateList"]["TaxRateDetail"][0]["TaxRateRef"] == {"value": "1", "name": "SS-20.0"}
    assert (rate["RateValue"], rate["AgencyRef"]) == (20, {"value": "1"})
    assert (refused.status, refused.error["code"]) == (400, "500")


def test_with_multicurrency_every_document_names_the_customers_currency(make_company: MakeCompany) -> None:
    """Missing is 2020, another one is 6000; home amounts follow the rate."""
    qbo = make_company(preferences={"MultiCurrencyEnabled": True}, exchange_rates={"EUR": "1.10"})
    euro = qbo.create("Customer", DisplayName="Berlin", CurrencyRef=ref("EUR"))

    missing = qbo.post("invoice", invoice(customer=euro["Id"]))
    wrong = qbo.post("invoice", invoice(customer=euro["Id"], CurrencyRef=ref("USD")))
    made = qbo.create("Invoice", **invoice(customer=euro["Id"], CurrencyRef=ref("EUR")))

    assert (missing.error["code"], missing.error["element"]) == ("2020", "CurrencyRef")
    assert wrong.error["code"] == "6000"
    assert made["CurrencyRef"] == {"value": "EUR", "name": "Euro"}
    assert (made["ExchangeRate"], made["HomeTotalAmt"], made["HomeBalance"]) == (Decimal("1.1"), 110, 110)


def test_the_currency_of_a_customer_never_changes(make_company: MakeCompany) -> None:
    """6000 on an update to another currency; an unknown code is 2220."""
    qbo = make_company(preferences={"MultiCurrencyEnabled": True})
    euro = qbo.create("Customer", DisplayName="Berlin", CurrencyRef=ref("EUR"))

    changed = qbo.post("customer", {**euro, "CurrencyRef": ref("USD")})
    unknown = qbo.post("customer", {"DisplayName": "x", "CurrencyRef": ref("Euros")})

    assert (changed.error["code"], unknown.error["code"]) == ("6000", "2220")
