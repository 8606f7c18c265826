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
SUMMARY = [str(VENV / "bin" / "ledgerline"), "summary"]

_LEDGERLINE = str(VENV / "bin" / "ledgerline")
_DEMO_TOKEN = ("--realm", "demo", "--refresh-token", "RT1-sim")


@dataclass(frozen=True)
class Step:
    """One command of the set-up; run at every start, or only until it has succeeded once with these very words."""

    label: str
    command: Callable[[Stack], list[str]]
    once: bool


STEPS: Sequence[Step] = (
    Step("Airflow connections", lambda stack: _import_connections(stack), once=True),
    Step("sync state", lambda stack: [_LEDGERLINE, "migrate"], once=False),
    Step("demo billing", lambda stack: [sys.executable, "-m", "demo.load", "--dsn", _billing(stack)], once=True),
    # Once only: QuickBooks gives a new refresh token with each use, and this first one is soon worth nothing.
    Step("demo company's sign-on", lambda stack: [_LEDGERLINE, "tokens", "import", *_DEMO_TOKEN], once=True),
)


def set_up(stack: Stack, steps: Sequence[Step] = STEPS) -> None:
    """Run the steps that have not been done on this stack."""
    done = _Done(stack.home)
    for step in steps:
        command = step.command(stack)
        if step.once and done.has(step.label, command):
            continue
        stack.run(step.label, command)
        done.add(step.label, command)


def connections(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return the Connections of the demo as `airflow connections import` reads them."""

    def database(name: str) -> dict[str, Any]:
        server = {"conn_type": "postgres", "host": HOST, "port": stack.postgres.port}
        return server | {"schema": name, "login": "postgres", "password": stack.postgres.password}

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


def _import_connections(stack: Stack) -> list[str]:
    """Write the Connections to a file; its name tells its content, so that a change is imported again."""
    text = json.dumps(connections(stack), indent=2)
    file = stack.home.root / f"connections-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        output.write(text)
    return [sys.executable, "-m", "airflow", "connections", "import", "--overwrite", str(file)]


def _billing(stack: Stack) -> str:
    return stack.postgres.dsn("billing")


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
    # Hashed, because a connection URL among the words holds a password.
    return hashlib.sha256("\0".join(command).encode()).hexdigest()
