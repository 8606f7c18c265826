"""The table of all reasons: code, status, text, cure, and who cures it (FEATURES: the only list)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from include.billing_sync.statuses import Status


class Severity(StrEnum):
    """What a finding does to its document: keep it out, make it wait for a person, or be told beside it."""

    STOP = "stop"
    APPROVE = "approve"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Reason:
    """One code of the catalogue.

    ``status`` is the document's status when the reason stops it. ``severity`` is what a finding of this reason does
    unless a setting says otherwise; ``may_warn`` marks those that a setting turns into a warning.
    """

    code: str
    status: Status
    group: str
    text: str
    cure: str
    who: str
    severity: Severity = Severity.STOP
    may_warn: bool = False

    @property
    def anchor(self) -> str:
        """Where the documentation explains it."""
        return f"docs/reasons.md#{self.code}"

    def status_under(self, severity: Severity) -> Status:
        """The status of a document for which this reason was found with that severity."""
        return Status.SYNCED if severity is Severity.WARN else self.status


_BOOKKEEPER = "bookkeeper"
_BILLING = "billing team"
_ADMIN = "administrator"
_NOBODY = "nobody: it cures itself"

_SYNCED, _SKIPPED, _ERROR, _PENDING = Status.SYNCED, Status.SKIPPED, Status.ERROR, Status.PENDING


def _warning(code: str, text: str, cure: str, who: str) -> Reason:
    return Reason(code, _SYNCED, "Synced, with a warning", text, cure, who, severity=Severity.WARN)


def _synced(code: str, text: str) -> Reason:
    return Reason(code, _SYNCED, "Synced", text, "Nothing is to be done.", _NOBODY, severity=Severity.WARN)


def _mapping(code: str, text: str, cure: str, who: str = _BOOKKEEPER) -> Reason:
    return Reason(code, _SKIPPED, "Skipped: mapping", text, cure, who)


def _choice(code: str, text: str, cure: str, who: str = _BOOKKEEPER, severity: Severity = Severity.STOP) -> Reason:
    return Reason(code, _SKIPPED, "Skipped: by choice", text, cure, who, severity=severity)


def _books(
    code: str,
    text: str,
    cure: str,
    *,
    severity: Severity = Severity.STOP,
    may_warn: bool = False,
    who: str = _BOOKKEEPER,
) -> Reason:
    return Reason(code, _SKIPPED, "Skipped: books", text, cure, who, severity=severity, may_warn=may_warn)


def _document(code: str, text: str, cure: str, *, may_warn: bool = False, who: str = _BILLING) -> Reason:
    return Reason(code, _ERROR, "Error: document", text, cure, who, may_warn=may_warn)


def _quickbooks(code: str, text: str, cure: str) -> Reason:
    return Reason(code, _ERROR, "Error: QuickBooks", text, cure, _BOOKKEEPER)


def _pending(code: str, text: str, cure: str, who: str = _NOBODY) -> Reason:
    return Reason(code, _PENDING, "Pending", text, cure, who)


ALL_REASONS = (
    # Error: document. What the extract got wrong goes first, since it may be the cause of the rest.
    _document(
        "no_lines",
        "The document has no lines.",
        "Add the missing lines in billing, or correct include/sql/billing/invoice_lines.sql if they are there.",
    ),
    _document(
        "totals_do_not_match",
        "The document's totals do not equal the sum of its lines and its tax.",
        "Correct the document in billing, or the billing view if it leaves lines out.",
    ),
    _document(
        "amount_precision",
        "An amount has more decimal places than its currency, or more digits than QuickBooks holds.",
        "Round the amount in billing, or in the billing view. Unit prices may have any number of places.",
    ),
    _document(
        "currency_unknown",
        "The currency is no ISO 4217 code.",
        "Give the document a three-letter currency code, such as USD or GBP, in billing or in the billing view.",
    ),
    _document(
        "date_out_of_range",
        "A date of the document lies before the year 2000, or more than a year ahead.",
        "Correct the date in billing.",
    ),
    _document(
        "text_invalid",
        "A text holds control or broken characters, is over 100,000 characters, or the number has blanks around it or characters "
        "that nobody sees.",
        "Correct the text in billing.",
    ),
    _document("doc_number_missing", "The document has no number.", "Give it a number in billing."),
    _document(
        "doc_number_too_long",
        "The number is longer than the 21 characters of QuickBooks. It is never cut: two numbers could become one.",
        "Shorten the number in billing, or build a shorter one in the billing view.",
    ),
    _document(
        "doc_number_duplicate",
        "Another document has the same number, in this run or in QuickBooks already.",
        "Give each document a number of its own in billing. Two that swap their numbers go in three steps, with a run after "
        "each: one gets a number that nobody has, the other its new number, then the first one its new number.",
    ),
    _document(
        "negative_subtotal",
        "The document's subtotal or total is below zero, which QuickBooks refuses for an invoice.",
        "Reconcile it by hand, or choose negative_invoices: credit_memo or carry_forward in settings.yaml.",
        who=_BOOKKEEPER,
    ),
    _document(
        "too_many_lines",
        "The document has more than the 750 lines that QuickBooks allows.",
        "Divide the document in billing, or sum lines up in the billing view.",
    ),
    _document(
        "tax_variance",
        "The tax that QuickBooks will compute is not the tax that billing charged.",
        "Correct the tax mapping or billing's tax, or choose tax_variance: push or rounding_line in settings.yaml.",
        may_warn=True,
        who=_BOOKKEEPER,
    ),
    # Error: QuickBooks.
    _quickbooks(
        "ambiguous",
        "Two objects in QuickBooks may be this document, and nothing tells which.",
        "Look in QuickBooks; delete or renumber what is not this document, then push it by its number from the form.",
    ),
    _quickbooks(
        "total_differs",
        "The document is in QuickBooks, but not as meant: number, date, customer, currency, tax or total differ.",
        "Compare both in QuickBooks; correct the cause (often tax), then push the document again.",
    ),
    _quickbooks(
        "refused",
        "QuickBooks refused the document; its own words are in the detail.",
        "Follow the cure of the fault named in the detail (docs/faults.md), then run again.",
    ),
    # Skipped: mapping.
    _mapping(
        "customer_missing",
        "The document names no customer.",
        "Give the document its customer in billing.",
        _BILLING,
    ),
    _mapping(
        "ambiguous_name",
        "A name fits two customers or items, or one that is inactive, a sub-customer or taken by another billing id.",
        "Map the customer or item to its QuickBooks id in the mapping book; a name is never guessed.",
    ),
    _mapping(
        "customer_unmapped",
        "The customer is not mapped to a customer in QuickBooks.",
        "Map the customer in customers.csv, or let settings.yaml match or create it (customers).",
    ),
    _mapping(
        "customer_currency",
        "The document's currency is not the currency of its customer in QuickBooks, or not the company's only one.",
        "Map the billing customer to a QuickBooks customer of that currency, or turn on multicurrency in QuickBooks.",
    ),
    _mapping(
        "inactive_reference",
        "The document refers to a customer, item or tax code that is inactive or deleted in QuickBooks.",
        "Make it active again in QuickBooks, or map to another one.",
    ),
    _mapping(
        "item_unmapped",
        "A line's service, subscription or category is not mapped to a product or service in QuickBooks.",
        "Map it in categories.csv, services.csv or subscriptions.csv, or let settings.yaml create items (items).",
    ),
    _mapping(
        "tax_code_unmapped",
        "A tax code is not mapped to a tax code in QuickBooks.",
        "Map it in tax_codes.csv; the key * is the catch-all.",
    ),
    _mapping(
        "category_missing",
        "A charge has no category, so that no default mapping can apply.",
        "Give the charge its category in billing, or a default one in the billing view.",
        _BILLING,
    ),
    _mapping(
        "employee_not_on_payroll",
        "The employee is not marked as on payroll in QuickBooks.",
        "Mark the employee as on payroll in QuickBooks.",
    ),
    _mapping(
        "no_routing_rule",
        "No rule says to which QuickBooks company the document belongs.",
        "Give the document a realm in the billing view.",
        _ADMIN,
    ),
    # Skipped: books.
    _books(
        "moved",
        "Its routing or its sign would move the document to another company or another type, but it is linked already.",
        "Undo the change in billing; or trigger qbo_export_invoices for the company that holds it, with its number and "
        "'Repair moved invoices': it is voided there, and the next run creates it where billing has it now.",
    ),
    _books(
        "deleted_in_qbo",
        "The document was deleted in QuickBooks. It is never created again by itself.",
        "If it belongs there, push it again by its number from the form.",
    ),
    _books(
        "edited_in_qbo",
        "Someone edited the document in QuickBooks since our last write; both values are in the detail.",
        "Decide which side is right: correct billing, or put our values back in QuickBooks; an edit is never overwritten.",
    ),
    _books(
        "already_in_qbo",
        "QuickBooks already has a document of this number that we did not write.",
        "Renumber one of the two, or set adopt_existing: exact (settings.yaml): it is taken if number, total and customer agree.",
    ),
    _books(
        "period_closed",
        "The date is on or before the closing date of the books.",
        "Reopen the period, run again and close it; it is planned again by itself when the closing date changes.",
    ),
    _books(
        "carried_forward",
        "The document is negative, and billing carries its credit into the next invoice (carry_forward).",
        "Nothing is to be done: the credit arrives in QuickBooks as a line of the next invoice.",
        who=_NOBODY,
    ),
    _books(
        "period_reported",
        "The document lies before locked_before, in a period that is reported already: a change needs approval.",
        "Push it from the form with approval, or change locked_before in settings.yaml.",
        severity=Severity.APPROVE,
    ),
    _books(
        "detail_expired",
        "The transaction detail behind the document is older than detail_age allows, or will be soon.",
        "Export sooner, or set detail_age in settings.yaml.",
        severity=Severity.WARN,
        may_warn=True,
        who=_BILLING,
    ),
    # Skipped: by choice.
    _choice(
        "qbo_origin",
        "The document came from QuickBooks; changes of it in billing are not pushed.",
        "Change it in QuickBooks.",
    ),
    _choice(
        "excluded_customer",
        "The customer is a test customer or marked as never to be synchronised.",
        "Nothing is to be done; otherwise remove the mark in customers.csv.",
    ),
    _choice("opted_out", "Billing marks the document as not to be pushed.", "Remove the mark in billing.", _BILLING),
    _choice("draft", "The document is a draft.", "Open it in billing; it goes with the next run.", _BILLING),
    _choice(
        "before_start_date",
        "The document is dated before the start date of the realm.",
        "Nothing is to be done; otherwise move start_date in settings.yaml, at the earliest to the day after closing.",
    ),
    _choice(
        "out_of_scope",
        "The document is in a state that is not synchronised, such as one voided before it was ever pushed.",
        "Nothing is to be done.",
        _NOBODY,
    ),
    _choice(
        "needs_approval",
        "The change waits for a person's approval.",
        "Start the export from the form with push after approval, and approve it.",
        severity=Severity.APPROVE,
    ),
    # Pending.
    _pending("wrong_company", "The connection leads to another company.", "Connect the right one.", _ADMIN),
    _pending("not_connected", "The realm is not connected.", "Connect it on the connect page.", _ADMIN),
    _pending("token_expired", "The authorisation has expired.", "Reconnect on the connect page.", _ADMIN),
    _pending("subscription_lapsed", "The QuickBooks subscription has lapsed.", "Renew it at Intuit.", _BOOKKEEPER),
    _pending(
        "preflight_failed",
        "The preflight names what is missing.",
        "Follow the preflight.",
        _ADMIN,
    ),
    _pending("throttled", "QuickBooks asked us to slow down.", "Wait; the run goes on by itself."),
    _pending("busy", "Another push of this realm is running.", "Wait; the run tries again by itself."),
    _pending("stale_plan", "What the plan was made from has changed.", "Wait; it is planned anew."),
    _pending("planned", "Planned, and not sent or not confirmed yet.", "Wait for the push."),
    # Synced, with a warning.
    _warning(
        "deleted_in_billing",
        "The document was deleted in billing and still stands in QuickBooks (deleted_in_billing: report).",
        "Void it in QuickBooks, or set deleted_in_billing: void in settings.yaml.",
        _BOOKKEEPER,
    ),
    _warning(
        "voided_in_billing",
        "The document was voided in billing and still stands in QuickBooks (voided_in_billing: report).",
        "Void it in QuickBooks, or set voided_in_billing: void in settings.yaml.",
        _BOOKKEEPER,
    ),
    _warning(
        "send_unknown",
        "It is not known whether QuickBooks mailed the document.",
        "Look at the document in QuickBooks, and send it there if it was not.",
        _BOOKKEEPER,
    ),
    _warning("not_yet_sent", "The document is in QuickBooks and not mailed yet.", "Wait for the next run.", _NOBODY),
    _warning(
        "copied_not_sent",
        "The document was copied and not mailed: billing has no usable e-mail address for it.",
        "Enter the billing e-mail in billing, then run again with send.",
        _BILLING,
    ),
    _warning("written_off", "The document was written off as bad debt.", "Nothing is to be done.", _NOBODY),
    _warning(
        "date_moved",
        "The document's date was in a closed period and became the day after closing (closed_period: move_date).",
        "Nothing is to be done; the billing date stays in the memo.",
        _NOBODY,
    ),
    _warning(
        "name_changed",
        "The customer's or item's name was cut, or characters that QuickBooks refuses were replaced.",
        "Nothing is to be done; otherwise shorten the name in billing.",
        _BILLING,
    ),
    _warning(
        "text_cut",
        "A description was longer than QuickBooks allows and was cut.",
        "Nothing is to be done; otherwise shorten it in billing.",
        _BILLING,
    ),
    # Synced.
    _synced("created", "The document was created in QuickBooks."),
    _synced("updated", "The document was changed in QuickBooks."),
    _synced("adopted", "The document was in QuickBooks already and was recognised as this one."),
    _synced("unchanged", "The document is in QuickBooks and has not changed in billing since."),
)
