"""CompanyInfo and Preferences."""

from qbo_simulator.entities.fields import Shape, day, ignored, text
from qbo_simulator.entities.kinds import META_COLUMNS, READ, UPDATE, EntityType
from qbo_simulator.entities.shapes import ADDRESS, BASE, PHONE, WEBSITE, email

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
PREFERENCES = EntityType(
    name="Preferences",
    shape=Shape(
        "Preferences",
        {
            "AccountingInfoPrefs": ignored,
            "ProductAndServicesPrefs": ignored,
            "SalesFormsPrefs": ignored,
            "EmailMessagesPrefs": ignored,
            "VendorAndPurchasesPrefs": ignored,
            "TimeTrackingPrefs": ignored,
            "TaxPrefs": ignored,
            "CurrencyPrefs": ignored,
            "ReportPrefs": ignored,
            "OtherPrefs": ignored,
            **BASE,
        },
    ),
    kind="singleton",
    operations=frozenset({READ, UPDATE}),
    sequence="company",
    columns=dict(META_COLUMNS),
    in_cdc=False,
)
