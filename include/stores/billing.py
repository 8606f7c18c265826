"""Reads billing documents through the files of include/sql/billing, in chunks, from one consistent snapshot."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from include.billing_sync.documents import Customer, Invoice, Line, to_json
from include.stores import row_digests
from include.stores.contract import (
    CONTRACT,
    CUSTOMERS,
    DOCUMENT_PARAMETERS,
    INVOICE_LINES,
    INVOICES,
    SQL_FOLDER,
    BillingFile,
    message_of,
    null_parameters,
)
from include.stores.rows import BadRow, BillingError, Problem, RowReader, tolerate_odd_dates

log = logging.getLogger("ledgerline")

__all__ = ["BadDocument", "BadRow", "BillingError", "BillingReader", "Document"]

LINES_IN_CHUNK = 20_000
"""A chunk ends early when its invoices have so many lines: memory stays flat however long the invoices are."""

_HEADERS_AT_ONCE = 50
_ROWS_AT_ONCE = 500
_TWICE = "returned more than once"
_FILES = {file.key: file for file in CONTRACT}


@dataclass(frozen=True, slots=True)
class BadDocument:
    """A document that breaks the billing contract: its id, what of its header could be read, and every problem."""

    billing_id: str
    header: Mapping[str, Any]
    rows: tuple[BadRow, ...]

    def to_content(self) -> dict[str, Any]:
        """Its canonical JSON: the readable part of the header, and the problems under ``bad_rows``."""
        readable = {
            name: to_json(value) for name, value in self.header.items() if value is not None and value is not False
        }
        return {**readable, "bad_rows": [row.to_finding() for row in self.rows]}


Document = Invoice | BadDocument


@dataclass(slots=True)
class _Draft:
    """A document while its parts come together."""

    header: dict[str, Any]
    rows: list[BadRow]
    digests: row_digests.Digests
    lines: list[Line] = field(default_factory=list)
    line_ids: set[str] = field(default_factory=set)

    def note(self, file: BillingFile, problems: Sequence[Problem], where: str = "") -> None:
        for problem in problems:
            name = f"{problem.column.name}{where}"
            billing_id = self.header["invoice_id"]
            self.rows.append(BadRow(file.name, billing_id, name, problem.value, problem.cure, problem.column.reason))


class BillingReader:
    """Billing through one connection, read-only, every multi-query read inside one repeatable-read transaction.

    :param connection: to the billing database, outside any transaction, and of no other use while it is read.
    :param sql_folder: where the billing files lie.
    """

    def __init__(self, connection: psycopg.Connection[Any], sql_folder: Path | str = SQL_FOLDER) -> None:
        self._connection = connection
        self._folder = Path(sql_folder)
        self._texts: dict[str, bytes] = {}
        self._is_in_snapshot = False

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One repeatable-read, read-only transaction for all reads inside; may be nested. It ends when the block ends."""
        if self._is_in_snapshot:
            yield
            return
        connection = self._connection
        if connection.info.transaction_status is not TransactionStatus.IDLE:
            raise RuntimeError("the billing connection is in a transaction already: its snapshot could be an older one")
        before = connection.isolation_level, connection.read_only
        connection.isolation_level, connection.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
        self._is_in_snapshot = True
        try:
            with connection.transaction():
                yield
        finally:
            self._is_in_snapshot = False
            if not connection.closed:
                connection.isolation_level, connection.read_only = before

    def billing_clock(self) -> datetime:
        """Billing's own time at the start of the snapshot: what was committed later is surely changed after it, or late."""
        with self.snapshot():
            row = self._cursor().execute("select transaction_timestamp()").fetchone()
        assert row is not None  # noqa: S101 - a query without a table returns one row
        return row[0]  # type: ignore[no-any-return]  # the driver's rows are untyped

    def read_invoices(
        self,
        from_date: date | None = None,
        to_date: date | None = None,
        changed_since: datetime | None = None,
        ids: Iterable[str] | None = None,
        chunk: int = 500,
    ) -> Iterator[list[Document]]:
        """The chosen invoices with lines and customers, in chunks of at most ``chunk``, in the order of invoices.sql.

        Both dates are included; None means all. Documents that break the contract come as :class:`BadDocument` in their
        place. Headers stream through a server-side cursor; lines and customers are asked for by the ids of each portion, so
        their files need no common order and memory does not grow with the number of documents.
        Raises BillingError when a file cannot be read at all or a document has no id.
        """
        values = _parameters(from_date, to_date, changed_since, ids)
        with self.snapshot():
            portion: list[Document] = []
            lines = 0
            for drafts in self._header_portions(values):
                for document in self._completed(drafts):
                    portion.append(document)
                    lines += len(document.lines) if isinstance(document, Invoice) else 0
                    if len(portion) >= chunk or lines >= LINES_IN_CHUNK:
                        yield portion
                        portion, lines = [], 0
            if portion:
                yield portion

    def read_by_ids(self, ids: Iterable[str]) -> dict[str, Document]:
        """These invoices as billing has them now, by id; an id that billing does not know is absent. Raises BillingError."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        with self.snapshot():
            drafts: dict[str, _Draft] = {}
            reader, rows = self._all_rows(INVOICES, wanted)
            for row in rows:
                _add_header(drafts, *reader.read(row), row[-1])
            return {_id_of(document): document for document in self._completed(drafts)}

    def digests(self, customers: Mapping[str, str | None]) -> dict[str, str]:
        """What ``Invoice.rows_digest`` would hold now of these invoices, whose customers are given by invoice id.

        The rows stay in billing, so this costs a fraction of reading them. An invoice that billing does not know is absent.
        Raises BillingError.
        """
        owing = {one for one in customers.values() if one is not None}
        questions = [
            (INVOICES, "invoice_id", customers),
            (INVOICE_LINES, "invoice_id", customers),
            (CUSTOMERS, "customer_id", owing),
        ]
        try:
            # In a pipeline the three questions and the transaction around them are one exchange with the server.
            with self._connection.pipeline(), self.snapshot():
                asked = [self._ask_digests(*question) for question in questions]
                headers, lines, owed = (self._told(file, cursor) for file, cursor in asked)
        except psycopg.OperationalError:
            raise
        except psycopg.Error:
            # There an error can surface at a later question; asked one by one, each file answers for itself.
            with self.snapshot():
                headers, lines, owed = (self._told_alone(*question) for question in questions)
        return {
            billing_id: row_digests.combined(
                header, lines.get(billing_id, ""), owed.get(customers[billing_id] or "", "")
            )
            for billing_id, header in headers.items()
        }

    def _ask_digests(
        self, file: BillingFile, key: str, ids: Collection[str]
    ) -> tuple[BillingFile, psycopg.Cursor[Any]]:
        return file, self._cursor().execute(
            row_digests.by_key(self._text(file), key), _parameters(ids=ids), prepare=False
        )

    def _told_alone(self, file: BillingFile, key: str, ids: Collection[str]) -> dict[str, str]:
        with _blaming(file):
            return self._told(*self._ask_digests(file, key, ids))

    def _told(self, file: BillingFile, cursor: psycopg.Cursor[Any]) -> dict[str, str]:
        with _blaming(file), cursor:
            return dict(cursor.fetchall())

    def read_list(self, key: str, ids: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
        """The rows of a list file (customers, services, subscriptions, tax_codes) as values by column.

        A row that breaks the contract is left out with a warning in the log: the documents that need it say so themselves.
        Raises BillingError when the file cannot be read, and KeyError for a file that the contract does not have.
        """
        file = _FILES[key]
        id_column = file.columns[0].name
        with self.snapshot():
            for values, problems, _ in self._streamed(file, _parameters(ids=ids)):
                for problem in problems:
                    where = f"{file.name}: {problem.column.name} of {id_column} {values[id_column]!r}"
                    log.warning("%s is %s; %s", where, problem.value, problem.cure)
                if not problems:
                    yield values

    def _header_portions(self, values: Mapping[str, Any]) -> Iterator[dict[str, _Draft]]:
        """The headers in portions; rows of one invoice that follow one another are one (broken) document."""
        drafts: dict[str, _Draft] = {}
        for header, problems, digest in self._streamed(INVOICES, values):
            # Only before another invoice: the next row may be the last one again.
            if len(drafts) >= _HEADERS_AT_ONCE and header["invoice_id"] not in drafts:
                yield drafts
                drafts = {}
            _add_header(drafts, header, problems, digest)
        if drafts:
            yield drafts

    def _streamed(
        self, file: BillingFile, values: Mapping[str, Any]
    ) -> Iterator[tuple[dict[str, Any], list[Problem], str]]:
        """The rows of a file with their digests through a server-side cursor, however many there are."""
        name = f"billing_{file.key}"
        with self._connection.cursor(name=name, row_factory=tuple_row) as cursor:
            tolerate_odd_dates(cursor)
            with _blaming(file):
                cursor.execute(row_digests.with_digest(self._text(file)), values)
                reader = RowReader(file, cursor.description or [])
            while True:
                with _blaming(file):
                    rows = cursor.fetchmany(_ROWS_AT_ONCE)
                if not rows:
                    return
                yield from ((*reader.read(row), row[-1]) for row in rows)

    def _completed(self, drafts: Mapping[str, _Draft]) -> Iterator[Document]:
        """The drafts as documents, with their lines and customers."""
        self._add_lines(drafts)
        customers, broken, digests = self._customers(drafts)
        for billing_id, draft in drafts.items():
            customer_id = draft.header["customer_id"]
            draft.note(CUSTOMERS, broken.get(customer_id, ()), f" of customer {customer_id}")
            if draft.rows:
                yield BadDocument(billing_id, draft.header, tuple(draft.rows))
            else:
                draft.header["rows_digest"] = draft.digests.of(digests.get(customer_id, ""))
                draft.header["is_opted_out"] = draft.header["is_opted_out"] or False
                lines = tuple(sorted(draft.lines, key=lambda line: (line.position, line.line_id)))
                yield Invoice(**draft.header, lines=lines, customer=customers.get(customer_id))

    def _add_lines(self, drafts: Mapping[str, _Draft]) -> None:
        if not drafts:
            return
        reader, rows = self._all_rows(INVOICE_LINES, drafts)
        for row in rows:
            values, problems = reader.read(row)
            draft = drafts.get(values.pop("invoice_id"))
            if draft is None:
                raise BillingError(INVOICE_LINES.name, "returns lines that were not asked for", "filter by %(ids)s")
            draft.digests.lines.append(row[-1])
            _add_line(draft, values, problems)

    def _customers(
        self, drafts: Mapping[str, _Draft]
    ) -> tuple[dict[str, Customer], dict[str, list[Problem]], dict[str, str]]:
        """The customers of the drafts by id, the problems of those whose row breaks the contract, and the rows' digests."""
        wanted = {draft.header["customer_id"] for draft in drafts.values()} - {None}
        customers: dict[str, Customer] = {}
        broken: dict[str, list[Problem]] = defaultdict(list)
        digests: dict[str, str] = {}
        if not wanted:
            return customers, broken, digests
        reader, rows = self._all_rows(CUSTOMERS, sorted(wanted))
        for row in rows:
            values, problems = reader.read(row)
            customer_id = values["customer_id"]
            digests[customer_id] = row[-1]
            if customer_id in customers or customer_id in broken:
                cure = "make the file return each customer once"
                problems.append(Problem(CUSTOMERS.columns[0], _TWICE, cure))
            if problems:
                broken[customer_id] += problems
                continue
            del values["updated_at"]
            values["is_test"] = values["is_test"] or False
            customers[customer_id] = Customer(**values)
        return customers, broken, digests

    def _all_rows(self, file: BillingFile, ids: Iterable[str] | None) -> tuple[RowReader, list[Sequence[Any]]]:
        """All rows of a file for these ids, and what reads them."""
        with _blaming(file):
            try:
                return self._fetched(file, ids)
            except psycopg.DataError as error:
                if error.sqlstate is not None:
                    raise
                # A date that Python cannot hold. The slower loaders return it as text; the snapshot returns the same rows.
                return self._fetched(file, ids, is_tolerant=True)

    def _fetched(
        self, file: BillingFile, ids: Iterable[str] | None, is_tolerant: bool = False
    ) -> tuple[RowReader, list[Sequence[Any]]]:
        # Closed at once, for what a cursor holds would wait for the garbage collector.
        with self._cursor() as cursor:
            if is_tolerant:
                tolerate_odd_dates(cursor)
            # Never prepared: a plan for any parameters cannot use the index that serves these ids.
            cursor.execute(row_digests.with_digest(self._text(file)), _parameters(ids=ids), prepare=False)
            return RowReader(file, cursor.description or []), cursor.fetchall()

    def _cursor(self) -> psycopg.Cursor[Any]:
        return self._connection.cursor(row_factory=tuple_row)

    def _text(self, file: BillingFile) -> bytes:
        """The text of a file; bytes, because psycopg takes no other text that is not written in the program."""
        if file.name not in self._texts:
            try:
                self._texts[file.name] = (self._folder / file.name).read_bytes()
            except FileNotFoundError:
                raise BillingError(file.name, f"the file is missing in {self._folder}", "put it back") from None
        return self._texts[file.name]


