"""The facts of a document that the checks judge: exact numbers, counts and flags, one function each.

Amounts are whole hundredths of the currency (QuickBooks' own smallest unit of an amount, whatever the currency), named
``_minor``. A fact that cannot be known is None and fails no check: what keeps it from being known has a fact of its own.
Facts named ``…_detail`` say in words what a number counts. The rules over these columns are in include/expectations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import localcontext

from include.billing_sync import facts_of_document as document
from include.billing_sync import facts_of_mapping as mapping
from include.billing_sync import facts_of_money as money
from include.billing_sync.documents import Invoice
from include.billing_sync.fact_context import CheckContext, CustomerMatch, Fact, HeldLink, View
from include.billing_sync.tax import plan_tax

__all__ = ["FACTS", "FLAG_FACTS", "TEXT_FACTS", "CheckContext", "CustomerMatch", "Fact", "HeldLink", "facts"]

WIDEST_NUMBER = 300_000
"""Digits: more than a PostgreSQL numeric can have, so that a broken amount is a finding and never an exception."""


def facts(invoice: Invoice, context: CheckContext) -> dict[str, Fact]:
    """All facts of the document, by column. Raises ValueError when the settings contradict the company's country."""
    with localcontext(prec=WIDEST_NUMBER):
        plan = plan_tax(invoice, context.book, context.settings, context.company, context.taxes)
        view = View(invoice, context, plan)
        return {column: fact(view) for column, fact in FACTS.items()}


_ALL: tuple[Callable[[View], Fact], ...] = (
    document.is_draft, document.is_opted_out, document.is_from_qbo, document.is_out_of_scope,
    document.status_detail, document.days_before_start, document.days_from_closing, document.closing_detail,
    document.days_before_lock, document.lock_detail,
    document.detail_age_days, document.doc_number_length, document.doc_number_uses, document.doc_number_detail,
    document.dates_out_of_range, document.dates_detail, document.is_currency_known,
    document.is_currency_accepted, document.currency_detail, document.invalid_texts, document.texts_detail,
    document.texts_to_cut, document.cut_detail, document.is_email_missing, money.line_count,
    money.sent_line_count, money.subtotal_minor, money.total_minor, money.lowest_minor, money.amounts_detail,
    money.total_difference_minor, money.subtotal_difference_minor, money.tax_difference_minor,
    money.totals_difference_minor, money.totals_detail, money.inexact_amounts, money.inexact_detail,
    money.tax_variance_minor, money.tax_detail, money.can_round, mapping.is_customer_named,
    mapping.is_customer_excluded, mapping.is_customer_ambiguous, mapping.is_customer_mapped,
    mapping.customer_detail, mapping.is_name_changed, mapping.ambiguous_names, mapping.ambiguous_detail,
    mapping.unmapped_items, mapping.unmapped_detail, mapping.lines_without_category, mapping.category_detail,
    mapping.unmapped_tax_codes, mapping.tax_codes_detail, mapping.inactive_references, mapping.inactive_detail,
)  # fmt: skip  # one column after the other would be a page of its own

FACTS: Mapping[str, Callable[[View], Fact]] = {fact.__name__: fact for fact in _ALL}
"""Every fact by its column."""

TEXT_FACTS = frozenset(column for column in FACTS if column.endswith("_detail"))
FLAG_FACTS = frozenset(column for column in FACTS if column.startswith("is_") or column == "can_round")
"""What is neither text nor flag is a whole number."""
