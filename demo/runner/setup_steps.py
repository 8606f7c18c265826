"""What `make demo` sets up on a new stack, in order; the one place to edit when the product's commands change."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.runner.airflow_env import secret_keys
from demo.runner.layout import VENV, Home
from demo.runner.ports import HOST
from demo.runner.stack import Stack

EXPORT_DAG = "qbo_export_invoices"
EXPORT_CONF: dict[str, Any] = {}
EXPORT_SECONDS = 600
# Unpaused after the export. The hourly sync stays paused, so that the first look shows what the export did.
LEFT_PAUSED = {"qbo_auto_sync"}

# The database user of the Connections: reads billing, writes rows of our state, owns nothing.
APP_USER = "ledgerline_app"
_REALM = "demo"
_LEDGERLINE = str(VENV / "bin" / "ledgerline")
SUMMARY = [_LEDGERLINE, "summary"]


@dataclass(frozen=True)
class Step:
    """One command of the set-up; run at every start, or only until it has succeeded once with these very words."""

    label: str
    command: Callable[[Stack], list[str]]
    once: bool = False
    environment: Callable[[Stack], dict[str, str]] = lambda stack: {}


def _import_connections(stack: Stack) -> list[str]:
    """Write the Connections to a file whose name tells its content, so that a change is imported again."""
    text = json.dumps(connections(stack), indent=2)
    file = stack.home.root / f"connections-{_hash(text)[:12]}.json"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        output.write(text)
    return [sys.executable, "-m", "airflow", "connections", "import", "--overwrite", str(file)]


def _migrate(stack: Stack) -> list[str]:
    return [_LEDGERLINE, "migrate", "--dsn", _as_owner(stack, "ledgerline")]


def _load_billing(stack: Stack) -> list[str]:
    return [sys.executable, "-m", "demo.load", "--dsn", _as_owner(stack, "billing"), "--reader", APP_USER]


def _import_token(stack: Stack) -> list[str]:
    return [_LEDGERLINE, "tokens", "import", "--realm", _REALM, "--refresh-token", "RT1-sim"]


def _load_mappings(stack: Stack) -> list[str]:
    return [_LEDGERLINE, "mappings", "load", "--realm", _REALM]


def _close_books(stack: Stack) -> list[str]:
    return [sys.executable, "-m", "demo.company", "--simulator", stack.simulator_address]


def _owner_password(stack: Stack) -> dict[str, str]:
    return {"PGPASSWORD": stack.postgres.password, "BILLING_READER_PASSWORD": _app_password(stack)}


STEPS: Sequence[Step] = (
    Step("Airflow connections", _import_connections, once=True),
    Step("sync state", _migrate, environment=_owner_password),
    Step("demo billing", _load_billing, environment=_owner_password),
    # Once only: QuickBooks gives a new refresh token with each use, and this first one is soon worth nothing.
    Step("demo company's sign-on", _import_token, once=True),
    # Once only: whoever opens the books in the simulator wants them open.
    Step("demo company's books", _close_books, once=True),
    # Once only: what is mapped in the UI afterwards is not undone by the next start.
    Step("mapping book", _load_mappings, once=True),
)


def set_up(stack: Stack, steps: Sequence[Step] = STEPS) -> None:
    """Run the steps that have not been done on this stack."""
    done = _Done(stack.home)
    for step in steps:
        command = step.command(stack)
        if step.once and done.has(step.label, command):
            continue
        stack.run(step.label, command, step.environment(stack))
        done.add(step.label, command)


def connections(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return the Connections of the demo as `airflow connections import` reads them."""

    def database(name: str) -> dict[str, Any]:
        server = {"conn_type": "postgres", "host": HOST, "port": stack.postgres.port}
        return server | {"schema": name, "login": APP_USER, "password": _app_password(stack)}

    company = {
        "environment": "sandbox",
        "realm_id": "9130000000000001",
        "base_url": stack.simulator_address,
        "webhook_verifier_token": secret_keys(stack.home)["webhook_verifier_token"],
    }
    return {
        "billing_db": database("billing"),
        "qbo_state_db": database("ledgerline"),
        "qbo_demo": {"conn_type": "quickbooks", "login": "simclient", "password": "simsecret", "extra": company},
    }


def _as_owner(stack: Stack, dbname: str) -> str:
    """Return the URL of a database for its owner; the password stays out of the list of processes."""
    return f"postgresql://postgres@{HOST}:{stack.postgres.port}/{dbname}"


def _app_password(stack: Stack) -> str:
    return secret_keys(stack.home)["app_password"]


class _Done:
    """The steps that have succeeded on a stack, each with the words it was run with."""

    def __init__(self, home: Home) -> None:
        self._file: Path = home.root / "steps.json"
        self._held: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}

    def has(self, label: str, command: list[str]) -> bool:
        return self._held.get(label) == _words(command)

    def add(self, label: str, command: list[str]) -> None:
        self._held[label] = _words(command)
        self._file.write_text(json.dumps(self._held, indent=2))


def _words(command: list[str]) -> str:
    return _hash("\0".join(command))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
