"""What was bought for a customer and waits to be invoiced: ReimburseCharge, which QuickBooks makes by itself."""

from qbo_simulator.entities.fields import Shape, amount, boolean, choice, ignored, listed, quantity, reference, text
from qbo_simulator.entities.kinds import META_COLUMNS, NEWEST_FIRST, READ, Column, EntityType, stored
from qbo_simulator.entities.sales import HEAD

CHARGE_DETAIL = Shape(
    "ReimburseLineDetail",
    {
        "ItemRef": reference,
        "ClassRef": reference,
        "UnitPrice": quantity,
        "MarkupInfo": ignored,
        "Qty": quantity,
        "ItemAccountRef": reference,
        "TaxCodeRef": reference,
    },
)
_LINE = Shape(
    "Line",
    {
        "Id": text(30),
        "LineNum": ignored,
        "Description": text(4000),
        "Amount": amount,
        "DetailType": choice("ReimburseLineDetail"),
        "ReimburseLineDetail": CHARGE_DETAIL,
    },
)
REIMBURSE_CHARGE = EntityType(
    name="ReimburseCharge",
    shape=Shape(
        "ReimburseCharge",
        {
            "CustomerRef": reference,
            "HasBeenInvoiced": boolean,
            "Amount": amount,
            "HomeTotalAmt": ignored,
            **{name: reader for name, reader in HEAD.items() if name != "TxnTaxDetail"},
            "Line": listed(_LINE),
            "ReimburseChargeEx": ignored,
        },
    ),
    kind="transaction",
    operations=frozenset({READ}),
    sequence="transactions",
    label="Billable Expense Charge",
    columns={
        **META_COLUMNS,
        "TxnDate": Column("txn_date", "date"),
        "CustomerRef": Column("customer", "reference"),
        "Amount": Column("total", "amount"),
        "HasBeenInvoiced": stored("HasBeenInvoiced", "bool"),
    },
    default_order=NEWEST_FIRST,
)
