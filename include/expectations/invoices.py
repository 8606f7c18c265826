"""The rules over the facts of an invoice: one expectation for each reason. This is the gate to read and to change.

Every expectation is one of Great Expectations' own. Its ``meta`` carries the reason (docs/reasons.md), the severity and
``detail``, a template over the facts of the row. Severities: *stop* keeps the document out, *approve* makes a change of it
wait for a person, *warn* lets it go and tells, *note* only counts. The facts are those of include/billing_sync/facts.py,
listed in docs/checks.md; a fact that is null fails nothing.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR
from typing import Any

from include.billing_sync.payloads import MOST_LINES
from include.billing_sync.reasons import CATALOGUE
from include.billing_sync.settings import RealmSettings

LONGEST_NUMBER = 21
NOTED_BEFORE_EXPIRY = 30
"""Days before ``detail_age`` from which documents are counted as about to expire: day 90 of the default 120."""

Expectation = Any
"""An expectation of Great Expectations, which must not be imported before the check task runs."""

_LEVELS = {"stop": "critical", "approve": "critical", "warn": "warning", "note": "info"}


def suite(settings: RealmSettings) -> list[Expectation]:
    """All expectations for one realm. What depends on a setting is said beside it."""
    return [
        *_document(),
        *_money(settings),
        *_mapping(),
        *_choice(),
        *_books(settings),
        *_warnings(),
    ]


def _document() -> list[Expectation]:
    return [
        at_least("line_count", 1, "no_lines", "no line besides tax"),
        at_most("sent_line_count", MOST_LINES, "too_many_lines", "{sent_line_count} lines"),
        at_least("doc_number_length", 1, "doc_number_missing", "no number"),
        at_most("doc_number_length", LONGEST_NUMBER, "doc_number_too_long", "{doc_number_length} characters"),
        at_most("doc_number_uses", 0, "doc_number_duplicate", "{doc_number_detail}"),
        at_most("dates_out_of_range", 0, "date_out_of_range", "{dates_detail}"),
        at_most("invalid_texts", 0, "text_invalid", "{texts_detail}"),
        is_true("is_currency_known", "currency_unknown", "{currency_detail}"),
    ]


def _money(settings: RealmSettings) -> list[Expectation]:
    # X11: a credit memo turns the sign, so that the same rule holds for it.
    negative = "carried_forward" if settings.negative_invoices == "carry_forward" else "negative_subtotal"
    return [
        at_least("lowest_minor", 0, negative, "{amounts_detail}"),
        at_most("totals_difference_minor", 0, "totals_do_not_match", "{totals_detail}"),
        at_most("inexact_amounts", 0, "amount_precision", "{inexact_detail}"),
        *_tax_variance(settings),
    ]


def _tax_variance(settings: RealmSettings) -> list[Expectation]:
    """X7: by default any difference stops; otherwise one within the limit is told, and a larger one stops."""
    if settings.tax_variance == "stop":
        return [within("tax_variance_minor", 0, "tax_variance", "{tax_detail}")]
    limit = int((settings.tax_variance_limit * 100).to_integral_value(rounding=ROUND_FLOOR))
    rules = [
        within("tax_variance_minor", limit, "tax_variance", "{tax_detail}, over the limit"),
        within("tax_variance_minor", 0, "tax_variance", "{tax_detail}", "warn"),
    ]
    if settings.tax_variance == "rounding_line":
        text = "{tax_detail}; a rounding line needs generic_item and, outside the US, the tax code 'rounding' mapped"
        rules.append(is_true("can_round", "tax_variance", text))
    return rules


def _mapping() -> list[Expectation]:
    return [
        is_true("is_customer_named", "customer_missing", "no customer"),
        is_true("is_customer_mapped", "customer_unmapped", "{customer_detail}"),
        at_most("ambiguous_names", 0, "ambiguous_name", "{ambiguous_detail}"),
        is_true("is_currency_accepted", "customer_currency", "{currency_detail}"),
        at_most("inactive_references", 0, "inactive_reference", "{inactive_detail}"),
        at_most("unmapped_items", 0, "item_unmapped", "{unmapped_detail}"),
        at_most("unmapped_tax_codes", 0, "tax_code_unmapped", "{tax_codes_detail}"),
        at_most("lines_without_category", 0, "category_missing", "{category_detail}"),
    ]


def _choice() -> list[Expectation]:
    return [
        is_false("is_from_qbo", "qbo_origin", "imported from QuickBooks"),
        is_false("is_customer_excluded", "excluded_customer", "{customer_detail}"),
        is_false("is_opted_out", "opted_out", "marked as not to be pushed"),
        is_false("is_draft", "draft", "a draft"),
        is_false("is_out_of_scope", "out_of_scope", "status {status_detail}"),
        at_most("days_before_start", 0, "before_start_date", "{days_before_start} days before the start date"),
    ]


def _books(settings: RealmSettings) -> list[Expectation]:
    return [
        at_least("days_from_closing", 1, "period_closed", "{closing_detail}"),
        at_most("days_before_lock", 0, "period_reported", "{lock_detail}", "approve"),
        *_detail_age(settings),
    ]


def _detail_age(settings: RealmSettings) -> list[Expectation]:
    if settings.detail_age == "off":
        return []
    days, severity = settings.detail_age_days, settings.detail_age
    noted = days - NOTED_BEFORE_EXPIRY
    return [
        at_most("detail_age_days", days, "detail_expired", "{detail_age_days} days old", severity),
        at_most("detail_age_days", max(noted, 0) - 1, "detail_expired", "{detail_age_days} days old", "note"),
    ]


def _warnings() -> list[Expectation]:
    return [
        at_most("texts_to_cut", 0, "text_cut", "{cut_detail}", "warn"),
        is_false("is_name_changed", "name_changed", "{customer_detail}", "warn"),
        is_false("is_email_missing", "copied_not_sent", "no usable e-mail address in billing", "warn"),
    ]


def at_most(column: str, most: int, reason: str, detail: str, severity: str = "stop") -> Expectation:
    """The fact is not above ``most``."""
    return _gx().ExpectColumnValuesToBeBetween(column=column, max_value=most, **_told(reason, detail, severity))


def at_least(column: str, least: int, reason: str, detail: str, severity: str = "stop") -> Expectation:
    """The fact is not below ``least``."""
    return _gx().ExpectColumnValuesToBeBetween(column=column, min_value=least, **_told(reason, detail, severity))


def within(column: str, limit: int, reason: str, detail: str, severity: str = "stop") -> Expectation:
    """The fact is not farther from zero than ``limit``."""
    told = _told(reason, detail, severity)
    return _gx().ExpectColumnValuesToBeBetween(column=column, min_value=-limit, max_value=limit, **told)


def is_true(column: str, reason: str, detail: str, severity: str = "stop") -> Expectation:
    """The flag is set."""
    return _gx().ExpectColumnValuesToBeInSet(column=column, value_set=[True], **_told(reason, detail, severity))


def is_false(column: str, reason: str, detail: str, severity: str = "stop") -> Expectation:
    """The flag is not set."""
    return _gx().ExpectColumnValuesToBeInSet(column=column, value_set=[False], **_told(reason, detail, severity))


def _gx() -> Any:
    """Great Expectations' own expectations, imported when they are first needed."""
    import great_expectations.expectations

    return great_expectations.expectations


def _told(reason: str, detail: str, severity: str) -> dict[str, Any]:
    meta = {"reason": CATALOGUE[reason].code, "severity": severity, "detail": detail}
    return {"meta": meta, "severity": _LEVELS[severity]}
