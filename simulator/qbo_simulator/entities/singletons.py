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
            "CustomerCommunicationEmailAddr": email(100),
            "PrimaryPhone": PHONE,
            "CompanyStartDate": day,
            "FiscalYearStartMonth": text(20),
            "Country": text(10),
            "Email": email(100),
            "WebAddr": WEBSITE,
            "SupportedLanguages": text(100),
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
