"""QBO's error bodies: read in every form in which they come, and looked up in the catalogue.

Business faults are JSON with capital letters, the gateway's are JSON with small letters inside an envelope of nulls, some gateway
errors are XML although JSON was asked for, and a 200 may carry a fault as well (QBO.md, sections 0 and 2). HTML is no fault.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from qbo_hook import wire_json
from qbo_hook.errors import FailureMode, QboError, QboRealmFault, QboUnknownOutcome, QboValidationError

# QBO quotes the head of the access token in the detail of a 401; it must not reach a log or a table.
_QUOTED_TOKEN = re.compile(r"(Token (?:expired|revoked|invalid)\s*:\s*)\S+", re.IGNORECASE)
_QUOTED_IN_BYTES = re.compile(_QUOTED_TOKEN.pattern.replace(r"\S+", r"[^\s\"<]+").encode(), re.IGNORECASE)
_HEAD = 8
"""Characters of a token by which a piece of it is known."""
_CODE_IN_MESSAGE = re.compile(r"errorCode=0*(\d+)")
_SIGN_ON_TYPES = frozenset(
    {"authentication", "authenticationfault", "authorization", "authorizationfault", "authorizatonfault"}
)


def without_token(body: bytes, access_token: str) -> bytes:
    """An error's body with everything starred that it quotes of a token: behind QBO's words, and wherever else ours begins.

    :param body: as received
    :param access_token: the one that was sent
    """
    starred = _QUOTED_IN_BYTES.sub(rb"\1***", body)
    head = access_token[:_HEAD].encode()
    return re.sub(re.escape(head) + rb"[\w.~+/=-]*", b"***", starred) if len(head) == _HEAD else starred


@dataclass(frozen=True)
class FaultError:
    """One error of a Fault.

    :param code: QBO's number without leading zeros, "" when it gave none
    :param message: the short text
    :param detail: the long text
    :param element: the field it speaks of, None when QBO named none
    """

    code: str
    message: str
    detail: str
    element: str | None = None

    @property
    def text(self) -> str:
        """Message and detail as one line."""
        if self.detail.startswith(self.message):
            return self.detail
        return ": ".join(part for part in (self.message, self.detail) if part)


@dataclass(frozen=True)
class Fault:
    """An error body of QBO with all its errors.

    :param errors: in QBO's order; at least one
    :param type: QBO's type, such as ``ValidationFault``; "" when it gave none
    """

    errors: tuple[FaultError, ...]
    type: str = ""

    @property
    def is_system(self) -> bool:
        """True if QBO itself broke down: the request may have been executed."""
        return self.type.lower() in ("systemfault", "system")

    def __str__(self) -> str:
        return " · ".join(f"{error.text} (code {error.code or 'none'})" for error in self.errors)


@dataclass(frozen=True)
class CatalogueEntry:
    """What we know about one kind of fault.

    :param name: our name for it, used in reasons, statistics and tests
    :param codes: QBO's codes
    :param cure: what a person can do, as a sentence
    :param error: the class raised for it; its failure mode is the retry rule
    :param pattern: text that message or detail must hold, for codes that mean several things
    """

    name: str
    codes: tuple[str, ...]
    cure: str
    error: type[QboError] = QboValidationError
    pattern: re.Pattern[str] | None = None

    @property
    def failure_mode(self) -> FailureMode:
        """What may happen after it: refused, not_executed, unknown or realm."""
        return self.error.failure_mode

    @property
    def page(self) -> str:
        """Slug of its section in the documentation."""
        return self.name.replace("_", "-")

    def fits(self, error: FaultError) -> bool:
        """True if the error is of this kind."""
        return error.code in self.codes and (self.pattern is None or self.pattern.search(error.text) is not None)


UNCLASSIFIED = CatalogueEntry(
    name="unclassified",
    codes=(),
    cure="QuickBooks gave an error that this version does not know. Read its text; if it does not tell what to change, report it "
    "with the intuit_tid.",
)

# Of several errors the one that forbids most decides: doubt first, then the company, then the data, then mere waiting.
_GRAVITY: tuple[FailureMode, ...] = ("unknown", "realm", "refused", "not_executed")


def classify(fault: Fault) -> CatalogueEntry:
    """Look a fault up in the catalogue; of several errors the gravest decides.

    :param fault: what :func:`parse_fault` read
    :return: its entry; one named ``unclassified`` for a fault that the catalogue does not know. A SystemFault is ``unknown``
        whatever its code says, as is an unknown code outside a ValidationFault.
    """
    entries = [_classify_error(error, fault) for error in fault.errors]
    gravest = min(entries, key=lambda entry: _GRAVITY.index(entry.failure_mode))
    return replace(gravest, error=QboUnknownOutcome) if fault.is_system else gravest


def _classify_error(error: FaultError, fault: Fault) -> CatalogueEntry:
    for entry in _catalogue():
        if entry.fits(error):
            return entry
    kind = fault.type.lower()
    if kind in _SIGN_ON_TYPES:
        return replace(UNCLASSIFIED, error=QboRealmFault)
    return UNCLASSIFIED if kind == "validationfault" else replace(UNCLASSIFIED, error=QboUnknownOutcome)


@cache
def _catalogue() -> tuple[CatalogueEntry, ...]:
    # Imported here because the table is written in terms of this module's CatalogueEntry.
    from qbo_hook.fault_catalogue import CATALOGUE

    return CATALOGUE


def parse_fault(body: bytes) -> Fault | None:
    """Read the fault in an answer's body, whatever its form.

    :param body: JSON in either casing, XML, HTML or anything else
    :return: the fault with all its errors, or None if the body holds none that can be read
    """
    head = body.lstrip()[:1]
    if head == b"<":
        return _from_xml(body)
    if head != b"{":
        return None
    try:
        return fault_in(wire_json.loads(body))
    except ValueError:
        return None


def fault_in(envelope: Mapping[str, Any]) -> Fault | None:
    """The fault inside a parsed JSON answer or batch item, or None if it holds none.

    :param envelope: a parsed JSON object
    """
    fault = _either(envelope, "Fault")
    if not isinstance(fault, Mapping):
        return None
    listed = _either(fault, "Error")
    errors = listed if isinstance(listed, list) else [listed]
    return _fault((error for error in errors if isinstance(error, Mapping)), _text(_either(fault, "type")))


def _fault(errors: Iterable[Mapping[str, Any]], kind: str) -> Fault:
    read = tuple(
        _error(_either(e, "code"), _either(e, "Message"), _either(e, "Detail"), _either(e, "element")) for e in errors
    )
    return Fault(read or (FaultError("", "QuickBooks gave no reason", ""),), kind)


def _error(code: Any, message: Any, detail: Any, element: Any) -> FaultError:
    hidden = _QUOTED_TOKEN.sub(r"\1***", _text(detail))
    number = _text(code).lstrip("0")
    if not number and (found := _CODE_IN_MESSAGE.search(_text(message))):
        number = found[1]
    return FaultError(number, _text(message), hidden, _text(element) or None)


def _either(values: Mapping[str, Any], name: str) -> Any:
    """The value under a name in whichever casing it came."""
    for key, value in values.items():
        if key.lower() == name.lower():
            return value
    return None


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _from_xml(body: bytes) -> Fault | None:
    # A document type could define entities that swell without end; QBO sends none, and HTML pages begin with one.
    if b"\0" in body or b"<!DOCTYPE" in body.upper():
        return None
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - documents with a type declaration were turned away above
    except ElementTree.ParseError:
        return None
    for element in root.iter():
        if _tag(element) == "fault":
            errors = [_xml_values(child) for child in element if _tag(child) == "error"]
            return _fault(errors, _text(_either(element.attrib, "type")))
    return None


def _xml_values(error: ElementTree.Element) -> dict[str, Any]:
    return {**error.attrib, **{_tag(child): child.text for child in error}}


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2].lower()
