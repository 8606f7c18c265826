"""Small lists: terms, payment methods, tax codes, rates and agencies."""

from qbo_simulator.entities.fields import Shape, boolean, choice, ignored, listed, quantity, reference, text, whole
from qbo_simulator.entities.kinds import CREATE, EDITABLE, LIST_COLUMNS, META_COLUMNS, READ, UPDATE, Column, EntityType
from qbo_simulator.entities.shapes import BASE, CUSTOM_FIELD

TERM = EntityType(
    name="Term",
    shape=Shape(
        "Term",
        {
            "Name": text(31),
            "Active": boolean,
            "Type": ignored,
            "DiscountPercent": quantity,
            "DueDays": whole,
            "DiscountDays": whole,
            "DayOfMonthDue": whole,
            "DueNextMonthDays": whole,
            "DiscountDayOfMonth": whole,
            **BASE,
            "CustomField": listed(CUSTOM_FIELD),
            "AttachableRef": ignored,
        },
    ),
    kind="list",
    operations=EDITABLE,
    sequence="terms",
    label="term",
    reference_kind="Terms",
    name_field="Name",
    name_space="terms",
    columns=LIST_COLUMNS,
    default_order="name, id",
)
PAYMENT_METHOD = EntityType(
    name="PaymentMethod",
    shape=Shape(
        "PaymentMethod",
        {
            "Name": text(31),
            "Active": boolean,
            "Type": choice("CREDIT_CARD", "NON_CREDIT_CARD"),
            **BASE,
            "AttachableRef": ignored,
        },
    ),
    kind="list",
    operations=EDITABLE,
    sequence="payment methods",
    label="payment method",
    reference_kind="PaymentMethods",
    name_field="Name",
    name_space="payment methods",
    columns=LIST_COLUMNS,
    default_order="name, id",
)
_TAX_LIST = Shape("TaxRateList", {"TaxRateDetail": ignored})
TAX_CODE = EntityType(
    name="TaxCode",
    shape=Shape(
        "TaxCode",
        {
            "Name": text(100),
            "Description": text(4000),
            "Active": boolean,
            "Hidden": ignored,
            "Taxable": boolean,
            "TaxGroup": boolean,
            "TaxCodeConfigType": ignored,
            "SalesTaxRateList": _TAX_LIST,
            "PurchaseTaxRateList": _TAX_LIST,
            **BASE,
        },
    ),
    kind="list",
    operations=frozenset({READ}),
    refused=frozenset({UPDATE}),
    sequence="tax codes",
    label="tax code",
    reference_kind="TaxCodes",
    name_field="Name",
    columns=LIST_COLUMNS,
    default_order="name, id",
    in_cdc=False,
)
TAX_RATE = EntityType(
    name="TaxRate",
    shape=Shape(
        "TaxRate",
        {
            "Name": text(100),
            "Description": text(4000),
            "Active": boolean,
            "RateValue": quantity,
            "AgencyRef": reference,
            "TaxReturnLineRef": reference,
            "EffectiveTaxRate": ignored,
            "SpecialTaxType": text(30),
            "DisplayType": text(30),
            "OriginalTaxRate": ignored,
            **BASE,
        },
    ),
    kind="list",
    operations=frozenset({READ}),
    refused=frozenset({UPDATE}),
    sequence="tax rates",
    label="tax rate",
    reference_kind="TaxRates",
    name_field="Name",
    columns=LIST_COLUMNS,
    default_order="name, id",
    in_cdc=False,
)
TAX_AGENCY = EntityType(
    name="TaxAgency",
    shape=Shape(
        "TaxAgency", {"DisplayName": text(100), "TaxTrackedOnSales": boolean, "TaxTrackedOnPurchases": boolean, **BASE}
    ),
    kind="list",
    operations=frozenset({CREATE, READ}),
    sequence="tax agencies",
    label="tax agency",
    reference_kind="TaxAgencies",
    name_field="DisplayName",
    name_space="tax agencies",
    columns={**META_COLUMNS, "Name": Column("name", "text"), "DisplayName": Column("name", "text")},
    default_order="name, id",
    in_cdc=False,
)
