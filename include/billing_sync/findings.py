"""What a run found, as rows and totals: the content of its findings page, its CSV and its mail."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from include.billing_sync.documents import plain
from include.billing_sync.reasons import CATALOGUE
from include.billing_sync.statuses import GRAVITY, Status

ROWS_ON_PAGE = 200
"""Documents shown under one reason of the page; the CSV has all of them. Keeps the page small however large the run."""
ROWS_IN_PART = 2000
"""Rows of a CSV that are held at once."""

_APPS = {
    "https://quickbooks.api.intuit.com": "https://qbo.intuit.com/app/",
    "https://sandbox-quickbooks.api.intuit.com": "https://sandbox.qbo.intuit.com/app/",
}
_PAGES = {"Invoice": "invoice", "CreditMemo": "creditmemo", "Payment": "recvpayment", "Bill": "bill"}
NEWS = (Status.ERROR, Status.SKIPPED, Status.UNKNOWN)
"""What somebody should be told of. A Pending document is waiting its turn, or its whole realm is."""

_FORMULA_SIGNS = ("=", "+", "-", "@")
_INNER_FORMULA = re.compile(r"(?<=[\s\S])([;\t\r\n] *)(?=[=+\-@])")


@dataclass(frozen=True, slots=True)
class RunDocument:
    """One document of a run as it stands at the run's end. Amounts are in ``currency``; None means not known."""

    kind: str
    entity: str
    billing_id: str
    doc_number: str | None
    doc_date: date | None
    customer: str | None
    currency: str | None
    billing_total: Decimal | None
    qbo_total: Decimal | None
    status: Status
    reason: str
    reasons: tuple[str, ...]
    detail: str | None
    qbo_id: str | None
    is_new: bool


@dataclass(slots=True)
class Sum:
    """Count and money of the documents that share status, reason and currency."""

    status: Status
    reason: str
    currency: str
    count: int = 0
    new: int = 0
    billing: Decimal = Decimal(0)
    qbo: Decimal = Decimal(0)

    @property
    def difference(self) -> Decimal:
        """What billing says more than QuickBooks holds."""
        return self.billing - self.qbo

    def add(self, document: RunDocument) -> None:
        """Count the document in. An unknown amount counts as a document without money."""
        self.count += 1
        self.new += document.is_new
        self.billing += document.billing_total if document.billing_total is not None else 0
        self.qbo += document.qbo_total if document.qbo_total is not None else 0

    def to_json(self) -> dict[str, Any]:
        """The sum as JSON; amounts are text, so that they stay exact."""
        return {
            "status": self.status.value,
            "reason": self.reason,
            "currency": self.currency,
            "count": self.count,
            "new": self.new,
            "billing": plain(self.billing),
            "qbo": plain(self.qbo),
        }


