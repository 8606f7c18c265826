"""Rows of the billing files, column by column: what fits the contract becomes a value, what does not a named problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

import psycopg
from psycopg.types.datetime import DateLoader, TimestamptzLoader

from include.billing_sync.texts import LONGEST_SENSIBLE_TEXT
from include.stores.contract import BillingFile, Column, Kind

_BPCHAR = 1042
_SHOWN = 60


class BillingError(Exception):
    """Billing cannot be read as a whole: the file, what is wrong with it, and the cure."""

    failure_mode = "person"

    def __init__(self, file: str, problem: str, cure: str) -> None:
        """Keep the parts, so that callers may show them apart."""
        super().__init__(f"{file}: {problem}; {cure}")
        self.file = file
        self.problem = problem
        self.cure = cure


@dataclass(frozen=True, slots=True)
class BadRow:
    """One value of a document that breaks the billing contract. It stops this document and no other."""

    file: str
    document_id: str
    column: str
    value: str
    cure: str
    reason: str

    def to_finding(self) -> dict[str, str]:
        """The problem as a stopping finding of the candidate, marked as found by the extract."""
        return {
            "reason": self.reason,
            "severity": "stop",
            "found_by": "extract",
            "file": self.file,
            "column": self.column,
            "value": self.value,
            "cure": self.cure,
            "detail": f"{self.file}: {self.column} is {self.value}; {self.cure}",
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """One column of one row that does not fit: what was found, and the cure."""

    column: Column
    value: str
    cure: str


class _NotThatKind(ValueError):
    """The value is not of the column's kind; the text says what it is, ``cure`` what to do."""

    def __init__(self, found: str, cure: str) -> None:
        super().__init__(found)
        self.cure = cure


def _id(value: Any) -> str:
    return _text(value if isinstance(value, str) else str(value))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _NotThatKind(_shown(value), "it must be text; cast the column to text in the file")
    if len(value) > LONGEST_SENSIBLE_TEXT:
        raise _NotThatKind(
            f"a text of {len(value):,} characters", f"shorten it to {LONGEST_SENSIBLE_TEXT:,} at most in billing"
        )
    return value


def _number(value: Any) -> Decimal:
    if type(value) is Decimal:
        if value.is_finite():
            return value
        raise _NotThatKind(str(value), "it must be a finite number; correct the row in billing")
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise _NotThatKind(
        _shown(value), "it must be a number; correct the row, and cast the column to numeric in the file"
    )


def _whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _NotThatKind(_shown(value), "it must be a whole number; cast the column to integer in the file")


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise _NotThatKind(_shown(value), "it must be a date between the years 1 and 9999; correct the row in billing")


