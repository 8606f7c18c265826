"""What QuickBooks is told of a document, to the byte, and what had to be changed for it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from include.billing_sync.documents import Customer
from include.billing_sync.payload_lines import LineBuilder
from include.billing_sync.payloads import (
    customer_payload,
    dumps,
    entity_for,
    invoice_payload,
    item_payload,
    loads,
    references,
    resolve_in_text,
    resolve_references,
    update_payload,
    void_payload,
    with_line_ids,
)
from include.billing_sync.settings import Named
from tests.core.builders import ANNA, GB, SETTINGS, TAXES, US, book, charge, invoice, settings, tax_line

NY = (tax_line("4.00", "NY-STATE", 90), tax_line("4.88", "NY-CITY", 91))
DISCOUNT = charge("-10.00", position=2, kind="discount", category="discount", description="Loyalty 10 %")
CREDIT = charge("-15.00", position=3, kind="credit", category="credit", description="Outage in October")
CATCH_ALL = ("tax_code", "*", "3", "New York")
DISCOUNT_ACCOUNT = Named("86", "Discounts given")


def made(document, *, company=US, chosen=SETTINGS, mapped=None, customer="42", mode="copy"):
    """The payload of a document under the usual book."""
    return invoice_payload(document, mapped or book(CATCH_ALL), chosen, company, customer, taxes=TAXES, mode=mode)


@pytest.mark.row("F86")
def test_a_us_invoice_carries_billings_tax_as_an_override(golden):
    """Lines say TAX or NON; the total tax is billing's, under the one code its jurisdictions are mapped to."""
    lines = (
        charge(quantity=Decimal(2), unit_price=Decimal("50.00"), tax_code="STD", service_date=date(2026, 10, 1)),
        charge("20.00", position=2, description="Setup", tax_amount=Decimal(0)),
        *NY,
    )

    payload = made(invoice(*lines, memo="Thank you"))

    golden("us_override", dumps({"body": payload.body, "meant": payload.meant}))
    assert payload.entity == "Invoice"
    assert payload.warnings == []


@pytest.mark.row("F38", "F96")
def test_a_us_invoice_carries_its_tax_as_lines_by_jurisdiction(golden):
    """Each jurisdiction is a line on its own item, marked NON, so that QuickBooks adds no tax; sums agree."""
    payload = made(invoice(charge(tax_code="STD"), *NY), chosen=settings(tax="as_lines"))

    golden("us_as_lines", dumps({"body": payload.body, "meant": payload.meant}))
    assert sum(line["Amount"] for line in payload.body["Line"]) == Decimal("108.88")


@pytest.mark.row("F100", "F101")
def test_a_uk_invoice_carries_a_tax_code_on_each_line_and_no_tax_detail(golden):
    """QuickBooks computes the tax itself and rejects a TxnTaxDetail outside the US (F100, F101)."""
    lines = (charge(tax_code="STD", tax_amount=Decimal("20.00")), charge("5.00", position=2, tax_code="ZERO"))
    document = invoice(*lines, currency="GBP", tax_amount=Decimal("20.00"))

    payload = made(document, company=replace(GB, is_multi_currency=True))

    golden("gb", dumps({"body": payload.body, "meant": payload.meant}))
    assert "TxnTaxDetail" not in payload.body


def test_discounts_and_credits_are_lines_with_negative_amounts(golden):
    """Without a discount account every discount stays a line of its own, on its mapped item."""
    payload = made(invoice(charge(), DISCOUNT, CREDIT))

    golden("discount_and_credit_lines", dumps({"body": payload.body, "meant": payload.meant}))


@pytest.mark.row("F105")
def test_discounts_go_to_the_discount_account_where_there_is_one(golden):
    """In the US one DiscountLineDetail holds the sum of all discounts (F105); credits stay lines."""
    second = charge("-2.50", position=4, kind="discount", category="discount", description="Coupon")

    payload = made(invoice(charge(), DISCOUNT, CREDIT, second), chosen=settings(discount_account=DISCOUNT_ACCOUNT))

    golden("discount_account", dumps({"body": payload.body, "meant": payload.meant}))
    assert payload.meant["total"] == "72.50"


