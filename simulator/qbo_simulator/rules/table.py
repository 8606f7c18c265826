"""The table of transactions that are not sales: one row each."""

from qbo_simulator.books import Books
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault
from qbo_simulator.openlines import owed
from qbo_simulator.rules.adjustments import settle_adjustment
from qbo_simulator.rules.between import link_deposit, settle_deposit, settle_journal, settle_transfer
from qbo_simulator.rules.expenses import open_payable, party_entity
from qbo_simulator.rules.forms import Form, FormRules, Reference
from qbo_simulator.rules.times import prepare_time, settle_time
from qbo_simulator.rules.transactions import name_ship_method
from qbo_simulator.wire import Json

MONEY = ("Bank", "Other Current Asset")
VENDOR, TERM = Reference("VendorRef", "Vendor"), Reference("SalesTermRef", "Term")
PAYABLE = Reference("APAccountRef", "Account", ("Accounts Payable",))
# Which accounts an expense may be paid from.
PAID_FROM = {"CreditCard": ("Credit Card",), "Check": ("Bank",)}
# The kind of an expense as QBO numbers it.
EXPENSE_KINDS = {"Check": "3", "CreditCard": "54", "Cash": "54"}


def _payable(books: Books, document: Json, old: Json | None) -> None:
    """The company's own account unless one is given."""
    given = document.get("APAccountRef") or (old or {}).get("APAccountRef")
    document["APAccountRef"] = open_payable(books, given, old)


def _bill(books: Books, document: Json, old: Json | None) -> None:
    _payable(books, document, old)
    vendor = books.refer("Vendor", document["VendorRef"], was=(old or {}).get("VendorRef"))
    if old is None and "SalesTermRef" not in document and "TermRef" in vendor.document:
        document["SalesTermRef"] = {"value": vendor.document["TermRef"]["value"]}


def _purchase(books: Books, document: Json, old: Json | None) -> None:
    kind = document["PaymentType"]
    account = books.refer("Account", document["AccountRef"], was=(old or {}).get("AccountRef"))
    allowed = PAID_FROM.get(kind)
    if allowed and account.document["AccountType"] not in allowed:
        raise Fault("6430", f"Invalid Account Type used : {account.name}", element="AccountRef")
    if "EntityRef" in document:
        entity = document["EntityRef"].get("type") or party_entity(books, document["EntityRef"])
        kind_of_name = {"customer": "Customer", "employee": "Employee"}.get(entity.lower(), "Vendor")
        books.refer(kind_of_name, document["EntityRef"], was=(old or {}).get("EntityRef"))
        document["EntityRef"]["type"] = kind_of_name
    document.setdefault("Credit", False)
    document.setdefault("CustomField", [])
    name_value = {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": "TxnType", "Value": "11" if document["Credit"] else EXPENSE_KINDS.get(kind, "54")},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }
    document["PurchaseEx"] = {"any": [name_value]}


def _purchase_order(books: Books, document: Json, old: Json | None) -> None:
    _payable(books, document, old)
    if old is None and "DocNumber" not in document and not books.company.preferences["CustomTxnNumbers"]:
        document["DocNumber"] = str(1000 + books.next_id("purchase order numbers"))
    document.setdefault("POStatus", "Closed" if (old or {}).get("LinkedTxn") else "Open")
    document.setdefault("EmailStatus", "NotSet")
    name_ship_method(document)


PAID_LINE = "another account, name or side of a line that a payment is linked to"
CHARGE_GAPS = (
    "links to anything but purchase orders, payments and charges",
    "billable lines inside a bundle and of a credit, and a change of a line that has been invoiced",
)
FORMS: dict[str, Form] = {
    "Bill": Form(
        required=("VendorRef",),
        references=(VENDOR, PAYABLE, TERM),
        party=("Vendor", "VendorRef", 1),
        has_balance=True,
        has_due_date=True,
        prints_links=True,
        is_charged=True,
        prepare=_bill,
        gaps=CHARGE_GAPS,
    ),
    "VendorCredit": Form(
        required=("VendorRef",),
        references=(VENDOR, PAYABLE),
        party=("Vendor", "VendorRef", -1),
        has_balance=True,
        prints_links=True,
        is_charged=True,
        prepare=_payable,
        gaps=("billable lines",),
    ),
    "Purchase": Form(
        required=("PaymentType", "AccountRef"),
        references=(
            Reference("AccountRef", "Account", ("Bank", "Credit Card", "Other Current Asset")),
            Reference("PaymentMethodRef", "PaymentMethod"),
        ),
        resolved=("EntityRef",),
        is_numbered=False,
        prepare=_purchase,
        owed=owed,
        is_charged=True,
        gaps=(*CHARGE_GAPS, PAID_LINE),
    ),
    "PurchaseOrder": Form(
        required=("VendorRef",),
        references=(VENDOR, PAYABLE, TERM),
        party=("Vendor", "VendorRef", 0),
        has_custom_fields=True,
        prints_links=True,
        resolved=("ShipMethodRef",),
        prepare=_purchase_order,
    ),
    "JournalEntry": Form(
        lines="own",
        settle=settle_journal,
        owed=owed,
        gaps=("tax on lines", PAID_LINE),
    ),
    "Deposit": Form(
        required=("DepositToAccountRef",),
        references=(Reference("DepositToAccountRef", "Account", MONEY),),
        lines="own",
        settle=settle_deposit,
        owed=owed,
        linked=link_deposit,
        gaps=("deposits of anything but payments and sales receipts", PAID_LINE),
    ),
    "Transfer": Form(
        required=("FromAccountRef", "ToAccountRef", "Amount"),
        references=(Reference("FromAccountRef", "Account"), Reference("ToAccountRef", "Account")),
        lines="",
        settle=settle_transfer,
    ),
    "CreditCardPayment": Form(
        required=("CreditCardAccountRef", "BankAccountRef", "Amount"),
        references=(
            Reference("CreditCardAccountRef", "Account", ("Credit Card",)),
            Reference("BankAccountRef", "Account", ("Bank",)),
            VENDOR,
        ),
        lines="",
        settle=settle_transfer,
    ),
    "InventoryAdjustment": Form(
        required=("AdjustAccountRef",),
        lines="own",
        has_currency=False,
        kept=("DocNumber",),
        resolved=("AdjustAccountRef",),
        settle=settle_adjustment,
    ),
    "TimeActivity": Form(
        references=(
            Reference("EmployeeRef", "Employee"),
            VENDOR,
            Reference("CustomerRef", "Customer"),
        ),
        party=("Customer", "CustomerRef", 0),
        lines="",
        has_currency=False,
        kept=(),
        resolved=("ItemRef",),
        prepare=prepare_time,
        settle=settle_time,
        gaps=("the properties PayrollItemRef and ProjectRef",),
    ),
}
FORM_RULES = {name: FormRules(ENTITIES[name], form) for name, form in FORMS.items()}
