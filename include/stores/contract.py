"""The billing contract as data: which columns of which types the files in include/sql/billing must return.

`contract_violations` compares a billing database with it before anything is read. The tables of docs/billing-contract.md are
written from here (``python -m include.stores.contract``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import tuple_row

SQL_FOLDER = Path(__file__).resolve().parents[1] / "sql" / "billing"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "billing-contract.md"
MARKER = "<!-- Everything below this line is written by `python -m include.stores.contract`. -->\n"


class Kind(StrEnum):
    """What a column holds."""

    ID = "id"
    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    DATE = "date"
    INSTANT = "instant"
    FLAG = "flag"


POSTGRES_TYPES: Mapping[Kind, tuple[str, ...]] = {
    Kind.ID: ("text", "varchar", "bpchar", "uuid", "int8", "int4", "int2"),
    Kind.TEXT: ("text", "varchar", "bpchar", "citext", "enum"),
    Kind.NUMBER: ("numeric", "int8", "int4", "int2"),
    Kind.WHOLE: ("int8", "int4", "int2"),
    Kind.DATE: ("date",),
    Kind.INSTANT: ("timestamptz",),
    Kind.FLAG: ("bool",),
}
"""The PostgreSQL types that hold each kind without loss. Never float (it cannot hold cents), never text for numbers or dates."""

CURES: Mapping[Kind, str] = {
    Kind.ID: "cast it to text",
    Kind.TEXT: "cast it to text",
    Kind.NUMBER: "cast it to numeric",
    Kind.WHOLE: "cast it to integer",
    Kind.DATE: "cast it to date, after `at time zone '<the realm's time zone>'` when it is a timestamp",
    Kind.INSTANT: "make it timestamptz, with `at time zone '<the zone it is stored in>'` when it is a timestamp",
    Kind.FLAG: "cast it to boolean",
}

_REASONS = {Kind.NUMBER: "amount_precision", Kind.DATE: "date_out_of_range"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file. ``reason`` is what a document gets when a row of it holds what the column must not."""

    name: str
    kind: Kind
    meaning: str
    is_required: bool = False
    choices: tuple[str, ...] = ()
    own_reason: str = ""

    @property
    def reason(self) -> str:
        """The reason code of a document whose row breaks this column."""
        return self.own_reason or _REASONS.get(self.kind, "text_invalid")


@dataclass(frozen=True, slots=True)
class BillingFile:
    """One file of include/sql/billing: its grain, its parameters, its columns; the first column is the row's id."""

    name: str
    grain: str
    parameters: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def key(self) -> str:
        """The name without its ending, by which readers ask for the file."""
        return self.name.removesuffix(".sql")


DOCUMENT_PARAMETERS = ("from_date", "to_date", "changed_since", "ids")
LIST_PARAMETERS = ("changed_since", "ids")
LINE_KINDS = ("charge", "discount", "credit", "tax")

_UPDATED_AT = Column("updated_at", Kind.INSTANT, "when the row last changed, by billing's clock")

INVOICES = BillingFile(
    "invoices.sql",
    "one invoice, drafts, voids and deletions included",
    DOCUMENT_PARAMETERS,
    (
        Column("invoice_id", Kind.ID, "billing's own id; never changes, never used again", is_required=True),
        Column("realm_key", Kind.TEXT, "which QuickBooks company; null: the only one"),
        Column("doc_number", Kind.TEXT, "the number that the customer sees; null is found by the checks"),
        Column("customer_id", Kind.ID, "who owes; null is found by the checks"),
        Column("invoice_date", Kind.DATE, "date of the invoice in the realm's time zone", is_required=True),
        Column("due_date", Kind.DATE, "when it is to be paid; without one QuickBooks fills in its own, which is named"),
        Column("currency", Kind.TEXT, "ISO 4217 code", is_required=True, own_reason="currency_unknown"),
        Column("status", Kind.TEXT, "`draft`, `open`, `paid`, `void` or `deleted`; any other is out of scope", True),
        Column("subtotal_amount", Kind.NUMBER, "sum of all lines that are not tax"),
        Column("tax_amount", Kind.NUMBER, "sum of the tax lines and of the tax amounts of the other lines"),
        Column("total_amount", Kind.NUMBER, "subtotal and tax", is_required=True, own_reason="totals_do_not_match"),
        Column("balance_amount", Kind.NUMBER, "what is still open"),
        Column("memo", Kind.TEXT, "a text for the invoice"),
        Column("billing_email", Kind.TEXT, "where the invoice is sent; null: it is copied, never sent"),
        Column("is_opted_out", Kind.FLAG, "true: do not push; null counts as false"),
        Column("detail_date", Kind.DATE, "date of the oldest transaction detail behind the invoice"),
        Column("origin", Kind.TEXT, "`qbo` when the invoice came from QuickBooks"),
        Column("updated_at", Kind.INSTANT, "when the invoice or one of its lines last changed, by billing's clock"),
    ),
)

