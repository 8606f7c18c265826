"""All entity types that the simulator has, by name and by the segment of the path."""

from qbo_simulator.entities import (
    accounting,
    budgets,
    charges,
    files,
    ledger,
    lists,
    names,
    purchases,
    recurring,
    sales,
    singletons,
    stock,
    tracking,
)
from qbo_simulator.entities.kinds import EntityType

ENTITIES: dict[str, EntityType] = {
    entity.name: entity
    for entity in (
        accounting.ACCOUNT,
        files.ATTACHABLE,
        purchases.BILL,
        purchases.BILL_PAYMENT,
        budgets.BUDGET,
        tracking.CLASS,
        tracking.COMPANY_CURRENCY,
        singletons.COMPANY_INFO,
        ledger.CREDIT_CARD_PAYMENT,
        sales.CREDIT_MEMO,
        names.CUSTOMER,
        tracking.CUSTOMER_TYPE,
        tracking.DEPARTMENT,
        ledger.DEPOSIT,
        names.EMPLOYEE,
        sales.ESTIMATE,
        files.EXCHANGE_RATE,
        stock.INVENTORY_ADJUSTMENT,
        sales.INVOICE,
        accounting.ITEM,
        ledger.JOURNAL_ENTRY,
        sales.PAYMENT,
        lists.PAYMENT_METHOD,
        singletons.PREFERENCES,
        purchases.PURCHASE,
        purchases.PURCHASE_ORDER,
        recurring.RECURRING_TRANSACTION,
        sales.REFUND_RECEIPT,
        charges.REIMBURSE_CHARGE,
        sales.SALES_RECEIPT,
        lists.TAX_AGENCY,
        lists.TAX_CODE,
        lists.TAX_RATE,
        lists.TERM,
        ledger.TIME_ACTIVITY,
        ledger.TRANSFER,
        names.VENDOR,
        purchases.VENDOR_CREDIT,
    )
}
BY_JSON_NAME: dict[str, EntityType] = {entity.shown_as: entity for entity in ENTITIES.values()}
BY_FOLDED_NAME: dict[str, EntityType] = {name.lower(): entity for name, entity in ENTITIES.items()}

# QBO has these and the simulator does not yet: 501 with the name, instead of an answer that QBO would not give.
KNOWN_GAPS = {
    name.lower(): name
    for name in (
        "JournalCode", "TaxPayment", "TaxReturn",
    )
}  # fmt: skip
