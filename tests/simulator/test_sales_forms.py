"""Invoices and the other sales forms: what is required, what is computed, what is refused."""

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import TRANSACTIONS

DISCOUNT = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}


def test_an_invoice_is_answered_as_recorded(qbo: Qbo) -> None:
    """Key order, SubTotal line without an Id, NON, DueDate, names in references, addresses, number formats."""
    answer = qbo.post("invoice", invoice(item_line(100.0), customer="1"))

    made = answer["Invoice"]
    assert list(made) == [
        "AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment", "domain", "sparse",
        "Id", "SyncToken", "MetaData",
        "CustomField", "TxnDate", "CurrencyRef", "LinkedTxn", "Line", "TxnTaxDetail", "CustomerRef",
        "BillAddr", "DueDate", "TotalAmt", "ApplyTaxAfterDiscount", "PrintStatus", "EmailStatus", "Balance",
    ]  # fmt: skip
    assert made["Line"] == [
        {
            "Id": "1",
            "LineNum": 1,
            "Amount": Decimal("100.00"),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": "1", "name": "Services"}, "TaxCodeRef": {"value": "NON"}},
        },
        {"Amount": Decimal("100.00"), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ]
    assert made["CustomerRef"] == {"value": "1", "name": "Amy's Bird Sanctuary"}
    assert made["CustomField"] == [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType"}]
    assert '"Amount":100.00,' in answer.text
    assert '"TotalTax":0}' in answer.text


def test_money_has_two_decimals_zero_none_and_quantities_stay_as_given(qbo: Qbo) -> None:
    """100 prints as 100.00, zero as 0, 4.5 as 4.5 and 12.50 as 12.5."""
    lines = [item_line(337.5, Qty=4.5, UnitPrice="75"), item_line(0), item_line("12.50", Qty="1.0", UnitPrice="12.50")]

    text = qbo.post("invoice", invoice(*lines)).text

    assert '"Amount":337.50,"DetailType"' in text
    assert '"UnitPrice":75,"Qty":4.5' in text
    assert '"Amount":0,"DetailType"' in text
    assert '"UnitPrice":12.5,"Qty":1,' in text


def test_times_carry_the_pacific_offset_of_their_date(qbo: Qbo) -> None:
    """-08:00 in winter, -07:00 in summer; MetaData without milliseconds, the answer's time with them."""
    qbo.simulator.clock(set="2026-02-03T10:00:00-08:00")
    winter = qbo.create("Invoice", **invoice())
    qbo.simulator.clock(set="2026-04-03T10:00:00-07:00")
    qbo.token = qbo.simulator.access_token()

    summer = qbo.post("invoice", invoice())

    assert winter["MetaData"]["CreateTime"].startswith("2026-02-03T10:00:0")
    assert winter["MetaData"]["CreateTime"].endswith("-08:00")
    assert len(winter["MetaData"]["CreateTime"]) == len("2026-02-03T10:00:00-08:00")
    assert summer["Invoice"]["MetaData"]["CreateTime"].endswith("-07:00")
    assert len(summer.body["time"]) == len("2026-04-03T10:00:00.000-07:00")


def test_the_due_date_follows_the_term_else_thirty_days(qbo: Qbo) -> None:
    """Net 15 adds fifteen days; without a term it is TxnDate + 30."""
    plain = qbo.create("Invoice", **invoice(TxnDate="2026-09-29"))
    with_term = qbo.create("Invoice", **invoice(TxnDate="2026-09-29", SalesTermRef=ref(2)))
    by_date = qbo.create("Term", Name="Mid month", DayOfMonthDue=15, DueNextMonthDays=5)

    date_driven = qbo.create("Invoice", **invoice(TxnDate="2026-12-12", SalesTermRef=ref(by_date["Id"])))

    assert plain["DueDate"] == "2026-10-29"
    assert (with_term["DueDate"], with_term["SalesTermRef"]) == ("2026-10-14", {"value": "2", "name": "Net 15"})
    assert date_driven["DueDate"] == "2027-01-15"


REFUSALS: list[tuple[dict[str, Any], str, str, str | None]] = [
    ({"Line": None}, "2020", "Required parameter Line is missing in the request", "Line"),
    ({"Line": []}, "2020", "Required parameter Line is missing in the request", "Line"),
    ({"CustomerRef": None}, "2020", "Required parameter CustomerRef is missing in the request", "CustomerRef"),
    ({"CustomerRef": ref(99)}, "2500", "Invalid Reference Id : Names element id 99 not found", None),
    ({"CustomerRef": ref("abc")}, "2500", "Invalid Reference Id : Names element id abc not found", None),
    ({"Line": [item_line(item="99")]}, "2500", "Invalid Reference Id : Items element id 99 not found", None),
    ({"Line": [{"Amount": 1}]}, "2020", "Required parameter Line.DetailType is missing", "Line.DetailType"),
    ({"Line": [{**item_line(), "Amount": None}]}, "2020", "Required parameter Line.Amount is missing", "Line.Amount"),
    ({"Line": [{"Amount": 1, "DetailType": "SalesItemLineDetail"}]}, "2020", "Line.SalesItemLineDetail", None),
    ({"Line": [{**item_line(), "DetailType": "NoLineDetail"}]}, "2170", "Invalid Enumeration : NoLineDetail", None),
    ({"Line": [{**item_line(), "DetailType": "JournalEntryLineDetail"}]}, "6440", "not a line of a sales form", None),
    (
        {"Line": [item_line(1000, Qty=3, UnitPrice=10)]},
        "6070",
        "Amount is not equal to UnitPrice * Qty. Supplied value:1,000",
        "Line.Amount",
    ),
    ({"DocNumber": "9" * 45}, "2050", "Min:0 Max:21 supported. Supplied length:45", "DocNumber"),
    ({"PrivateNote": "n" * 4001}, "2050", "Min:0 Max:4000 supported. Supplied length:4001", "PrivateNote"),
    ({"CustomerMemo": {"value": "n" * 1001}}, "2050", "Min:0 Max:1000", "value"),
    ({"Line": [{**item_line(), "Description": "d" * 4001}]}, "2050", "Min:0 Max:4000", "Description"),
    ({"BillEmail": {"Address": "a" * 99 + "@b"}}, "2050", "Min:0 Max:100", "Address"),
    ({"TxnDate": "22.11.2026"}, "2060", "Supplied value:22.11.2026", "TxnDate"),
    ({"TxnDate": "2026-02-30"}, "2060", "Supplied value:2026-02-30", "TxnDate"),
    ({"Line": [item_line("abc")]}, "2010", "Can not construct instance of java.math.BigDecimal", "Line.Amount"),
    ({"Line": [item_line(10**12)]}, "2140", "Amount is out of range", "Line.Amount"),
    ({"Line": [item_line(tax="2")]}, "6100", "Line TaxCode is invalid. Supplied value:2", "TaxCodeRef"),
    ({"Line": [item_line(-1)]}, "6000", "Business Validation Error: Transaction amount must be 0 or greater", None),
    ({"SalesTermRef": ref(99)}, "2500", "Invalid Reference Id : Terms element id 99 not found", None),
    ({"EmailStatus": "NeedToSend"}, "6420", "BillEmail is required", "BillEmail"),
    ({"EmailStatus": "Maybe"}, "2170", "Invalid Enumeration : Maybe", "EmailStatus"),
    ({"CurrencyRef": ref("EUR")}, "5030", "Multi-currency is not enabled", None),
    ({"CustomField": [{"DefinitionId": "7", "StringValue": "x"}]}, "3000", "Supplied value:7", "CustomField"),
    ({"CustomField": [{"DefinitionId": "1", "StringValue": "x" * 32}]}, "2050", "Min:0 Max:31", "StringValue"),
    ({"Colour": "red"}, "2010", 'Unrecognized field "Colour" (class com.intuit.schema.finance.v3.Invoice)', None),
    ({"Line": [{**item_line(), "Colour": "red"}]}, "2010", '"Colour" (class com.intuit.schema.finance.v3.Line)', None),
    ({"Line": [item_line(), DISCOUNT, DISCOUNT]}, "6090", "Only one discount line", "Line"),
    (
        {"Line": [item_line(), {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True}}]},
        "6090",
        "DiscountPercent",
        None,
    ),
    ({"Line": [item_line(), {"DetailType": "DiscountLineDetail"}]}, "6090", "needs an Amount", None),
    (
        {"Line": [item_line(), {"DetailType": "DiscountLineDetail", "Amount": 100.01}]},
        "6000",
        "Business Validation Error: The discount amount can't be greater than the subtotal.",
        None,
    ),
    (
        {"LinkedTxn": [{"TxnId": "77", "TxnType": "Estimate"}]},
        "620",
        "Estimate 77 that you are trying to link does not exist",
        None,
    ),
]


@pytest.mark.parametrize(("change", "code", "detail", "element"), REFUSALS)
def test_an_invoice_that_breaks_a_rule_is_refused(
    qbo: Qbo, change: dict[str, Any], code: str, detail: str, element: str | None
) -> None:
    """HTTP 400 with the code, the text and the element of the rule; nothing is stored."""
    answer = qbo.post("invoice", {**invoice(), **change})

    assert answer.status == 400
    assert answer.error["code"] == code
    assert detail in answer.error["Detail"]
    if element:
        assert answer.error["element"] == element
    assert answer.body["Fault"]["type"] == "ValidationFault"
    assert qbo.simulator.state("Invoice") == []


def test_the_message_of_each_code_is_quickbooks_own(qbo: Qbo) -> None:
    """The recorded messages of 2020, 2050, 2500, 6000 and 6070."""
    messages = {
        qbo.post("invoice", {**invoice(), **change}).error["code"]: qbo.post("invoice", {**invoice(), **change}).error[
            "Message"
        ]
        for change, code, _detail, _element in REFUSALS
        if code in ("2020", "2050", "2500", "6000", "6070")
    }

    assert messages == {
        "2020": "Required param missing, need to supply the required value for the API",
        "2050": "String length is either shorter or longer than supported by specification",
        "2500": "Invalid Reference Id",
        "6000": "A business validation error has occurred while processing your request",
        "6070": "Amount calculation incorrect in the request",
    }


def test_an_amount_rounds_quantity_times_price_to_the_cent(qbo: Qbo) -> None:
    """The full precision of the price counts: 3 x 0.335 is 1.01."""
    made = qbo.create("Invoice", **invoice(item_line("1.01", Qty=3, UnitPrice="0.335")))

    assert made["TotalAmt"] == Decimal("1.01")


def test_quantity_and_price_of_zero_count_as_not_given(qbo: Qbo) -> None:
    """As a public client sends them; one of them alone is compared."""
    made = qbo.create("Invoice", **invoice(item_line(100, Qty=0, UnitPrice=0)))
    refused = qbo.post("invoice", invoice(item_line(100, Qty=1, UnitPrice=0)))

    assert (made["TotalAmt"], refused.error["code"]) == (100, "6070")


def test_an_inactive_customer_or_item_is_refused_with_610(qbo: Qbo) -> None:
    """What has been made inactive cannot be used on a new form."""
    qbo.post("customer", {"Id": "2", "SyncToken": "0", "sparse": True, "Active": False})
    qbo.post("item", {"Id": "3", "SyncToken": "0", "sparse": True, "Active": False})

    by_customer = qbo.post("invoice", invoice(customer="2"))
    by_item = qbo.post("invoice", invoice(item_line(item="3")))

    for answer in (by_customer, by_item):
        assert (answer.status, answer.error["code"], answer.error["Message"]) == (400, "610", "Object Not Found")
        assert "has been made inactive" in answer.error["Detail"]


def test_an_item_that_became_inactive_stays_usable_where_it_is(qbo: Qbo) -> None:
    """References to inactive objects already on a form are kept."""
    made = qbo.create("Invoice", **invoice(item_line(item="3")))
    qbo.post("item", {"Id": "3", "SyncToken": "0", "sparse": True, "Active": False})

    changed = qbo.post("invoice", {**made, "PrivateNote": "still here"})["Invoice"]

    assert changed["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "3", "name": "Concrete (deleted)"}


def test_a_line_without_an_item_falls_back_to_services(qbo: Qbo) -> None:
    """ItemRef may be missing; SHIPPING_ITEM_ID is legal."""
    bare = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}

    made = qbo.create("Invoice", **invoice(bare, item_line(7, item="SHIPPING_ITEM_ID")))

    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "1", "name": "Services"}
    assert made["Line"][1]["SalesItemLineDetail"]["ItemRef"]["value"] == "SHIPPING_ITEM_ID"
    assert made["TotalAmt"] == 12


