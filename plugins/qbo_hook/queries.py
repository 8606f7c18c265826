"""QBO's query language, written safely (QBO.md, section 6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice

from qbo_hook.errors import QboConfigError

MAX_ROWS = 1000
# One query per 400 document numbers keeps it well under the 1,000 rows of a page (DESIGN.md, section 5, rule 2).
MAX_IN_VALUES = 400

Value = str | int | Decimal | bool | date


def literal(value: Value) -> str:
    """A value as QBO's parser wants it: text and numbers in quotes, a quote as ``\\'``, booleans bare.

    :param value: text, int, Decimal, bool, date, or datetime with offset
    :raises QboConfigError: for a datetime without offset, whose meaning would be a guess
    :raises TypeError: for a float or any other type
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise QboConfigError("a time in a query needs its offset")
        return f"'{value.isoformat(timespec='seconds')}'"
    if isinstance(value, date):
        return f"'{value.isoformat()}'"
    if isinstance(value, int | Decimal):
        return f"'{value:f}'" if isinstance(value, Decimal) else f"'{value}'"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    raise TypeError(f"{type(value).__name__} cannot be written into a query")


def equals(field: str, value: Value) -> str:
    """The condition ``field = value``.

    :param field: QBO's name of the field
    :param value: see :func:`literal`
    """
    return f"{field} = {literal(value)}"


def is_in(field: str, values: Sequence[Value]) -> str:
    """The condition that a field holds one of up to 400 values.

    :param field: QBO's name of the field
    :param values: 1 to 400; see :func:`chunks_of` for more
    :raises QboConfigError: for none or too many
    """
    if not 1 <= len(values) <= MAX_IN_VALUES:
        raise QboConfigError(f"a list in a query holds 1 to {MAX_IN_VALUES} values, not {len(values)}")
    return f"{field} IN ({', '.join(literal(value) for value in values)})"


def chunks_of(values: Iterable[Value], size: int = MAX_IN_VALUES) -> Iterator[list[Value]]:
    """The values in lists that fit one query each.

    :param values: any number
    :param size: of each list but the last
    """
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def select(
    entity: str,
    where: str | None = None,
    order: str | Sequence[str] = (),
    *,
    start: int = 1,
    size: int = MAX_ROWS,
) -> str:
    """The statement for one page, in a fixed order so that pages follow each other.

    :param entity: QBO's name
    :param where: conditions joined by AND; QBO knows no OR
    :param order: fields, each with or without ASC or DESC; Id breaks ties
    :param start: number of the first row, from 1
    :param size: 1 to 1,000 rows
    :raises QboConfigError: if start or size is out of bounds
    """
    if start < 1 or not 1 <= size <= MAX_ROWS:
        raise QboConfigError(f"a page starts at 1 or later and holds 1 to {MAX_ROWS} rows, not {start} and {size}")
    condition = f" WHERE {where}" if where else ""
    return f"SELECT * FROM {entity}{condition} ORDERBY {_ordered(order)} STARTPOSITION {start} MAXRESULTS {size}"  # noqa: S608 - QBO's language; values are escaped by literal()


def select_count(entity: str, where: str | None = None) -> str:
    """The statement that counts.

    :param entity: QBO's name
    :param where: conditions joined by AND
    """
    condition = f" WHERE {where}" if where else ""
    return f"SELECT count(*) FROM {entity}{condition}"  # noqa: S608 - as above


def _ordered(order: str | Sequence[str]) -> str:
    fields = [order] if isinstance(order, str) else list(order)
    has_id = any(field.split()[0].lower() == "id" for field in fields)
    return ", ".join(fields if has_id else [*fields, "Id"])
