"""The map of the rooms: who may import whom, and which libraries stay where they are (the rooms of README.md)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = frozenset({"include", "qbo_hook", "qbo_console", "qbo_simulator", "demo", "dags", "tests"})
STDLIB = frozenset(sys.stdlib_module_names)

# room -> (folder, which of ours it may import, which libraries). None: anything that is installed.
ROOMS: dict[str, tuple[str, frozenset[str], frozenset[str] | None]] = {
    "dags": ("dags", frozenset({"include.wiring"}), frozenset({"airflow"})),
    "core": ("include/billing_sync", frozenset({"include.billing_sync"}), frozenset()),
    "stores": ("include/stores", frozenset({"include.billing_sync", "include.stores"}), frozenset({"psycopg"})),
    "expectations": (
        "include/expectations",
        frozenset({"include.billing_sync", "include.expectations"}),
        frozenset({"pandas", "great_expectations", "jinja2"}),
    ),
    "wire": ("plugins/qbo_hook", frozenset({"qbo_hook"}), frozenset({"requests", "urllib3", "airflow"})),
    "console": (
        "plugins/qbo_console",
        frozenset({"include.wiring", "include.stores", "include.billing_sync", "qbo_console", "qbo_hook"}),
        frozenset({"fastapi", "starlette", "jinja2", "airflow", "psycopg", "markupsafe"}),
    ),
    "simulator": (
        "simulator/qbo_simulator",
        frozenset({"qbo_simulator"}),
        frozenset({"fastapi", "starlette", "uvicorn", "lark"}),
    ),
}


def imports_of(file: Path) -> Iterator[str]:
    """The full names of the modules that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "include")


def files_of(folder: str) -> list[Path]:
    """The Python files of a room."""
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "build" not in path.parts)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_map_allows(room: str) -> None:
    """Imports point inward: every import of a room stands in its row of the map."""
    folder, ours, libraries = ROOMS[room]
    strange = []
    files = files_of(folder)

    for file in files:
        for name in imports_of(file):
            top = name.partition(".")[0]
            if top in OURS:
                allowed = name == "include" or any(name == part or name.startswith(f"{part}.") for part in ours)
            else:
                allowed = top in STDLIB or libraries is None or top in libraries
            if not allowed:
                strange.append(f"{file.relative_to(ROOT)}: {name}")

    assert files, f"the room {room} has no files"
    assert strange == []


def test_requests_is_named_in_one_file_of_the_wire() -> None:
    """The transport is the only one that knows the HTTP library."""
    http = {"requests", "urllib3"}
    named = [f.name for f in files_of("plugins/qbo_hook") if any(n.split(".")[0] in http for n in imports_of(f))]

    assert named == ["transport.py"]


def test_airflow_is_named_in_one_file_of_the_wire() -> None:
    """The hook is the only one of the wire that knows Airflow, so the client works without it."""
    named = [f.name for f in files_of("plugins/qbo_hook") if any(n.split(".")[0] == "airflow" for n in imports_of(f))]

    assert named == ["hook.py"]


def test_heavy_libraries_are_imported_inside_functions_only() -> None:
    """Every task process and the dag-processor import these rooms: pandas, Great Expectations and matplotlib wait."""
    heavy = {"pandas", "great_expectations", "matplotlib"}
    found = []

    for folder in ("dags", "include", "plugins"):
        for file in files_of(folder):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                found += [f"{file.relative_to(ROOT)}: {name}" for name in names if name.partition(".")[0] in heavy]

    assert found == []
