"""The command `ledgerline`: one door for people, make and compose. Each command is one function of a `cli_…` module.

A module offers `add_parser(subparsers)` and sets `run=<function of the arguments, which returns the exit code>` on its
parsers. Exit codes: 0 done, 1 not done (one line says why, and what to do), 2 wrong usage, 3 done, and something was found.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence

import psycopg

from include.wiring import connections
from include.wiring.cli_output import complain

FAILED = 1

# Modules that bring commands; those that another room has not brought yet are left out.
_MODULES = (
    "include.wiring.cli_state",
    "include.wiring.cli_check",
    "include.wiring.cli_tokens",
    "include.wiring.cli_mappings",
    "include.wiring.cli_settle",
    "include.wiring.cli_summary",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    connections.as_server_process()
    # Airflow's log lines go to the output; a command says what it did itself. Set the variable to see them all the same.
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING")
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed) or 0)
    except KeyboardInterrupt:
        complain("ledgerline: interrupted; the same command can be run again")
    except EOFError:
        complain("ledgerline: nobody answered the question, and nothing was done")
    except Exception as error:
        if not _is_expected(error):
            raise
        complain(f"ledgerline: {_one_line(error)}")
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ledgerline",
        description="Keeps QuickBooks Online in step with a billing database. Reads the Connections that Airflow has.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in _MODULES:
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name).add_parser(commands)
    return parser


def _is_expected(error: Exception) -> bool:
    """Say whether the error speaks to people: ours do, and so do those of a database that cannot be reached or refuses."""
    if isinstance(
        error, psycopg.OperationalError | psycopg.errors.InsufficientPrivilege | psycopg.errors.DuplicateDatabase
    ):
        return True
    return type(error).__module__.partition(".")[0] in ("include", "qbo_hook")


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, connections.RefusedError):
        return f"the database refuses the connection: {text}"
    if isinstance(error, connections.UnreachableError):
        return f"the database does not answer: {text}"
    if isinstance(error, psycopg.OperationalError):
        return f"the database does not answer: {text}; check host, port, database, user and password of the Connection"
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return f"the database user may not do this: {text}; use a user that owns the schema, or may create it"
    return text


if __name__ == "__main__":
    sys.exit(main())