def test_a_description_line_has_no_amount(qbo: Qbo) -> None:
    """DescriptionOnly lines count for nothing and keep their place."""
    made = qbo.create("Invoice", **invoice({"DetailType": "DescriptionOnly", "Description": "note"}, item_line(10)))

    assert made["Line"][0] == {
        "Id": "1", "LineNum": 1, "Description": "note", "DetailType": "DescriptionOnly", "DescriptionLineDetail": {},
    }  # fmt: skip
    assert made["TotalAmt"] == 10


def test_a_discount_follows_the_subtotal_and_lowers_the_total(qbo: Qbo) -> None:
    """Ten percent of 99.95 is 10.00 half up; the account is the one for discounts."""
    made = qbo.create("Invoice", **invoice(DISCOUNT, item_line("99.95")))

    assert [line["DetailType"] for line in made["Line"]] == [
        "SalesItemLineDetail",
        "SubTotalLineDetail",
        "DiscountLineDetail",
    ]
    assert made["Line"][2]["Amount"] == Decimal("10.00")
    assert made["Line"][2]["DiscountLineDetail"]["DiscountAccountRef"] == {"value": "86", "name": "Discounts given"}
    assert made["TotalAmt"] == Decimal("89.95")


def test_negative_lines_are_fine_while_the_total_is_not_negative(qbo: Qbo) -> None:
    """A credit line beside a greater charge passes; a total of zero passes."""
    made = qbo.create("Invoice", **invoice(item_line(30), item_line(-30)))

    assert (made["TotalAmt"], made["Balance"]) == (0, 0)


