"""Rules of products and services."""

from typing import Any

from qbo_simulator import ledger
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.shapes import BUNDLE
from qbo_simulator.errors import Fault, NotSimulated, business, missing
from qbo_simulator.rules.lists import ListRules
from qbo_simulator.wire import Json

NOT_SIMULATED = ("ClassRef", "TaxClassificationRef", "UOMSetRef", "DepositToAccountRef", "PaymentMethodRef")
REFERENCES = (("PrefVendorRef", "Vendor"), ("SalesTaxCodeRef", "TaxCode"), ("PurchaseTaxCodeRef", "TaxCode"))

# The accounts of an inventory item: property: (type, subtype).
STOCK_ACCOUNTS = {
    "IncomeAccountRef": ("Income", "SalesOfProductIncome"),
    "ExpenseAccountRef": ("Cost of Goods Sold", ""),
    "AssetAccountRef": ("Other Current Asset", "Inventory"),
}


class ItemRules(ListRules):
    """Products and services."""

    gaps = (
        "another QtyOnHand, InvStartDate or asset account in an update (an InventoryAdjustment sets the quantity)",
        "the properties " + ", ".join(NOT_SIMULATED),
    )
    kept_on_full_update = ("TrackQtyOnHand", "Type", "ItemGroupDetail", "PrintGroupedItems")

    def create_bundle(self, books: Books, raw: Json) -> Record:
        """A bundle, which only a person in QuickBooks can make; its parts are products and services."""
        detail = BUNDLE.read(raw.get("ItemGroupDetail") or {}, "ItemGroupDetail")
        parts = detail.get("ItemGroupLine")
        if not parts:
            raise missing("ItemGroupDetail.ItemGroupLine")
        for part in parts:
            if "ItemRef" not in part:
                raise missing("ItemGroupLine.ItemRef")
            item = books.refer("Item", part["ItemRef"])
            if item.document["Type"] in ("Group", "Category"):
                raise business("A bundle holds products and services only.", "ItemGroupLine")
            part["ItemRef"]["type"] = item.document["Type"]
            part.setdefault("Qty", 1)
        document = self.entity.shape.read(raw) | {"Active": True, "Type": "Group", "ItemGroupDetail": detail}
        document.setdefault("PrintGroupedItems", False)
        if not document.get("Name"):
            raise missing("Name")
        self._place(books, document, None)
        self._check_name(books, document, None)
        record = books.insert(self.entity, document)
        self._claim_name(books, record)
        return record

    def created(self, books: Books, record: Record) -> None:
        """What there is of an inventory item on its first day is worth something."""
        if record.document["Type"] == "Inventory":
            ledger.open_stock(books, record)

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """Types, accounts and what inventory needs."""
        if not document.get("Name"):
            raise missing("Name")
        document["Name"] = document["Name"].strip()
        kind = document.get("Type") or (old or {}).get("Type") or "Service"
        if kind == "Group" and old is None:
            raise business("Group items cannot be created through the API.", "Type")
        document["Type"] = kind
        if document.get("SubItem") and not document.get("ParentRef"):
            raise Fault("6150", "ParentRef is required when SubItem is true.", element="ParentRef")
        if document.get("ParentRef"):
            document["SubItem"] = True
            parent = books.refer("Item", document["ParentRef"], was=(old or {}).get("ParentRef"))
            if parent.document.get("Type") != "Category":
                raise business("Only a category can be the parent of a product or service.", "ParentRef")
        for field in NOT_SIMULATED:
            if field in document:
                raise NotSimulated(f"{field} on Item")
        for field, entity_name in REFERENCES:
            if field in document:
                books.refer(entity_name, document[field], was=(old or {}).get(field))
        if kind == "Category" and not document["Active"]:
            raise business("A category cannot be made inactive.", "Active")
        if kind in ("Category", "Group"):
            return
        document.setdefault("Taxable", False)
        document.setdefault("UnitPrice", 0)
        document.setdefault("PurchaseCost", 0)
        self._check_accounts(books, document, old, kind)
        if (old or {}).get("TrackQtyOnHand") and document.get("TrackQtyOnHand") is False:
            raise business("TrackQtyOnHand cannot be set back to false.", "TrackQtyOnHand")
        document.setdefault("TrackQtyOnHand", kind == "Inventory")

    def _check_accounts(self, books: Books, document: Json, old: Json | None, kind: str) -> None:
        before = old or {}
        if kind in ("Service", "Inventory") and "IncomeAccountRef" not in document:
            raise missing("IncomeAccountRef")
        if kind == "NonInventory" and "IncomeAccountRef" not in document and "ExpenseAccountRef" not in document:
            raise missing("IncomeAccountRef")
        if kind == "Inventory":
            for field in ("AssetAccountRef", "ExpenseAccountRef", "InvStartDate", "QtyOnHand"):
                if field not in document and field not in before:
                    raise missing(field)
            if not document.get("TrackQtyOnHand", before.get("TrackQtyOnHand")):
                raise missing("TrackQtyOnHand")
            for field in ("AssetAccountRef", "InvStartDate", "QtyOnHand"):
                document.setdefault(field, before.get(field))
                if before.get("Type") == "Inventory" and _told(document[field]) != _told(before[field]):
                    cure = " (post an InventoryAdjustment)" if field == "QtyOnHand" else ""
                    raise NotSimulated(f"another {field} of an inventory item{cure}")
        elif any(document.get(field) for field in ("AssetAccountRef", "InvStartDate", "QtyOnHand", "TrackQtyOnHand")):
            raise business("Quantities and an asset account belong to inventory items only.", "Type")
        for field, (account_type, subtype) in STOCK_ACCOUNTS.items():
            if field in document:
                account = books.refer("Account", document[field], was=before.get(field))
                is_right = account.document["AccountType"] == account_type
                is_right = is_right and account.document.get("AccountSubType", subtype).startswith(subtype)
                if kind == "Inventory" and not is_right:
                    raise Fault("6430", f"Invalid Account Type used : {account.name}", element=field)


def _told(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) else value
