"""XML in and out, by the rule that Intuit's schemas follow.

What JSON holds and what XML holds is the same tree. A name that starts with a small letter is an attribute in XML, any other is
an element; ``value`` is the text of its element; an array is its elements one after the other, so that an empty one is not seen.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from xml.parsers import expat

from qbo_simulator.entities.fields import Listed, Reader, Shape, boolean, reference, typed_reference
from qbo_simulator.wire import Json

NAMESPACE = "http://schema.intuit.com/finance/v3"
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
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


# -- requests ---------------------------------------------------------------------------------------------------------

# No request of QBO's is nested deeper or holds more; what does is read no further.
DEEPEST = 40
MOST_TAGS = 600_000
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class UnreadableXml(ValueError):
    """The body is not XML, holds what is refused unread, or is not an element of QBO's namespace that is expected."""


def decode(raw: bytes, roots: Mapping[str, Reader]) -> Any:
    """What a JSON request would hold instead of this one: the schema says what is an array, a reference or a switch.

    Names are not judged here: an unknown one is passed on, so that the rules refuse it as they refuse it in JSON.

    :param roots: the elements that the request may be, each with its schema.
    """
    root = _Document(raw).root
    if root.name not in roots:
        raise _unexpected(root.name, *roots)
    return _value(root, roots[root.name])


def _unexpected(name: str, *expected: str) -> UnreadableXml:
    names = " or ".join(f"<{{{NAMESPACE}}}{one}>" for one in dict.fromkeys(expected))
    return UnreadableXml(f"Unexpected element <{name}>" + (f"; expected is {names}" if names else ""))


class _Element:
    """One element while it is read."""

    __slots__ = ("attributes", "children", "is_nil", "name", "texts")

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_nil = False
        self.attributes: Json = {}
        self.children: list[_Element] = []
        self.texts: list[str] = []


class _Document:
    """Reads a document. It may have no type declaration, and so no entities of its own and none from elsewhere."""

    def __init__(self, raw: bytes) -> None:
        if raw.count(b"<") > MOST_TAGS:
            raise UnreadableXml("The body holds too many elements")
        self._open = [_Element("")]
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_declaration
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(raw, True)
        except UnreadableXml:
            raise
        except (expat.ExpatError, LookupError, ValueError) as error:
            # Behind malformed XML: encodings that nobody knows, and those whose characters are of several bytes.
            raise UnreadableXml(f"The body is not well-formed XML: {error}") from error
        (self.root,) = self._open[0].children

    def _refuse_declaration(self, *_declared: Any) -> None:
        raise UnreadableXml("A document type declaration is not accepted")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST:
            raise UnreadableXml("The body is nested too deeply")
        namespace, _, local = name.rpartition(" ")
        if namespace != NAMESPACE:
            raise _unexpected(f"{{{namespace}}}{local}" if namespace else local, local)
        # Small letters begin attributes; an element that does so is none of QBO's.
        element = _Element(f"<{local}>" if local[0].islower() else local)
        for key, value in attributes.items():
            if key == f"{_SCHEMA_INSTANCE} nil":
                element.is_nil = value.strip() in ("true", "1")
            elif key == "sparse":
                if value.strip() not in _BOOLEANS:
                    raise UnreadableXml(f'sparse="{_checked(value)}" is neither true nor false')
                element.attributes[key] = _BOOLEANS[value.strip()]
            elif not key.startswith(_SCHEMA_INSTANCE):
                is_known = key[0].islower() and key != "value" and " " not in key
                element.attributes[key if is_known else f"@{key}"] = _checked(value)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _text(self, text: str) -> None:
        self._open[-1].texts.append(_checked(text))

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if element.children and "".join(element.texts).strip():
            raise UnreadableXml(f"Text beside the elements in <{element.name}>")


def _checked(text: str) -> str:
    if "\x7f" in text:
        raise UnreadableXml("Invalid character (DEL)")
    return text


def _value(element: _Element, reader: Reader | None) -> Any:
    """An element's object, or its text where it is no object."""
    if element.is_nil:
        return None
    fields = reader.fields if isinstance(reader, Shape) else {}
    tree: Json = dict(element.attributes)
    if not element.children:
        return _leaf(element, reader, tree)
    for child in element.children:
        inner = fields.get(child.name)
        if isinstance(inner, Listed):
            tree.setdefault(child.name, []).append(_value(child, inner.reader))
        elif child.name not in tree:
            tree[child.name] = _value(child, inner)
        elif isinstance(tree[child.name], list):
            tree[child.name].append(_value(child, inner))
        else:
            tree[child.name] = [tree[child.name], _value(child, inner)]
    return tree


def _leaf(element: _Element, reader: Reader | None, attributes: Json) -> Any:
    text = "".join(element.texts)
    if isinstance(reader, Shape) and "value" not in reader.fields and not text.strip():
        return attributes
    if attributes or (text and _has_text_as_value(reader)):
        return {"value": text, **attributes}
    return _BOOLEANS.get(text.strip(), text) if reader is boolean else text


def _has_text_as_value(reader: Reader | None) -> bool:
    """Whether JSON holds the text of an element as ``value`` of an object: so it does in references and memos."""
    return reader in (reference, typed_reference) or (isinstance(reader, Shape) and "value" in reader.fields)
