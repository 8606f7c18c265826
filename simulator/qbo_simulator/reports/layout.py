"""The form of QBO's reports: a header, columns, and rows that are data or sections of rows."""

from collections.abc import Sequence

from qbo_simulator.books import Books
from qbo_simulator.clock import meta_time
from qbo_simulator.wire import Json

Cell = str | tuple[str, str]


def amount(cents: int) -> str:
    """Money in a cell: two decimals, always."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def cells(values: Sequence[Cell]) -> list[Json]:
    """One row's cells; a pair is a value with the id of what it names."""
    return [{"value": one} if isinstance(one, str) else {"value": one[0], "id": one[1]} for one in values]


def data(values: Sequence[Cell]) -> Json:
    """A row of data."""
    return {"ColData": cells(values), "type": "Data"}


def section(group: str, title: str, rows: list[Json], summary: Sequence[Cell], width: int = 1) -> Json:
    """A section with its rows and its sum; without rows it is the sum alone."""
    part: Json = {}
    if rows:
        part["Header"] = {"ColData": cells([title, *[""] * width])}
        part["Rows"] = {"Row": rows}
    return {**part, "Summary": {"ColData": cells(summary)}, "type": "Section", "group": group}


def column(title: str, kind: str, key: str) -> Json:
    """One column."""
    return {"ColTitle": title, "ColType": kind, "MetaData": [{"Name": "ColKey", "Value": key}]}


def report(
    books: Books, name: str, period: tuple[str | None, str], columns: list[Json], rows: list[Json], **header: str
) -> Json:
    """The whole report; reports of accounts name the standard that they follow."""
    start, end = period
    head: Json = {"Time": meta_time(books.now), "ReportName": name}
    if "DateMacro" in header:
        head["DateMacro"] = header.pop("DateMacro")
    head["ReportBasis"] = "Accrual"
    if start is not None:
        head["StartPeriod"] = start
    head |= {"EndPeriod": end, **header, "Currency": books.company.home_currency}
    is_of_accounts = columns[0]["ColType"] == "Account"
    head["Option"] = [{"Name": "AccountingStandard", "Value": "GAAP"}] if is_of_accounts else []
    head["Option"].append({"Name": "NoReportData", "Value": "false" if rows else "true"})
    return {"Header": head, "Columns": {"Column": columns}, "Rows": {"Row": rows} if rows else {}}
