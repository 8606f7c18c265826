"""What differs: between QuickBooks' answer and what was meant, and between what it holds and what an update would write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from include.billing_sync.documents import Invoice, plain
from include.billing_sync.payload_lines import SALES_LINE

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as it should be: ``old`` is what QuickBooks holds, ``new`` what billing means. None: nothing."""

    field: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        return f"{self.field}: QuickBooks holds {self.old or 'nothing'}, billing means {self.new or 'nothing'}"

    def to_json(self) -> dict[str, str | None]:
        """The difference as a plan stores it."""
        return asdict(self)


def compare_answer(meant: Mapping[str, Any], answer: Mapping[str, Any]) -> list[Difference]:
    """Every field in which QuickBooks' answer is not what was meant, amounts to the last digit.

    :param meant: ``Payload.meant``; a field that it does not state is not compared.
    :param answer: the Invoice or CreditMemo as QuickBooks returned it, numbers as Decimal or int.
    """
    return [
        Difference(name, held, wanted)
        for name, held in _held(answer).items()
        if (wanted := _text(meant.get(name))) is not None and not _same(held, wanted, name)
    ]


def still_other(invoice: Invoice, answer: Mapping[str, Any]) -> list[Difference]:
    """In what QuickBooks answered our last write otherwise than billing says, unchanged since: number, dates, currency.

    Customer and tax are no part of it: they hang on mappings, and a mapping that changed later changes nothing that is there.

    :param answer: what owned.owned_fields kept of that answer.
    """
    wanted = {"doc_number": ("DocNumber", invoice.doc_number), "currency": ("CurrencyRef", invoice.currency)}
    if f"Billing date {invoice.invoice_date}" not in str(answer.get("PrivateNote")):
        # Otherwise it was moved behind closing, its due date with it.
        wanted |= {"date": ("TxnDate", str(invoice.invoice_date))}
        wanted |= {"due_date": ("DueDate", str(invoice.due_date))} if invoice.due_date else {}
    held = {name: _text(answer.get(theirs)) for name, (theirs, _) in wanted.items()}
    return [
        Difference(name, held[name], ours)
        for name, (_, ours) in wanted.items()
        if held[name] is not None and held[name] != ours
    ]


def left_to_quickbooks(meant: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    """What QuickBooks fills in by itself where billing names nothing: a due date, which it gives every invoice."""
    due = answer.get("DueDate")
    return f"due date: QuickBooks shows {due}, and billing names none" if due and not meant.get("due_date") else ""


def _held(answer: Mapping[str, Any]) -> dict[str, str | None]:
    """The fields of an answer under the names that ``meant`` uses."""
    lines = answer.get("Line") or ()
    return {
        "doc_number": _text(answer.get("DocNumber")),
        "date": _text(answer.get("TxnDate")),
        "due_date": _text(answer.get("DueDate")),
        "customer": _reference(answer.get("CustomerRef")),
        "currency": _reference(answer.get("CurrencyRef")),
        "total": _text(answer.get("TotalAmt")),
        "tax": _text((answer.get("TxnTaxDetail") or {}).get("TotalTax", _ZERO)),
        "lines": _text(sum(line.get("DetailType") == SALES_LINE for line in lines)),
    }


def _same(held: str | None, wanted: str, name: str) -> bool:
    if held is None:
        # An answer without CurrencyRef comes from a company that has only one currency: the checks compared it already.
        return name == "currency"
    return Decimal(held) == Decimal(wanted) if name in ("total", "tax", "lines") else held == wanted


def changes(answer: Mapping[str, Any], body: Mapping[str, Any]) -> list[Difference]:
    """Field by field what an update would change, line by line, lines that come and lines that go.

    :param answer: what owned.owned_fields kept of QuickBooks' answer to our last write.
    :param body: the body of the update, its lines with their ids.
    """
    return [*_header_changes(answer, body), *_line_changes(answer.get("Line") or (), body.get("Line") or ())]


_HEADER = ("DocNumber", "TxnDate", "DueDate", "CustomerRef", "CurrencyRef", "PrivateNote")
_LINE_PARTS = (
    "Amount",
    "Description",
    "Qty",
    "UnitPrice",
    "ServiceDate",
    "ItemRef",
    "TaxCodeRef",
    "DiscountAccountRef",
)
_NUMBERS = frozenset({"Amount", "Qty", "UnitPrice", "TotalTax"})


def _header_changes(answer: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[Difference]:
    for name in _HEADER:
        if name in body:
            yield from _changed(name, answer.get(name), body[name], name)
    tax = (body.get("TxnTaxDetail") or {}).get("TotalTax")
    if tax is not None:
        yield from _changed("TotalTax", answer.get("TotalTax"), tax, "TotalTax")


def _line_changes(held: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    by_id = {str(line["Id"]): line for line in held if line.get("Id")}
    for place, line in enumerate(lines, start=1):
        old = by_id.pop(str(line.get("Id")), None)
        if old is None:
            yield Difference(f"line {place}", None, _summary(line))
            continue
        for name in _LINE_PARTS:
            yield from _changed(f"line {place} {name}", _of_line(old, name), _of_line(line, name), name)
    for gone in by_id.values():
        yield Difference(f"line id {gone['Id']}", _summary(gone), None)


def _changed(field: str, old: Any, new: Any, name: str) -> Iterator[Difference]:
    before, after = _shown(name, old), _shown(name, new)
    if before != after:
        yield Difference(field, before, after)


def _of_line(line: Mapping[str, Any], name: str) -> Any:
    """A part of a line, from a body's nested form or from the flat one that is kept of an answer."""
    detail = line.get(str(line.get("DetailType"))) or {}
    return detail.get(name, line.get(name))


def _summary(line: Mapping[str, Any]) -> str:
    return f"{_shown('Amount', line.get('Amount'))} {line.get('Description') or ''}".strip()


def _shown(name: str, value: Any) -> str | None:
    """A value in the one form in which it is compared and shown: a reference by its id, 100 and 100.00 alike."""
    if value is None or value == "":
        return None
    return plain(Decimal(str(value))) if name in _NUMBERS else _text(value)


def _text(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    return _reference(value) if isinstance(value, Mapping) else str(value)


def _reference(value: Any) -> str | None:
    return _text(value.get("value")) if isinstance(value, Mapping) else _text(value)
