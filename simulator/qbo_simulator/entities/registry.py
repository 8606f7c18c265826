"""All entity types that the simulator has, by name and by the segment of the path."""

from qbo_simulator.entities import accounting, lists, names, sales, singletons
from qbo_simulator.entities.kinds import EntityType

ENTITIES: dict[str, EntityType] = {
    entity.name: entity
    for entity in (
        accounting.ACCOUNT,
        singletons.COMPANY_INFO,
        sales.CREDIT_MEMO,
        names.CUSTOMER,
        names.EMPLOYEE,
        sales.ESTIMATE,
        sales.INVOICE,
        accounting.ITEM,
        sales.PAYMENT,
        lists.PAYMENT_METHOD,
        singletons.PREFERENCES,
        sales.REFUND_RECEIPT,
        sales.SALES_RECEIPT,
        lists.TAX_AGENCY,
        lists.TAX_CODE,
        lists.TAX_RATE,
        lists.TERM,
        names.VENDOR,
    )
}
BY_FOLDED_NAME: dict[str, EntityType] = {name.lower(): entity for name, entity in ENTITIES.items()}

# QBO has these and the simulator does not yet: 501 with the name, instead of an answer that QBO would not give.
KNOWN_GAPS = {
    name.lower(): name
    for name in (
        "Attachable", "Bill", "BillPayment", "Budget", "Class", "CompanyCurrency", "CreditCardPayment", "CustomerType",
        "Department", "Deposit", "ExchangeRate", "InventoryAdjustment", "JournalCode", "JournalEntry", "Purchase",
        "PurchaseOrder", "RecurringTransaction", "ReimburseCharge", "TaxPayment", "TaxReturn", "TaxService",
        "TimeActivity", "Transfer", "VendorCredit",
    )
}  # fmt: skip