def test_750_lines_pass_and_751_do_not(qbo: Qbo) -> None:
    """A taxable form has at most 750 lines."""
    fits = qbo.post("invoice", invoice(*[item_line(1)] * 750))
    exceeds = qbo.post("invoice", invoice(*[item_line(1)] * 751))

    assert fits.status == 200
    assert (exceeds.status, exceeds.error["code"]) == (400, "6000")


def test_line_ids_rise_and_are_not_used_again(qbo: Qbo) -> None:
    """A known Id keeps its line, others are new ones; the id of a removed line never comes back."""
    made = qbo.create("Invoice", **invoice(item_line(1), item_line(2), item_line(3)))
    kept, dropped = made["Line"][0], made["Line"][2]

    second = qbo.post("invoice", {**made, "Line": [kept, item_line(4)]})["Invoice"]
    third = qbo.post(
        "invoice", {**second, "Line": [{**item_line(5), "Id": dropped["Id"]}, {**item_line(6), "Id": "0"}]}
    )["Invoice"]

    assert [line.get("Id") for line in second["Line"]] == ["1", "4", None]
    assert [line.get("Id") for line in third["Line"]] == ["5", "6", None]


def test_a_full_update_defaults_the_date_anew_and_keeps_the_number(qbo: Qbo) -> None:
    """As recorded: DocNumber, currency and custom fields stay; TxnDate becomes the day of the update."""
    made = qbo.create("Invoice", **invoice(DocNumber="A-1", TxnDate="2026-01-05", PrivateNote="gone"))

    update = {"Id": made["Id"], "SyncToken": "0", "CustomerRef": ref(1), "Line": [item_line(5)]}
    changed = qbo.post("invoice", update)["Invoice"]

    assert (changed["DocNumber"], changed["TxnDate"]) == ("A-1", qbo.simulator.clock()["today"])
    assert "PrivateNote" not in changed