def _add_header(drafts: dict[str, _Draft], header: dict[str, Any], problems: list[Problem], digest: str) -> None:
    known = drafts.get(header["invoice_id"])
    if known is None:
        drafts[header["invoice_id"]] = known = _Draft(header, [], row_digests.Digests())
    elif not any(bad.value == _TWICE for bad in known.rows):
        problems = [Problem(INVOICES.columns[0], _TWICE, "make the file return each invoice once")]
    else:
        problems = []
    known.digests.headers.append(digest)
    known.note(INVOICES, problems)


def _add_line(draft: _Draft, values: dict[str, Any], problems: list[Problem]) -> None:
    line_id = values["line_id"]
    if line_id in draft.line_ids:
        column = next(column for column in INVOICE_LINES.columns if column.name == "line_id")
        problems.append(Problem(column, _TWICE, "make the file return each line once"))
    draft.line_ids.add(line_id)
    if problems:
        draft.note(INVOICE_LINES, problems, f" of line {line_id if line_id is not None else '(no id)'}")
        return
    values["description"] = values["description"] or ""
    draft.lines.append(Line(**values))


def _id_of(document: Document) -> str:
    return document.invoice_id if isinstance(document, Invoice) else document.billing_id


def _parameters(
    from_date: date | None = None,
    to_date: date | None = None,
    changed_since: datetime | None = None,
    ids: Iterable[str] | None = None,
) -> dict[str, Any]:
    values = (from_date, to_date, changed_since, None if ids is None else list(ids))
    return null_parameters() | dict(zip(DOCUMENT_PARAMETERS, values, strict=True))


@contextmanager
def _blaming(file: BillingFile) -> Iterator[None]:
    """Name the file in whatever PostgreSQL has against its query; a lost connection stays what it is."""
    try:
        yield
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise BillingError(file.name, message_of(error), "correct the file (see docs/billing-contract.md)") from error
