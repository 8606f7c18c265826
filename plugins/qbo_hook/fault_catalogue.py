"""Every fault of QBO that we know, as data (codes and texts: QBO.md, section 10).

One row per meaning. Rows with a pattern stand before the plain row of the same code, because the first fitting row wins. The
class of error in a row decides what may happen next; a plain ``QboValidationError`` is a refusal that only changed data cure.
"""

from __future__ import annotations

import re

from qbo_hook.errors import (
    QboAuthError,
    QboBatchRefused,
    QboDuplicateName,
    QboDuplicateNumber,
    QboError,
    QboNameLock,
    QboNotFound,
    QboPeriodClosed,
    QboRealmFault,
    QboStaleObject,
    QboThrottled,
    QboUnknownOutcome,
    QboValidationError,
)
from qbo_hook.faults import CatalogueEntry

RECONNECT = "Open the QuickBooks connect page and sign on again as a company administrator."
FIX_AND_PUSH = "Correct it in billing; the document is planned again by itself."
REPORT = "This is a mistake of the program, not of the data: report it with the intuit_tid."
REOPEN = (
    "The date lies in a closed period: reopen the books in QuickBooks, let it sync, and close them again; "
    "or date it after the closing date."
)
WAIT = "Nothing to do: it is tried again by itself."
TAX_DETAIL = (
    "QuickBooks computes the tax of this company itself and takes no tax detail with a document: leave tax: out of the realm's "
    "settings.yaml (or set qbo_computes), and map a tax code for every line."
)
LOOKED_UP = "Nothing to do: QuickBooks is asked what became of it before anything is sent again."


def _row(
    name: str, codes: str, cure: str, error: type[QboError] = QboValidationError, pattern: str | None = None
) -> CatalogueEntry:
    compiled = re.compile(pattern, re.IGNORECASE) if pattern else None
    return CatalogueEntry(name=name, codes=tuple(codes.split()), cure=cure, error=error, pattern=compiled)


_SIGN_ON = (
    _row(
        "access_token_rejected",
        "3200 3202",
        "Nothing to do: the token is renewed. If it persists, reconnect.",
        QboAuthError,
    ),
    _row("sign_on_failed", "100 110", RECONNECT, QboAuthError),
    _row("access_denied", "120", "The person who connected lost access to the company. " + RECONNECT, QboRealmFault),
    _row(
        "wrong_cluster",
        "130",
        "Intuit is moving the company: try again later; if it persists, reconnect.",
        QboRealmFault,
    ),
    _row(
        "company_locked",
        "140",
        "Somebody locked the company out: unlock it in QuickBooks, then reconnect.",
        QboRealmFault,
    ),
    _row("maintenance", "150", "QuickBooks is under maintenance: wait until it is over.", QboRealmFault),
    _row(
        "not_authorised",
        "3100",
        "The app was disconnected, or the sign-on belongs to another company or environment. " + RECONNECT,
        QboRealmFault,
    ),
    _row(
        "permission_denied",
        "5020",
        "The person who connected may not do this: reconnect as a company administrator, or upgrade the plan.",
        QboRealmFault,
    ),
    _row(
        "subscription_lapsed",
        "6190",
        "The QuickBooks subscription or trial has ended, or its payment failed: renew it in QuickBooks under Subscriptions.",
        QboRealmFault,
    ),
)

_TRAFFIC = (
    _row(
        "throttled", "3001", "Nothing to do: all calls for this company pause, then go on by themselves.", QboThrottled
    ),
    _row(
        "name_lock",
        "6000",
        "Somebody works on a list in QuickBooks. It is tried again by itself; if it persists, have everyone sign out and retry.",
        QboNameLock,
        r"only add or edit one .{1,60} at a time",
    ),
    _row(
        "saving_failed", "6000", LOOKED_UP, QboUnknownOutcome, r"unexpected error occurred while (accessing or )?saving"
    ),
    _row("internal_error", "6000", LOOKED_UP, QboUnknownOutcome, r"unexpected internal error|\(-30000\)"),
    _row("batch_too_large", "1040", "Nothing to do: the batch is sent again in halves.", QboBatchRefused),
    _row("duplicate_request_id", "600", LOOKED_UP, QboUnknownOutcome),
    _row("operation_failed", "1000 1010 1020", LOOKED_UP, QboUnknownOutcome),
    _row("query_processing", "4002", WAIT, QboUnknownOutcome),
    _row("system_failure", "10000", LOOKED_UP, QboUnknownOutcome),
    _row(
        "company_reset",
        "10200",
        "The company's data were reset in QuickBooks: disconnect, reconnect and check the links.",
        QboRealmFault,
    ),
    _row("result_too_large", "10100", "The answer would be too large: ask for a shorter period."),
)