def test_a_sparse_update_keeps_lines_and_dates(qbo: Qbo) -> None:
    """Only the note changes; SyncToken rises by one."""
    made = qbo.create("Invoice", **invoice(item_line(5, tax="TAX"), DocNumber="A-1", TxnDate="2026-01-05"))

    changed = qbo.post("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "hi"})["Invoice"]

    same = {name for name in made if made[name] == changed[name]}
    assert set(made) - same == {"SyncToken", "MetaData"} - same
    assert (changed["SyncToken"], changed["PrivateNote"]) == ("1", "hi")


def test_the_lines_are_replaced_as_a_whole_in_a_sparse_update(qbo: Qbo) -> None:
    """A line that is not sent is gone."""
    made = qbo.create("Invoice", **invoice(item_line(1), item_line(2)))

    changed = qbo.post("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Line": [made["Line"][1]]})[
        "Invoice"
    ]

    assert (changed["TotalAmt"], changed["Line"][0]["Id"]) == (2, "2")


def test_deleting_answers_as_recorded_and_later_reads_are_610(qbo: Qbo) -> None:
    """status Deleted without MetaData; a second delete and a read are 610."""
    made = qbo.create("Invoice", **invoice())

    deleted = qbo.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")

    assert deleted["Invoice"] == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
    again = qbo.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
    assert [again.error["code"], qbo.get(f"invoice/{made['Id']}").error["code"]] == ["610", "610"]


