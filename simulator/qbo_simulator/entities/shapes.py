"""Objects that several entities carry: addresses, lines, tax details, metadata."""

from qbo_simulator.entities.fields import (
    Reader,
    Shape,
    amount,
    boolean,
    choice,
    day,
    ignored,
    listed,
    quantity,
    reference,
    text,
    typed_reference,
    whole,
)

BASE: dict[str, Reader] = {
    "domain": ignored,
    "status": ignored,
    "sparse": ignored,
    "Id": ignored,
    "SyncToken": ignored,
    "MetaData": ignored,
}

ADDRESS = Shape(
    "PhysicalAddress",
    {
        "Id": ignored,
        "Line1": text(500),
        "Line2": text(500),
        "Line3": text(500),
        "Line4": text(500),
        "Line5": text(500),
        "City": text(255),
        "Country": text(255),
        "CountryCode": text(255),
        "County": text(255),
        "CountrySubDivisionCode": text(255),
        "PostalCode": text(30),
        "PostalCodeSuffix": text(30),
        "Lat": ignored,
        "Long": ignored,
        "Tag": text(255),
        "Note": text(4000),
    },
)
PHONE = Shape(
    "TelephoneNumber",
    {
        "Id": ignored,
        "DeviceType": text(30),
        "CountryCode": text(30),
        "AreaCode": text(30),
        "ExchangeCode": text(30),
        "Extension": text(30),
        "FreeFormNumber": text(30),
        "Default": boolean,
        "Tag": text(30),
    },
)


def email(longest: int) -> Shape:
    """An e-mail address of at most ``longest`` characters."""
    return Shape("EmailAddress", {"Id": ignored, "Address": text(longest), "Default": boolean, "Tag": text(255)})


WEBSITE = Shape("WebSiteAddress", {"Id": ignored, "URI": text(1000), "Default": boolean, "Tag": text(255)})
MEMO = Shape("MemoRef", {"id": ignored, "value": text(1000)})
CUSTOM_FIELD = Shape(
    "CustomField",
    {
        "DefinitionId": text(255),
        "Name": text(255),
        "Type": choice("StringType", "BooleanType", "NumberType", "DateType"),
        "StringValue": text(31),
        "BooleanValue": boolean,
        "DateValue": day,
        "NumberValue": quantity,
    },
)
LINKED_TXN = Shape("LinkedTxn", {"TxnId": text(30), "TxnType": text(30), "TxnLineId": text(30)})
DELIVERY = Shape(
    "TransactionDeliveryInfo", {"DeliveryType": text(30), "DeliveryTime": ignored, "DeliveryErrorType": ignored}
)