@dataclass(slots=True)
class Totals:
    """The totals of both sides: per status, reason and currency, added up document by document."""

    sums: dict[tuple[Status, str, str], Sum] = field(default_factory=dict)

    def add(self, document: RunDocument) -> None:
        """Count a document under its main reason, so that the counts of all sums give the number of documents."""
        key = (document.status, document.reason, document.currency or "")
        self.sums.setdefault(key, Sum(*key)).add(document)

    @property
    def documents(self) -> int:
        """How many documents were counted."""
        return sum(one.count for one in self.sums.values())

    @property
    def new_findings(self) -> int:
        """How many documents this run was the first to find Skipped, Error or Unknown for the reasons they have now."""
        return sum(one.new for one in self.sums.values() if one.status in NEWS)

    def counts(self) -> dict[Status, int]:
        """How many documents have each status; every status is there."""
        counts = dict.fromkeys(Status, 0)
        for one in self.sums.values():
            counts[one.status] += one.count
        return counts

    def ordered(self) -> list[Sum]:
        """All sums: gravest status first, then by reason and currency."""
        return sorted(self.sums.values(), key=lambda one: (-GRAVITY[one.status], one.reason, one.currency))

    def by_status(self) -> list[Sum]:
        """The sums of each status and currency; their reason is empty."""
        return self._grouped(lambda one: (one.status, "", one.currency))

    def by_currency(self) -> list[Sum]:
        """The sums of each currency, that of most documents first; a currency's status is that of its gravest document."""
        gravest: dict[str, Status] = {}
        for one in self.ordered():
            gravest.setdefault(one.currency, one.status)
        sums = self._grouped(lambda one: (gravest[one.currency], "", one.currency))
        return sorted(sums, key=lambda one: (-one.count, one.currency))

    def to_json(self) -> dict[str, Any]:
        """All totals as JSON, for ``qbo_sync.findings`` and for the task log."""
        return {
            "documents": self.documents,
            "new": self.new_findings,
            "sums": [one.to_json() for one in self.ordered()],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Totals:
        """The totals that :meth:`to_json` wrote."""
        totals = cls()
        for one in content["sums"]:
            key = (Status(one["status"]), one["reason"], one["currency"])
            totals.sums[key] = Sum(*key, one["count"], one["new"], Decimal(one["billing"]), Decimal(one["qbo"]))
        return totals

    def _grouped(self, key_of: Callable[[Sum], tuple[Status, str, str]]) -> list[Sum]:
        groups: dict[tuple[Status, str, str], Sum] = {}
        for one in self.ordered():
            group = groups.setdefault(key_of(one), Sum(*key_of(one)))
            group.count += one.count
            group.new += one.new
            group.billing += one.billing
            group.qbo += one.qbo
        return list(groups.values())


@dataclass(slots=True)
class Group:
    """The documents of one status and reason: how many there are, and the first of them for the page."""

    status: Status
    reason: str
    count: int = 0
    new: int = 0
    shown: list[RunDocument] = field(default_factory=list)

    @property
    def hidden(self) -> int:
        """How many documents only the CSV shows."""
        return self.count - len(self.shown)


@dataclass(slots=True)
class Findings:
    """One pass over the documents of a run: totals, and the first documents of each reason."""

    totals: Totals = field(default_factory=Totals)
    groups: dict[tuple[Status, str], Group] = field(default_factory=dict)

    def add(self, document: RunDocument) -> None:
        """Count a document in."""
        self.totals.add(document)
        group = self.groups.setdefault((document.status, document.reason), Group(document.status, document.reason))
        group.count += 1
        group.new += document.is_new
        if len(group.shown) < ROWS_ON_PAGE:
            group.shown.append(document)

    def ordered(self) -> list[Group]:
        """The groups: gravest status first, then by reason."""
        return sorted(self.groups.values(), key=lambda group: (-GRAVITY[group.status], group.reason))


COLUMNS = (
    "number", "customer", "amount", "currency", "status", "reasons", "cure", "qbo_link", "qbo_amount", "detail",
    "date", "type", "billing_id", "new",
)  # fmt: skip


def collect(
    documents: Iterable[RunDocument],
    link_to: Callable[[RunDocument], str | None],
    keep_part: Callable[[str], object],
) -> Findings:
    """Go over the documents once, hand the CSV on in parts, and return totals and groups. Never holds all documents.

    :param documents: in the order in which they shall be shown; read as a stream.
    :param link_to: the address of a document in QuickBooks, or None.
    :param keep_part: takes the CSV's next part; the first one begins with the heading.
    """
    findings = Findings()
    for part in csv_parts(_counted(documents, findings, link_to)):
        keep_part(part)
    return findings


def csv_parts(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Rows as CSV text, in parts of some thousand rows."""
    rest = iter(rows)
    while portion := list(islice(rest, ROWS_IN_PART)):
        text = io.StringIO()
        csv.writer(text).writerows(portion)
        yield text.getvalue()


def _counted(
    documents: Iterable[RunDocument],
    findings: Findings,
    link_to: Callable[[RunDocument], str | None],
) -> Iterator[Iterable[str]]:
    yield COLUMNS
    for document in documents:
        findings.add(document)
        yield csv_row(document, cures(document.reasons), link_to(document))


def csv_row(document: RunDocument, cure: str, link: str | None) -> list[str]:
    """The cells of one document, as named by :data:`COLUMNS`. Amounts are exact and stay numbers."""
    cells = {
        "number": safe(document.doc_number),
        "customer": safe(document.customer),
        "amount": _amount(document.billing_total),
        "currency": safe(document.currency),
        "status": document.status.value,
        "reasons": safe("; ".join(document.reasons)),
        "cure": safe(cure),
        "qbo_link": link or "",
        "qbo_amount": _amount(document.qbo_total),
        "detail": safe(document.detail),
        "date": document.doc_date.isoformat() if document.doc_date else "",
        "type": safe(document.kind),
        "billing_id": safe(document.billing_id),
        "new": "yes" if document.is_new else "no",
    }
    return [cells[column] for column in COLUMNS]


def safe(text: str | None) -> str:
    """Text as a CSV cell that no spreadsheet takes for a formula: such a cell begins with an apostrophe."""
    if not text:
        return ""
    # Where the comma parts no cells, a spreadsheet begins one behind a semicolon, a tab or a line end inside a quoted text.
    text = _INNER_FORMULA.sub(r"\1'", text)
    # It skips leading blanks, tabs and line ends before it looks for the sign.
    return f"'{text}" if text.lstrip().startswith(_FORMULA_SIGNS) or text[0] in "\t\r\n" else text


def cures(reasons: Iterable[str]) -> str:
    """What is to be done about a document, one cure after the other, none twice."""
    known = (CATALOGUE[reason].cure for reason in reasons if reason in CATALOGUE)
    return " ".join(dict.fromkeys(cure for cure in known if cure))


def qbo_url(base_url: str, entity: str, qbo_id: str | None) -> str | None:
    """The page of a document in QuickBooks; None when it is not there. A simulator shows its documents itself.

    :param base_url: of the API the document was written through; it alone tells sandbox from production.
    """
    root = base_url.rstrip("/")
    app = _APPS.get(root, f"{root}/app/" if root else None)
    page = _PAGES.get(entity)
    return f"{app}{page}?txnId={qbo_id}" if app and page and qbo_id else None


def badge(base_url: str, environment: str) -> str:
    """The word that pages and mails show for a company's server: production, sandbox or simulator."""
    return environment if base_url.rstrip("/") in _APPS else "simulator"


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else plain(amount)