def test_voiding_keeps_the_number_at_zero(qbo: Qbo) -> None:
    """Amounts, quantities and tax are zero, prices gone, the note says Voided, the invoice stays."""
    made = qbo.create(
        "Invoice", **invoice(item_line(20, Qty=2, UnitPrice=10, tax="TAX"), DocNumber="V-1", PrivateNote="why")
    )

    voided = qbo.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="void")["Invoice"]

    assert (voided["TotalAmt"], voided["Balance"], voided["TxnTaxDetail"], voided["DocNumber"]) == (
        0,
        0,
        {"TotalTax": 0},
        "V-1",
    )
    detail = voided["Line"][0]["SalesItemLineDetail"]
    assert (voided["Line"][0]["Amount"], detail["Qty"], "UnitPrice" in detail) == (0, 0, False)
    assert (voided["PrivateNote"], voided["SyncToken"]) == ("Voided - why", "1")
    assert qbo.read("Customer", "1")["Balance"] == 0


def test_sending_marks_the_invoice_and_sets_its_address(qbo: Qbo) -> None:
    """EmailSent, DeliveryInfo with a time, BillEmail as sendTo; without any address 6420."""
    made = qbo.create("Invoice", **invoice())
    octets = {"Content-Type": "application/octet-stream"}

    refused = qbo.call("POST", f"invoice/{made['Id']}/send", b"", octets)
    sent = qbo.call("POST", f"invoice/{made['Id']}/send", b"", octets, sendTo="a@b.example")["Invoice"]

    assert (refused.status, refused.error["code"]) == (400, "6420")
    assert (sent["EmailStatus"], sent["BillEmail"]) == ("EmailSent", {"Address": "a@b.example"})
    assert (sent["DeliveryInfo"]["DeliveryType"], "DeliveryTime" in sent["DeliveryInfo"]) == ("Email", True)


def test_a_pdf_is_a_pdf(qbo: Qbo) -> None:
    """Accept application/pdf on …/pdf."""
    made = qbo.create("Invoice", **invoice())

    answer = qbo.call("GET", f"invoice/{made['Id']}/pdf", headers={"Accept": "application/pdf"})

    assert (answer.status, answer.headers["content-type"], answer.text[:5]) == (200, "application/pdf", "%PDF-")


