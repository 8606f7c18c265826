"""The first requests that a new user sends: small bodies with the ids of the sample company, as clients write them."""

from typing import Any

from tests.simulator.client import item_line, ref
from tests.simulator.payloads import deposit_line, expense_line, journal_line, purchased_item_line

ADDRESS = {"Line1": "123 Main Street", "City": "Mountain View", "Country": "USA", "CountrySubDivisionCode": "CA"}
# What a client with classes for everything sends of an object that it has just made.
EMPTY = {"Id": "", "SyncToken": 0, "sparse": False, "domain": "QBO"}

USUAL: dict[str, list[dict[str, Any]]] = {
    "Account": [
        {"Name": "Jobs", "AccountType": "Accounts Receivable"},
        {**EMPTY, "Name": "Till", "AccountSubType": "CashOnHand", "AcctNum": "4443", "Description": "", "CurrentBalance": None},
        {"Name": "Loan", "AccountType": "Long Term Liability", "AccountSubType": "NotesPayable"},
    ],
    "Customer": [
        {
            "DisplayName": "King's Groceries", "Title": "Mr", "GivenName": "James", "MiddleName": "B", "FamilyName": "King",
            "Suffix": "Jr", "FullyQualifiedName": "King Groceries", "CompanyName": "King Groceries", "Notes": "Other details.",
            "PrimaryEmailAddr": {"Address": "king@example.com"}, "PrimaryPhone": {"FreeFormNumber": "(555) 555-5555"},
            "BillAddr": {**ADDRESS, "PostalCode": "94042"},
        },
        {"GivenName": "Only"},
        {"DisplayName": "Terms", "SalesTermRef": ref(3), "PaymentMethodRef": ref(2), "PreferredDeliveryMethod": "Email"},
    ],
    "Vendor": [
        {
            "DisplayName": "Auto Shop", "TaxIdentifier": "99-5688293", "AcctNum": "35372649", "PrintOnCheckName": "Auto Shop",
            "WebAddr": {"URI": "http://shop.example.com"}, "Mobile": {"FreeFormNumber": "(555) 555-2000"}, "BillAddr": ADDRESS,
        },
        {"DisplayName": "Contractor", "Vendor1099": True, "TermRef": ref(3)},
    ],
    "Employee": [{"GivenName": "Bill", "FamilyName": "Miller", "SSN": "444-55-6666", "PrimaryAddr": {**ADDRESS, "Id": "50"}}],
    "Item": [
        {
            "Name": "Garden Supplies", "Type": "Inventory", "TrackQtyOnHand": True, "QtyOnHand": 10, "InvStartDate": "2015-01-01",
            "IncomeAccountRef": ref(79), "AssetAccountRef": ref(81), "ExpenseAccountRef": ref(80),
        },
        {"Name": "Service", "Type": "Service", "IncomeAccountRef": ref(79)},
        {"Name": "Goods", "Type": "NonInventory", "IncomeAccountRef": ref(79), "ExpenseAccountRef": ref(80), "UnitPrice": 3.5},
        {"Name": "Category", "Type": "Category"},
    ],
    "Class": [{"Name": "France"}],
    "Department": [{"Name": "Marketing"}],
    "Term": [{"Name": "Late", "DueDays": "120"}, {"Name": "Middle of month", "DayOfMonthDue": 15, "DueNextMonthDays": 5}],
    "PaymentMethod": [{"Name": "Business Check"}],
    "TaxAgency": [{"DisplayName": "City"}],
    "Invoice": [
        {"CustomerRef": ref(1), "Line": [item_line(100.0)]},
        {
            "CustomerRef": ref(5), "SalesTermRef": ref(3), "BillEmail": {"Address": "a@example.com"}, "EmailStatus": "NeedToSend",
            "CustomerMemo": {"value": "Thanks"}, "TrackingNum": "1Z", "ShipDate": "2026-01-02", "Deposit": 5,
            "Line": [item_line(100, tax="TAX", Qty=2, UnitPrice=50, ServiceDate="2026-01-02"), {
                "Amount": 10, "DetailType": "DiscountLineDetail",
                "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
            }],
        },
        {"CustomerRef": ref(1), "Line": [item_line(5, item="SHIPPING_ITEM_ID")]},
    ],
    "CreditMemo": [{"CustomerRef": {"name": "Cool Cars", "value": "3"}, "Line": [item_line(50, item="3")]}],
    "SalesReceipt": [{"Line": [{**item_line(35.0, item="10", tax="NON", Qty=1, UnitPrice=35), "Id": "1", "LineNum": 1}]}],
    "RefundReceipt": [{"DepositToAccountRef": {"name": "Checking", "value": "35"}, "Line": [item_line(42.0, item="2")]}],
    "Estimate": [{
        "TotalAmt": 31.5, "CustomerRef": ref(3), "PrintStatus": "NeedToPrint", "EmailStatus": "NotSet",
        "TxnTaxDetail": {"TotalTax": 0}, "ApplyTaxAfterDiscount": False, "BillAddr": {"Id": "4", **ADDRESS},
        "Line": [
            {**item_line(35.0, item="10", tax="NON", Qty=1, UnitPrice=35), "Id": "1", "LineNum": 1},
            {"Amount": 35.0, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
            {"Amount": 3.5, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {
                "DiscountAccountRef": ref(86), "PercentBased": True, "DiscountPercent": 10,
            }},
        ],
    }],
    "Payment": [{"TotalAmt": 25.0, "CustomerRef": ref(20)}, {"TotalAmt": "25.0", "CustomerRef": ref(16), "Line": []}],
    "Bill": [
        {"VendorRef": ref(56), "Line": [{**expense_line(200.0), "Id": "1"}]},
        {"VendorRef": ref(30), "Line": [expense_line(10, "64", CustomerRef=ref(26), BillableStatus="Billable")]},
    ],
    "VendorCredit": [{"VendorRef": ref(30), "TotalAmt": 90.0, "Line": [expense_line(90.0, "8", TaxCodeRef=ref("TAX"))]}],
    "Purchase": [
        {"PaymentType": "CreditCard", "AccountRef": {"name": "Visa", "value": "42"}, "Line": [expense_line(10.0, "13")]},
        {"PaymentType": "Check", "AccountRef": ref(35), "EntityRef": {"value": "30", "type": "Vendor"},
         "Line": [purchased_item_line(30, Qty=2, UnitPrice=15)]},
    ],
    "PurchaseOrder": [{"VendorRef": ref(41), "APAccountRef": ref(33), "TotalAmt": 25.0,
                       "Line": [purchased_item_line(25.0, Qty=1, UnitPrice=25, CustomerRef=ref(3))]}],
    "JournalEntry": [{"Line": [{**journal_line("Debit", 100.0, "39"), "Id": "0"}, journal_line("Credit", 100.0, "44")]}],
    "Deposit": [{"DepositToAccountRef": ref(35), "Line": [deposit_line(20.0, "87")]}],
    "Transfer": [{"Amount": "120.00", "FromAccountRef": ref(35), "ToAccountRef": ref(36)}],
    "CreditCardPayment": [{"CreditCardAccountRef": ref(42), "BankAccountRef": ref(35), "Amount": 10.0}],
    "TimeActivity": [
        {"NameOf": "Employee", "EmployeeRef": ref(55),
         "StartTime": "2013-07-05T08:00:00-08:00", "EndTime": "2013-07-05T17:00:00-08:00"},
        {"NameOf": "Employee", "EmployeeRef": ref(55), "CustomerRef": ref(3), "ItemRef": ref(2), "Hours": 8, "Minutes": 0,
         "BillableStatus": "Billable", "HourlyRate": 15},
    ],
    "Attachable": [{"Note": "A note."}],
}  # fmt: skip
CASES = [(name, number) for name, bodies in USUAL.items() for number in range(len(bodies))]
