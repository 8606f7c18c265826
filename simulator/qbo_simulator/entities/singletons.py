"""CompanyInfo and Preferences."""

from qbo_simulator.entities.fields import Reader, Shape, boolean, day, ignored, listed, reference, text
from qbo_simulator.entities.kinds import META_COLUMNS, READ, UPDATE, EntityType
from qbo_simulator.entities.shapes import ADDRESS, BASE, CUSTOM_FIELD, PHONE, WEBSITE, email

COMPANY_INFO = EntityType(
    name="CompanyInfo",
    shape=Shape(
        "CompanyInfo",
        {
            "CompanyName": text(1024),
            "LegalName": text(1024),
            "CompanyAddr": ADDRESS,
            "CustomerCommunicationAddr": ADDRESS,
            "LegalAddr": ADDRESS,
            "CompanyEmailAddr": email(100),
            "CustomerCommunicationEmailAddr": email(100),
            "CompanyURL": WEBSITE,
            "PrimaryPhone": PHONE,
            "OtherContactInfo": ignored,
            "CompanyFileName": ignored,
            "FlavorStratum": ignored,
            "SampleFile": ignored,
            "CompanyUserId": ignored,
            "CompanyUserAdminEmail": ignored,
            "CompanyStartDate": day,
            "EmployerId": text(30),
            "FiscalYearStartMonth": text(20),
            "TaxYearStartMonth": text(20),
            "QBVersion": ignored,
            "Country": text(10),
            "Email": email(100),
            "WebAddr": WEBSITE,
            "LastImportedTime": ignored,
            "LastSyncTime": ignored,
            "SupportedLanguages": text(100),
            "DefaultTimeZone": text(100),
            "MultiByteCharsSupported": ignored,
            "NameValue": ignored,
            **BASE,
        },
    ),
    kind="singleton",
    operations=frozenset({READ, UPDATE}),
    sequence="company",
    columns=dict(META_COLUMNS),
    in_cdc=False,
)


def _group(name: str, switches: tuple[str, ...] = (), words: tuple[str, ...] = (), **others: Reader) -> Shape:
    """Preferences that stand together: those that are on or off, those in words, and others."""
    return Shape(name, {**dict.fromkeys(switches, boolean), **dict.fromkeys(words, text()), **others})


_CUSTOM_FIELDS = listed(Shape("CustomFieldDefinition", {"CustomField": listed(CUSTOM_FIELD)}))
PREFERENCES = EntityType(
    name="Preferences",
    shape=Shape(
        "Preferences",
        {
            "AccountingInfoPrefs": _group(
                "CompanyAccountingPrefs",
                ("TrackDepartments", "ClassTrackingPerTxn", "ClassTrackingPerTxnLine", "UseAccountNumbers"),
                ("DepartmentTerminology", "CustomerTerminology", "FirstMonthOfFiscalYear", "TaxYearMonth", "TaxForm"),
                BookCloseDate=day,
            ),
            "ProductAndServicesPrefs": _group(
                "ProductAndServicesPrefs",
                ("ForSales", "ForPurchase", "QuantityWithPriceAndRate", "QuantityOnHand"),
                ("UOM",),
            ),
            "SalesFormsPrefs": _group(
                "SalesFormsPrefs",
                (
                    "CustomTxnNumbers",
                    "AllowDeposit",
                    "AllowDiscount",
                    "AllowEstimates",
                    "ETransactionAttachPDF",
                    "IPNSupportEnabled",
                    "AllowServiceDate",
                    "AllowShipping",
                    "AutoApplyCredit",
                    "AutoApplyPayments",
                    "UsingPriceLevels",
                ),
                ("DefaultDiscountAccount", "ETransactionEnabledStatus", "DefaultCustomerMessage"),
                CustomField=_CUSTOM_FIELDS,
                DefaultTerms=reference,
            ),
            "EmailMessagesPrefs": _group(
                "EmailMessagesPrefs", InvoiceMessage=_group("EmailMessageType", words=("Subject", "Message"))
            ),
            "VendorAndPurchasesPrefs": _group(
                "VendorAndPurchasesPrefs",
                ("TrackingByCustomer", "BillableExpenseTracking"),
                POCustomField=_CUSTOM_FIELDS,
            ),
            "TimeTrackingPrefs": _group(
                "TimeTrackingPrefs",
                ("UseServices", "BillCustomers", "ShowBillRateToAll", "MarkTimeEntriesBillable"),
                ("WorkWeekStartDate",),
            ),
            "TaxPrefs": _group("TaxPrefs", ("UsingSalesTax", "PartnerTaxEnabled"), TaxGroupCodeRef=reference),
            "CurrencyPrefs": _group("CurrencyPrefs", ("MultiCurrencyEnabled",), HomeCurrency=reference),
            "ReportPrefs": _group("ReportPrefs", ("CalcAgingReportFromTxnDate",), ("ReportBasis",)),
            "OtherPrefs": _group("OtherPrefs", NameValue=listed(_group("NameValue", words=("Name", "Value")))),
            **BASE,
        },
    ),
    kind="singleton",
    operations=frozenset({READ, UPDATE}),
    sequence="company",
    columns=dict(META_COLUMNS),
    in_cdc=False,
)
