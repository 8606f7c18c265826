"""Stock that is counted: InventoryAdjustment."""

from qbo_simulator.entities.fields import Shape, choice, day, ignored, listed, quantity, reference, text
from qbo_simulator.entities.kinds import NEWEST_FIRST, EntityType, stored
from qbo_simulator.entities.purchases import KEPT, NUMBERED_COLUMNS
from qbo_simulator.entities.shapes import BASE

ADJUSTMENT_DETAIL = Shape(
    "ItemAdjustmentLineDetail", {"ItemRef": reference, "QtyDiff": quantity, "ItemAdjustmentLineDetailEx": ignored}
)
_LINE = Shape(
    "Line",
    {
        "Id": text(30),
        "LineNum": ignored,
        "Description": text(4000),
        "DetailType": choice("ItemAdjustmentLineDetail"),
        "ItemAdjustmentLineDetail": ADJUSTMENT_DETAIL,
        "LineEx": ignored,
    },
)
INVENTORY_ADJUSTMENT = EntityType(
    name="InventoryAdjustment",
    shape=Shape(
        "InventoryAdjustment",
        {
            "AdjustAccountRef": reference,
            **BASE,
            "AttachableRef": ignored,
            "DocNumber": text(21),
            "TxnDate": day,
            "DepartmentRef": reference,
            "PrivateNote": text(4000),
            "Line": listed(_LINE),
            "InventoryAdjustmentEx": ignored,
        },
    ),
    kind="transaction",
    posts=True,
    operations=KEPT,
    sequence="transactions",
    label="Inventory Adjustment",
    columns={
        **{name: column for name, column in NUMBERED_COLUMNS.items() if name != "TotalAmt"},
        "AdjustAccountRef": stored("AdjustAccountRef.value", "reference"),
    },
    default_order=NEWEST_FIRST,
)
