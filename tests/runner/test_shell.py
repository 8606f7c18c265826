"""`make shell`: the programs of the product, on the demo that runs in the state folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from demo.runner.layout import CHECKOUT, Ports
from demo.runner.stack import Stack


def test_a_command_of_the_shell_finds_airflow_and_the_databases_of_the_demo(tmp_path):
    """Whoever brings a company of his own needs `ledgerline`, `airflow` and `psql` where the demo keeps its things."""
    stack = Stack(tmp_path / "home", Ports.free(), durable=False)
    question = "select current_database() || ' as ' || current_user"
    words = (
        'command -v ledgerline; command -v airflow; echo "$AIRFLOW_HOME"; psql -Atc "$0" "$LEDGERLINE_POSTGRES/billing"'
    )

    with stack:
        stack.start_postgres()
        result = _shell(tmp_path / "home", "sh", "-c", words, question)

    assert result.returncode == 0, result.stderr
    programs = CHECKOUT / ".venv" / "bin"
    assert result.stdout.splitlines() == [
        str(programs / "ledgerline"),
        str(programs / "airflow"),
        str(tmp_path / "home" / "airflow"),
        "billing as postgres",
    ]


def test_connections_that_lack_a_password_are_not_helped_by_the_shell(tmp_path):
    """libpq takes what it misses from the environment: `ledgerline check` would be green where Airflow's tasks fail."""
    with Stack(tmp_path / "home", Ports.free(), durable=False) as stack:
        stack.start_postgres()
        result = _shell(tmp_path / "home", "env")

    assert [line for line in result.stdout.splitlines() if line.startswith("PG")] == []


def test_the_shell_of_a_demo_that_does_not_run_names_the_command_that_starts_it(tmp_path):
    """One line with the cure, and nothing is made."""
    result = _shell(tmp_path / "home", "ledgerline", "check")

    assert result.returncode == 1
    assert result.stderr == "make shell: nothing of the demo runs -> run `make demo` first\n"
    assert not (tmp_path / "home").exists()


def test_a_program_that_does_not_exist_is_named(tmp_path):
    """A slip of the hand is one line, too."""
    with Stack(tmp_path / "home", Ports.free(), durable=False) as stack:
        stack.start_postgres()
        result = _shell(tmp_path / "home", "ledgerlime", "check")

    assert result.returncode == 1
    assert result.stderr == "make shell: there is no program ledgerlime -> try `ledgerline --help`\n"


def _shell(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo.runner", "shell", *words],
        cwd=CHECKOUT,
        env=dict(os.environ) | {"LEDGERLINE_HOME": str(home), "PGUSER": "somebody"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