INVOICE_LINES = BillingFile(
    "invoice_lines.sql",
    "one line of an invoice",
    DOCUMENT_PARAMETERS,
    (
        Column("invoice_id", Kind.ID, "the invoice", is_required=True),
        Column("line_id", Kind.ID, "billing's own id of the line, unique within the invoice", is_required=True),
        Column("position", Kind.WHOLE, "order of the lines", is_required=True),
        Column("kind", Kind.TEXT, "what the line is; tax: one tax as a line of its own", True, LINE_KINDS),
        Column("description", Kind.TEXT, "text of the line; null counts as empty"),
        Column(
            "amount",
            Kind.NUMBER,
            "amount of the line without tax; negative on discounts and credits; need not be quantity x price",
            is_required=True,
        ),
        Column("category", Kind.TEXT, "transaction category, the least that is mapped; null is found by the checks"),
        Column("service_id", Kind.ID, "what was sold, for a mapping per service"),
        Column("service_name", Kind.TEXT, "its name"),
        Column("service_sku", Kind.TEXT, "its catalogue number"),
        Column("subscription_id", Kind.ID, "the subscription, for a mapping that overrides that of the service"),
        Column("quantity", Kind.NUMBER, "how much"),
        Column("unit_price", Kind.NUMBER, "price of one, any number of decimals"),
        Column("tax_code", Kind.TEXT, "how the line is taxed; on a line of kind tax: which tax it is"),
        Column("tax_amount", Kind.NUMBER, "tax of this line, where tax is not given as lines of kind tax"),
        Column("service_date", Kind.DATE, "when the service was given"),
    ),
)

CUSTOMERS = BillingFile(
    "customers.sql",
    "one customer",
    LIST_PARAMETERS,
    (
        Column("customer_id", Kind.ID, "billing's own id; never changes, never used again", is_required=True),
        Column("name", Kind.TEXT, "display name in QuickBooks", is_required=True),
        Column("currency", Kind.TEXT, "currency in which the customer is billed; null: any"),
        Column("company_name", Kind.TEXT, "contact; all contact columns go to QuickBooks only on creation"),
        Column("given_name", Kind.TEXT, "contact"),
        Column("family_name", Kind.TEXT, "contact"),
        Column("email", Kind.TEXT, "contact"),
        Column("phone", Kind.TEXT, "contact"),
        Column("line1", Kind.TEXT, "address"),
        Column("line2", Kind.TEXT, "address"),
        Column("city", Kind.TEXT, "address"),
        Column("region", Kind.TEXT, "address: state, county or province"),
        Column("postal_code", Kind.TEXT, "address"),
        Column("country", Kind.TEXT, "address"),
        Column("is_test", Kind.FLAG, "true: a house or test customer, never synced; null counts as false"),
        _UPDATED_AT,
    ),
)

SERVICES = BillingFile(
    "services.sql",
    "one service",
    LIST_PARAMETERS,
    (
        Column("service_id", Kind.ID, "the id that invoice lines name", is_required=True),
        Column("name", Kind.TEXT, "its name", is_required=True),
        Column("sku", Kind.TEXT, "catalogue number"),
        Column("category", Kind.TEXT, "category of its charges"),
        Column("is_active", Kind.FLAG, "whether it is still sold; null counts as true"),
        _UPDATED_AT,
    ),
)

SUBSCRIPTIONS = BillingFile(
    "subscriptions.sql",
    "one subscription",
    LIST_PARAMETERS,
    (
        Column("subscription_id", Kind.ID, "the id that invoice lines name", is_required=True),
        Column("name", Kind.TEXT, "its name", is_required=True),
        Column("customer_id", Kind.ID, "whose it is"),
        Column("service_id", Kind.ID, "of which service"),
        Column("is_active", Kind.FLAG, "whether it runs; null counts as true"),
        _UPDATED_AT,
    ),
)

TAX_CODES = BillingFile(
    "tax_codes.sql",
    "one tax code: a treatment of charges, or a jurisdiction that levies a tax",
    LIST_PARAMETERS,
    (
        Column("tax_code", Kind.TEXT, "the code that invoice lines name", is_required=True),
        Column("name", Kind.TEXT, "its name", is_required=True),
        Column("jurisdiction", Kind.TEXT, "who levies it; null for a treatment"),
        Column("rate_percent", Kind.NUMBER, "its rate; null when it has none"),
        _UPDATED_AT,
    ),
)