def test_outside_the_us_discounts_stay_lines_with_their_own_tax_code():
    """A header discount would change the tax that QuickBooks computes, in a way that nobody documents."""
    document = invoice(
        charge(tax_code="STD"), replace(DISCOUNT, tax_code="STD"), currency="GBP", tax_amount=Decimal("18.00")
    )

    payload = made(document, company=GB, chosen=settings(discount_account=DISCOUNT_ACCOUNT))

    assert [line["DetailType"] for line in payload.body["Line"]] == ["SalesItemLineDetail"] * 2
    assert payload.meant["tax"] == "18.00"


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "is_sent"),
    [
        ("2", "50.00", "100.00", True),
        ("3", "33.33333", "100.00", True),
        ("1", "0.005", "0.01", False),
        ("1", "0.005", "0.00", False),
        ("12", "1.255", "15.00", False),
        ("1", "33.333333", "33.33", False),
        ("-2", "5.00", "-10.00", True),
        ("1000000000000000000000000000000", "1", "5.00", False),
        ("12345678901234567890", "12345678901234567890", "5.00", False),
        ("1", "123456789012345678901234567.5", "5.00", False),
    ],
)
def test_quantity_and_price_are_sent_only_where_their_product_is_certain(quantity, price, amount, is_sent):
    """A half cent rounds differently here and there; then the amount goes alone and the quantity into the description."""
    line = charge(amount, quantity=Decimal(quantity), unit_price=Decimal(price))

    sent = made(invoice(charge("500.00", position=2), line)).body["Line"][0]

    assert sent["Amount"] == Decimal(amount)
    assert ("Qty" in sent["SalesItemLineDetail"]) is is_sent
    assert ("UnitPrice" in sent["SalesItemLineDetail"]) is is_sent
    expected = "Fiber 500" if is_sent else f"Fiber 500 ({Decimal(quantity)} x {Decimal(price)})"
    assert sent["Description"] == expected


def test_a_quantity_without_a_price_stays_in_the_description():
    """Nothing is computed backwards from amount and quantity."""
    sent = made(invoice(charge(quantity=Decimal("1500.0")))).body["Line"][0]

    assert sent["Description"] == "Fiber 500 (1500)"
    assert "Qty" not in sent["SalesItemLineDetail"]


@pytest.mark.row("F98")
def test_a_long_description_is_cut_and_named():
    """4,001 characters become 4,000 with a warning; exactly 4,000 stay as they are (F98)."""
    long, exact = charge(description="x" * 4001), charge(position=2, description="é" * 4000)

    payload = made(invoice(long, exact))

    assert [len(line["Description"]) for line in payload.body["Line"]] == [4000, 4000]
    assert [(finding.reason, finding.detail) for finding in payload.warnings] == [
        ("text_cut", "line 1: 4001 characters became 4000")
    ]


def test_the_quantity_behind_a_cut_description_is_kept():
    """Cutting takes from the text, never from the numbers behind it."""
    line = charge("15.00", description="x" * 5000, quantity=Decimal(12), unit_price=Decimal("1.255"))

    sent = made(invoice(line)).body["Line"][0]

    assert len(sent["Description"]) == 4000
    assert sent["Description"].endswith("x (12 x 1.255)")


@pytest.mark.row("F97")
def test_an_empty_description_gives_way_to_the_name_of_the_service():
    """A line says something wherever billing has any word for it; otherwise it carries no Description at all."""
    named, bare = charge(description="", service_name="Fiber"), charge(position=2, description="")

    sent = made(invoice(named, bare)).body["Line"]

    assert sent[0]["Description"] == "Fiber"
    assert "Description" not in sent[1]


def test_the_override_of_an_item_goes_before_its_category():
    """A mapped service has its own item although its category has one too."""
    sent = made(invoice(charge(service_id="sip-trunk"))).body["Line"][0]

    assert sent["SalesItemLineDetail"]["ItemRef"] == {"value": "15"}


