"""What QBO checks and computes when an object is written."""

from qbo_simulator.books import Books, Record
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.rules.accounts import AccountRules
from qbo_simulator.rules.attachables import AttachableRules
from qbo_simulator.rules.base import Rules
from qbo_simulator.rules.items import ItemRules
from qbo_simulator.rules.lists import AgencyRules, CurrencyRules, SimpleListRules, TreeRules
from qbo_simulator.rules.names import CustomerRules, EmployeeRules, VendorRules
from qbo_simulator.rules.payments import BillPaymentRules, PaymentRules
from qbo_simulator.rules.recurring import RecurringRules
from qbo_simulator.rules.sales import CreditMemoRules, EstimateRules, InvoiceRules, ReceiptRules
from qbo_simulator.rules.table import FORM_RULES
from qbo_simulator.wire import Json

ATTACHABLES = AttachableRules(ENTITIES["Attachable"])
ITEMS = ItemRules(ENTITIES["Item"])
RULES: dict[str, Rules] = {
    name: rules(ENTITIES[name])
    for name, rules in {
        "Account": AccountRules,
        "BillPayment": BillPaymentRules,
        "Class": TreeRules,
        "CompanyCurrency": CurrencyRules,
        "CreditMemo": CreditMemoRules,
        "Customer": CustomerRules,
        "Department": TreeRules,
        "Employee": EmployeeRules,
        "Estimate": EstimateRules,
        "Invoice": InvoiceRules,
        "Payment": PaymentRules,
        "PaymentMethod": SimpleListRules,
        "RefundReceipt": ReceiptRules,
        "SalesReceipt": ReceiptRules,
        "TaxAgency": AgencyRules,
        "Term": SimpleListRules,
        "Vendor": VendorRules,
    }.items()
} | {**FORM_RULES, "Attachable": ATTACHABLES, "Item": ITEMS}


def _make(entity: str, books: Books, raw: Json) -> Record:
    return RULES[entity].create(books, raw, frozenset({"allowduplicatedocnum"}))


TEMPLATES = RecurringRules(ENTITIES["RecurringTransaction"], _make)
RULES["RecurringTransaction"] = TEMPLATES
