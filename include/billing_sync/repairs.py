"""What to do about a difference, in words. Nothing here is carried out: a person decides, and the other side is the proof."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from include.billing_sync.reasons import CATALOGUE

_EXPORT = "trigger qbo_export_invoices with its number"


@dataclass(frozen=True, slots=True)
class Case:
    """What the words depend on: the class, the money, what explains it, and who changed the document last."""

    drift: str
    amount: Decimal
    explained: str = ""
    reason: str | None = None
    is_linked: bool = False
    is_changed_in_billing: bool = False
    is_edited: bool = False
    twin: str | None = None
    is_strayed: bool = False
    merged: tuple[str, str] | None = None
    is_credit: bool = False
    is_our_void: bool = False


def repair(case: Case) -> str:
    """The proposed repair of one difference. Raises KeyError for a class that has no words."""
    if case.drift == "missing_in_qbo":
        return _missing(case)
    if case.drift in _FIELDS:
        return _field(case)
    if case.drift == "balance":
        return _balance(case)
    if case.drift == "duplicate":
        return _duplicate(case)
    if case.drift == "extra_in_qbo" and case.explained:
        return CATALOGUE[case.explained].cure
    if case.drift == "voided_in_qbo" and case.is_our_void:
        opened = f"Billing opened it again after our void: {_EXPORT}, or let the next sync bring it."
        return CATALOGUE[case.explained].cure if case.explained else opened
    return _WORDS[case.drift]


_WORDS = {
    "extra_in_qbo": "Billing knows nothing of it. Enter it in billing, or void it in QuickBooks if it is a mistake.",
    "deleted_in_qbo": (
        f"It was deleted in QuickBooks. If it belongs there, {_EXPORT}: it is created anew. Otherwise void it in billing."
    ),
    "voided_in_qbo": (
        "It was voided in QuickBooks. Void it in billing too; if the void was a mistake, bill it again under a new number."
    ),
    "deleted_in_billing": (
        "Void it in QuickBooks, or set deleted_in_billing: void in settings.yaml. "
        "If billing lost it by mistake, restore it there under the same id."
    ),
    "voided_in_billing": "Void it in QuickBooks, or set voided_in_billing: void in settings.yaml.",
    "edited_in_qbo": (
        "Decide which side is right. If billing is, put its value back in QuickBooks, since an edit is never overwritten; "
        "if QuickBooks is, correct billing."
    ),
}
_FIELDS = {
    "amount": "the total",
    "tax": "the tax",
    "date": "the date",
    "customer": "the customer",
    "number": "the number",
    "currency": "the currency",
}


def _duplicate(case: Case) -> str:
    what = (
        f"It bears the mark of a sending of ours that came late or twice, beside id {case.twin}, which is linked."
        if case.is_strayed
        else f"QuickBooks holds this number twice, also as id {case.twin}."
    )
    return f"{what} Keep that one; void or delete this one in QuickBooks after moving its payments."


def _missing(case: Case) -> str:
    known = CATALOGUE.get(case.explained or case.reason or "")
    if known is not None:
        return known.cure
    return f"Billed and not in QuickBooks, and no run has looked at it: {_EXPORT}, or unpause qbo_auto_sync."


def _field(case: Case) -> str:
    name = _FIELDS[case.drift]
    if case.merged:
        away, into = case.merged
        return (
            f"Customer id {away} is inactive in QuickBooks and this document stands under id {into}: that is what merging the "
            f"two leaves. Nothing is to be put back: map the billing customer to id {into}, and the difference is gone."
        )
    if case.explained:
        return CATALOGUE[case.explained].cure
    if case.drift == "currency":
        return (
            "QuickBooks cannot change it: void the document there, and push it anew under a customer of that currency."
        )
    if case.is_edited:
        return (
            f"Somebody changed {name} in QuickBooks after our last write. If billing is right, put it back in QuickBooks, "
            "since an edit is never overwritten; if QuickBooks is right, correct billing."
        )
    if case.is_changed_in_billing:
        return f"Billing changed {name} after our last write: {_EXPORT}, or let the next sync bring it."
    if not case.is_linked:
        return (
            f"The document of this number in QuickBooks is not ours. Correct {name} there, or renumber one of the two."
        )
    return f"Compare {name} on both sides; if billing is right, re-copy it from the form of qbo_export_invoices."


def _balance(case: Case) -> str:
    if case.is_credit:
        used, still = ("Billing", "QuickBooks") if case.amount > 0 else ("QuickBooks", "billing")
        return f"{used} has used more of this credit, and in {still} it is still open: apply or refund it there."
    if case.amount > 0:
        return "A payment stands in QuickBooks that billing does not know: enter it in billing."
    return "A payment stands in billing that QuickBooks does not know: receive it in QuickBooks."
