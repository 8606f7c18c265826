"""JSON in which a Decimal is a number, digit for digit, and no float ever takes part."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any


def dumps(value: Any) -> str:
    """The value as compact JSON: a Decimal as the number it is, a date as text. Raises TypeError for a float."""
    if isinstance(value, Decimal):
        return _number(value)
    if value is None or isinstance(value, (bool, int, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    if isinstance(value, Mapping):
        members = (f"{json.dumps(str(key), ensure_ascii=False)}:{dumps(part)}" for key, part in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(dumps, value)) + "]"
    raise TypeError(f"{type(value).__name__} is nothing that exact JSON can hold")


def loads(text: str | bytes) -> Any:
    """What :func:`dumps` wrote: fractions as Decimal, whole numbers as int. Raises ValueError for anything else."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def replace_texts(value: Any, replaced: Callable[[str, str], str]) -> Any:
    """The value with each text that stands under a key of an object replaced by ``replaced(key, text)``."""
    if isinstance(value, Mapping):
        return {
            key: replaced(key, part) if isinstance(part, str) else replace_texts(part, replaced)
            for key, part in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [replace_texts(part, replaced) for part in value]
    return value


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a finite number")
    return format(value, "f")


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")
