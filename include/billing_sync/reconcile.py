"""Reconciliation: every difference between a document as billing says it and as QuickBooks holds it, and what explains it.

Money rule, exact to the cent: per month and currency, what billing has billed less what QuickBooks has invoiced is the sum
of the amounts of the differences, payments aside; and what is open in billing less what is open in QuickBooks is the sum
of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from include.billing_sync.facts_of_document import DRAFT, OPEN_STATUSES
from include.billing_sync.pairs import Billed, Difference, DriftClass, Held, Known, Pair, beside, money, month_of
from include.billing_sync.reasons import CATALOGUE
from include.billing_sync.repairs import Case, repair
from include.billing_sync.statuses import Status

_ZERO = Decimal(0)

CONFLICTS = frozenset({"deleted_in_qbo", "edited_in_qbo", "already_in_qbo", "ambiguous", "total_differs"})
"""Reasons that say that both sides disagree. They explain nothing away: a person has to decide."""

_FIELD_OF = {
    DriftClass.NUMBER: "DocNumber",
    DriftClass.DATE: "TxnDate",
    DriftClass.CUSTOMER: "CustomerRef",
    DriftClass.CURRENCY: "CurrencyRef",
    DriftClass.AMOUNT: "TotalAmt",
    DriftClass.TAX: "TotalTax",
}
"""Fields of ours that have a class of their own."""

_BRINGS_ALONG = {
    DriftClass.AMOUNT: ("Line",),
    DriftClass.TAX: ("Line",),
    DriftClass.CURRENCY: ("Line",),
    DriftClass.DATE: ("DueDate",),
    DriftClass.CUSTOMER: ("SalesTermRef", "DueDate"),
}
"""Fields that QuickBooks, or whoever edits, changes together with what is named already."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What of settings and state decides how a difference is seen.

    :param variance_limit: largest tax difference that settings let through; None when they let none through.
    :param synced_until: billing's clock up to which a sync that is running regularly has looked; None when none is.
    """

    variance_limit: Decimal | None = None
    synced_until: datetime | None = None


def differences(pair: Pair, rules: Rules) -> list[Difference]:
    """Every difference of one document, existence first. Empty: both sides agree to the cent."""
    found = list(_found(pair, rules))
    # What is on one side only is explained with its payments; what is on both sides has its payments named apart.
    explained = found[0].explained if found and (pair.held is None or pair.mine is None) else ""
    found += (replace(one, explained=explained) for one in _payments(pair))
    return [replace(one, repair=repair(_case(pair, one))) for one in found]


def _found(pair: Pair, rules: Rules) -> Iterator[Difference]:
    billed, held = pair.mine, pair.held
    if held is None:
        if billed is not None and not billed.is_gone:
            yield _missing(pair, billed, rules)
    elif held.is_void and (billed is None or billed.is_gone):
        return  # nothing is owed on either side
    elif billed is None:
        yield _surplus(pair, held)
    elif billed.is_gone:
        yield _gone_in_billing(pair, billed, held)
    elif held.is_void:
        value = money(billed.total, billed.currency)
        # Our own void is undone by billing alone, and a run may have held that back.
        reason = _held_back(pair, billed, rules) if pair.known.is_our_void else ""
        explained = _in_motion(pair.known) or reason
        yield _difference(pair, DriftClass.VOIDED_IN_QBO, "existence", value, "void", billed.total, explained)
    else:
        yield from _compared(pair, billed, held, rules)


def _missing(pair: Pair, billed: Billed, rules: Rules) -> Difference:
    known = pair.known
    total = _whose(money(billed.total, billed.currency), billed.customer_name)
    if known.is_linked or known.reason == "deleted_in_qbo":
        drift, value, explained = DriftClass.DELETED_IN_QBO, total, _in_motion(known)
    else:
        drift = DriftClass.MISSING_IN_QBO
        value = f"{total}, {known.status}: {known.reason}" if known.reason else f"{total}, without a status"
        explained = _in_motion(known) or _own_word(billed) or _status(known) or _newer(billed, rules)
    return _difference(pair, drift, "existence", value, None, billed.total, explained)


def _surplus(pair: Pair, held: Held) -> Difference:
    explained = _in_motion(pair.known)
    drift = DriftClass.DUPLICATE if held.twin else DriftClass.EXTRA_IN_QBO
    if pair.billed is not None:
        explained = explained or ("no_routing_rule" if pair.known.reason == "no_routing_rule" else "moved")
    elif pair.known.is_linked:
        drift = DriftClass.DELETED_IN_BILLING
    value = _whose(money(held.total, held.currency), held.customer_name)
    if held.twin:
        value = beside(value, held.twin)
    return _difference(pair, drift, "existence", None, value, -held.total, explained)


def _gone_in_billing(pair: Pair, billed: Billed, held: Held) -> Difference:
    state = billed.state.lower()
    drift = DriftClass.DELETED_IN_BILLING if state == "deleted" else DriftClass.VOIDED_IN_BILLING
    value = money(held.total, held.currency)
    return _difference(pair, drift, "existence", state, value, -held.total, _in_motion(pair.known))


def _compared(pair: Pair, billed: Billed, held: Held, rules: Rules) -> Iterator[Difference]:
    in_motion = _in_motion(pair.known)
    held_back = in_motion or _held_back(pair, billed, rules)
    found = [*_fields(pair, billed, held), *_dates(pair, billed, held), *_amounts(pair, billed, held, rules)]
    edited = {edit.field for edit in held.edits}
    for one in found:
        # What billing changed and a run held back is no reason for what somebody edited in QuickBooks.
        reason = in_motion if _FIELD_OF[one.drift] in edited else held_back
        yield one if one.explained else replace(one, explained=reason)
    # Our last write brought the variance itself, so it explains no edit made since.
    telling = [one.drift for one in found if one.explained != "tax_variance"]
    named = set(_FIELD_OF.values()).union(*(_BRINGS_ALONG.get(drift, ()) for drift in telling))
    edits = [edit for edit in held.edits if edit.field not in named]
    if edits:
        names = ", ".join(edit.field for edit in edits)
        ours, theirs = "; ".join(edit.ours for edit in edits), "; ".join(edit.theirs for edit in edits)
        yield _difference(pair, DriftClass.EDITED_IN_QBO, names, ours, theirs, _ZERO, in_motion)


def _fields(pair: Pair, billed: Billed, held: Held) -> Iterator[Difference]:
    number = pair.known.meant.get("doc_number") or billed.doc_number
    if (number or None) != (held.doc_number or None):
        yield _difference(pair, DriftClass.NUMBER, "doc_number", number, held.doc_number, _ZERO)
    wanted = _customers_meant(pair, billed)
    if wanted and held.customer_ref not in wanted:
        ours = _named(billed.customer_name, wanted[0])
        theirs = _named(held.customer_name, held.customer_ref)
        yield _difference(pair, DriftClass.CUSTOMER, "customer", ours, theirs, _ZERO)


def _customers_meant(pair: Pair, billed: Billed) -> list[str]:
    """The customers of QuickBooks that would be right: the one of our last write, and the one that is mapped now.

    A changed mapping never rewrites what is in QuickBooks, and a person may have moved the document along with it.
    """
    meant = str(pair.known.meant.get("customer") or "")
    wanted = [meant] if meant and not meant.startswith("@") else []
    return [*wanted, billed.customer_ref] if billed.customer_ref else wanted


def _dates(pair: Pair, billed: Billed, held: Held) -> Iterator[Difference]:
    """A wrong date; where it moves money to another month, what each month has too much or too little."""
    if pair.owed_day == held.day:
        return
    is_moved = month_of(pair.owed_day) != month_of(held.day) and billed.currency == held.currency
    moved = held.total if is_moved else _ZERO
    found = _difference(pair, DriftClass.DATE, "date", _day(pair.owed_day), _day(held.day), moved)
    yield found
    if moved:
        yield replace(found, amount=-moved, day=held.day)


def _amounts(pair: Pair, billed: Billed, held: Held, rules: Rules) -> Iterator[Difference]:
    ours, theirs = money(billed.total, billed.currency), money(held.total, held.currency)
    if billed.currency != held.currency:
        found = _difference(pair, DriftClass.CURRENCY, "currency", ours, theirs, billed.total)
        yield found
        yield replace(found, amount=-held.total, currency=held.currency, day=held.day)
        return
    variance = _let_through(pair, billed, held, rules)
    if variance:
        written = money(billed.total - variance, billed.currency)
        yield _difference(pair, DriftClass.TAX, "total", ours, written, variance, "tax_variance")
    gap = billed.total - variance - held.total
    tax = _tax_meant(pair, billed, variance)
    tax_gap = _ZERO if tax is None else tax - held.tax
    if tax is not None and tax_gap:
        values = money(tax, billed.currency), money(held.tax, held.currency)
        yield _difference(pair, DriftClass.TAX, "tax", *values, tax_gap)
    if gap != tax_gap:
        yield _difference(pair, DriftClass.AMOUNT, "total", ours, theirs, gap - tax_gap)


def _tax_meant(pair: Pair, billed: Billed, variance: Decimal) -> Decimal | None:
    """The tax that QuickBooks shall show: as our last write meant it, else billing's; None when nothing says it."""
    if pair.known.meant:
        return _meant(pair, billed, "tax")
    return None if billed.tax is None else billed.tax - variance


