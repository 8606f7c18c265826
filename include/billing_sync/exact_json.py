"""JSON in which a Decimal is a number, digit for digit, and no float ever takes part."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from json.encoder import encode_basestring as _text
from typing import Any

_SCALARS = frozenset({Decimal, int, bool, type(None), str})


class StoredJson(Mapping[str, Any]):
    """A JSON object as it was stored: its text to the letter, and its values for who asks for them.

    :param text: one whole JSON object
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _values(self) -> Mapping[str, Any]:
        values: Mapping[str, Any] = loads(self.text)
        return values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def dumps(value: Any) -> str:
    """The value as compact JSON: a Decimal as the number it is, a date as text. Raises TypeError for a float."""
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts)


def loads(text: str | bytes) -> Any:
    """What :func:`dumps` wrote: fractions as Decimal, whole numbers as int. Raises ValueError for anything else."""
    return _DECODER.decode(text if isinstance(text, str) else text.decode())


def digest(value: Any) -> str:
    """A digest of a value made of dataclasses, mappings, sequences and scalars: equal values have equal ones, in any process."""
    return hashlib.sha256(dumps(_canonical(value)).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _canonical(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _canonical(value[key]) for key in sorted(value, key=str)}
    return [_canonical(part) for part in value] if isinstance(value, (list, tuple)) else value


def replace_texts(value: Any, replaced: Callable[[str, str], str]) -> Any:
    """The value with each text that stands under a key of an object replaced by ``replaced(key, text)``."""
    if type(value) in _SCALARS:
        return value
    if isinstance(value, (dict, Mapping)):
        return {
            key: replaced(key, part) if isinstance(part, str) else replace_texts(part, replaced)
            for key, part in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [replace_texts(part, replaced) for part in value]
    return value


def _write(value: Any, put: Callable[[str], object]) -> None:
    """Hand the parts of the text to ``put``. The usual types come first: a batch holds tens of thousands of values."""
    kind = type(value)
    if kind is str:
        put(_text(value))
    elif kind is Decimal:
        put(_number(value))
    elif kind is dict:
        _write_members(value, put)
    elif kind is list or kind is tuple:
        _write_parts(value, put)
    elif value is None or isinstance(value, (bool, int, str)):
        put(json.dumps(value, ensure_ascii=False))
    elif isinstance(value, Decimal):
        put(_number(value))
    elif isinstance(value, date):
        put(_text(value.isoformat()))
    elif isinstance(value, Mapping):
        _write_members(value, put)
    elif isinstance(value, (list, tuple)):
        _write_parts(value, put)
    else:
        raise TypeError(f"{type(value).__name__} is nothing that exact JSON can hold")


def _write_members(value: Mapping[Any, Any], put: Callable[[str], object]) -> None:
    separator = "{"
    for key, part in value.items():
        put(f"{separator}{_text(str(key))}:")
        _write(part, put)
        separator = ","
    put("}" if value else "{}")


def _write_parts(value: Sequence[Any], put: Callable[[str], object]) -> None:
    separator = "["
    for part in value:
        put(separator)
        _write(part, put)
        separator = ","
    put("]" if value else "[]")


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a finite number")
    return format(value, "f")


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
"""One for all: a batch reads hundreds of small values, and making a decoder for each takes longer than reading it."""
