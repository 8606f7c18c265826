"""Queries against the books: validation with QBO's texts, translation to SQL over indexed columns, and the printed answer."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from qbo_simulator import ledger, operations, wire
from qbo_simulator.books import ROW, Books
from qbo_simulator.clock import parse_moment
from qbo_simulator.entities.fields import object_id
from qbo_simulator.entities.kinds import Column, EntityType
from qbo_simulator.entities.registry import BY_FOLDED_NAME, KNOWN_GAPS
from qbo_simulator.errors import Fault, NotSimulated
from qbo_simulator.query.parser import Condition, Query, Value, parse
from qbo_simulator.wire import Json

_SELECTIVE = ("id", "docnumber", "customerref", "displayname", "name", "fullyqualifiedname")
DEFAULT_ROWS = 100
MOST_ROWS = 1000
# A position is a Java int.
LARGEST_NUMBER = 2**31 - 1
_SQL_OPERATORS = {"=": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "<>"}


def invalid(text: str) -> Fault:
    """4001: it parses, and asks for something that cannot be asked."""
    return Fault("4001", f"QueryValidationError: {text}")


def run(books: Books, text: str) -> str:
    """Answer a query; returns the text of the ``QueryResponse`` object."""
    query = parse(text)
    entity = BY_FOLDED_NAME.get(query.entity.lower())
    if entity is None:
        if query.entity.lower() in KNOWN_GAPS:
            raise NotSimulated(f"queries of {KNOWN_GAPS[query.entity.lower()]}")
        raise invalid(f"invalid context declaration: {query.entity}")
    ledger.look(books, entity)
    start, rows = _page(books, query)
    if entity.kind == "singleton":
        return _singleton(books, entity, query)
    condition, values = _where(books, entity, query)
    # Checked before anything is looked for: an unknown property is refused even where there are no rows.
    printer = _printer(books, entity, query)
    if query.is_count:
        count = books.database.execute(f"select count(*) from objects where {condition}", values).fetchone()[0]  # noqa: S608
        return f'{{"totalCount":{count}}}'
    if entity.name == "TaxCode" and query.max_results is not None:
        rows = max(rows, 4)
    order = _order(entity, query)
    # First which rows, from indexes alone; then their documents, so that no sort ever carries a document.
    numbers = [
        number
        for (number,) in books.database.execute(
            f"select rowid from objects where {condition} order by {order} limit ? offset ?",  # noqa: S608 - tables of ours
            [*values, rows, start - 1],
        )
    ]
    found = _rows(books, numbers)
    if not found:
        return "{}"
    listed = ",".join([printer(row) for row in found])
    return f'{{"{entity.shown_as}":[{listed}],"startPosition":{start},"maxResults":{len(found)}}}'


def _rows(books: Books, numbers: list[int]) -> list[tuple[Any, ...]]:
    if not numbers:
        return []
    marks = ",".join("?" * len(numbers))
    by_number = {
        row[0]: row[1:]
        for row in books.database.execute(f"select rowid, {ROW} from objects where rowid in ({marks})", numbers)  # noqa: S608 - marks
    }
    return [by_number[number] for number in numbers]


def _page(books: Books, query: Query) -> tuple[int, int]:
    if query.start_position > LARGEST_NUMBER:
        raise invalid(f"value {query.start_position} is too large. Max allowed value is {LARGEST_NUMBER}")
    if query.start_position < 1:
        raise invalid(f"value {query.start_position} is too small. Min allowed value is 1")
    rows = DEFAULT_ROWS if query.max_results is None else query.max_results
    if rows < 0:
        raise invalid(f"value {rows} is too small. Min allowed value is 0")
    if rows > MOST_ROWS:
        if books.settings.maxresults_above_1000 == "refuse":
            raise invalid(f"value {rows} is too large. Max allowed value is {MOST_ROWS}")
        rows = MOST_ROWS
    return query.start_position, rows


def _singleton(books: Books, entity: EntityType, query: Query) -> str:
    for one in query.conditions:
        _condition(books, entity, *_column(entity, one.field), one)
    _printer(books, entity, query)
    if query.is_count:
        return '{"totalCount":1}'
    return f'{{"{entity.name}":[{operations.singleton(books, entity)}],"startPosition":1,"maxResults":1}}'


def _column(entity: EntityType, name: str) -> tuple[str, Column]:
    folded = name.lower()
    for known, column in entity.columns.items():
        if known.lower() == folded:
            return known, column
    head = name.partition(".")[0].lower()
    if any(head == known.lower() for known in entity.shape.order):
        raise invalid(f"property '{name}' is not queryable")
    raise invalid(f"Property {name} not found for Entity {entity.name}")


def _where(books: Books, entity: EntityType, query: Query) -> tuple[str, list[Any]]:
    names_ids = any(condition.field.lower() == "id" for condition in query.conditions)
    # A plus keeps SQLite away from the indexes that begin with it: the ids themselves are the shortest way.
    parts = ["company = ?", "entity = ?", "+deleted = 0" if names_ids else "deleted = 0"]
    values: list[Any] = [books.company.key, entity.name]
    asks_for_activity = False
    for condition in query.conditions:
        name, column = _column(entity, condition.field)
        asks_for_activity |= name == "Active"
        sql, parameters = _condition(books, entity, name, column, condition)
        parts.append(sql)
        values += parameters
    if entity.hides_inactive:
        # Always true; it lets SQLite use the index that holds named objects only.
        parts.append(f"{entity.default_order.partition(',')[0]} is not null")
        if not asks_for_activity:
            parts.append("active = 1")
    if books.settings.query_lag_seconds:
        # An index that is behind shows what was there before: a change of something older does not make it vanish.
        parts.append("created <= ?")
        values.append(books.now - books.settings.query_lag_seconds)
    return " and ".join(parts), values


def _condition(
    books: Books, entity: EntityType, name: str, column: Column, condition: Condition
) -> tuple[str, list[Any]]:
    operator = condition.operator
    if operator == "between":
        raise invalid("operator BETWEEN is not supported")
    if column.type == "id" and operator not in ("=", "in"):
        raise invalid(f"operator {operator.upper()} is not supported for property 'Id'")
    if operator == "like":
        return _like(name, column, condition.values[0])
    convert = _CONVERTERS[column.type]
    parameters = [convert(books, name, value) for value in condition.values]
    collation = " collate nocase" if column.type == "text" and column.expression.startswith("json") else ""
    if operator == "in":
        return f"{column.expression}{collation} in ({', '.join('?' * len(parameters))})", parameters
    if operator == "=" and column.type == "text" and not str(parameters[0]).strip():
        return f"coalesce({column.expression}, '') = ''", []
    if operator == "!=" and column.type != "text":
        raise invalid(f"operator != is not supported for property '{name}'")
    if operator == "=" and column.type == "date" and "T" in condition.values[0].text:
        parameters[0] = parameters[0][:10]
    return f"{column.expression}{collation} {_SQL_OPERATORS[operator]} ?", parameters


def _like(name: str, column: Column, value: Value) -> tuple[str, list[Any]]:
    if column.type not in ("text", "date"):
        raise invalid(f"operator LIKE is not supported for property '{name}'")
    pattern = value.text.replace("\\", "\\\\").replace("_", "\\_")
    return f"{column.expression} like ? escape '\\'", [pattern]


def _text(_books: Books, _name: str, value: Value) -> str:
    return value.text


def _id(_books: Books, _name: str, value: Value) -> int:
    text = value.text.strip()
    if not text.isdecimal() or not text.isascii():
        raise Fault("2030", f"Id should be a valid number. Supplied value:{value.text}", element="Id", is_timed=False)
    number = object_id(text)
    return -1 if number is None else number


def _reference(_books: Books, _name: str, value: Value) -> str:
    """As text: a column of numbers makes a number of it, and what is taken out of a document is text."""
    text = value.text.strip()
    number = object_id(text)
    return text if number is None else str(number)


def _decimal(name: str, value: Value) -> Decimal:
    try:
        number = Decimal(value.text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > 10**15:
        raise invalid(f"value {value.text} of property '{name}' is not a number")
    return number


def _amount(_books: Books, name: str, value: Value) -> int | float:
    number = _decimal(name, value) * 100
    return int(number) if number == number.to_integral_value() else float(number)


def _number(_books: Books, name: str, value: Value) -> float:
    return float(_decimal(name, value))


def _date(books: Books, name: str, value: Value) -> str:
    if value.kind == "current_date":
        return books.today
    try:
        return date.fromisoformat(value.text.strip()[:10]).isoformat()
    except ValueError as error:
        raise invalid(f"value {value.text} of property '{name}' is not a date") from error


def _moment(books: Books, name: str, value: Value) -> float:
    try:
        return parse_moment(books.today if value.kind == "current_date" else value.text)
    except (ValueError, OverflowError) as error:
        raise invalid(f"value {value.text} of property '{name}' is not a date or time") from error


def _bool(_books: Books, name: str, value: Value) -> int:
    if value.text.lower() not in ("true", "false"):
        raise invalid(f"value {value.text} of property '{name}' is not a boolean")
    return int(value.text.lower() == "true")


_CONVERTERS: dict[str, Callable[[Books, str, Value], Any]] = {
    "id": _id,
    "text": _text,
    "amount": _amount,
    "number": _number,
    "date": _date,
    "moment": _moment,
    "bool": _bool,
    "reference": _reference,
}


def _order(entity: EntityType, query: Query) -> str:
    parts = []
    for name, descends in query.order:
        expression = _column(entity, name)[1].expression
        parts.append(f"{expression} desc" if descends else expression)
    order = ", ".join([*parts, "id"]) if parts else entity.default_order
    if not any(one.operator in ("=", "in") and one.field.lower() in _SELECTIVE for one in query.conditions):
        return order
    # A plus keeps SQLite from walking an index in the wished order when another one finds the few rows directly.
    return ", ".join(f"+{part}" for part in order.split(", "))


def _printer(books: Books, entity: EntityType, query: Query) -> Callable[[tuple[Any, ...]], str]:
    if query.fields is None:
        return lambda row: books.printed(entity, row)
    wanted = [_selected(entity, name) for name in query.fields]

    def projected(row: tuple[Any, ...]) -> str:
        document = wire.parse(books.printed(entity, row))
        chosen: Json = {"domain": "QBO", "sparse": True, "Id": document["Id"]}
        for head, tail in wanted:
            if head in document:
                if tail:
                    chosen.setdefault(head, {})[tail] = document[head].get(tail)
                else:
                    chosen[head] = document[head]
        return wire.encode(entity.shape.arrange(chosen))

    return projected


def _selected(entity: EntityType, name: str) -> tuple[str, str]:
    head, _, tail = name.partition(".")
    if head.lower() == "metadata" and tail.lower() in ("createtime", "lastupdatedtime", ""):
        times = {"createtime": "CreateTime", "lastupdatedtime": "LastUpdatedTime", "": ""}
        return "MetaData", times[tail.lower()]
    nested = ("BillAddr", "ShipAddr", "PrimaryAddr", "PrimaryPhone", "Mobile", "Fax", "WebAddr", "CustomField")
    for known in entity.shape.order:
        if known.lower() == name.lower() and known not in nested:
            return known, ""
    raise invalid(f"Property {head} not found for Entity {entity.name}")
