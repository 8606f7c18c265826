"""JSON as money needs it: numbers are read as Decimal and written as exact decimals, and a float is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, NoReturn

# What a body must hold before any of its texts can be unstorable; cheap, and true of few bodies. A body that is not UTF-8
# has zero bytes.
_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\0|[\xed][\xa0-\xbf]")


@dataclass(frozen=True)
class Encoded:
    """JSON that was written and stored earlier: it goes out to the letter as it is.

    :param text: one whole JSON value
    """

    text: str

    def values(self) -> Any:
        """What the text says; fractions as Decimal.

        :raises ValueError: if it is not JSON
        """
        return loads(self.text.encode())


def dumps(value: Any) -> bytes:
    """Write a value as compact UTF-8 JSON, keeping the order of keys.

    :param value: dict, list, tuple, str, int, bool, None, finite Decimal or Encoded, nested at will
    :raises TypeError: for a float (it cannot hold cents) or any other type
    :raises ValueError: for a Decimal that is not finite, or text that is not valid Unicode
    """
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts).encode()


def loads(body: bytes) -> Any:
    """Read JSON with fractions as Decimal.

    Text that no database takes, the NUL character and halves of a surrogate pair, becomes its visible escape, such as
    ``\\u0000``: the same everywhere, so that what was stored and what is read again compare as equal.

    :param body: bytes in UTF-8, UTF-16 or UTF-32
    :raises ValueError: if it is not JSON, holds NaN or Infinity, or is nested too deeply to be read
    """
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
        return _visible_within(value) if _is_unstorable(body) else value
    except RecursionError as error:
        raise ValueError("JSON is nested too deeply") from error


def visible(text: str) -> str:
    """Text with its NUL characters and lone surrogates as escapes that can be read and stored."""
    return text.replace("\0", r"\u0000").encode("utf-8", "backslashreplace").decode()


def _is_unstorable(body: bytes) -> bool:
    # A plain search is some fifty times faster than the pattern, and most answers hold none of these bytes.
    is_possible = b"\\u" in body or b"\0" in body or b"\xed" in body
    return is_possible and _UNSTORABLE.search(body) is not None


def _visible_within(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(key): _visible_within(part) for key, part in value.items()}
    return [_visible_within(part) for part in value] if isinstance(value, list) else value


def loads_batch(body: bytes) -> tuple[Any, tuple[str, ...]]:
    """Read the answer to a batch once, keeping the text of each of its items as it came.

    :param body: as for :func:`loads`
    :return: what :func:`loads` returns, and the items' texts in the order of ``BatchItemResponse``; no texts where the body is
        shaped otherwise
    :raises ValueError: as :func:`loads` does
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return loads(body), ()
    found = _LISTED.search(text)
    if found is None:
        return loads(body), ()
    try:
        items, end = _items(text, found.end())
        envelope = _DECODER.decode(f"{text[: found.end()]}{text[end:]}")
    except (ValueError, RecursionError):
        return loads(body), ()
    if not isinstance(envelope, dict) or envelope.get(_LIST) != []:
        # What looked like the list of items was something else, such as a part of one.
        return loads(body), ()
    envelope[_LIST] = [value for value, _ in items]
    if _is_unstorable(body):
        envelope = _visible_within(envelope)
    return envelope, tuple(text for _, text in items)


def _items(text: str, start: int) -> tuple[list[tuple[Any, str]], int]:
    """The members of the list that opens before ``start``, each with its text, and where its bracket closes."""
    items: list[tuple[Any, str]] = []
    position = _skip(text, start)
    while text[position : position + 1] != "]":
        if items:
            if text[position : position + 1] != ",":
                raise ValueError("no comma between two items")
            position = _skip(text, position + 1)
        value, end = _DECODER.raw_decode(text, position)
        items.append((value, text[position:end]))
        position = _skip(text, end)
    return items, position


def _skip(text: str, position: int) -> int:
    return _BLANKS.match(text, position).end()  # type: ignore[union-attr]  # it matches the empty text too


def _write(value: Any, put: Callable[[str], object]) -> None:
    if isinstance(value, str):
        put(encode_basestring(value))
    elif value is None or isinstance(value, bool):
        put({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, Decimal):
        put(_exact(value))
    elif isinstance(value, int):
        put(str(value))
    elif isinstance(value, Mapping):
        _write_members(value, put)
    elif isinstance(value, list | tuple):
        _write_items(value, put)
    elif isinstance(value, Encoded):
        put(value.text)
    else:
        raise TypeError(f"{type(value).__name__} cannot be written to QBO; use Decimal, int, str, bool, dict or list")


def _write_members(values: Mapping[Any, Any], put: Callable[[str], object]) -> None:
    separator = "{"
    for key, value in values.items():
        if not isinstance(key, str):
            raise TypeError(f"a JSON key is text, not {type(key).__name__}")
        put(separator + encode_basestring(key) + ":")
        _write(value, put)
        separator = ","
    put("}" if values else "{}")


def _write_items(values: Sequence[Any], put: Callable[[str], object]) -> None:
    separator = "["
    for value in values:
        put(separator)
        _write(value, put)
        separator = ","
    put("]" if values else "[]")


def _exact(number: Decimal) -> str:
    if not number.is_finite():
        raise ValueError(f"{number} is not a number that QBO can hold")
    return format(number, "f")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_LIST = "BatchItemResponse"
# A quote inside a JSON text stands behind a backslash, so this finds the name of a member and nothing inside a text.
_LISTED = re.compile(rf'"{_LIST}"[ \t\r\n]*:[ \t\r\n]*\[')
_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