def _instant(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    raise _NotThatKind(_shown(value), "it must be a time with time zone; cast the column to timestamptz in the file")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _NotThatKind(_shown(value), "it must be true or false; cast the column to boolean in the file")


_READ: dict[Kind, Callable[[Any], Any]] = {
    Kind.ID: _id,
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.WHOLE: _whole,
    Kind.DATE: _date,
    Kind.INSTANT: _instant,
    Kind.FLAG: _flag,
}


# The Python types that fit a kind as they are; any other value goes the long way and is read or refused there.
_FITTING: dict[Kind, type] = {
    Kind.ID: str,
    Kind.TEXT: str,
    Kind.NUMBER: Decimal,
    Kind.WHOLE: int,
    Kind.DATE: date,
    Kind.INSTANT: datetime,
    Kind.FLAG: bool,
}


@dataclass(frozen=True, slots=True)
class _Shape:
    """The places of texts and numbers among the cells of rows that look alike: most rows are read by it at once."""

    texts: tuple[int, ...]
    numbers: tuple[int, ...]


class RowReader:
    """Reads the rows of one file, given the columns that its query returns."""

    def __init__(self, file: BillingFile, described: Sequence[psycopg.Column]) -> None:
        """Find the contract's columns. Raises BillingError when one is missing."""
        places = {column.name: place for place, column in enumerate(described)}
        missing = [column.name for column in file.columns if column.name not in places]
        if missing:
            raise BillingError(file.name, f"column {missing[0]} is missing", "return it (see docs/billing-contract.md)")
        self.file = file
        self._names = tuple(column.name for column in file.columns)
        self._cells = itemgetter(*(places[name] for name in self._names))
        self._padded = [place for place, column in enumerate(described) if column.type_code == _BPCHAR]
        self._shapes: dict[tuple[type, ...], _Shape | None] = {}
        self._instants = [column.name for column in file.columns if column.kind is Kind.INSTANT]
        self._choices = [(column.name, frozenset(column.choices)) for column in file.columns if column.choices]

    def read(self, row: Sequence[Any]) -> tuple[dict[str, Any], list[Problem]]:
        """The values by column, unreadable ones as None, and the problems. Raises BillingError for a row without id."""
        cells = self._cells(self._unpadded(row) if self._padded else row)
        types = tuple(map(type, cells))
        if types not in self._shapes:
            self._shapes[types] = self._shape(types)
        shape = self._shapes[types]
        values = dict(zip(self._names, cells, strict=True))
        if shape is None or not self._is_in_bounds(shape, cells, values):
            return self._read_one_by_one(values)
        for name in self._instants:
            if values[name] is not None:
                values[name] = _instant(values[name])
        return values, []

    def _shape(self, types: tuple[type, ...]) -> _Shape | None:
        """Where rows with cells of these types hold texts and numbers; None when a cell must be looked at by itself."""
        for column, found in zip(self.file.columns, types, strict=True):
            if found is not _FITTING[column.kind] and (found is not type(None) or column.is_required):
                return None
        texts = tuple(place for place, found in enumerate(types) if found is str)
        return _Shape(texts, tuple(place for place, found in enumerate(types) if found is Decimal))

    def _is_in_bounds(self, shape: _Shape, cells: Sequence[Any], values: Mapping[str, Any]) -> bool:
        for place in shape.texts:
            if len(cells[place]) > LONGEST_SENSIBLE_TEXT:
                return False
        for place in shape.numbers:
            if not cells[place].is_finite():
                return False
        return all(values[name] in allowed for name, allowed in self._choices)

    def _read_one_by_one(self, cells: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        values: dict[str, Any] = dict.fromkeys(cells)
        problems: list[Problem] = []
        for column in self.file.columns:
            cell = cells[column.name]
            if cell is None:
                if column.is_required:
                    problems.append(Problem(column, "null", "it must not be null; correct the row in billing"))
                continue
            try:
                value = _READ[column.kind](cell)
            except _NotThatKind as error:
                problems.append(Problem(column, str(error), error.cure))
                continue
            if column.choices and value not in column.choices:
                problems.append(Problem(column, _shown(value), f"it must be one of {', '.join(column.choices)}"))
            else:
                values[column.name] = value
        self._require_id(values)
        return values, problems

    def _require_id(self, values: Mapping[str, Any]) -> None:
        """Without the id nobody could say which document is wrong, so nothing of the file is used."""
        column = self._names[0]
        if values[column] is None:
            shown = ", ".join(f"{name} {values[name]!r}" for name in self._names[1:4])
            problem = f"column {column} is null or unreadable in the row with {shown}"
            raise BillingError(self.file.name, problem, "give each row its id")

    def _unpadded(self, row: Sequence[Any]) -> list[Any]:
        """The row without the blanks that PostgreSQL pads char(n) with."""
        cells = list(row)
        for place in self._padded:
            if isinstance(cells[place], str):
                cells[place] = cells[place].rstrip(" ")
        return cells


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class _DateOrText(DateLoader):
    """Dates that Python cannot hold (infinity, BC, after 9999) as their text, so that one row does not end the reading."""

    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode()


class _InstantOrText(TimestamptzLoader):
    """Likewise for times."""

    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode()


def tolerate_odd_dates(cursor: psycopg.Cursor[Any]) -> None:
    """Let the cursor return dates and times beyond Python's as text instead of failing on the whole result."""
    cursor.adapters.register_loader("date", _DateOrText)
    cursor.adapters.register_loader("timestamptz", _InstantOrText)
