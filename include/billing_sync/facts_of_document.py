"""Facts about a document itself: whether it is one to push, its number, dates, currency and texts."""

from __future__ import annotations

from datetime import date, timedelta

from include.billing_sync.closing import days_after_closing, posting_date, reported_before
from include.billing_sync.fact_context import View, listed
from include.billing_sync.money import is_known_currency
from include.billing_sync.name_rules import code_points
from include.billing_sync.payloads import memo_room
from include.billing_sync.texts import LONGEST_SENSIBLE_TEXT, broken_characters, is_email, unseen_characters

FIRST_DATE = date(2000, 1, 1)
DAYS_AHEAD = timedelta(days=366)
OPEN_STATUSES = frozenset({"open", "paid"})
GONE_STATUSES = frozenset({"void", "deleted"})
DRAFT = "draft"


def is_draft(view: View) -> bool:
    """Billing has not opened it yet."""
    return view.invoice.status.lower() == DRAFT


def is_opted_out(view: View) -> bool:
    """Billing marks it as not to be pushed."""
    return view.invoice.is_opted_out


def is_from_qbo(view: View) -> bool:
    """It was imported from QuickBooks."""
    return (view.invoice.origin or "").lower() == "qbo"


def is_out_of_scope(view: View) -> bool:
    """Void or deleted before it ever was in QuickBooks, or in a status that nobody has named."""
    status = view.invoice.status.lower()
    if status in GONE_STATUSES:
        return view.context.link is None
    return status not in OPEN_STATUSES and status != DRAFT


def status_detail(view: View) -> str:
    """Billing's word for what became of it, in quotes, so that a blank or an invisible character is seen."""
    status = view.invoice.status
    is_near = status.strip().lower() in OPEN_STATUSES | GONE_STATUSES | {DRAFT} and status.strip() != status
    hint = ": it has blanks around it, which include/sql/billing/invoices.sql has to trim" if is_near else ""
    return f"{status[:40]!r}{hint}"


def days_before_start(view: View) -> int | None:
    """Days from the document to the start date; above zero it is too early."""
    start = view.context.settings.start_date
    return (start - view.invoice.invoice_date).days if start else None


def _dates(view: View) -> list[date]:
    """The date under which the document goes to QuickBooks, and the one that QuickBooks holds."""
    context = view.context
    day = posting_date(view.invoice.invoice_date, context.settings, context.company)
    return [day, context.held_date] if context.held_date else [day]


def days_from_closing(view: View) -> int | None:
    """Days from the closing date to the earlier of the document's dates. None when nothing is closed."""
    return days_after_closing(tuple(_dates(view)), view.context.company)


def closing_detail(view: View) -> str:
    """Date and closing date."""
    return f"dated {min(_dates(view))}, books closed until {view.context.company.closing_date or 'never'}"


def days_before_lock(view: View) -> int | None:
    """For a document in QuickBooks: days by which it lies before ``locked_before``; None for one that is not there."""
    context = view.context
    lock = reported_before(context.settings, context.today)
    if lock is None or context.link is None:
        return None
    return (lock - min(_dates(view))).days


def lock_detail(view: View) -> str:
    """Date and the day before which documents are locked."""
    lock = reported_before(view.context.settings, view.context.today)
    return f"dated {min(_dates(view))}, locked before {lock or 'never'}"


def detail_age_days(view: View) -> int | None:
    """Age of the oldest transaction detail at the moment of the check, in days."""
    oldest = view.invoice.detail_date
    return (view.context.today - oldest).days if oldest else None


def doc_number_length(view: View) -> int:
    """Characters of the number; 0 when there is none."""
    return len((view.invoice.doc_number or "").strip())


def doc_number_uses(view: View) -> int | None:
    """Other documents with the same number, in this run or linked. None without a number."""
    context = view.context
    return context.same_number_in_run + context.same_number_linked if doc_number_length(view) else None


def doc_number_detail(view: View) -> str:
    """The number, and which documents of billing have it as well."""
    return f"{(view.invoice.doc_number or '')[:40]!r} is also the number of {listed(view.context.same_number)}"


