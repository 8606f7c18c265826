"""The mapping book as CSV files, one per kind: read with every error at once, written so that reading gives the same.

Errors are values with file and row, because a book is loaded whole or not at all and a person wants to see all of them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from include.billing_sync.mapping import CATCH_ALL, Kind, MappingRow
from include.billing_sync.names import ListRow

FILES: Mapping[Kind, str] = {
    "customer": "customers.csv",
    "category": "categories.csv",
    "service": "services.csv",
    "subscription": "subscriptions.csv",
    "tax_code": "tax_codes.csv",
}
ENTITIES: Mapping[Kind, str] = {
    "customer": "Customer",
    "category": "Item",
    "service": "Item",
    "subscription": "Item",
    "tax_code": "TaxCode",
    "account": "Account",
}
"""Kind → the QuickBooks list that its ids are from."""

US_TAX_CODES = (ListRow("TaxCode", "TAX", "TAX"), ListRow("TaxCode", "NON", "NON"))
"""What lines of a US company carry. QuickBooks takes them everywhere and does not always list them."""

COLUMNS = ("billing_id", "billing_name", "qbo_id", "qbo_name", "excluded")
_REQUIRED = ("billing_id", "qbo_id", "qbo_name")
_HAS_CATCH_ALL = ("category", "subscription", "tax_code")
_YES_NO = {"yes": True, "no": False, "": False}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one row of one file; row 1 is the heading, 0 the file as a whole."""

    file: str
    row: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.text}" if self.row else f"{self.file}: {self.text}"


@dataclass(frozen=True, slots=True)
class FileRow:
    """A mapping and the row of the file that it stands in."""

    number: int
    mapping: MappingRow


def parse(kind: Kind, content: bytes) -> tuple[list[FileRow], list[Problem]]:
    """The mappings of one file and all that is wrong with it. Rows with a problem are not among the mappings."""
    file = FILES[kind]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        return [], [Problem(file, row, "not UTF-8 text: save the file as CSV UTF-8")]
    return _Reading(kind, file).read(text)


def render(rows: Iterable[MappingRow]) -> bytes:
    """The file that holds these mappings, sorted by key."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=lambda row: row.billing_key):
        excluded = "yes" if row.is_excluded else ""
        writer.writerow((row.billing_key, row.billing_name or "", row.qbo_id or "", row.qbo_name or "", excluded))
    return text.getvalue().encode()


def check_against_lists(kind: Kind, rows: Iterable[FileRow], entries: Mapping[str, ListRow]) -> list[Problem]:
    """Where a file names what QuickBooks does not have, by id, or by another name.

    :param entries: QBO id → entry of the kind's list, as last read.
    """
    return [
        Problem(FILES[kind], row.number, found)
        for row in rows
        if (found := disagreement(kind, row.mapping, entries.get(row.mapping.qbo_id or ""))) is not None
    ]


def disagreement(kind: Kind, row: MappingRow, entry: ListRow | None) -> str | None:
    """What is wrong between a mapping and the QuickBooks entry of its id; None when they agree."""
    entity = ENTITIES[kind]
    if row.target is None:
        return None
    if entry is None:
        return f"QuickBooks has no {entity} with id {row.qbo_id}; refresh the lists, or correct qbo_id"
    if not entry.is_active:
        return (
            f"{entity} {row.qbo_id} ({entry.name}) is inactive in QuickBooks; make it active again, or choose another"
        )
    if not entry.has_name(row.qbo_name or ""):
        return (
            f"{entity} {row.qbo_id} is named {entry.name!r} in QuickBooks, not {row.qbo_name!r}; correct one of the two"
        )
    if entry.kind == "Category":
        return f"Item {row.qbo_id} ({entry.name}) is a category in QuickBooks, which no line can name; choose an item in it"
    return None


class _Reading:
    """One pass over one file."""

    def __init__(self, kind: Kind, file: str) -> None:
        self._kind = kind
        self._file = file
        self._rows: list[FileRow] = []
        self._problems: list[Problem] = []
        self._seen: dict[str, int] = {}

    def read(self, text: str) -> tuple[list[FileRow], list[Problem]]:
        numbered = self._records(text)
        heading = next(numbered, None)
        if heading is None:
            self._note(0, f"empty; the first row names the columns {', '.join(COLUMNS)}")
        elif self._heading_fits(heading[1]):
            for number, cells in numbered:
                self._take(number, heading[1], cells)
        return self._rows, self._problems

    def _records(self, text: str) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        number = 1
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                self._note(number, f"not readable as CSV: {error}")
                return
            if cells is None:
                return
            if cells:
                yield number, cells
            number = reader.line_num + 1

    def _heading_fits(self, heading: list[str]) -> bool:
        before = len(self._problems)
        if len(heading) == 1 and any(mark in heading[0] for mark in ";\t"):
            self._note(1, f"unknown column {heading[0][:60]!r}; separate columns by commas")
            return False
        for column in heading:
            if column not in COLUMNS:
                self._note(1, f"unknown column {column[:60]!r}; allowed: {', '.join(COLUMNS)}")
        for column in _REQUIRED:
            if column not in heading:
                self._note(1, f"column {column} is missing; add it")
        for column in sorted({column for column in heading if heading.count(column) > 1}):
            self._note(1, f"column {column} stands twice; keep one")
        return len(self._problems) == before

    def _take(self, number: int, heading: list[str], cells: list[str]) -> None:
        if len(cells) != len(heading):
            self._note(
                number, f"has {len(cells)} cells, the heading has {len(heading)}; quote a cell that holds a comma"
            )
            return
        values = dict(zip(heading, cells, strict=True))
        problems = list(self._faults(values))
        key = values["billing_id"]
        if key and key in self._seen:
            problems.append(f"billing_id {key!r} stands in row {self._seen[key]} already; keep one of them")
        self._seen.setdefault(key, number)
        for problem in problems:
            self._note(number, problem)
        if not problems:
            self._rows.append(FileRow(number, self._mapping(values)))

    def _faults(self, values: Mapping[str, str]) -> Iterator[str]:
        key, excluded = values["billing_id"], values.get("excluded", "")
        if not key:
            yield "billing_id is empty; give the id that billing uses"
        if key == CATCH_ALL and self._kind not in _HAS_CATCH_ALL:
            yield f"{CATCH_ALL} is no {self._kind}; a default is possible in categories, subscriptions and tax_codes"
        for column in ("billing_id", "qbo_id", "qbo_name"):
            if values[column] != values[column].strip():
                yield f"{column} {values[column]!r} begins or ends with a space; remove it"
        if excluded.lower() not in _YES_NO:
            yield f"excluded is {excluded[:60]!r}; allowed: yes, no or empty"
        elif _YES_NO[excluded.lower()]:
            if self._kind != "customer":
                yield f"excluded is for customers only; map the {self._kind}, or remove the row"
            return
        for column in ("qbo_id", "qbo_name"):
            if not values[column]:
                yield f"{column} is empty; map {key or 'the row'}, or remove the row"

    def _mapping(self, values: Mapping[str, str]) -> MappingRow:
        return MappingRow(
            self._kind,
            values["billing_id"],
            values.get("billing_name") or None,
            values["qbo_id"] or None,
            values["qbo_name"] or None,
            _YES_NO[values.get("excluded", "").lower()],
        )

    def _note(self, row: int, text: str) -> None:
        self._problems.append(Problem(self._file, row, text))
