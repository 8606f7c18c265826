"""The fields of a QBO document that are ours: what our last write put there, and whether it still stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from include.billing_sync.ports import Entity

_HEADER = ("DocNumber", "TxnDate", "DueDate", "PrivateNote", "TotalAmt")
_REFERENCES = ("CustomerRef", "CurrencyRef", "SalesTermRef")
_LINE = frozenset({"Id", "Amount", "Description", "DetailType"})
_DETAIL = frozenset({"Qty", "UnitPrice", "ServiceDate", "DiscountPercent", "PercentBased"})
_DETAIL_REFERENCES = frozenset({"ItemRef", "TaxCodeRef", "DiscountAccountRef"})
_SERVER_LINES = frozenset({"SubTotalLineDetail"})
FIRST_VERSION = "0"
"""The SyncToken of what was created and never written again."""


def owned_fields(entity: Entity) -> dict[str, Any]:
    """The part of QBO's answer that our writes decide, in one comparable form, with the line ids and the SyncToken."""
    owned: dict[str, Any] = {name: _plain(entity[name]) for name in _HEADER if entity.get(name) is not None}
    for name in _REFERENCES:
        if entity.get(name):
            owned[name] = str(entity[name]["value"])
    tax = (entity.get("TxnTaxDetail") or {}).get("TotalTax")
    if tax is not None:
        owned["TotalTax"] = _plain(tax)
    owned["Line"] = [_line(line) for line in entity.get("Line") or () if line.get("DetailType") not in _SERVER_LINES]
    owned["Id"] = str(entity["Id"])
    owned["SyncToken"] = str(entity["SyncToken"])
    return owned


def looks_void(entity: Entity) -> bool:
    """Whether QBO shows a void: everything zero, each line too, and its word at the beginning of the memo (QBO facts, 9.4).

    A document of 0.00 whose own memo begins so looks alike: who knows what our last write said compares the memo with that.
    """
    amounts = [
        entity.get("TotalAmt", 0),
        entity.get("Balance", 0),
        *(one.get("Amount", 0) for one in entity.get("Line") or ()),
    ]
    return not any(amounts) and str(entity.get("PrivateNote") or "").startswith("Voided")


def answer_meant(payload: Mapping[str, Any], entity: Entity) -> dict[str, Any]:
    """What QBO would have answered to the create of ``payload``, in the form of :func:`owned_fields`.

    What a payload leaves to QBO (due date, totals, defaults of a line) is taken from ``entity``, which it has become.
    """
    now = owned_fields(entity)
    meant = {**now, "SyncToken": FIRST_VERSION}
    meant |= {name: _plain(payload[name]) for name in _HEADER if name in payload and name != "TotalAmt"}
    meant |= {name: str(payload[name]["value"]) for name in _REFERENCES if payload.get(name)}
    tax = (payload.get("TxnTaxDetail") or {}).get("TotalTax")
    if tax is not None:
        meant["TotalTax"] = _plain(tax)
    written = [_line(line) for line in payload.get("Line") or ()]
    held = now["Line"]
    meant["Line"] = [
        {"Id": str(place + 1), **(held[place] if place < len(held) else {}), **line}
        for place, line in enumerate(written)
    ]
    return meant


def is_untouched(answer: Mapping[str, Any], entity: Entity) -> bool:
    """Whether all we own still stands as QBO answered our last write (a payment that bumped the SyncToken is no edit).

    ``answer`` is what :func:`owned_fields` kept then.
    """
    return _without_token(answer) == _without_token(owned_fields(entity))


def holds(payload: Mapping[str, Any], entity: Entity) -> bool:
    """Whether every field that ``payload`` would write already stands in ``entity``: our own write arrived.

    A field that it empties is QBO's to fill, so that whatever stands there says nothing.
    """
    for name in _HEADER:
        if payload.get(name) is not None and name != "TotalAmt" and _plain(payload[name]) != _plain(entity.get(name)):
            return False
    for name in _REFERENCES:
        if name in payload and str(payload[name]["value"]) != str((entity.get(name) or {}).get("value")):
            return False
    tax = (payload.get("TxnTaxDetail") or {}).get("TotalTax")
    if tax is not None and _plain(tax) != _plain((entity.get("TxnTaxDetail") or {}).get("TotalTax", 0)):
        return False
    written = [_without_id(_line(line)) for line in payload.get("Line") or ()]
    held = [
        _without_id(_line(line)) for line in entity.get("Line") or () if line.get("DetailType") not in _SERVER_LINES
    ]
    return len(written) == len(held) and all(_covers(ours, theirs) for ours, theirs in zip(written, held, strict=True))


def edits(answer: Mapping[str, Any], entity: Entity) -> list[str]:
    """What QBO shows otherwise than it answered our last write, both values of each field."""
    now = owned_fields(entity)
    found = [
        f"{name} {answer.get(name, 'nothing')} became {now.get(name, 'nothing')}"
        for name in sorted((answer.keys() | now.keys()) - {"SyncToken", "Line"})
        if answer.get(name) != now.get(name)
    ]
    before, after = _by_id(answer.get("Line") or ()), _by_id(now["Line"])
    for line_id in sorted(before.keys() | after.keys()):
        was, is_now = before.get(line_id), after.get(line_id)
        if was != is_now:
            found.append(f"line id {line_id} {_summary(was)} became {_summary(is_now)}")
    return found


def _by_id(lines: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {str(line.get("Id")): line for line in lines}


def _summary(line: Mapping[str, Any] | None) -> str:
    return "nothing" if line is None else f"{line.get('Amount')} {line.get('Description') or ''}".strip()


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: _plain(value) for name, value in line.items() if name in _LINE and value is not None}
    detail = line.get(str(line.get("DetailType"))) or {}
    for name, value in detail.items():
        if name in _DETAIL and value is not None:
            kept[name] = _plain(value)
        elif name in _DETAIL_REFERENCES and value:
            kept[name] = str(value["value"])
    return kept


def _covers(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    return all(theirs.get(name) == value for name, value in ours.items())


def _plain(value: Any) -> Any:
    """Numbers in one form: 100, 100.0 and 100.00 are the same amount."""
    kind = type(value)
    if kind is str:
        return value
    if kind is int:
        return str(value)
    if kind is Decimal and value:
        # A batch holds thousands of amounts, and this is the form that nearly all of them have.
        text = str(value)
        if "E" not in text:
            return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return value
    return format(Decimal(value).normalize() + 0, "f")


def _without_token(owned: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in owned.items() if name != "SyncToken"}


def _without_id(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != "Id"}
