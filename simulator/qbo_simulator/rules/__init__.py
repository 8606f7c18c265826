"""What QBO checks and computes when an object is written."""

from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.rules.accounts import AccountRules
from qbo_simulator.rules.base import Rules
from qbo_simulator.rules.items import ItemRules
from qbo_simulator.rules.lists import SimpleListRules
from qbo_simulator.rules.names import CustomerRules, EmployeeRules, VendorRules
from qbo_simulator.rules.payments import PaymentRules
from qbo_simulator.rules.sales import CreditMemoRules, EstimateRules, InvoiceRules, ReceiptRules

RULES: dict[str, Rules] = {
    name: rules(ENTITIES[name])
    for name, rules in {
        "Account": AccountRules,
        "CreditMemo": CreditMemoRules,
        "Customer": CustomerRules,
        "Employee": EmployeeRules,
        "Estimate": EstimateRules,
        "Invoice": InvoiceRules,
        "Item": ItemRules,
        "Payment": PaymentRules,
        "PaymentMethod": SimpleListRules,
        "RefundReceipt": ReceiptRules,
        "SalesReceipt": ReceiptRules,
        "Term": SimpleListRules,
        "Vendor": VendorRules,
    }.items()
}
