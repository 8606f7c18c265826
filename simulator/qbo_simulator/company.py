"""One QBO company (realm): who it is, its preferences, and the two singletons that are printed from them."""

from dataclasses import dataclass, field
from typing import Any

from qbo_simulator import wire
from qbo_simulator.clock import meta_time
from qbo_simulator.wire import Json

CURRENCY_NAMES = {
    "USD": "United States Dollar",
    "GBP": "British Pound Sterling",
    "CAD": "Canadian Dollar",
    "AUD": "Australian Dollar",
    "EUR": "Euro",
    "INR": "Indian Rupee",
    "JPY": "Japanese Yen",
    "CHF": "Swiss Franc",
    "NZD": "New Zealand Dollar",
    "ZAR": "South African Rand",
    "SGD": "Singapore Dollar",
    "MXN": "Mexican Peso",
    "SEK": "Swedish Krona",
    "NOK": "Norwegian Krone",
    "DKK": "Danish Krone",
    "PLN": "Polish Zloty",
    "HKD": "Hong Kong Dollar",
}
HOME_CURRENCY = {"US": "USD", "GB": "GBP", "CA": "CAD", "AU": "AUD"}

DEFAULT_PREFERENCES: Json = {
    "CustomTxnNumbers": True,
    "WarnDuplicateDocNumbers": True,
    "MultiCurrencyEnabled": False,
    "BookCloseDate": None,
    "BookClosePassword": True,
    "UsingSalesTax": True,
    "PartnerTaxEnabled": False,
    "AllowDeposit": True,
    "AllowDiscount": True,
    "AllowEstimates": True,
    "AllowServiceDate": True,
    "AllowShipping": False,
    "AutoApplyCredit": False,
    "AutoApplyPayments": False,
    "ClassTrackingPerTxn": False,
    "ClassTrackingPerTxnLine": False,
    "TrackDepartments": False,
    "DefaultTerms": None,
    "DefaultCustomerMessage": "Thank you for your business and have a great day!",
    "InvoiceSubject": None,
    "InvoiceMessage": None,
    "CustomFields": ["Crew #"],
}


@dataclass(slots=True)
class Company:
    """A realm. ``key`` is its number in the state file, ``realm_id`` Intuit's id."""

    key: int
    realm_id: str
    name: str
    country: str = "US"
    home_currency: str = "USD"
    environment: str = "sandbox"
    user_name: str = "Craig Carlson"
    created: int = 0
    preferences: Json = field(default_factory=lambda: dict(DEFAULT_PREFERENCES))
    # Automated sales tax: tax code by state of the ship-to address, and the one for all other addresses.
    tax_code_by_state: dict[str, str] = field(default_factory=dict)
    default_tax_code: str = ""
    address: Json = field(default_factory=dict)
    exchange_rates: dict[str, str] = field(default_factory=dict)
    is_subscribed: bool = True
    is_connected: bool = True
    sync_token: int = 0
    # When CompanyInfo or Preferences were changed through the API, and what CompanyInfo then was told.
    updated: int = 0
    told: Json = field(default_factory=dict)

    @property
    def is_us(self) -> bool:
        """US companies have TAX and NON on lines; all others a real tax code on every line."""
        return self.country == "US"

    @property
    def has_automated_tax(self) -> bool:
        """US companies made after 10 November 2017."""
        return self.is_us and bool(self.preferences["PartnerTaxEnabled"])

    @property
    def is_multicurrency(self) -> bool:
        """Whether documents carry a currency of their own."""
        return bool(self.preferences["MultiCurrencyEnabled"])

    @property
    def closing_date(self) -> str | None:
        """Books are locked on and before it."""
        return self.preferences["BookCloseDate"] or None

    def currency(self, code: str) -> Json:
        """A currency reference with its name."""
        return {"value": code, "name": CURRENCY_NAMES.get(code, code)}

    def document(self) -> str:
        """Stored form."""
        return wire.encode({name: getattr(self, name) for name in _STORED})

    @classmethod
    def from_document(cls, key: int, realm_id: str, document: str) -> "Company":
        """Read the stored form; preferences added since it was written take their defaults."""
        values: dict[str, Any] = wire.parse(document)
        values["preferences"] = {**DEFAULT_PREFERENCES, **values.get("preferences", {})}
        return cls(key=key, realm_id=realm_id, **values)


_STORED = tuple(name for name in Company.__dataclass_fields__ if name not in ("key", "realm_id"))


def _meta(company: Company) -> Json:
    updated = company.updated or company.created
    return {"CreateTime": meta_time(company.created), "LastUpdatedTime": meta_time(updated)}