BILLABLE_STATUS = choice("Billable", "NotBillable", "HasBeenBilled")
_ITEM_DETAIL: dict[str, Reader] = {
    "ServiceDate": day,
    "ItemRef": reference,
    "ClassRef": reference,
    "UnitPrice": quantity,
    "RatePercent": quantity,
    "PriceLevelRef": reference,
    "MarkupInfo": ignored,
    "Qty": quantity,
    "UOMRef": reference,
    "ItemAccountRef": ignored,
    "InventorySiteRef": reference,
    "TaxCodeRef": reference,
    "TaxClassificationRef": reference,
    "TaxInclusiveAmt": amount,
    "DiscountRate": quantity,
    "DiscountAmt": amount,
    "DeferredRevenue": boolean,
    "SalesItemLineDetailEx": ignored,
}
SALES_ITEM_DETAIL = Shape("SalesItemLineDetail", _ITEM_DETAIL)
DISCOUNT_DETAIL = Shape(
    "DiscountLineDetail",
    {
        "DiscountRef": reference,
        "PercentBased": boolean,
        "DiscountPercent": quantity,
        "DiscountAccountRef": reference,
        "ServiceDate": day,
        "ClassRef": reference,
        "TaxCodeRef": reference,
        "DiscountLineDetailEx": ignored,
    },
)
DESCRIPTION_DETAIL = Shape(
    "DescriptionLineDetail", {"ServiceDate": day, "TaxCodeRef": reference, "DescriptionLineDetailEx": ignored}
)
SUBTOTAL_DETAIL = Shape(
    "SubTotalLineDetail", {"ServiceDate": ignored, "ItemRef": ignored, "SubtotalLineDetailEx": ignored}
)
TAX_LINE_DETAIL = Shape(
    "TaxLineDetail",
    {
        "TaxRateRef": reference,
        "PercentBased": boolean,
        "TaxPercent": quantity,
        "NetAmountTaxable": amount,
        "TaxInclusiveAmount": amount,
        "OverrideDeltaAmount": amount,
        "ServiceDate": day,
        "TaxLineDetailEx": ignored,
    },
)
_EXPENSE: dict[str, Reader] = {"CustomerRef": reference, "BillableStatus": BILLABLE_STATUS, "TaxInclusiveAmt": amount}
ITEM_EXPENSE_DETAIL = Shape("ItemBasedExpenseLineDetail", {**_EXPENSE, **_ITEM_DETAIL})
ACCOUNT_EXPENSE_DETAIL = Shape(
    "AccountBasedExpenseLineDetail",
    {
        "CustomerRef": reference,
        "ClassRef": reference,
        "AccountRef": reference,
        "BillableStatus": BILLABLE_STATUS,
        "MarkupInfo": ignored,
        "TaxAmount": amount,
        "TaxCodeRef": reference,
        "TaxInclusiveAmt": amount,
        "ExpenseDetailLineDetailEx": ignored,
    },
)
ENTITY = Shape("EntityTypeRef", {"Type": text(30), "EntityRef": reference})
JOURNAL_DETAIL = Shape(
    "JournalEntryLineDetail",
    {
        "PostingType": choice("Debit", "Credit"),
        "Entity": ENTITY,
        "AccountRef": reference,
        "ClassRef": reference,
        "DepartmentRef": reference,
        "TaxCodeRef": reference,
        "TaxApplicableOn": choice("Sales", "Purchase"),
        "TaxAmount": amount,
        "TaxInclusiveAmt": amount,
        "BillableStatus": BILLABLE_STATUS,
        "JournalCodeRef": reference,
        "JournalEntryLineDetailEx": ignored,
    },
)
DEPOSIT_DETAIL = Shape(
    "DepositLineDetail",
    {
        "Entity": typed_reference,
        "ClassRef": reference,
        "AccountRef": reference,
        "PaymentMethodRef": reference,
        "CheckNum": text(21),
        "TxnType": text(30),
        "TaxCodeRef": reference,
        "TaxApplicableOn": choice("Sales", "Purchase"),
        "DepositLineDetailEx": ignored,
    },
)
LINE_TYPES = (
    "SalesItemLineDetail",
    "DescriptionOnly",
    "DiscountLineDetail",
    "SubTotalLineDetail",
    "GroupLineDetail",
    "TaxLineDetail",
    "PaymentLineDetail",
    "ItemBasedExpenseLineDetail",
    "AccountBasedExpenseLineDetail",
    "JournalEntryLineDetail",
    "DepositLineDetail",
    "PurchaseOrderItemLineDetail",
)
_LINE_IN_GROUP = Shape(
    "Line",
    {
        "Id": text(30),
        "LineNum": ignored,
        "Description": text(4000),
        "Amount": amount,
        "DetailType": choice(*LINE_TYPES),
        "SalesItemLineDetail": SALES_ITEM_DETAIL,
        "ItemBasedExpenseLineDetail": ITEM_EXPENSE_DETAIL,
        "AccountBasedExpenseLineDetail": ACCOUNT_EXPENSE_DETAIL,
        "LineEx": ignored,
    },
)
GROUP_DETAIL = Shape(
    "GroupLineDetail",
    {
        "GroupItemRef": reference,
        "Quantity": quantity,
        "UOMRef": ignored,
        "ServiceDate": day,
        "Line": listed(_LINE_IN_GROUP),
        "GroupLineDetailEx": ignored,
    },
)
BUNDLE = Shape(
    "ItemGroupDetail",
    {"ItemGroupLine": listed(Shape("ItemComponentLine", {"ItemRef": reference, "Qty": quantity, "UOMRef": ignored}))},
)
LINE = Shape(
    "Line",
    {
        "Id": text(30),
        "LineNum": ignored,
        "Description": text(4000),
        "Amount": amount,
        "Received": quantity,
        "LinkedTxn": listed(LINKED_TXN),
        "DetailType": choice(*LINE_TYPES),
        "SalesItemLineDetail": SALES_ITEM_DETAIL,
        "DescriptionLineDetail": DESCRIPTION_DETAIL,
        "DiscountLineDetail": DISCOUNT_DETAIL,
        "SubTotalLineDetail": SUBTOTAL_DETAIL,
        "GroupLineDetail": GROUP_DETAIL,
        "TaxLineDetail": TAX_LINE_DETAIL,
        "PaymentLineDetail": lambda value, _element: value,
        "ItemBasedExpenseLineDetail": ITEM_EXPENSE_DETAIL,
        "AccountBasedExpenseLineDetail": ACCOUNT_EXPENSE_DETAIL,
        "JournalEntryLineDetail": JOURNAL_DETAIL,
        "DepositLineDetail": DEPOSIT_DETAIL,
        "ProjectRef": reference,
        "CostAmount": amount,
        "HomeCostAmount": amount,
        "CustomField": listed(CUSTOM_FIELD),
        "Tag": ignored,
        "LineEx": ignored,
    },
)
TAX_LINE = Shape(
    "Line",
    {
        "Id": ignored,
        "LineNum": whole,
        "Description": text(4000),
        "Amount": amount,
        "DetailType": text(30),
        "TaxLineDetail": TAX_LINE_DETAIL,
    },
)
TAX_DETAIL = Shape(
    "TxnTaxDetail",
    {
        "DefaultTaxCodeRef": reference,
        "TxnTaxCodeRef": reference,
        "TotalTax": amount,
        "TaxReviewStatus": ignored,
        "TaxLine": listed(TAX_LINE),
        "UseAutomatedSalesTax": boolean,
    },
)
