"""How one JSON value of a request becomes a value that QBO would store, or a Fault.

A *reader* takes a value and the name of its element and returns the stored form; ``None`` means absent. QBO is strict
on names and lenient on values: numbers may come as strings, strings as numbers, and an empty string counts as absent.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from qbo_simulator.errors import Fault
from qbo_simulator.wire import Json, money, plain

Reader = Callable[[Any, str], Any]
PACKAGE = "com.intuit.schema.finance.v3"
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:T.*|Z|[+-]\d\d:\d\d)?")
_MOST_DIGITS = 11
# A number with more zeros than these is refused before it is written out, which could fill the memory.
_MOST_PLACES = 40


def ill_typed(value: Any, type: str, element: str) -> Fault:
    """2010 for a value that cannot be read as the type of its property."""
    kind = {dict: "START_OBJECT", list: "START_ARRAY"}.get(value.__class__)
    if kind:
        text = f"Can not deserialize instance of {type} out of {kind} token"
    else:
        text = f'Can not construct instance of {type} from String value "{value}": not a valid representation'
    return Fault("2010", f"Property Name:{text}", element=element)


def ignored(_value: Any, _element: str) -> None:
    """A read-only property: accepted and dropped."""


def text(longest: int = 4000, shortest: int = 0) -> Reader:
    """A string within the lengths of the specification (2050)."""

    def read(value: Any, element: str) -> str | None:
        if value.__class__ is not str:
            value = _as_text(value, element)
        if not value:
            return None
        if len(value) > longest or len(value) < shortest:
            raise too_long(value, longest, element, shortest)
        return value  # type: ignore[no-any-return]  # a string since the first check

    return read


def too_long(value: str, longest: int, element: str, shortest: int = 0) -> Fault:
    """2050 with the lengths allowed and supplied."""
    return Fault(
        "2050",
        f"String length specified does not match the supported length. Min:{shortest} Max:{longest} supported. "
        f"Supplied length:{len(value)}",
        element=element.rpartition(".")[2],
    )


def _as_text(value: Any, element: str) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        if not isinstance(value, Decimal):
            return str(value)
        if -_MOST_PLACES < value.adjusted() < _MOST_PLACES:
            return f"{value:f}"
    raise ill_typed(value, "java.lang.String", element)


def identifier(value: Any, element: str) -> str | None:
    """An ``Id``: a whole number as a string; anything else is 2030, without a time in the answer."""
    value = _as_text(value, element)
    if not value:
        return None
    if not value.lstrip("-").isdecimal() or not value.isascii():
        raise Fault("2030", f"Id should be a valid number. Supplied value:{value}", element="Id", is_timed=False)
    return str(value)


def object_id(value: str) -> int | None:
    """The number of an object that an id names, or None when it can be none."""
    return int(value) if value.isdecimal() and value.isascii() and len(value) < 19 else None


def number(value: Any, element: str) -> Decimal | int | None:
    """A number, given as a number or as its text."""
    kind = value.__class__
    if kind is Decimal or kind is int:
        return value  # type: ignore[no-any-return]  # checked by class for speed
    if value is None or value == "":
        return None
    if kind is str:
        try:
            parsed = Decimal(value.strip())
        except InvalidOperation:
            parsed = Decimal("NaN")
        if parsed.is_finite():
            return parsed
    raise ill_typed(value, "java.math.BigDecimal", element)


def _is_too_large(parsed: Decimal | int) -> bool:
    return (parsed.adjusted() if isinstance(parsed, Decimal) else len(str(abs(parsed))) - 1) >= _MOST_DIGITS


def amount(value: Any, element: str) -> Decimal | int | None:
    """Money: at most eleven digits before the point, rounded half up to cents."""
    parsed = value if value.__class__ is Decimal else number(value, element)
    if not parsed:
        return parsed if parsed is None else 0
    if _is_too_large(parsed):
        raise Fault("2140", f"Amount is out of range. Supplied value:{value}", element=element)
    return money(parsed if parsed.__class__ is Decimal else Decimal(parsed))


def quantity(value: Any, element: str) -> Decimal | int | None:
    """A quantity, price or rate: stored as given, without trailing zeros."""
    parsed = number(value, element)
    if parsed is None:
        return None
    if _is_too_large(parsed) or (parsed.__class__ is Decimal and parsed.adjusted() < -_MOST_PLACES):
        raise Fault("2160", f"Value is out of range. Supplied value:{value}", element=element)
    return parsed if parsed.__class__ is int else plain(parsed)


def whole(value: Any, element: str) -> int | None:
    """A whole number."""
    parsed = number(value, element)
    if parsed is None:
        return None
    if _is_too_large(parsed):
        raise Fault("2070", f"Number is out of range. Supplied value:{value}", element=element)
    if parsed != int(parsed):
        raise ill_typed(value, "java.lang.Integer", element)
    return int(parsed)


def boolean(value: Any, element: str) -> bool | None:
    """True or false, also as text."""
    if value is True or value is False or value is None:
        return value
    folded = str(value).strip().lower()
    if folded in ("true", "false"):
        return folded == "true"
    if folded == "":
        return None
    raise ill_typed(value, "java.lang.Boolean", element)


def day(value: Any, element: str) -> str | None:
    """A calendar date ``YYYY-MM-DD``; a time behind it is dropped. Others are 2060."""
    if value is None or value == "":
        return None
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        return date.fromisoformat(match.group(1)).isoformat() if match else _bad_date(value, element)
    except ValueError:
        return _bad_date(value, element)


def _bad_date(value: Any, element: str) -> str:
    if isinstance(value, dict | list):
        raise ill_typed(value, "java.util.Date", element)
    raise Fault("2060", f"Date should be in the format YYYY-MM-DD. Supplied value:{value}", element=element)


def moment(value: Any, element: str) -> str | None:
    """A date with a time, kept as it was given. Others are 2060."""
    if value is None or value == "":
        return None
    try:
        datetime.fromisoformat(_as_text(value, element))
    except ValueError:
        return _bad_date(value, element)
    return str(value)


def choice(*allowed: str) -> Reader:
    """One of the values of an enumeration (2170)."""
    known = frozenset(allowed)

    def read(value: Any, element: str) -> str | None:
        if value is None or value == "":
            return None
        if isinstance(value, dict | list):
            raise ill_typed(value, "enumeration", element)
        if value not in known:
            raise Fault("2170", f"Invalid Enumeration : {value}", element=element)
        return str(value)

    return read


def reference(value: Any, element: str) -> Json | None:
    """A reference: ``value`` alone is believed; ``name`` and ``type`` are accepted and dropped."""
    if value.__class__ is not dict:
        if value is None or value == "":
            return None
        raise ill_typed(value, f"{PACKAGE}.ReferenceType", element)
    if not value.keys() <= _REFERENCE_KEYS:
        raise unknown(
            next(key for key in value if key not in _REFERENCE_KEYS), "ReferenceType", ("value", "name", "type")
        )
    value_id = value.get("value")
    if value_id is None or value_id == "":
        return None
    return {"value": value_id if value_id.__class__ is str else _as_text(value_id, element)}


def typed_reference(value: Any, element: str) -> Json | None:
    """A reference that may lead to several kinds of names, and so keeps its ``type``."""
    read = reference(value, element)
    kind = value.get("type") if isinstance(value, dict) else None
    if read is not None and kind:
        read["type"] = _as_text(kind, element)
    return read


_REFERENCE_KEYS = frozenset({"value", "name", "type"})


class Listed:
    """Reads an array of values of one kind."""

    __slots__ = ("reader",)

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def __call__(self, value: Any, element: str) -> list[Any] | None:
        """Read the array; a single object is an array of one."""
        if value is None or value == "":
            return None
        if value.__class__ is not list:
            value = [value] if isinstance(value, dict) else value
            if not isinstance(value, list):
                raise ill_typed(value, "java.util.ArrayList", element)
        reader = self.reader
        parsed = [reader(entry, element) for entry in value]
        return [entry for entry in parsed if entry is not None]


def listed(reader: Reader) -> Listed:
    """An array of values of one kind."""
    return Listed(reader)


def unknown(name: str, java_class: str, known: Iterable[str]) -> Fault:
    """2010 for a property that the class does not have, with the list of those it has."""
    names = list(known)
    listing = ", ".join(f'"{one}"' for one in names)
    return Fault(
        "2010",
        f'Property Name:Unrecognized field "{name}" (class {PACKAGE}.{java_class}), not marked as ignorable '
        f"({len(names)} known properties: {listing}])",
    )


_MOST_PLANS = 2000
_Plan = tuple[tuple[str, Reader, str], ...]


class Shape:
    """An object of known properties, each with its reader, in the order in which QBO prints them.

    Requests repeat the same sets of properties, so for each set the way to read it (names in QBO's order, readers,
    element names) is worked out once and kept.
    """

    def __init__(self, java_class: str, fields: dict[str, Reader]) -> None:
        self.java_class = java_class
        self.fields = fields
        self.order = tuple(fields)
        self._rank = {name: rank for rank, name in enumerate(self.order)}
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._orders: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __call__(self, value: Any, element: str) -> Json | None:
        """Read a nested object."""
        if value.__class__ is not dict:
            if value is None or value == "":
                return None
            raise ill_typed(value, f"{PACKAGE}.{self.java_class}", element)
        return self.read(value, element)

    def read(self, raw: Json, element: str = "") -> Json:
        """Stored values of the given properties in QBO's order; absent ones and read-only ones are left out."""
        key = (element, *raw)
        plan = self._plans.get(key) or self._plan(key)
        parsed: Json = {}
        for name, reader, path in plan:
            stored = reader(raw[name], path)
            if stored is not None:
                parsed[name] = stored
        return parsed

    def _plan(self, key: tuple[str, ...]) -> _Plan:
        element, *names = key
        for name in names:
            if name not in self.fields:
                raise unknown(name, self.java_class, self.order)
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        prefix = f"{element}." if element else ""
        plan = tuple(
            (name, self.fields[name], prefix + name)
            for name in sorted(names, key=self._rank.__getitem__)
            if self.fields[name] is not ignored
        )
        self._plans[key] = plan
        return plan

    def arrange(self, document: Json) -> Json:
        """The same document in QBO's order of properties, without those the entity does not have."""
        names = tuple(document)
        order = self._orders.get(names)
        if order is None:
            if len(self._orders) >= _MOST_PLANS:
                self._orders.clear()
            order = self._orders[names] = tuple(
                sorted((name for name in names if name in self._rank), key=self._rank.__getitem__)
            )
        return {name: document[name] for name in order}
