"""A client that speaks XML, and how a client writes in XML what it would say in JSON."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from tests.simulator.client import Answer, Qbo

NAMESPACE = "http://schema.intuit.com/finance/v3"
Element = ElementTree.Element


def call(
    qbo: Qbo,
    method: str,
    path: str,
    body: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    **parameters: Any,
) -> Answer:
    """One request that sends XML, if it sends anything, and accepts nothing else; the answer's body is its root element."""
    spoken = {"Accept": "application/xml", "Content-Type": "application/xml", **(headers or {})}
    raw = body.encode() if isinstance(body, str) else body
    answer = qbo.call(method, path, raw, spoken if raw is not None else {"Accept": spoken["Accept"]}, **parameters)
    answer.body = parsed(answer)
    return answer


def parsed(answer: Answer) -> Element:
    """The root element of an answer."""
    assert "xml" in answer.headers["content-type"], answer.text
    return ElementTree.fromstring(answer.text.encode())  # noqa: S314 - written by the simulator


def local(name: str) -> str:
    """The name of an element without its namespace, which must be QuickBooks' own."""
    namespace, _, rest = name.removeprefix("{").partition("}")
    assert namespace == NAMESPACE, name
    return rest


def child(element: Element, *path: str) -> Element:
    """The one element at a path."""
    (found,) = element.findall("/".join(f"{{{NAMESPACE}}}{name}" for name in path))
    return found


def text(element: Element, *path: str) -> str:
    """The text of the one element at a path."""
    return child(element, *path).text or ""


def error(answer: Answer) -> dict[str, str]:
    """The single error of a fault."""
    found = child(answer.body, "Fault", "Error")
    return {**found.attrib, "Message": text(found, "Message"), "Detail": text(found, "Detail")}


def values(element: Element, path: str = "") -> Iterator[tuple[str, str]]:
    """Place and text of every attribute and of every element without children, in their order."""
    for name, value in element.attrib.items():
        yield f"{path}@{name}", value
    if len(element) == 0 and (element.text or not element.attrib):
        yield path, element.text or ""
    seen: Counter[str] = Counter()
    for inner in element:
        name = local(inner.tag)
        yield from values(inner, f"{path}/{name}[{seen[name]}]")
        seen[name] += 1


def xml_of(name: str, value: Any) -> Element:
    """The element that says what JSON says: small letters begin attributes, ``value`` is a text, what JSON wraps is unwrapped."""
    element = Element(f"{{{NAMESPACE}}}{name}")
    for key, held in value.items() if isinstance(value, dict) else ():
        if key == "any":
            element.extend(xml_of("NameValue", one["value"]) for one in held)
        elif key == "value":
            element.text = _printed(held)
        elif key[0].islower():
            element.set(key, _printed(held))
        else:
            element.extend(xml_of(key, one) for one in (held if isinstance(held, list) else [held]))
    if not isinstance(value, dict):
        element.text = _printed(value)
    return element


def _printed(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def document(name: str, value: Any) -> bytes:
    """A request body."""
    return bytes(ElementTree.tostring(xml_of(name, value), "utf-8", xml_declaration=True))
