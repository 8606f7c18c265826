"""What is bought: Bill, VendorCredit, BillPayment, Purchase and PurchaseOrder."""

from qbo_simulator.entities.fields import (
    Reader,
    Shape,
    amount,
    boolean,
    choice,
    day,
    ignored,
    listed,
    reference,
    text,
    typed_reference,
)
from qbo_simulator.entities.kinds import (
    CREATE,
    DELETE,
    META_COLUMNS,
    NEWEST_FIRST,
    PDF,
    READ,
    SEND,
    UPDATE,
    VOID,
    Column,
    EntityType,
    stored,
)
from qbo_simulator.entities.sales import HEAD
from qbo_simulator.entities.shapes import ADDRESS, LINE, email

TAX_CALCULATION = choice("TaxInclusive", "TaxExcluded", "NotApplicable")
PRINT_STATUS = choice("NotSet", "NeedToPrint", "PrintComplete")
TRANSACTION: dict[str, Reader] = {**HEAD, "Line": listed(LINE)}
# Behind the properties of every transaction come those of everything bought from a vendor.
BY_VENDOR: dict[str, Reader] = {
    "VendorRef": reference,
    "APAccountRef": reference,
    "TotalAmt": ignored,
    "BillEmail": email(100),
    "ReplyEmail": email(100),
    "Memo": text(4000),
    "GlobalTaxCalculation": TAX_CALCULATION,
}
TXN_COLUMNS = {**META_COLUMNS, "TxnDate": Column("txn_date", "date"), "TotalAmt": Column("total", "amount")}
NUMBERED_COLUMNS = {**TXN_COLUMNS, "DocNumber": Column("doc_number", "text")}
VENDOR_COLUMNS = {
    **NUMBERED_COLUMNS,
    "VendorRef": Column("customer", "reference"),
    "APAccountRef": stored("APAccountRef.value", "reference"),
    "Balance": Column("balance", "amount"),
}
KEPT = frozenset({CREATE, READ, UPDATE, DELETE})

BILL = EntityType(
    name="Bill",
    shape=Shape(
        "Bill",
        {
            "PayerRef": ignored,
            "SalesTermRef": reference,
            "DueDate": day,
            "RemitToAddr": ADDRESS,
            "ShipAddr": ADDRESS,
            "VendorAddr": ADDRESS,
            "Balance": ignored,
            "HomeBalance": ignored,
            "BillEx": ignored,
            "LessCIS": amount,
            **TRANSACTION,
            **BY_VENDOR,
        },
    ),
    kind="transaction",
    posts=True,
    operations=KEPT,
    sequence="transactions",
    label="Bill",
    columns={**VENDOR_COLUMNS, "DueDate": Column("due_date", "date")},
    default_order=NEWEST_FIRST,
)
VENDOR_CREDIT = EntityType(
    name="VendorCredit",
    shape=Shape("VendorCredit", {"VendorCreditEx": ignored, "Balance": ignored, **TRANSACTION, **BY_VENDOR}),
    kind="transaction",
    posts=True,
    operations=KEPT,
    sequence="transactions",
    label="Vendor Credit",
    columns=VENDOR_COLUMNS,
    default_order=NEWEST_FIRST,
)
_CHECK = Shape(
    "BillPaymentCheck",
    {"BankAccountRef": reference, "PrintStatus": PRINT_STATUS, "CheckDetail": ignored, "PayeeAddr": ADDRESS},
)
_CARD = Shape("BillPaymentCreditCard", {"CCAccountRef": reference, "CCDetail": ignored})
BILL_PAYMENT = EntityType(
    name="BillPayment",
    shape=Shape(
        "BillPayment",
        {
            "VendorRef": reference,
            "APAccountRef": reference,
            "PayType": choice("Check", "CreditCard"),
            "CheckPayment": _CHECK,
            "CreditCardPayment": _CARD,
            "TotalAmt": amount,
            "ProcessBillPayment": boolean,
            "BillPaymentEx": ignored,
            **TRANSACTION,
        },
    ),
    kind="transaction",
    posts=True,
    operations=KEPT | {VOID},
    sequence="transactions",
    label="Bill Payment",
    columns={**NUMBERED_COLUMNS, "VendorRef": Column("customer", "reference")},
    default_order=NEWEST_FIRST,
)
PURCHASE = EntityType(
    name="Purchase",
    shape=Shape(
        "Purchase",
        {
            "AccountRef": reference,
            "PaymentMethodRef": reference,
            "PaymentRefNum": text(21),
            "PaymentType": choice("Cash", "Check", "CreditCard", "Expense", "Other"),
            "CheckPayment": ignored,
            "CreditCardPayment": ignored,
            "EntityRef": typed_reference,
            "RemitToAddr": ADDRESS,
            "Credit": boolean,
            "TotalAmt": ignored,
            "PurchaseEx": ignored,
            "PrintStatus": PRINT_STATUS,
            **TRANSACTION,
            "GlobalTaxCalculation": TAX_CALCULATION,
        },
    ),
    kind="transaction",
    posts=True,
    operations=KEPT,
    sequence="transactions",
    label="Expense",
    columns={
        **NUMBERED_COLUMNS,
        "PaymentType": stored("PaymentType", "text"),
        "AccountRef": stored("AccountRef.value", "reference"),
        "EntityRef": Column("customer", "reference"),
    },
    default_order=NEWEST_FIRST,
)
PURCHASE_ORDER = EntityType(
    name="PurchaseOrder",
    shape=Shape(
        "PurchaseOrder",
        {
            "TaxCodeRef": reference,
            "ClassRef": reference,
            "ReimbursableInfoRef": ignored,
            "SalesTermRef": reference,
            "DueDate": day,
            "ExpectedDate": day,
            "VendorAddr": ADDRESS,
            "ShipToRef": reference,
            "ShipAddr": ADDRESS,
            "ShipMethodRef": reference,
            "FOB": text(30),
            "POEmail": email(100),
            "TemplateRef": reference,
            "PrintStatus": PRINT_STATUS,
            "EmailStatus": choice("NotSet", "NeedToSend", "EmailSent"),
            "ManuallyClosed": boolean,
            "POStatus": choice("Open", "Closed"),
            "PurchaseOrderEx": ignored,
            **TRANSACTION,
            **BY_VENDOR,
        },
    ),
    kind="transaction",
    operations=KEPT | {SEND, PDF},
    sequence="transactions",
    label="Purchase Order",
    columns={**NUMBERED_COLUMNS, "VendorRef": Column("customer", "reference"), "POStatus": stored("POStatus", "text")},
    default_order=NEWEST_FIRST,
)
