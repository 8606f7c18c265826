"""JSON as money needs it: numbers are read as Decimal and written as exact decimals, and a float is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, NoReturn


def dumps(value: Any) -> bytes:
    """Write a value as compact UTF-8 JSON, keeping the order of keys.

    :param value: dict, list, tuple, str, int, bool, None or finite Decimal, nested at will
    :raises TypeError: for a float (it cannot hold cents) or any other type
    :raises ValueError: for a Decimal that is not finite, or text that is not valid Unicode
    """
    return "".join(_tokens(value)).encode()


def loads(body: bytes) -> Any:
    """Read JSON with fractions as Decimal.

    :param body: bytes in UTF-8, UTF-16 or UTF-32
    :raises ValueError: if it is not JSON, holds NaN or Infinity, or is nested too deeply to be read
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("JSON is nested too deeply") from error


def _tokens(value: Any) -> Iterator[str]:
    if value is None or isinstance(value, bool):
        yield {None: "null", True: "true", False: "false"}[value]
    elif isinstance(value, str):
        yield encode_basestring(value)
    elif isinstance(value, int):
        yield str(value)
    elif isinstance(value, Decimal):
        yield _exact(value)
    elif isinstance(value, Mapping):
        yield from _joined("{", (_member(key, member) for key, member in value.items()), "}")
    elif isinstance(value, list | tuple):
        yield from _joined("[", (_tokens(member) for member in value), "]")
    else:
        raise TypeError(f"{type(value).__name__} cannot be written to QBO; use Decimal, int, str, bool, dict or list")


def _joined(opening: str, members: Iterator[Iterator[str]], closing: str) -> Iterator[str]:
    yield opening
    for position, member in enumerate(members):
        if position:
            yield ","
        yield from member
    yield closing


def _member(key: Any, value: Any) -> Iterator[str]:
    if not isinstance(key, str):
        raise TypeError(f"a JSON key is text, not {type(key).__name__}")
    yield encode_basestring(key)
    yield ":"
    yield from _tokens(value)


def _exact(number: Decimal) -> str:
    if not number.is_finite():
        raise ValueError(f"{number} is not a number that QBO can hold")
    return format(number, "f")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