def _bad_dates(view: View) -> list[str]:
    latest = view.context.today + DAYS_AHEAD
    dates = [("invoice date", view.invoice.invoice_date), ("due date", view.invoice.due_date)]
    dates += [(f"service date of line {line.position}", line.service_date) for line in view.invoice.lines]
    return [f"{name} {day}" for name, day in dates if day and not FIRST_DATE <= day <= latest]


def dates_out_of_range(view: View) -> int:
    """Dates before 2000 or more than a year ahead."""
    return len(_bad_dates(view))


def dates_detail(view: View) -> str:
    """Which dates."""
    return listed(_bad_dates(view))


def is_currency_known(view: View) -> bool:
    """The currency is a code of ISO 4217."""
    return is_known_currency(view.invoice.currency)


def _wanted_currencies(view: View) -> list[str]:
    """What the document's currency has to be: the company's where it has only one, and the customer's.

    The customer's is QuickBooks' own once it is known there under multicurrency, and billing's until then.
    """
    company, customer = view.context.company, view.context.customer
    wanted = [] if company.is_multi_currency else [company.home_currency]
    if company.is_multi_currency and customer.ref is not None and not customer.is_created:
        return [customer.currency or company.home_currency]
    if view.invoice.customer is not None and view.invoice.customer.currency:
        wanted.append(view.invoice.customer.currency)
    return wanted


def is_currency_accepted(view: View) -> bool | None:
    """The currency is the customer's, and the company's where it has only one. None for an unknown currency."""
    if not is_currency_known(view):
        return None
    return all(view.invoice.currency == wanted for wanted in _wanted_currencies(view))


def currency_detail(view: View) -> str:
    """The document's currency and those it should have."""
    wanted = listed(one for one in _wanted_currencies(view) if one != view.invoice.currency)
    return f"{view.invoice.currency[:20]} instead of {wanted or 'an ISO 4217 code'}"


def _texts(view: View) -> list[tuple[str, str]]:
    invoice = view.invoice
    named = [("number", invoice.doc_number), ("memo", invoice.memo)]
    return [(name, text) for name, text in named if text] + [
        (f"description of line {line.position}", line.description) for line in invoice.lines if line.description
    ]


def _bad_texts(view: View) -> list[str]:
    bad = []
    for name, text in _texts(view):
        broken = broken_characters(text[:LONGEST_SENSIBLE_TEXT])
        if broken:
            bad.append(f"{name}: control or broken characters: {broken}")
        if len(text) > LONGEST_SENSIBLE_TEXT:
            bad.append(f"{name}: {len(text):,} characters")
    number = view.invoice.doc_number or ""
    if number.strip() not in ("", number):
        bad.append(f"number: blanks around it: {number[:40]!r}")
    if unseen := unseen_characters(number):
        bad.append(f"number: {code_points(unseen)}, which looks like another number and is none: {number[:40]!a}")
    return bad


def invalid_texts(view: View) -> int:
    """Texts that cannot go to QuickBooks and that cutting would not heal."""
    return len(_bad_texts(view))


def texts_detail(view: View) -> str:
    """Which texts, and what is wrong with them."""
    return listed(_bad_texts(view))


def _long_texts(view: View) -> list[str]:
    invoice, context = view.invoice, view.context
    limit = context.settings.description_length
    room = memo_room(invoice, posting_date(invoice.invoice_date, context.settings, context.company))
    limited = [("memo", invoice.memo or "", room)]
    limited += [(f"description of line {line.position}", line.description, limit) for line in invoice.lines]
    return [f"{name}: {len(text):,} characters" for name, text, most in limited if len(text) > most]


def texts_to_cut(view: View) -> int:
    """Memo and descriptions over what settings and QuickBooks allow; the memo leaves room for the reference behind it."""
    return len(_long_texts(view))


def cut_detail(view: View) -> str:
    """Which texts are too long."""
    return listed(_long_texts(view))


def is_email_missing(view: View) -> bool:
    """The document shall be mailed, and billing has no usable address for it."""
    return view.context.mode == "send" and not is_email(view.invoice.billing_email)
