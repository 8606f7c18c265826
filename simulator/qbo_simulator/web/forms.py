"""In which form a body is written: JSON or XML, each request by its Content-Type, each answer by what its request accepts."""

import re
from collections.abc import Mapping
from typing import Any

from qbo_simulator import wire
from qbo_simulator.clock import answer_time
from qbo_simulator.entities.fields import Reader, Shape, listed
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault
from qbo_simulator.web import xml
from qbo_simulator.web.http import JSON_OK, XML_ERROR, XML_OK, Answer, Call
from qbo_simulator.wire import Json

JSON = "application/json"
XML = frozenset({"application/xml", "text/xml"})
Roots = Mapping[str, Reader]
# Of a request that is taken as JSON alone.
NO_ROOTS: Roots = {}
_QUALITY = re.compile(r";\s*q=(1|0(?:\.\d+)?)")


def _requests() -> dict[str, Roots]:
    """By entity, the elements that a request about it may be: each has its path's name and that under which JSON shows it."""
    shapes = {name: entity.shape for name, entity in ENTITIES.items()}
    for name, entity in ENTITIES.items():
        if entity.wraps:
            shapes[name] = Shape(name, {wrapped: shapes[wrapped] for wrapped in entity.wraps})
    return {name: dict.fromkeys((name, entity.shown_as), shapes[name]) for name, entity in ENTITIES.items()}


_REQUESTS = _requests()
_ITEM = Shape("BatchItemRequest", {name: shape for roots in _REQUESTS.values() for name, shape in roots.items()})
BATCH: Roots = {"IntuitBatchRequest": Shape("IntuitBatchRequest", {"BatchItemRequest": listed(_ITEM)})}


def roots_of(entity: EntityType) -> Roots:
    """The elements that a request about an entity may be."""
    return _REQUESTS[entity.name]


def read_body(call: Call, roots: Roots) -> Any:
    """The body as a tree, the same whatever its form; raises 1050 and 2010, ``BadBody`` and ``TooLarge``."""
    return read(call.content_type, call.payload(), roots)


def read(kind: str, raw: bytes, roots: Roots) -> Any:
    """The same of bytes of a media type."""
    if kind != JSON and not (roots and kind in XML):
        expected = " or ".join((JSON, "application/xml") if roots else (JSON,))
        raise Fault("1050", f"Unsupported content type : {kind or 'none'}; {expected} is expected.")
    try:
        return wire.decode(raw) if kind == JSON else xml.decode(raw, roots)
    except (wire.UnreadableJson, xml.UnreadableXml) as error:
        raise Fault("2010", f"Property Name:{error}") from error


def wants_json(call: Call) -> bool:
    """Whether the answer is JSON: because Accept names it, before XML if it names both, or the query string does."""
    accept = call.headers.get("accept", "").lower()
    if "json" in accept and ("xml" not in accept or _ranked(accept, "json") >= _ranked(accept, "xml")):
        return True
    return call.parameters.get("format", "").lower() == "json"


def wants_xml(call: Call) -> bool:
    """Whether the answer is XML: by name, and wherever no form is named, as QBO's default is."""
    accept = call.headers.get("accept", "").lower()
    return not wants_json(call) and ("xml" in accept or not accept.strip() or "*/*" in accept)


def _ranked(accept: str, form: str) -> tuple[float, int]:
    """How much a form is wanted: its quality, then how early it is named."""
    ranks = []
    for place, entry in enumerate(accept.split(",")):
        quality = _QUALITY.search(entry)
        if form in entry:
            ranks.append((float(quality[1]) if quality else 1.0, -place))
    return max(ranks)


def in_asked_form(call: Call, answer: Answer) -> Answer:
    """The answer that was made as JSON, in the form that its request accepts."""
    if (
        not answer.content_type.startswith("application/json")
        or not call.path.startswith("/v3/")
        or not wants_xml(call)
    ):
        return answer
    tree = _in_one_envelope(wire.parse(answer.body.decode()))
    kind = XML_OK if answer.content_type == JSON_OK else XML_ERROR
    return Answer(answer.status, xml.encode(tree).encode(), kind, answer.headers)


def _in_one_envelope(tree: Json) -> Json:
    """XML has one envelope for every fault; the gateway's wide one is JSON's alone."""
    if "fault" not in tree:
        return tree
    (error,) = tree["fault"]["error"]
    shown = {"Message": error["message"], "Detail": error["detail"], "code": error["code"]}
    return {"Fault": {"Error": [shown], "type": tree["fault"]["type"]}, "time": answer_time(tree["time"] / 1000)}
