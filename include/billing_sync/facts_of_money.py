"""Facts about lines and money, in whole hundredths of the currency."""

from __future__ import annotations

from decimal import Decimal

from include.billing_sync.fact_context import QBO_PLACES, View, hundredths, in_words, listed
from include.billing_sync.facts_of_document import is_currency_known
from include.billing_sync.money import exponent, is_exact, round_half_up
from include.billing_sync.payloads import entity_for
from include.billing_sync.tax import billing_tax, rounding_target, tax_of_lines

AMOUNT_DIGITS = 10
"""Digits before the point that QuickBooks holds (QBO facts, section 9.0: 10.5)."""


def line_count(view: View) -> int:
    """Lines besides tax."""
    return len(view.charges)


def sent_line_count(view: View) -> int:
    """Lines that QuickBooks would get, a rounding line included."""
    is_rounded = bool(view.tax.variance) and view.context.settings.tax_variance == "rounding_line"
    return len(view.tax.lines) + is_rounded


def subtotal_minor(view: View) -> int:
    """Sum of the lines besides tax; of a document without lines, its total less tax."""
    if not view.charges:
        return hundredths(view.invoice.total_amount - billing_tax(view.invoice))
    return hundredths(sum((line.amount for line in view.charges), Decimal(0)))


def total_minor(view: View) -> int:
    """The document's total."""
    return hundredths(view.invoice.total_amount)


def lowest_minor(view: View) -> int:
    """Subtotal or total, whichever is lower: QuickBooks takes neither below zero. A credit memo turns the sign of both."""
    sign = -1 if entity_for(view.invoice, view.context.settings) == "CreditMemo" else 1
    return min(sign * subtotal_minor(view), sign * total_minor(view))


def amounts_detail(view: View) -> str:
    """Subtotal and total in words."""
    parts = (("subtotal", subtotal_minor(view)), ("total", total_minor(view)))
    return ", ".join(f"{name} {_amount(part)}" for name, part in parts)


def total_difference_minor(view: View) -> int | None:
    """Total less lines less tax. None without lines."""
    if not view.charges:
        return None
    lines = sum((line.amount for line in view.charges), Decimal(0))
    return hundredths(view.invoice.total_amount - lines - billing_tax(view.invoice))


def subtotal_difference_minor(view: View) -> int | None:
    """Billing's own subtotal less the lines. None where billing states none."""
    if view.invoice.subtotal_amount is None or not view.charges:
        return None
    return hundredths(view.invoice.subtotal_amount - sum((line.amount for line in view.charges), Decimal(0)))


def tax_difference_minor(view: View) -> int | None:
    """The header's tax less the tax of the lines, which may be finer than a cent each. None where either is not stated."""
    of_lines = tax_of_lines(view.invoice)
    if view.invoice.tax_amount is None or of_lines is None:
        return None
    return hundredths(view.invoice.tax_amount - round_half_up(of_lines))


def totals_difference_minor(view: View) -> int | None:
    """All three differences without their signs, so that none can hide another."""
    parts = (total_difference_minor(view), subtotal_difference_minor(view), tax_difference_minor(view))
    known = [abs(part) for part in parts if part is not None]
    return sum(known) if known else None


def totals_detail(view: View) -> str:
    """Which totals are off, and by how much."""
    parts = (
        ("total", total_difference_minor(view)),
        ("subtotal", subtotal_difference_minor(view)),
        ("tax", tax_difference_minor(view)),
    )
    return ", ".join(f"{name} off by {_amount(part)}" for name, part in parts if part)


def _amount(minor: int) -> str:
    return in_words(Decimal(minor).scaleb(-QBO_PLACES))


def _inexact(view: View) -> list[str]:
    places = min(exponent(view.invoice.currency), QBO_PLACES) if is_currency_known(view) else QBO_PLACES
    amounts = [
        ("total", view.invoice.total_amount),
        ("subtotal", view.invoice.subtotal_amount),
        ("tax", view.invoice.tax_amount),
        *((f"line {line.position}", line.amount) for line in view.tax.lines),
    ]
    return [
        f"{name} {in_words(amount)}" for name, amount in amounts if amount is not None and not _fits(amount, places)
    ]


def _fits(amount: Decimal, places: int) -> bool:
    return abs(amount) < Decimal(10) ** AMOUNT_DIGITS and is_exact(amount, places)


def inexact_amounts(view: View) -> int:
    """Amounts finer than the currency, or larger than QuickBooks holds. Unit prices are no amounts."""
    return len(_inexact(view))


def inexact_detail(view: View) -> str:
    """Which amounts."""
    return listed(_inexact(view))


def tax_variance_minor(view: View) -> int | None:
    """What QuickBooks will compute more than billing charged. None where it cannot be known before the push."""
    return None if view.tax.variance is None else hundredths(view.tax.variance)


def tax_detail(view: View) -> str:
    """Both taxes."""
    computed = "unknown" if view.tax.computed is None else in_words(view.tax.computed)
    return f"QuickBooks will compute {computed}, billing charged {in_words(view.tax.meant)}"


def can_round(view: View) -> bool | None:
    """A rounding line has its item and its tax code. None where the document needs none."""
    if not view.tax.variance:
        return None
    context = view.context
    return rounding_target(context.book, context.settings, context.company, context.taxes) is not None