def test_more_than_750_lines_are_refused_before_any_call():
    """QuickBooks takes 750 lines; such a document never becomes a payload."""
    lines = tuple(charge("1.00", position=place) for place in range(1, 752))

    assert len(made(invoice(*lines[:750])).body["Line"]) == 750
    with pytest.raises(ValueError, match="751 lines, and QuickBooks takes 750"):
        made(invoice(*lines))


def test_an_unmapped_line_never_becomes_a_payload():
    """What the checks stop cannot be built either."""
    with pytest.raises(ValueError, match=r"line 1 \('Fiber 500'\) is not mapped to an item"):
        made(invoice(charge(category="satellite")))


def test_an_unmapped_tax_code_never_becomes_a_payload():
    """The message names the code to map."""
    document = invoice(charge(tax_code="LUXURY"), currency="GBP")

    with pytest.raises(ValueError, match="no mapping for LUXURY"):
        made(document, company=GB, mapped=book())


@pytest.mark.row("F90")
def test_copying_never_makes_quickbooks_mail():
    """Copy sends no address, send the billing e-mail, and neither an EmailStatus (F90, F93)."""
    document = invoice(billing_email=" anna@orchard.test ")

    assert "BillEmail" not in made(document).body
    assert made(document, mode="send").body["BillEmail"] == {"Address": "anna@orchard.test"}
    assert "BillEmail" not in made(invoice(billing_email="nobody"), mode="send").body
    assert "EmailStatus" not in made(document, mode="send").body


def test_the_note_carries_the_billing_id_whatever_the_memo():
    """A memo of any length is cut before the reference, which finds the document again after a lost answer."""
    note = made(invoice(memo="m" * 9000)).body["PrivateNote"]

    assert len(note) == 4000
    assert note.endswith("m\nRef I1")


def test_a_memo_that_is_cut_says_so():
    """With the reference behind it a note has room for 3,993 characters of a memo; one more is cut, and told."""
    whole, cut = made(invoice(memo="m" * 3993)), made(invoice(memo="m" * 3994))

    assert len(whole.body["PrivateNote"]) == len(cut.body["PrivateNote"]) == 4000
    assert [found.reason for found in whole.warnings] == []
    assert [(found.reason, found.detail) for found in cut.warnings] == [
        ("text_cut", "memo: 3994 characters became 3993")
    ]


def test_currency_is_sent_wherever_multicurrency_is_on():
    """A company of one currency gets none; with several, the document's own is always named."""
    multi = replace(US, is_multi_currency=True)

    assert "CurrencyRef" not in made(invoice()).body
    assert made(invoice(), company=multi).body["CurrencyRef"] == {"value": "USD"}


def test_a_document_in_a_closed_period_moves_to_the_first_open_day_where_settings_say_so():
    """The date moves, the due date never lies before it, the note keeps billing's date, and a warning says so."""
    closed = replace(US, closing_date=date(2026, 11, 10))
    document = invoice(due_date=date(2026, 11, 5))

    payload = made(document, company=closed, chosen=settings(closed_period="move_date"))

    assert payload.body["TxnDate"] == payload.meant["date"] == "2026-11-11"
    assert payload.body["DueDate"] == "2026-11-11"
    assert payload.body["PrivateNote"] == "Billing date 2026-11-01\nRef I1"
    assert [finding.reason for finding in payload.warnings] == ["date_moved"]


@pytest.mark.row("X11")
def test_a_negative_document_becomes_a_credit_memo_where_settings_say_so(golden):
    """Every amount turns its sign, the type carries it, and there is no due date (X11)."""
    returned = charge("-40.00", quantity=Decimal(-2), unit_price=Decimal("20.00"), tax_code="STD")
    document = invoice(returned, tax_line("-3.55", "NY-STATE"))
    chosen = settings(negative_invoices="credit_memo")

    payload = made(document, chosen=chosen)

    golden("credit_memo", dumps({"body": payload.body, "meant": payload.meant}))
    assert payload.entity == "CreditMemo"
    assert entity_for(document, SETTINGS) == "Invoice"