def _meant(pair: Pair, billed: Billed, name: str) -> Decimal | None:
    """An amount that our last write meant, with billing's sign."""
    amount = pair.known.meant.get(name)
    sign = -1 if (pair.held or billed).entity == "CreditMemo" else 1
    return None if amount is None else sign * Decimal(amount)


def _let_through(pair: Pair, billed: Billed, held: Held, rules: Rules) -> Decimal:
    """The tax by which our last write differs from billing because settings let it; what somebody edited since is none of it."""
    is_named = pair.known.status == Status.SYNCED and "tax_variance" in pair.known.reasons
    if rules.variance_limit is None or not is_named or billed.total == held.total:
        return _ZERO
    total = _meant(pair, billed, "total")
    variance = billed.total - (held.total if total is None else total)
    is_tax = total is not None or (billed.tax is not None and variance == billed.tax - held.tax)
    return variance if is_tax and abs(variance) <= rules.variance_limit else _ZERO


def _payments(pair: Pair) -> Iterator[Difference]:
    """What one side has received and the other does not know."""
    received = pair.invoiced - pair.invoiced_open
    known = pair.owed - pair.owed_open
    ours = money(pair.owed_open, pair.mine.currency) if pair.mine else None
    theirs = money(pair.invoiced_open, pair.held.currency) if pair.held else None
    if pair.mine and pair.held and pair.mine.currency != pair.held.currency:
        if known:
            yield _difference(pair, DriftClass.BALANCE, "balance", ours, theirs, -known)
        if received:
            found = _difference(pair, DriftClass.BALANCE, "balance", ours, theirs, received)
            yield replace(found, currency=pair.held.currency, day=pair.held.day)
    elif received != known:
        yield _difference(pair, DriftClass.BALANCE, "balance", ours, theirs, received - known)


