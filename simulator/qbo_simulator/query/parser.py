"""Text of a query to its parts; a text that is no query is 4000, as QBO words it."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from qbo_simulator.errors import Fault

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Value:
    """A literal: its text and what it was written as (string, boolean, current_date)."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Condition:
    """``field operator values``; conditions are joined by AND."""

    field: str
    operator: str
    values: tuple[Value, ...]


@dataclass(slots=True)
class Query:
    """A parsed query. ``fields`` is None for ``*``."""

    entity: str
    fields: list[str] | None = None
    is_count: bool = False
    conditions: list[Condition] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    start_position: int = 1
    max_results: int | None = None


@v_args(inline=True)
class _Builder(Transformer[Token, Query]):
    def field(self, name: Token) -> str:
        return str(name)

    def STRING(self, token: Token) -> Value:  # noqa: N802 - lark calls a terminal by its own name
        return Value(_ESCAPE.sub(r"\1", token[1:-1]), "string")

    def BOOLEAN(self, token: Token) -> Value:  # noqa: N802 - as above
        return Value(token.lower(), "boolean")

    def CURRENT_DATE(self, _token: Token) -> Value:  # noqa: N802 - as above
        return Value("", "current_date")

    def comparison(self, name: str, operator: Token, value: Value) -> Condition:
        return Condition(name, str(operator), (value,))

    def membership(self, name: str, *values: Value) -> Condition:
        return Condition(name, "in", values)

    def likeness(self, name: str, value: Value) -> Condition:
        return Condition(name, "like", (value,))

    def between(self, name: str, low: Value, high: Value) -> Condition:
        return Condition(name, "between", (low, high))

    def where(self, *conditions: Condition) -> tuple[str, list[Condition]]:
        return "conditions", list(conditions)

    def sort_key(self, name: str, direction: Token | None = None) -> tuple[str, bool]:
        return name, direction is not None and direction.lower() == "desc"

    def order(self, *keys: tuple[str, bool]) -> tuple[str, list[tuple[str, bool]]]:
        return "order", list(keys)

    def start_position(self, number: Token) -> tuple[str, int]:
        return "start_position", int(number)

    def max_results(self, number: Token) -> tuple[str, int]:
        return "max_results", int(number)

    def everything(self, _star: Token, *_fields: str) -> dict[str, Any]:
        return {}

    def count(self, *_tokens: Token) -> dict[str, Any]:
        return {"is_count": True}

    def fields(self, *names: str) -> dict[str, Any]:
        return {"fields": list(names)}

    def start(self, selection: dict[str, Any], entity: Token, *parts: tuple[str, Any]) -> Query:
        query = Query(str(entity), **selection)
        for name, value in parts:
            setattr(query, name, value)
        if repeated := [name for name, count in Counter(name for name, _value in parts).items() if count > 1]:
            word = repeated[0].replace("_", "")
            raise Fault("4000", f'QueryParserError: Encountered " "{word}" "{word} "" a second time.')
        return query


_PARSER = Lark(
    (Path(__file__).parent / "grammar.lark").read_text("utf-8"),
    parser="lalr",
    lexer="contextual",
    propagate_positions=False,
)
_BUILDER = _Builder()


def parse(text: str) -> Query:
    """Parse a query; raises 4000 with the place and what was expected there."""
    try:
        return _BUILDER.transform(_PARSER.parse(text))
    except UnexpectedInput as error:
        raise _fault(error, text) from error
    except VisitError as error:
        raise (error.orig_exc if isinstance(error.orig_exc, Fault) else _unusable(error.orig_exc)) from error


def _unusable(error: Exception) -> Fault:
    """A number of so many digits that it is none."""
    return Fault("4000", f"QueryParserError: {error}")


_NAMES = {
    "IDENTIFIER": "<IDENTIFIER>",
    "STRING": "<STRING>",
    "INTEGER": "<INTEGER>",
    "$END": "<EOF>",
    "OPERATOR": "<OPERATOR>",
}


def _fault(error: UnexpectedInput, text: str) -> Fault:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        kind = _NAMES.get(error.token.type, f'"{error.token.type.lower()}"')
        found = f'" {kind} "{error.token} ""'
        expected = error.accepts or error.expected
    elif isinstance(error, UnexpectedCharacters):
        found = f'"{text[error.pos_in_stream or 0 : (error.pos_in_stream or 0) + 1]}"'
        expected = error.allowed or set()
    else:
        found = '"<EOF>"'
        expected = set(error.expected) if isinstance(error, UnexpectedEOF | UnexpectedToken) else set()
    listing = " ...\n    ".join(sorted(_NAMES.get(name, f'"{name.lower()}"') for name in expected))
    line = error.line if error.line and error.line > 0 else 1
    column = error.column if error.column and error.column > 0 else len(text) + 1
    return Fault(
        "4000",
        f"QueryParserError: Encountered {found} at line {line}, column {column}.\nWas expecting one of:\n    {listing} ...\n    ",
    )