_REFERENCES = (
    _row(
        "inactive_reference",
        "610",
        "The customer, item, account or document is inactive or deleted in QuickBooks: make it active again, or map to another.",
        QboNotFound,
    ),
    _row("reference_not_found", "2500", "The mapping names an id that QuickBooks does not have: correct the mapping."),
    _row(
        "inactive_customer", "6250", "The customer is inactive in QuickBooks: make it active again, or map to another."
    ),
    _row(
        "not_linkable",
        "620",
        "The linked document cannot be linked: check in QuickBooks that it is open and of this customer.",
    ),
    _row(
        "link_target_missing",
        "6000",
        "The document to link does not exist in QuickBooks.",
        pattern=r"trying to link does not exist",
    ),
    _row("duplicate_object", "630", "QuickBooks already has this object: look for it there and map it."),
    _row(
        "bad_parent",
        "700 900 6150",
        "The parent customer or item is missing or is the entry itself: correct it in QuickBooks.",
    ),
    _row("too_many_levels", "6180", "Customers and items may be five levels deep: choose a parent further up."),
    _row("has_dependencies", "800", "Other entries depend on it: remove them in QuickBooks first."),
)

_NAMES_AND_NUMBERS = (
    _row(
        "duplicate_name",
        "6240",
        "The name is taken by a customer, vendor or employee: map to it, or change the name.",
        QboDuplicateName,
    ),
    _row(
        "duplicate_number",
        "6140",
        "The number is taken in QuickBooks: compare the two documents there, then adopt or renumber.",
        QboDuplicateNumber,
    ),
    _row("name_missing", "6080", "Give the customer a name in billing."),
    _row(
        "text_invalid",
        "2040",
        "The text holds characters that QuickBooks does not take (a colon, tab or line break in a name): remove them in billing.",
    ),
    _row("text_too_long", "2050", "The text is too short or too long for QuickBooks: change it in billing."),
    _row("email_invalid", "2210", "Correct the e-mail address in billing."),
    _row("email_missing", "6420", "Sending by e-mail needs an address: add the customer's billing e-mail."),
    _row("web_address_invalid", "2200", "Correct the web address in billing."),
)

_BOOKS = (
    _row(
        "period_closed",
        "6200 6210",
        REOPEN,
        QboPeriodClosed,
    ),
    # The stale-object code is also used when the books were closed meanwhile; only its text tells the two apart.
    _row(
        "period_closed",
        "5010 6000",
        REOPEN,
        QboPeriodClosed,
        r"(account(ing)? period|books?)\b.{0,40}\bclosed|closing date|closed (accounting )?period",
    ),
    _row(
        "stale_object",
        "5010",
        "Somebody changed it in QuickBooks meanwhile: it is read again and compared.",
        QboStaleObject,
    ),
    _row("deposited", "6540", "The payment is part of a deposit: remove it from the deposit in QuickBooks first."),
    _row("settled", "6450 6480", "It is settled or matched with the bank: undo that in QuickBooks first."),
    _row("purchase_linked", "6400", "A purchase is linked to it: unlink it in QuickBooks first."),
    _row(
        "has_balance",
        "6220 6280",
        "The entry still has a balance or unbilled charges: settle them before making it inactive.",
    ),
    _row("bill_with_parent", "6130", "The customer has invoices, so who is billed cannot change any more."),
    _row("opening_balance_date", "6060", "An opening balance needs its date."),
    _row(
        "before_inventory_start",
        "6270",
        "The date is before the inventory start date of an item: change one of the two.",
    ),
)