def _in_motion(known: Known) -> str:
    return "planned" if known.is_in_motion else ""


def _own_word(billed: Billed) -> str:
    """Why billing itself keeps a document out of QuickBooks."""
    state = billed.state.lower()
    if state == DRAFT:
        return "draft"
    if state not in OPEN_STATUSES:
        return "out_of_scope"
    if billed.is_opted_out:
        return "opted_out"
    return "qbo_origin" if (billed.origin or "").lower() == "qbo" else ""


def _status(known: Known) -> str:
    """The reason that the document's status gives for not being in QuickBooks as billing has it."""
    is_reason = known.reason in CATALOGUE and known.status != Status.SYNCED and known.reason not in CONFLICTS
    return str(known.reason) if is_reason else ""


def _held_back(pair: Pair, billed: Billed, rules: Rules) -> str:
    """Why a change of billing has not reached QuickBooks; empty where there is no change, or no reason."""
    if not pair.is_changed_in_billing:
        return ""
    return _status(pair.known) or ("opted_out" if billed.is_opted_out else "") or _newer(billed, rules)


def _newer(billed: Billed, rules: Rules) -> str:
    """Billing changed it after the sync last looked, and the sync is running: the next one brings it."""
    if rules.synced_until is None or billed.updated_at is None or billed.updated_at < rules.synced_until:
        return ""
    return "planned"


def _difference(
    pair: Pair,
    drift: DriftClass,
    name: str,
    ours: str | None,
    theirs: str | None,
    amount: Decimal,
    explained: str = "",
) -> Difference:
    billed, held, known = pair.billed, pair.held, pair.known
    # What billing owes no more has only QuickBooks' money and day.
    mine = pair.mine if pair.mine and not pair.mine.is_gone else None
    return Difference(
        drift=drift,
        field=name,
        billing_value=ours,
        qbo_value=theirs,
        amount=amount,
        currency=mine.currency if mine else held.currency if held else "",
        day=pair.owed_day if mine else held.day if held else None,
        explained=explained,
        billing_id=billed.billing_id if billed else known.billing_id or (held.twin_of if held else None),
        doc_number=(billed.doc_number if billed else None) or (held.doc_number if held else None),
        entity=held.entity if held else billed.entity if billed else "Invoice",
        qbo_id=held.qbo_id if held else known.qbo_id,
        customer_name=(billed.customer_name if billed else None) or (held.customer_name if held else None),
    )


def _case(pair: Pair, found: Difference) -> Case:
    return Case(
        str(found.drift),
        found.amount,
        found.explained,
        reason=pair.known.reason,
        is_linked=pair.known.is_linked,
        is_changed_in_billing=pair.is_changed_in_billing,
        is_edited=bool(pair.held and pair.held.edits),
        twin=pair.held.twin if pair.held else None,
        is_strayed=bool(pair.held and pair.held.is_strayed),
        merged=_merged(pair, found),
        is_credit=found.entity == "CreditMemo",
        is_our_void=pair.known.is_our_void,
    )


def _merged(pair: Pair, found: Difference) -> tuple[str, str] | None:
    """The customer that was merged away in QuickBooks and the one that took its documents, where that explains the difference."""
    billed, held = pair.mine, pair.held
    if found.drift is not DriftClass.CUSTOMER or not billed or not held or not billed.is_customer_retired:
        return None
    return (billed.customer_ref, held.customer_ref) if billed.customer_ref and held.customer_ref else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _whose(text: str, customer: str | None) -> str:
    return f"{text}, {customer}" if customer else text


def _named(name: str | None, ref: str | None) -> str:
    return f"{name or '(no name)'} (id {ref or 'none'})"