def test_a_duplicate_number_names_the_transaction_that_has_it(qbo: Qbo) -> None:
    """6140 with TxnType and TxnId; include=allowduplicatedocnum lets it pass."""
    first = qbo.create("Invoice", **invoice(DocNumber="N-1"))

    refused = qbo.post("invoice", invoice(DocNumber="n-1"))
    allowed = qbo.post("invoice", invoice(DocNumber="N-1"), include="allowduplicatedocnum")

    assert (refused.status, refused.error["code"], refused.error["Message"]) == (
        400,
        "6140",
        "Duplicate Document Number Error",
    )
    assert refused.error["Detail"] == (
        "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
        f"DocNumber=n-1 is assigned to TxnType=Invoice with TxnId={first['Id']}"
    )
    assert allowed.status == 200


def test_numbers_are_shared_by_sales_forms_unless_set_otherwise(qbo: Qbo) -> None:
    """A credit memo cannot have an invoice's number; the setting same_entity allows it."""
    qbo.create("Invoice", **invoice(DocNumber="N-1"))

    refused = qbo.post("creditmemo", invoice(DocNumber="N-1"))
    qbo.simulator.settings(duplicate_numbers_across="same_entity")
    allowed = qbo.post("creditmemo", invoice(DocNumber="N-1"))

    assert (refused.error["code"], allowed.status) == ("6140", 200)


def test_duplicates_pass_in_a_company_that_does_not_warn(qbo: Qbo) -> None:
    """6140 exists only with the warning on."""
    qbo.simulator.preferences(WarnDuplicateDocNumbers=False)
    qbo.create("Invoice", **invoice(DocNumber="N-1"))

    assert qbo.post("invoice", invoice(DocNumber="N-1")).status == 200


def test_numbers_are_assigned_unless_the_company_has_its_own(qbo: Qbo) -> None:
    """Custom numbers: blank stays blank, AutoDocNumber forces one. Without: always the next one."""
    blank = qbo.create("Invoice", **invoice())
    forced = qbo.create("Invoice", **invoice(AutoDocNumber=True))
    qbo.simulator.preferences(CustomTxnNumbers=False)

    assigned = qbo.create("Invoice", **invoice(DocNumber="mine"))

    assert "DocNumber" not in blank
    assert (forced["DocNumber"], assigned["DocNumber"]) == ("1001", "1002")


@pytest.mark.parametrize(("with_password", "code"), [(True, "6210"), (False, "6200")])
def test_closed_books_take_no_write(qbo: Qbo, with_password: bool, code: str) -> None:
    """Dates on and before the closing date: no create, update, void or delete; the day after is open."""
    made = qbo.create("Invoice", **invoice(TxnDate="2026-06-30"))
    qbo.simulator.preferences(BookCloseDate="2026-06-30", BookClosePassword=with_password)
    addressed = {"Id": made["Id"], "SyncToken": "0"}

    answers = [
        qbo.post("invoice", invoice(TxnDate="2026-06-30")),
        qbo.post("invoice", {**addressed, "sparse": True, "TxnDate": "2026-07-01"}),
        qbo.post("invoice", addressed, operation="void"),
        qbo.post("invoice", addressed, operation="delete"),
    ]

    for answer in answers:
        assert (answer.status, answer.error["code"]) == (400, code)
        assert answer.error["Detail"].startswith(
            "The account period has closed and the account books cannot be updated through through"
        )
    assert qbo.post("invoice", invoice(TxnDate="2026-07-01")).status == 200
    assert qbo.get("preferences")["Preferences"]["AccountingInfoPrefs"]["BookCloseDate"] == "2026-06-30"


def test_the_closing_date_is_absent_while_the_books_are_open(qbo: Qbo) -> None:
    """BookCloseDate is left out of the preferences when unset."""
    assert "BookCloseDate" not in qbo.get("preferences")["Preferences"]["AccountingInfoPrefs"]


def test_a_lapsed_subscription_reads_but_does_not_write(qbo: Qbo) -> None:
    """6190 on writes."""
    qbo.simulator.preferences(is_subscribed=False)

    answer = qbo.post("invoice", invoice())

    assert (answer.status, answer.error["code"], answer.error["Message"]) == (400, "6190", "Invalid Company Status")
    assert qbo.get("customer/1").status == 200


