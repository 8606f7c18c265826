"""JSON in and out, in QBO's number formats.

Documents are kept as the very text that QBO would print, so that a read or a query hands out stored text and parses nothing.
Numbers never pass through a float: they are ``Decimal`` or ``int`` from the request to the printed answer.
"""

import json
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from json import encoder
from typing import Any, NoReturn

Json = dict[str, Any]

CENT = Decimal("0.01")
# The DEL character brackets a printed number until the quotes around it are removed. Input that holds it is refused.
_MARK = "\x7f"
_OPEN = '"' + _MARK
_CLOSE = _MARK + '"'
_SUSPICIOUS = (_MARK.encode(), rb"\u007f", rb"\u007F")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class UnreadableJson(ValueError):
    """The body is not JSON, or holds what JSON may hold and QBO does not take."""


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableJson(f"Non-standard token '{name}'")


def decode(raw: bytes) -> Any:
    """Parse a request body; fractions become ``Decimal``, whole numbers ``int``. Raises ``UnreadableJson``."""
    try:
        tree = json.loads(raw.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse_constant)
        if any(part in raw for part in _SUSPICIOUS) and _MARK in json.dumps(tree, default=str, ensure_ascii=False):
            raise UnreadableJson("Invalid character (DEL)")
        if _SURROGATE.search(raw):
            # Half of a pair is no character and cannot be stored; encoding finds it.
            json.dumps(tree, default=str, ensure_ascii=False).encode()
        return tree
    except UnreadableJson:
        raise
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise UnreadableJson(str(error)) from error


def parse(text: str) -> Any:
    """Parse a stored document, keeping the printed form of its numbers."""
    return json.loads(text, parse_float=Decimal)


def _number(value: object) -> str:
    if value.__class__ is Decimal:
        text = str(value)
        return f"{_MARK}{text}{_MARK}" if "E" not in text else f"{_MARK}{value:f}{_MARK}"
    raise TypeError(f"no JSON form for {type(value).__name__}")


_encode: Callable[[Any, int], tuple[str, ...]] = encoder.c_make_encoder(  # type: ignore[attr-defined]  # CPython's own fast encoder is not in the type stubs
    None, _number, encoder.encode_basestring, None, ":", ",", False, False, False
)


def encode(tree: Any) -> str:
    """Print a tree of dict, list, str, bool, int, None and Decimal as compact JSON."""
    return "".join(_encode(tree, 0)).replace(_OPEN, "").replace(_CLOSE, "")


def money(value: Decimal) -> Decimal | int:
    """Round half up to cents; QBO prints zero as ``0`` and everything else with two decimals."""
    rounded = value.quantize(CENT, ROUND_HALF_UP)
    return rounded if rounded else 0


def cents(value: Decimal | int) -> int:
    """Whole cents of an amount that is already rounded."""
    return int(value * 100)


def from_cents(value: int) -> Decimal | int:
    """The amount that ``value`` cents print as."""
    return Decimal(value).scaleb(-2) if value else 0


def print_cents(value: int) -> str:
    """Text of an amount in cents: ``0`` or two decimals."""
    return f"{from_cents(value)}"


def plain(value: Decimal | int) -> Decimal | int:
    """A quantity, price or rate as QBO stores it: without trailing zeros and without an exponent."""
    if isinstance(value, int):
        return value
    if value == value.to_integral_value():
        return int(value)
    return value.normalize()
