"""The promises of docs/rows.csv: each one has a test that is marked with its number, and no test names another."""

from __future__ import annotations

import ast
import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "docs" / "rows.csv"


def promised() -> dict[str, dict[str, str]]:
    """The rows of the list by their number."""
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["row"] for row in rows}) == len(rows), "a number stands twice in docs/rows.csv"
    return {row["row"]: row for row in rows}


def marks(file: Path) -> Iterator[tuple[str, str]]:
    """Row and test, for each ``@pytest.mark.row(…)`` of a file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.row":
                yield from ((ast.literal_eval(row), node.name) for row in mark.args)


def proofs() -> dict[str, list[str]]:
    """The tests that prove each row, as file::test."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for row, test in marks(file):
            found[row].append(f"{file.relative_to(ROOT)}::{test}")
    return found


def test_every_promise_has_a_test() -> None:
    """A row that no test is marked with is a promise that nobody keeps watch over."""
    assert sorted(set(promised()) - set(proofs())) == []


def test_every_marked_row_is_promised() -> None:
    """A number in a mark that the list does not have is a slip, or a promise that was not written down."""
    assert {row: tests for row, tests in proofs().items() if row not in promised()} == {}


def test_only_tests_are_marked() -> None:
    """A mark on a helper would prove nothing."""
    assert [test for tests in proofs().values() for test in tests if "::test_" not in test] == []


def test_every_promise_says_what_and_where() -> None:
    """Each row has a sentence and a place, and a place that is a file exists."""
    for row in promised().values():
        assert len(row["promise"]) > 20, row
        assert row["shown"], row
        for path in re.findall(r"docs/[\w./-]+\.md", row["shown"]):
            assert (ROOT / path).is_file(), row