def test_a_rounding_line_makes_the_total_agree_where_settings_say_so(golden):
    """9.975 % of 4,495.16 is 448.39 in QuickBooks and 448.40 in billing: a line of 0.01 without tax closes the gap (G9)."""
    document = invoice(charge("4495.16", tax_code="ODD"), currency="GBP", tax_amount=Decimal("448.40"))
    chosen = settings(tax_variance="rounding_line", generic_item=Named("10", "Rounding"))

    payload = made(document, company=GB, chosen=chosen)

    golden("rounding_line", dumps({"body": payload.body, "meant": payload.meant}))
    assert payload.meant["total"] == "4943.56"


def test_a_rounding_line_without_its_item_is_refused():
    """The setting needs generic_item; a line without one would land on QuickBooks' default item."""
    document = invoice(charge("4495.16", tax_code="ODD"), currency="GBP", tax_amount=Decimal("448.40"))

    with pytest.raises(ValueError, match="needs generic_item"):
        made(document, company=GB, chosen=settings(tax_variance="rounding_line"))


def test_without_its_setting_a_variance_gets_no_rounding_line():
    """The checks stop such a document by default; nothing is added to it in silence."""
    document = invoice(charge("4495.16", tax_code="ODD"), currency="GBP", tax_amount=Decimal("448.40"))

    assert len(made(document, company=GB).body["Line"]) == 1


def test_a_company_without_sales_tax_gets_no_tax_code_on_any_line():
    """Neither on billing's lines nor on the rounding line, and no statement about tax in the header."""
    chosen = settings(tax_variance="rounding_line", generic_item=Named("10", "Rounding"))

    body = made(
        invoice(charge(), tax_amount=Decimal("0.02")), company=replace(US, uses_sales_tax=False), chosen=chosen
    ).body

    assert [line["Amount"] for line in body["Line"]] == [Decimal("100.00"), Decimal("0.02")]
    assert not any("TaxCodeRef" in line["SalesItemLineDetail"] for line in body["Line"])
    assert "TxnTaxDetail" not in body


def test_a_pushed_tax_variance_is_part_of_what_is_meant():
    """QuickBooks will hold its own tax; the comparison of its answer expects exactly that, since it was named before."""
    document = invoice(charge("4495.16", tax_code="ODD"), currency="GBP", tax_amount=Decimal("448.40"))

    meant = made(document, company=GB, chosen=settings(tax_variance="push")).meant

    assert (meant["tax"], meant["total"]) == ("448.39", "4943.55")


def test_a_document_without_number_of_tax_known_beforehand_does_not_mean_any_tax():
    """Where only QuickBooks can compute, its tax is not compared; the total still is."""
    meant = made(invoice(charge(tax_code="STD"), *NY), chosen=settings(tax="qbo_computes")).meant

    assert "tax" not in meant
    assert meant["total"] == "108.88"


def test_the_body_is_json_with_numbers_digit_for_digit():
    """10.10 goes as 10.10, never as a float's 10.1 or a text; what json reads back is the same body."""
    text = dumps(made(invoice(charge("10.10"))).body)

    assert '"Amount":10.10,' in text
    assert json.loads(text, parse_float=Decimal)["Line"][0]["Amount"] == Decimal("10.10")


