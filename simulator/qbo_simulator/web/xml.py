"""XML in and out, by the rule that Intuit's schemas follow.

What JSON holds and what XML holds is the same tree. A name that starts with a small letter is an attribute in XML, any other is
an element; ``value`` is the text of its element; an array is its elements one after the other, so that an empty one is not seen.
"""

import re
from decimal import Decimal
from typing import Any

from qbo_simulator.wire import Json

NAMESPACE = "http://schema.intuit.com/finance/v3"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
# A report's cells are the one thing whose ``value`` is an attribute: they have no text.
_WITHOUT_TEXT = frozenset({"ColData"})
_SPECIAL = re.compile(r'[&<>"\t\n\r]')
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
# The spaces of an attribute would be read as blanks.
_ESCAPED_IN_ATTRIBUTES = {**_ESCAPED, '"': "&quot;", "\t": "&#9;", "\n": "&#10;"}
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def encode(answer: Json) -> str:
    """The XML of an answer that is given as JSON prints it: under ``IntuitResponse``, a report under its own name."""
    root = "Report" if "Columns" in answer else "IntuitResponse"
    parts = [HEAD]
    _print(root, answer, parts, f' xmlns="{NAMESPACE}"')
    return "".join(parts)


def fault(type: str, code: str, message: str, detail: str) -> str:
    """A fault without a time, as some of Intuit's gateways answer whatever was asked for."""
    return encode({"Fault": {"Error": [{"Message": message, "Detail": detail, "code": code}], "type": type}})


def _print(name: str, value: Any, parts: list[str], declared: str = "") -> None:
    """Append one element, or one for each entry of an array."""
    if isinstance(value, list):
        for entry in value:
            _print(name, entry, parts)
    elif not isinstance(value, dict):
        if value is not None:
            parts.append(f"<{name}>{_text(value)}</{name}>")
    else:
        attributes, children, text = _sorted(name, value)
        parts.append(f"<{name}{declared}{attributes}>{text}")
        for child, held in children:
            _print(child, held, parts)
        parts.append(f"</{name}>")


def _sorted(name: str, value: Json) -> tuple[str, list[tuple[str, Any]], str]:
    """Attributes as text, child elements, and the text of an object."""
    attributes, text = "", ""
    children: list[tuple[str, Any]] = []
    for key, held in value.items():
        if key == "any":
            # Elements of any name: JSON wraps each into an object that says how it is called.
            children += [(one["name"].rpartition("}")[2], one["value"]) for one in held]
        elif not key[0].islower():
            children.append((key, held))
        elif key == "value" and name not in _WITHOUT_TEXT:
            text = _text(held)
        elif held is not None:
            attributes += f' {key}="{_text(held, _ESCAPED_IN_ATTRIBUTES)}"'
    return attributes, children, text


def _text(value: Any, escaped: dict[str, str] = _ESCAPED) -> str:
    """A value as XML prints it; a character that XML cannot hold is shown as one that was lost."""
    if value.__class__ is str:
        if _IMPOSSIBLE.search(value):
            value = _IMPOSSIBLE.sub("\ufffd", value)
        return _SPECIAL.sub(lambda found: escaped.get(found[0], found[0]), value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