_AMOUNTS_AND_TAX = (
    _row("amount_differs", "6070", "Amount is not quantity times price: " + FIX_AND_PUSH),
    _row(
        "value_invalid",
        "2070 2080 2090 2100 2110 2120 2140 2150 2160 2180 2190 2230 2240",
        "A value has the wrong form: " + FIX_AND_PUSH,
    ),
    _row("date_invalid", "2060", "Correct the date in billing."),
    _row(
        "currency_invalid",
        "2220",
        "The currency is not one of the company: switch it on in QuickBooks or correct billing.",
    ),
    _row("unbalanced", "2300", "Debits and credits differ: " + FIX_AND_PUSH),
    _row("tax_amount_missing", "2270 2280", "A tax line lacks its amount: " + FIX_AND_PUSH),
    _row("negative_amount", "2290", "A line is negative where QuickBooks takes none: use a credit memo."),
    _row(
        "tax_code_missing",
        "6000",
        "Every line needs a tax code in this country: complete the tax mapping.",
        pattern=r"have an? (GST/HST|GST|HST|VAT|tax) rate",
    ),
    _row(
        "tax_calculation",
        "6000",
        "QuickBooks could not compute the tax: check the customer's address; it is tried again daily.",
        pattern=r"error while calculating tax",
    ),
    _row("tax_code_invalid", "6100", "A US line takes only TAX or NON: correct the tax mapping."),
    _row(
        "tax_detail_invalid",
        "6000",
        TAX_DETAIL,
        pattern=r"TxnTaxDetail",
    ),
    _row("tax_detail_invalid", "6160 6170 6230", TAX_DETAIL),
    _row("discount_invalid", "6090", "A discount line needs a percentage or an amount: " + FIX_AND_PUSH),
    _row(
        "discount_too_large",
        "6000",
        "The discount is larger than the subtotal: use a credit memo for the rest.",
        pattern=r"discount amount can.?t be greater",
    ),
    _row(
        "customer_missing",
        "6000",
        "Name a customer for the document in billing.",
        pattern=r"must (select|choose) a customer",
    ),
    _row(
        "lines_missing", "6000", "The document needs more lines: " + FIX_AND_PUSH, pattern=r"at least two detail lines"
    ),
    _row(
        "amount_missing",
        "6000",
        "The document needs an amount: " + FIX_AND_PUSH,
        pattern=r"must set a transaction amount",
    ),
    _row(
        "amount_negative",
        "6000",
        "The total is negative: use a credit memo.",
        pattern=r"amount must be (zero|0|positive)( or greater)?",
    ),
    _row(
        "over_applied",
        "6000",
        "More would be applied than is open: check the payment's allocations.",
        pattern=r"payments you entered add up to more|amount paid plus credits",
    ),
    _row(
        "business_rule",
        "6000",
        "QuickBooks refuses it by a rule of its own: read its text and correct billing, mapping or QuickBooks.",
    ),
)

_FORM = (
    _row("unsupported_operation", "500", REPORT),
    _row("unsupported_content_type", "1050", REPORT),
    _row("invalid_object_name", "2000", REPORT),
    _row("unknown_property", "2010", REPORT),
    _row("parameter_missing", "2020", "QuickBooks misses a required value: " + FIX_AND_PUSH),
    _row("invalid_id", "2030", "An id is not a number: correct the mapping."),
    _row("request_id_invalid", "2130", REPORT),
    _row("value_not_allowed", "2170", "A value is not one of those that QuickBooks allows: " + FIX_AND_PUSH),
    _row("lines_missing", "2250", "The document needs lines: " + FIX_AND_PUSH),
    _row("posting_type_missing", "2260", "A journal line needs debit or credit: " + FIX_AND_PUSH),
    _row("conflicting_elements", "2600", "Two values exclude each other: " + FIX_AND_PUSH),
    _row("custom_field_unknown", "3000", "The company has no such custom field: correct the mapping."),
    _row("query_syntax", "4000", REPORT),
    _row("query_invalid", "4001", REPORT),
    _row(
        "feature_off",
        "5030",
        "A feature is off in QuickBooks (classes, currencies …): switch it on, or change the realm's settings.",
    ),
)

_ACCOUNTS_ITEMS_FILES = (
    _row("account_type", "6010 6430", "The account is of the wrong type: choose another in the mapping."),
    _row(
        "attachment_invalid",
        "6020 6030 6040 6050",
        "The attachment is too large or of a kind that QuickBooks does not take.",
    ),
    _row("line_incomplete", "6440", "A line lacks information: " + FIX_AND_PUSH),
    _row("quantity_missing", "6520", "The item needs a quantity: " + FIX_AND_PUSH),
    _row("card_number", "6530", "A card number must not be sent: remove it in billing."),
)

_TIME = (
    _row("employee_or_vendor_missing", "6290 6300", "Name who worked: an employee or a vendor."),
    _row("billable_customer_missing", "6310", "What is billable needs a customer."),
    _row("hourly_rate_missing", "6320 6330", "Billable time needs an hourly rate."),
    _row(
        "time_invalid",
        "6340 6350 6360 6370 6380 6390",
        "Give either hours and minutes or start and end, with a break no longer than the span.",
    ),
)

CATALOGUE: tuple[CatalogueEntry, ...] = (
    *_SIGN_ON,
    *_TRAFFIC,
    *_REFERENCES,
    *_NAMES_AND_NUMBERS,
    *_BOOKS,
    *_AMOUNTS_AND_TAX,
    *_FORM,
    *_ACCOUNTS_ITEMS_FILES,
    *_TIME,
)