def test_a_write_moves_the_customers_time_but_not_its_token(qbo: Qbo) -> None:
    """LastUpdatedTime of a customer is no version of its record."""
    before = qbo.read("Customer", "1")
    qbo.simulator.clock(advance=100)

    qbo.create("Invoice", **invoice(customer="1"))

    after = qbo.read("Customer", "1")
    assert after["SyncToken"] == before["SyncToken"]
    assert after["MetaData"]["LastUpdatedTime"] > before["MetaData"]["LastUpdatedTime"]
    assert after["Balance"] == 100


def test_balances_follow_every_kind_of_write(qbo: Qbo) -> None:
    """Create, change of amount, change of customer, void and delete move what customers owe."""

    def owed() -> list[Any]:
        return [qbo.read("Customer", one)["Balance"] for one in ("1", "2")]

    made = qbo.create("Invoice", **invoice(item_line(50)))
    credit = qbo.create("CreditMemo", **invoice(item_line(20)))
    assert owed() == [30, 0]
    bigger = qbo.post("invoice", {**made, "Line": [item_line(70)]})["Invoice"]
    assert owed() == [50, 0]
    moved = qbo.post("invoice", {**bigger, "CustomerRef": ref(2)})["Invoice"]
    assert owed() == [-20, 70]
    qbo.post("invoice", moved, operation="void")
    qbo.post("creditmemo", credit, operation="delete")
    assert owed() == [0, 0]


def test_a_credit_memo_has_remaining_credit_and_no_due_date(qbo: Qbo) -> None:
    """Its balance is what can still be applied."""
    memo = qbo.create("CreditMemo", **invoice(item_line(20)))

    assert (memo["RemainingCredit"], memo["Balance"], "DueDate" in memo) == (20, 20, False)


def test_a_sales_receipt_goes_to_undeposited_funds_and_owes_nothing(qbo: Qbo) -> None:
    """A sales receipt needs no customer."""
    receipt = qbo.create("SalesReceipt", Line=[item_line(20)])

    assert receipt["DepositToAccountRef"] == {"value": "4", "name": "Undeposited Funds"}
    assert (receipt["Balance"], receipt["TotalAmt"]) == (0, 20)


def test_an_estimate_that_becomes_an_invoice_is_closed(qbo: Qbo) -> None:
    """LinkedTxn on both sides; deleting the invoice gives the estimate back."""
    estimate = qbo.create("Estimate", **invoice(item_line(20)))

    made = qbo.create("Invoice", **invoice(item_line(20), LinkedTxn=[{"TxnId": estimate["Id"], "TxnType": "Estimate"}]))

    closed = qbo.read("Estimate", estimate["Id"])
    assert (closed["TxnStatus"], closed["LinkedTxn"]) == ("Closed", [{"TxnId": made["Id"], "TxnType": "Invoice"}])
    qbo.post("invoice", made, operation="delete")
    assert qbo.read("Estimate", estimate["Id"])["TxnStatus"] == "Accepted"


def test_a_deposit_lowers_the_balance(qbo: Qbo) -> None:
    """Deposit on the invoice counts as received."""
    made = qbo.create("Invoice", **invoice(item_line(100), Deposit=40, DepositToAccountRef=ref(35)))

    assert (made["TotalAmt"], made["Balance"]) == (100, 60)


