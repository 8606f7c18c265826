"""A short part of the chaos suite with a fixed seed; `make chaos` plays the long one."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def chaos(folder: Path, *options: str) -> tuple[int, str]:
    """Run the suite as `make chaos` does; its exit code, and what it printed."""
    paths = [CHECKOUT, CHECKOUT / "plugins", CHECKOUT / "simulator"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    command = [sys.executable, "-m", "tests.chaos", "--runs", "1", "--keep", str(folder), *options]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_auditor_shares_no_code_with_the_product() -> None:
    """It imports the standard library and the driver of PostgreSQL, and nothing else."""
    tree = ast.parse((CHECKOUT / "tests" / "chaos" / "auditor.py").read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name.partition(".")[0] for name in names} - sys.stdlib_module_names == {"psycopg"}


def test_pushes_that_are_killed_stopped_and_cut_leave_each_document_exactly_once(tmp_path: Path) -> None:
    """Two companies, faults of many kinds at steps that a seed chooses: the auditor finds nothing."""
    code, told = chaos(
        tmp_path, "--seed", "2", "--documents", "60", "--faults", "20", "--companies", "2", "--rounds", "2"
    )

    assert code == 0, told
    figures = dict(re.findall(r"^(\w[\w ]*?)  +(\d+)$", told, re.MULTILINE))
    assert int(figures["faults injected"]) >= 20
    assert int(figures["documents"]) == 60
    assert [figures[kind] for kind in ("duplicates", "lost", "unsettled")] == ["0", "0", "0"]


def test_a_safeguard_that_is_taken_away_is_missed(tmp_path: Path) -> None:
    """Repeats under other ids than those stored before: green without faults; with them the auditor finds unrecorded calls."""
    size = ("--documents", "10", "--faults", "3", "--companies", "1", "--rounds", "1", "--runs", "3")

    code, told = chaos(tmp_path, "--mutate", "stored-ids", *size)

    assert code == 0, told
    assert re.search(r"^stored-ids +RED: .*unrecorded", told, re.MULTILINE), told