CONTRACT: tuple[BillingFile, ...] = (CUSTOMERS, SERVICES, SUBSCRIPTIONS, TAX_CODES, INVOICES, INVOICE_LINES)


def contract_violations(connection: psycopg.Connection[Any], sql_folder: Path = SQL_FOLDER) -> list[str]:
    """What of the contract this billing database does not keep, each with file, column and cure. Empty: all is well.

    Every file is planned by PostgreSQL with all parameters null and no row is read. The connection must be idle; nothing
    is changed and no transaction stays open.
    """
    violations: list[str] = []
    for file in CONTRACT:
        violations += _violations_of(connection, file, sql_folder)
    return violations


def _violations_of(connection: psycopg.Connection[Any], file: BillingFile, sql_folder: Path) -> list[str]:
    path = sql_folder / file.name
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return [f"{file.name}: the file is missing in {sql_folder}"]
    except UnicodeDecodeError:
        return [f"{file.name}: the file is not UTF-8; save it as UTF-8"]
    unused = [name for name in file.parameters if f"%({name})s" not in text]
    violations = [f"{file.name}: does not use the parameter %({name})s; filter by it (null = all)" for name in unused]
    try:
        with connection.transaction(force_rollback=True):
            # The first line stays the first line, so that PostgreSQL's LINE n is the line of the file.
            query = b"select * from (" + text.encode() + b"\n) as contract limit 0"
            cursor = connection.cursor(row_factory=tuple_row).execute(query, null_parameters())
            returned = _returned_types(connection, cursor.description or [])
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        return [*violations, f"{file.name}: {message_of(error)}"]
    return violations + _column_violations(file, returned)


def _column_violations(file: BillingFile, returned: Sequence[tuple[str, str]]) -> list[str]:
    names = [name for name, _ in returned]
    types = dict(returned)
    violations = []
    for column in file.columns:
        allowed = POSTGRES_TYPES[column.kind]
        if column.name not in types:
            near = next((name for name in names if name.lower() == column.name), None)
            hint = f"it is returned as {near!r}" if near else f"return it as {allowed[0]}"
            violations.append(f"{file.name}: column {column.name} is missing; {hint}")
        elif names.count(column.name) > 1:
            violations.append(f"{file.name}: column {column.name} is returned more than once; keep one")
        elif types[column.name] not in allowed:
            found = types[column.name]
            violations.append(
                f"{file.name}: column {column.name} is {found} but must be {' or '.join(allowed)}; {CURES[column.kind]}"
            )
    return violations


def _returned_types(connection: psycopg.Connection[Any], described: Sequence[psycopg.Column]) -> list[tuple[str, str]]:
    query = "select oid, case typtype when 'e' then 'enum' else typname end from pg_type where oid = any(%s)"
    cursor = connection.cursor(row_factory=tuple_row)
    names: dict[int, str] = dict(cursor.execute(query, [[column.type_code for column in described]]).fetchall())
    return [(column.name, names.get(column.type_code, str(column.type_code))) for column in described]


def null_parameters() -> dict[str, Any]:
    """All parameters of billing files, each null: everything."""
    return dict.fromkeys(DOCUMENT_PARAMETERS)


def message_of(error: psycopg.Error) -> str:
    """PostgreSQL's own message on one line, with the line of the file that it points at."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and line.strip() != "^"]
    return "; ".join(lines) or type(error).__name__


def contract_tables() -> str:
    """The tables of docs/billing-contract.md: each file with its grain, parameters and columns."""
    parts = []
    for file in CONTRACT:
        parameters = ", ".join(f"`{name}`" for name in file.parameters)
        parts.append(f"\n## {file.name}\n\nGrain: {file.grain}. Parameters: {parameters}.\n")
        parts.append("\n| column | PostgreSQL types | null | holds |\n|---|---|---|---|\n")
        for column in file.columns:
            types = ", ".join(POSTGRES_TYPES[column.kind])
            null = "no" if column.is_required else "allowed"
            choices = f": {', '.join(f'`{choice}`' for choice in column.choices)}" if column.choices else ""
            parts.append(f"| `{column.name}` | {types} | {null} | {column.meaning}{choices} |\n")
    return "".join(parts)


def page_with_tables(page: str) -> str:
    """The page with its tables written anew; what stands above the marker is written by people."""
    prose, marker, _ = page.partition(MARKER)
    return prose + marker + "\n" + contract_tables()


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
