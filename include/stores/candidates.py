"""Candidates: the documents of a run as extract read them. Check and plan read only these."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

from include.billing_sync.documents import CANON_VERSION, Invoice, fingerprint, invoice_from_json, to_json
from include.billing_sync.reasons import Finding
from include.stores.billing import LINES_IN_CHUNK, BadDocument, BillingError, Document
from include.stores.statements import sql

INVOICE = "invoice"
_READ_AT_ONCE = 50
_HEADER = ("invoice_id", "doc_number", "invoice_date", "customer_id", "currency", "total_amount", "updated_at")
_COPY = (
    b"copy qbo_sync.candidates (plan_id, kind, billing_id, doc_number, doc_date, customer_id, currency, total, changed_at,"
    b" content, fingerprint, canon_version, reasons, is_stopped) from stdin"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One document of a run. ``total`` is in ``currency``; both are None where billing gave nothing that can be read."""

    kind: str
    billing_id: str
    doc_number: str | None
    doc_date: date | None
    customer_id: str | None
    currency: str | None
    total: Decimal | None
    content: Mapping[str, Any]
    fingerprint: str
    canon_version: int
    changed_at: datetime | None
    facts: Mapping[str, Any] | None
    reasons: Sequence[Mapping[str, Any]]
    is_stopped: bool

    @property
    def is_readable(self) -> bool:
        """Whether there is a document to check; one that broke the billing contract has only its reasons."""
        return "bad_rows" not in self.content

    def invoice(self) -> Invoice:
        """The invoice. Raises ValueError for a document that broke the billing contract."""
        if not self.is_readable:
            raise ValueError(f"{self.kind} {self.billing_id} broke the billing contract and has no content to read")
        # Canonical JSON leaves out what is null, and these two have no default.
        return invoice_from_json(self.content)

    def findings(self) -> list[Finding]:
        """What was found for it so far."""
        return [Finding.from_json(reason) for reason in self.reasons]


@dataclass(frozen=True, slots=True)
class NumberUse:
    """A document whose number others have: how many in the same run, how many that are linked, and the first few of them."""

    kind: str
    billing_id: str
    doc_number: str
    others_in_run: int
    others_linked: int
    others: list[str]


def store_candidates(
    connection: psycopg.Connection[Any], plan_id: int, chunks: Iterable[Iterable[Document]], kind: str = INVOICE
) -> None:
    """Store the documents of a run as its candidates, as they come.

    Nothing is committed: the caller moves the watermark in the same transaction. Raises BillingError when billing returns
    one document more than once.
    """
    try:
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for documents in chunks:
                for document in documents:
                    copy.write_row(_row(plan_id, kind, document))
    except psycopg.errors.UniqueViolation as error:
        problem = f"a document is returned more than once: {error.diag.message_detail}"
        raise BillingError(f"{kind}s.sql", problem, "make the file return each document once") from error


def read_candidates(connection: psycopg.Connection[Any], plan_id: int, chunk: int = 500) -> Iterator[list[Candidate]]:
    """The candidates of a plan in the order of their key, in chunks; a chunk with many lines ends early.

    It holds neither cursor nor transaction between chunks: what was read may be saved and committed meanwhile.
    """
    key: dict[str, Any] = {"kind": None, "billing_id": None}
    portion: list[Candidate] = []
    lines = 0
    while found := _next_candidates(connection, plan_id, key):
        for candidate in found:
            portion.append(candidate)
            lines += len(candidate.content.get("lines", ()))
            if len(portion) >= chunk or lines >= LINES_IN_CHUNK:
                yield portion
                portion, lines = [], 0
        key = {"kind": found[-1].kind, "billing_id": found[-1].billing_id}
    if portion:
        yield portion


def number_uses(connection: psycopg.Connection[Any], plan_id: int) -> dict[str, NumberUse]:
    """The candidates whose document number is used twice, by billing id."""
    with connection.cursor(row_factory=class_row(NumberUse)) as cursor:
        uses = cursor.execute(sql("candidates/number_uses"), {"plan_id": plan_id}).fetchall()
    return {use.billing_id: use for use in uses}


def save_findings(
    connection: psycopg.Connection[Any],
    plan_id: int,
    findings: Mapping[str, Iterable[Finding]],
    facts: Mapping[str, Mapping[str, Any]] | None = None,
    kind: str = INVOICE,
) -> int:
    """Put the findings of the checks beside their documents, by billing id, and say how many documents that were.

    They replace what an earlier check found (an empty list clears it); what extract found stays. A document is stopped when
    one of its findings stops. ``facts`` are kept beside them where given. Nothing is committed.
    """
    if not findings:
        return 0
    found = {billing_id: list(each) for billing_id, each in findings.items()}
    values = {
        "plan_id": plan_id,
        "kind": kind,
        "billing_ids": list(found),
        "findings": [json.dumps([finding.to_json() for finding in each]) for each in found.values()],
        "stops": [any(finding.stops for finding in each) for each in found.values()],
        "facts": [json.dumps(facts[billing_id]) if facts and billing_id in facts else None for billing_id in found],
    }
    return connection.execute(sql("candidates/save_findings"), values).rowcount


def _next_candidates(connection: psycopg.Connection[Any], plan_id: int, key: Mapping[str, Any]) -> list[Candidate]:
    values = {"plan_id": plan_id, "most": _READ_AT_ONCE, **key}
    with connection.cursor(row_factory=class_row(Candidate)) as cursor:
        # Never prepared: a plan for any key cannot begin at this one.
        return cursor.execute(sql("candidates/next_candidates"), values, prepare=False).fetchall()


def _row(plan_id: int, kind: str, document: Document) -> tuple[Any, ...]:
    if isinstance(document, BadDocument):
        content, header = document.to_content(), document.header
    else:
        content = to_json(document)
        header = {name: getattr(document, name) for name in _HEADER}
    bad_rows = content.get("bad_rows", [])
    return (
        plan_id,
        kind,
        *(header[name] for name in _HEADER),
        _canonical(content),
        fingerprint(content),
        CANON_VERSION,
        json.dumps(bad_rows),
        bool(bad_rows),
    )


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
