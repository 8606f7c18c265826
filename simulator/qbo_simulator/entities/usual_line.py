"""The usual sales line, read and printed by hand: a batch has hundreds of them, and they are most of its cost.

Everything here does what the generic readers and the generic encoder do; whatever is not quite usual is left to them.
"""

from decimal import ROUND_HALF_UP, Decimal
from json.encoder import encode_basestring as quoted
from typing import Any

from qbo_simulator import wire
from qbo_simulator.entities.fields import Shape, amount, quantity, reference, text
from qbo_simulator.wire import CENT, Json

USUAL = frozenset({"Description", "Amount", "DetailType", "SalesItemLineDetail"})
USUAL_DETAIL = frozenset({"ItemRef", "UnitPrice", "Qty", "TaxCodeRef"})
LONGEST_DESCRIPTION = 4000
_MOST_DIGITS = 11
_description = text(LONGEST_DESCRIPTION)


class SalesLineShape(Shape):
    """The shape of a line, with a short way for the usual one."""

    def __init__(self, generic: Shape) -> None:
        super().__init__(generic.java_class, generic.fields)

    def __call__(self, value: Any, element: str) -> Json | None:
        """Read a line."""
        if value.__class__ is dict and value.get("DetailType") == "SalesItemLineDetail" and value.keys() <= USUAL:
            detail = value.get("SalesItemLineDetail")
            if detail.__class__ is dict and detail.keys() <= USUAL_DETAIL:
                return _read(value, detail, element)
        return super().__call__(value, element)


def _read(value: Json, detail: Json, element: str) -> Json:
    line: Json = {}
    description = value.get("Description")
    if description is not None:
        if description.__class__ is not str or not 0 < len(description) <= LONGEST_DESCRIPTION:
            description = _description(description, f"{element}.Description")
        if description is not None:
            line["Description"] = description
    given = value.get("Amount")
    if given.__class__ is Decimal and given and given.adjusted() < _MOST_DIGITS:
        line["Amount"] = given.quantize(CENT, ROUND_HALF_UP) or 0
    elif given is not None:
        given = amount(given, f"{element}.Amount")
        if given is not None:
            line["Amount"] = given
    line["DetailType"] = "SalesItemLineDetail"
    line["SalesItemLineDetail"] = _read_detail(detail, element)
    return line


def _read_detail(detail: Json, element: str) -> Json:
    read: Json = {}
    item = detail.get("ItemRef")
    if item is not None:
        item = _reference(item, element, "ItemRef")
        if item is not None:
            read["ItemRef"] = item
    for name in ("UnitPrice", "Qty"):
        number = detail.get(name)
        if number is not None:
            if number.__class__ is not int or not -(10**9) < number < 10**9:
                number = quantity(number, f"{element}.SalesItemLineDetail.{name}")
            if number is not None:
                read[name] = number
    code = detail.get("TaxCodeRef")
    if code is not None:
        code = _reference(code, element, "TaxCodeRef")
        if code is not None:
            read["TaxCodeRef"] = code
    return read


def _reference(given: Any, element: str, name: str) -> Json | None:
    if given.__class__ is dict and len(given) == 1:
        value = given.get("value")
        if value.__class__ is str and value:
            return {"value": value}
    found: Json | None = reference(given, f"{element}.SalesItemLineDetail.{name}")
    return found


_HEAD = ("Id", "LineNum", "Description", "Amount", "DetailType", "SalesItemLineDetail")
_HEAD_WITHOUT_DESCRIPTION = ("Id", "LineNum", "Amount", "DetailType", "SalesItemLineDetail")
_DETAIL = ("ItemRef", "UnitPrice", "Qty", "TaxCodeRef")
_DETAIL_WITHOUT_QUANTITY = ("ItemRef", "TaxCodeRef")


def print_line(line: Json) -> str:
    """JSON text of one line."""
    detail = line.get("SalesItemLineDetail")
    head = tuple(line)
    if detail is None or head not in (_HEAD, _HEAD_WITHOUT_DESCRIPTION):
        return wire.encode(line)
    keys = tuple(detail)
    item, code = detail.get("ItemRef"), detail.get("TaxCodeRef")
    if keys == _DETAIL:
        numbers = f',"UnitPrice":{_number(detail["UnitPrice"])},"Qty":{_number(detail["Qty"])}'
    elif keys == _DETAIL_WITHOUT_QUANTITY:
        numbers = ""
    else:
        return wire.encode(line)
    if len(item) != 2 or len(code) != 1:
        return wire.encode(line)
    description = f',"Description":{quoted(line["Description"])}' if "Description" in line else ""
    return (
        f'{{"Id":"{line["Id"]}","LineNum":{line["LineNum"]}{description},"Amount":{line["Amount"]},'
        f'"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{{"ItemRef":{{"value":{quoted(item["value"])},'
        f'"name":{quoted(item["name"])}}}{numbers},"TaxCodeRef":{{"value":{quoted(code["value"])}}}}}}}'
    )


def _number(value: Decimal | int) -> str:
    printed = str(value)
    return printed if "E" not in printed else f"{value:f}"


def print_document(document: Json) -> str:
    """JSON text of a whole document: its lines one by one, everything around them at once."""
    lines = document.get("Line")
    if not lines:
        return wire.encode(document)
    around = wire.encode({**document, "Line": None})
    # Inside a text every quotation mark is escaped, so the match is the property itself.
    return around.replace('"Line":null', f'"Line":[{",".join([print_line(line) for line in lines])}]', 1)