def test_references_are_found_and_replaced_where_references_stand():
    """Only ids are replaced: a description that looks like a reference stays a description."""
    mapped = book(("category", "recurring", "@item:fiber", "Fiber"))
    payload = made(invoice(charge(description="@customer:C1")), mapped=mapped, customer="@customer:C1")
    ids = {"@customer:C1": "77", "@item:fiber": "88"}

    body = resolve_references(payload.body, ids.get)

    assert list(references(payload.body)) == ["@customer:C1", "@item:fiber"]
    assert body["CustomerRef"] == {"value": "77"}
    assert body["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "88"}
    assert body["Line"][0]["Description"] == "@customer:C1"
    assert resolve_references(payload.meant, ids.get)["customer"] == "77"


def test_a_reference_without_an_id_is_named():
    """Nothing is sent while the customer it needs is not there."""
    payload = made(invoice(), customer="@customer:C1")

    with pytest.raises(LookupError, match="@customer:C1 has no id"):
        resolve_references(payload.body, {}.get)


@pytest.mark.parametrize("key", ["C1", 'a "quoted" \\ key', "@customer:C1", "Zoë 🙂"])
@pytest.mark.parametrize("blank", ["", " "])
def test_a_reference_is_replaced_in_a_text_as_it_is_in_the_body(key, blank):
    """The same body as by its values; a text that only reads like a reference, or like JSON, stays."""
    text = '"value":"@customer:C1"'
    payload = made(
        invoice(charge(description=text), charge(description=f"@customer:{key}", position=2)),
        customer=f"@customer:{key}",
    )
    ids = {f"@customer:{key}": "77"}

    stored = dumps(payload.body).replace('"value":', f'"value":{blank}')

    assert loads(resolve_in_text(stored, ids.get)) == loads(
        dumps(resolve_references(payload.body, ids.get)).replace('"value":', f'"value":{blank}')
    )
    with pytest.raises(LookupError, match="has no id"):
        resolve_in_text(stored, {}.get)


def test_a_text_without_references_is_sent_to_the_letter():
    """Nothing is written anew where there is nothing to replace."""
    text = dumps(made(invoice()).body)

    assert resolve_in_text(text, {}.get) == text


def held(*lines, **more):
    """An answer as it is kept: flat, with line ids and version."""
    return {"Id": "900", "SyncToken": "3", "Line": list(lines)} | more


def line_held(line_id, item="11", amount="100", text="Fiber 500"):
    """A line of such an answer."""
    return {
        "Id": line_id,
        "DetailType": "SalesItemLineDetail",
        "ItemRef": item,
        "Amount": amount,
        "Description": text,
    }


def test_an_update_is_sparse_and_carries_all_lines_with_their_ids():
    """A changed line keeps its id by its item, an unchanged one by its content, a new one has none."""
    document = invoice(
        charge("120.00"),
        charge("30.00", position=2, category="usage", description="Minutes"),
        charge("5.00", position=3, category="credit", description="New"),
    )
    answer = held(line_held("7", "12", "30", "Minutes"), line_held("8"), line_held("9", "13", "1", "Gone"))

    update = update_payload(made(document), answer)

    assert update.body["sparse"] is True
    assert (update.body["Id"], update.body["SyncToken"]) == ("900", "3")
    assert [line.get("Id") for line in update.body["Line"]] == ["8", "7", None]


def test_lines_of_the_same_item_keep_their_order():
    """With nothing but the item to go by, the first stays the first."""
    lines = made(invoice(charge("1.00"), charge("2.00", position=2))).body["Line"]

    matched = with_line_ids(lines, [line_held("4", amount="8"), line_held("5", amount="9")])

    assert [line["Id"] for line in matched] == ["4", "5"]


def test_an_update_takes_back_a_tax_that_is_no_longer_owed():
    """A sparse update keeps what it does not name, so a tax that went away is named as none."""
    update = update_payload(made(invoice()), held(line_held("1"), TotalTax="8.88"))

    assert update.body["TxnTaxDetail"] == {"TotalTax": Decimal(0)}
    assert "TxnTaxDetail" not in update_payload(made(invoice()), held(line_held("1"), TotalTax="0")).body


def test_a_void_names_only_id_and_version():
    """Nothing else is needed, and nothing else is sent."""
    assert void_payload(held()) == {"Id": "900", "SyncToken": "3"}


@pytest.mark.row("F56", "F57")
def test_a_customer_is_created_with_its_contact(golden):
    """Display name, contact and address go to QuickBooks once, when the customer is created (F56, F57)."""
    customer = Customer(
        "C2",
        "Delta: Marine",
        company_name="Delta Marine Ltd",
        given_name="Ada",
        family_name="Ng",
        email="ada@delta.test",
        phone="+1 555 0100",
        line1="1 Pier",
        city="Galveston",
        region="TX",
        postal_code="77550",
        country="US",
        currency="CAD",
    )

    payload = customer_payload(customer, SETTINGS, replace(US, is_multi_currency=True), "USD")

    golden("customer", dumps(payload.body))
    assert payload.entity == "Customer"
    assert [finding.reason for finding in payload.warnings] == ["name_changed"]
    assert "colon" in payload.warnings[0].detail


def test_a_contact_that_quickbooks_would_refuse_is_left_out():
    """A broken address or a number of 31 digits must not keep an invoice from being pushed."""
    customer = replace(ANNA, email="not an address", phone="5" * 31, given_name=" : ")

    body = customer_payload(customer, SETTINGS, US).body

    assert body == {"DisplayName": "Anna's Orchard", "GivenName": "-"}


def test_a_customer_of_no_stated_currency_gets_the_documents():
    """With multicurrency the currency is fixed at creation, so it is never left to chance."""
    multi = replace(US, is_multi_currency=True)

    assert customer_payload(ANNA, SETTINGS, multi, "EUR").body["CurrencyRef"] == {"value": "EUR"}
    assert customer_payload(ANNA, SETTINGS, multi).body["CurrencyRef"] == {"value": "USD"}


def test_a_customer_whose_name_leaves_nothing_is_refused():
    """QuickBooks needs a name; an empty one is an error that names the customer."""
    with pytest.raises(ValueError, match="customer C9: nothing of its name"):
        customer_payload(Customer("C9", "\n"), SETTINGS, US)


@pytest.mark.row("F41", "F48")
def test_an_item_is_created_on_the_income_account_with_the_catalogue_id_as_sku():
    """F41, F48: the default income account is required, and the SKU leads back to billing's catalogue."""
    chosen = settings(income_account=Named("79", "Sales"))
    line = charge(service_id="svc-7", service_name="Hosting")

    payload = item_payload(line, chosen)

    assert payload.body == {
        "Name": "Hosting",
        "Type": "Service",
        "IncomeAccountRef": {"value": "79"},
        "Sku": "svc-7",
    }
    assert "Sku" not in item_payload(charge(service_name="Hosting"), chosen).body


@pytest.mark.row("F105")
def test_the_item_of_a_discount_is_created_on_the_discount_account():
    """Outside the US a discount is a line, and its account is that of its item (F105)."""
    chosen = settings(income_account=Named("79", "Sales"), discount_account=DISCOUNT_ACCOUNT)

    assert item_payload(DISCOUNT, chosen).body["IncomeAccountRef"] == {"value": "86"}


def test_a_discount_on_a_service_never_decides_on_the_account_of_its_revenue():
    """The item is the service's, whichever of its lines comes first."""
    chosen = settings(income_account=Named("79", "Sales"), discount_account=DISCOUNT_ACCOUNT)
    on_fiber = replace(DISCOUNT, service_id="fiber", service_name="Fiber 500")

    assert item_payload(on_fiber, chosen).body["IncomeAccountRef"] == {"value": "79"}


def test_no_item_is_created_without_an_account_or_a_name():
    """Both are needed before QuickBooks could accept it."""
    with pytest.raises(ValueError, match="income_account is needed"):
        item_payload(charge(service_name="Hosting"), SETTINGS)
    with pytest.raises(ValueError, match="nothing of its name"):
        item_payload(charge(description="\t"), settings(income_account=Named("79", "Sales")))


def test_special_lines_without_their_setting_are_refused():
    """A rounding line needs its item and a discount line its account, whoever asks for them."""
    builder = LineBuilder(book(), SETTINGS, US, 1)

    with pytest.raises(ValueError, match="generic_item"):
        builder._rounding_line(Decimal("0.01"), "")
    with pytest.raises(ValueError, match="discount_account"):
        builder._discount_line([DISCOUNT])