def company_info(company: Company) -> Json:
    """The CompanyInfo singleton."""
    address = {"Id": "1", **company.address}
    features = {
        "NeoEnabled": "true",
        "IndustryType": "Landscaping Services",
        "IndustryCode": "561730",
        "SubscriptionStatus": "PAID" if company.is_subscribed else "EXPIRED",
        "OfferingSku": "QuickBooks Online Plus",
        "PayrollFeature": "false",
        "AccountantFeature": "false",
        "IsQbdtMigrated": "false",
        "ItemCategoriesFeature": "true",
    }
    return {
        "CompanyName": company.name,
        "LegalName": company.name,
        "CompanyAddr": address,
        "CustomerCommunicationAddr": address,
        "LegalAddr": address,
        "PrimaryPhone": {},
        "CompanyStartDate": "2014-09-18",
        "FiscalYearStartMonth": "January",
        "Country": company.country,
        "Email": {"Address": "noreply@quickbooks.com"},
        "WebAddr": {},
        "SupportedLanguages": "en",
        "NameValue": [{"Name": name, "Value": value} for name, value in features.items()],
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": str(company.sync_token),
        "MetaData": _meta(company),
        **company.told,
    }


def preferences(company: Company) -> Json:
    """The Preferences singleton."""
    chosen = company.preferences
    accounting: Json = {
        "TrackDepartments": chosen["TrackDepartments"],
        "DepartmentTerminology": "Location",
        "ClassTrackingPerTxn": chosen["ClassTrackingPerTxn"],
        "ClassTrackingPerTxnLine": chosen["ClassTrackingPerTxnLine"],
        "CustomerTerminology": "Customers",
        "FirstMonthOfFiscalYear": "January",
        "TaxYearMonth": "January",
        "TaxForm": "6",
        "UseAccountNumbers": False,
    }
    if company.closing_date:
        accounting["BookCloseDate"] = company.closing_date
    sales_forms: Json = {
        "CustomField": _custom_fields(chosen["CustomFields"]),
        "CustomTxnNumbers": chosen["CustomTxnNumbers"],
        "AllowDeposit": chosen["AllowDeposit"],
        "AllowDiscount": chosen["AllowDiscount"],
        "DefaultDiscountAccount": "86",
        "AllowEstimates": chosen["AllowEstimates"],
        "ETransactionEnabledStatus": "NotApplicable",
        "ETransactionAttachPDF": False,
        "IPNSupportEnabled": False,
        "AllowServiceDate": chosen["AllowServiceDate"],
        "AllowShipping": chosen["AllowShipping"],
        "AutoApplyCredit": chosen["AutoApplyCredit"],
        "AutoApplyPayments": chosen["AutoApplyPayments"],
        "UsingPriceLevels": False,
        "DefaultCustomerMessage": chosen["DefaultCustomerMessage"],
    }
    if chosen["DefaultTerms"]:
        sales_forms["DefaultTerms"] = {"value": chosen["DefaultTerms"]}
    tax: Json = {"UsingSalesTax": chosen["UsingSalesTax"]}
    if company.has_automated_tax:
        tax["PartnerTaxEnabled"] = True
    elif company.is_us and company.default_tax_code:
        tax["TaxGroupCodeRef"] = {"value": company.default_tax_code}
    return {
        "AccountingInfoPrefs": accounting,
        "ProductAndServicesPrefs": {
            "ForSales": True,
            "ForPurchase": True,
            "QuantityWithPriceAndRate": True,
            "QuantityOnHand": True,
            "UOM": "Single",
        },
        "SalesFormsPrefs": sales_forms,
        "EmailMessagesPrefs": {
            "InvoiceMessage": {
                "Subject": chosen["InvoiceSubject"] or f"Invoice from {company.name}",
                "Message": chosen["InvoiceMessage"]
                or f"Your invoice is attached.\n\nThank you for your business.\n{company.name}",
            }
        },
        "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": True, "POCustomField": []},
        "TimeTrackingPrefs": {
            "UseServices": True,
            "BillCustomers": True,
            "ShowBillRateToAll": False,
            "WorkWeekStartDate": "Sunday",
            "MarkTimeEntriesBillable": True,
        },
        "TaxPrefs": tax,
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": company.is_multicurrency,
            "HomeCurrency": {"value": company.home_currency},
        },
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {
            "NameValue": [{"Name": "SalesFormsPrefs.DefaultCustomerMessage", "Value": chosen["DefaultCustomerMessage"]}]
        },
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": str(company.sync_token),
        "MetaData": _meta(company),
    }


def _custom_fields(names: list[str]) -> list[Json]:
    uses = [
        {"Name": f"SalesFormsPrefs.UseSalesCustom{number}", "Type": "BooleanType", "BooleanValue": number <= len(names)}
        for number in (1, 2, 3)
    ]
    labels = [
        {"Name": f"SalesFormsPrefs.SalesCustomName{number}", "Type": "StringType", "StringValue": name}
        for number, name in enumerate(names[:3], 1)
    ]
    return [{"CustomField": uses}, {"CustomField": labels}]