def test_custom_fields_keep_their_value(qbo: Qbo) -> None:
    """The defined field is always printed, with its value once given."""
    made = qbo.create(
        "Invoice", **invoice(CustomField=[{"DefinitionId": "1", "Type": "StringType", "StringValue": "B"}])
    )

    assert made["CustomField"] == [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType", "StringValue": "B"}]


def test_an_invoice_shows_its_link_where_it_is_asked_for(qbo: Qbo) -> None:
    """One that is mailed and paid online has one, others an empty text; without the wish there is no such property."""
    online = {"AllowOnlineCreditCardPayment": True, "BillEmail": {"Address": "a@b.example"}}
    shown, hidden = qbo.create("Invoice", **invoice(**online)), qbo.create("Invoice", **invoice())

    read = qbo.get(f"invoice/{shown['Id']}", include="invoiceLink")["Invoice"]
    found = qbo.get("query", query="select * from Invoice orderby Id", include="invoiceLink").rows
    nothing = qbo.get("query", query="select * from Invoice where Id = '999'", include="invoiceLink")
    counted = qbo.get("query", query="select count(*) from Invoice", include="invoiceLink")

    assert read["InvoiceLink"].startswith("https://developer.intuit.com/")
    assert [one["InvoiceLink"] for one in found] == [read["InvoiceLink"], ""]
    assert {name: value for name, value in read.items() if name != "InvoiceLink"} == shown
    assert "InvoiceLink" not in qbo.read("Invoice", hidden["Id"])
    assert (nothing.body["QueryResponse"], counted.body["QueryResponse"]) == ({}, {"totalCount": 2})


@pytest.mark.parametrize("path", ["invoice/1", "customer/1", "query"])
def test_other_things_to_include_are_named_as_gaps(qbo: Qbo, path: str) -> None:
    """501 instead of an answer without them."""
    qbo.create("Invoice", **invoice())
    wanted = {"query": "select * from Invoice"} if path == "query" else {}

    answer = qbo.get(path, include="enhancedAllCustomFields", **wanted)

    assert (answer.status, "enhancedAllCustomFields" in answer.text) == (501, True)


@pytest.mark.parametrize(
    ("change", "due"),
    [
        ({"TxnDate": "2026-02-01"}, "2026-03-03"),
        ({"SalesTermRef": ref(2)}, "2026-01-16"),
        ({"TxnDate": "2026-02-01", "DueDate": "2026-12-31"}, "2026-12-31"),
        ({"TxnDate": "2026-01-01"}, "2026-02-20"),
        ({"TxnDate": "2026-01-01", "DueDate": None}, "2026-01-31"),
        ({"DueDate": ""}, "2026-01-31"),
        ({"PrivateNote": "x"}, "2026-02-20"),
    ],
    ids=str,
)
def test_the_due_date_follows_a_sparse_update_of_date_or_term(qbo: Qbo, change: dict[str, Any], due: str) -> None:
    """Worked out anew where what it follows from is changed or the date itself is emptied, unless it is given."""
    made = qbo.create("Invoice", **invoice(TxnDate="2026-01-01", DueDate="2026-02-20"))

    changed = qbo.post("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, **change})["Invoice"]

    assert (made["DueDate"], changed["DueDate"]) == ("2026-02-20", due)


@pytest.mark.parametrize("entity", ["Invoice", "Estimate", "PurchaseOrder"])
def test_a_way_to_ship_is_its_own_name(qbo: Qbo, entity: str) -> None:
    """There is no list behind the reference: what is told comes back, in a sparse update too."""
    made = qbo.create(entity, **TRANSACTIONS[entity], ShipMethodRef=ref("UPS"))

    kept = qbo.post(entity.lower(), {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})[entity]

    assert made["ShipMethodRef"] == kept["ShipMethodRef"] == {"value": "UPS", "name": "UPS"}


def test_an_estimate_that_became_an_invoice_stays_closed(qbo: Qbo) -> None:
    """A full update that does not tell the status keeps it; so does a purchase order's."""
    estimate = qbo.create("Estimate", **TRANSACTIONS["Estimate"])
    qbo.create("Invoice", **invoice(LinkedTxn=[{"TxnId": estimate["Id"], "TxnType": "Estimate"}]))
    order = qbo.create("PurchaseOrder", **TRANSACTIONS["PurchaseOrder"])
    link = {"TxnId": order["Id"], "TxnType": "PurchaseOrder"}
    qbo.create("Bill", **TRANSACTIONS["Bill"], LinkedTxn=[link])

    changed = [
        qbo.post(name.lower(), {**TRANSACTIONS[name], "Id": number, "SyncToken": "1"})[name]
        for name, number in (("Estimate", estimate["Id"]), ("PurchaseOrder", order["Id"]))
    ]

    assert [changed[0]["TxnStatus"], changed[1]["POStatus"]] == ["Closed", "Closed"]
    assert [len(one["LinkedTxn"]) for one in changed] == [1, 1]
