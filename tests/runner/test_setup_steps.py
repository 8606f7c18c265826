"""The set-up of a new stack: in order, once where a second time would do harm, again when something changed."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.runner.layout import Ports
from demo.runner.problems import RunnerError
from demo.runner.setup_steps import Step, connections, set_up
from demo.runner.stack import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack of which PostgreSQL alone runs."""
    with Stack(tmp_path / "home", Ports.free(), durable=False) as stack:
        stack.start_postgres()
        yield stack


def _append(file: Path, word: str) -> list[str]:
    return [sys.executable, "-c", f"open({str(file)!r}, 'a').write({word!r})"]


def test_a_step_marked_once_is_not_repeated_and_the_others_are(stack, tmp_path):
    """The first refresh token is worth nothing later; a migration is wanted at every start."""
    file = tmp_path / "done"
    steps = [
        Step("first", lambda stack: _append(file, "a"), once=True),
        Step("second", lambda stack: _append(file, "b")),
    ]

    set_up(stack, steps)
    set_up(stack, steps)

    assert file.read_text() == "abb"


def test_a_step_whose_words_changed_is_done_again(stack, tmp_path):
    """Another port makes other Connections, and these reach Airflow."""
    file = tmp_path / "done"
    set_up(stack, [Step("connections", lambda stack: _append(file, "a"), once=True)])

    set_up(stack, [Step("connections", lambda stack: _append(file, "b"), once=True)])

    assert file.read_text() == "ab"


def test_a_failed_step_stops_the_set_up_and_is_tried_again(stack, tmp_path):
    """The message holds the step and its last words; later steps wait for it."""
    file = tmp_path / "done"
    failing = Step("first", lambda stack: [sys.executable, "-c", "import sys; sys.exit('no such realm')"], once=True)
    later = Step("second", lambda stack: _append(file, "b"))

    with pytest.raises(RunnerError, match="first: no such realm"):
        set_up(stack, [failing, later])

    assert not file.exists()
    set_up(stack, [Step("first", lambda stack: _append(file, "a"), once=True), later])
    assert file.read_text() == "ab"


def test_the_connections_are_complete_and_name_no_owner(stack):
    """Both databases are reached as the user that owns nothing; the company is the simulator's."""
    made = connections(stack)

    assert {name: made[name]["login"] for name in ("billing_db", "qbo_state_db")} == dict.fromkeys(
        ("billing_db", "qbo_state_db"), "ledgerline_app"
    )
    assert made["qbo_demo"]["conn_type"] == "quickbooks"
    assert made["qbo_demo"]["extra"] | {"webhook_verifier_token": "*"} == {
        "environment": "sandbox",
        "realm_id": "9130000000000001",
        "base_url": f"http://127.0.0.1:{stack.ports.simulator}",
        "webhook_verifier_token": "*",
    }


def test_generated_keys_stay_the_same_and_are_closed_to_others(stack):
    """A second start must read what the first one encrypted."""
    first = stack.environment()["AIRFLOW__CORE__FERNET_KEY"]

    second = Stack(stack.home, stack.ports).environment()["AIRFLOW__CORE__FERNET_KEY"]

    assert first == second
    keys = stack.home.root / "keys.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert len(set(json.loads(keys.read_text()).values())) == len(json.loads(keys.read_text()))


def test_the_callers_airflow_settings_do_not_reach_ours(stack, monkeypatch):
    """A developer's own Airflow home, Python path and database settings are left behind; a proxy is never used."""
    monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PGHOST", "billing.example.com")
    monkeypatch.setenv("NO_PROXY", "example.com")

    environment = stack.environment()

    assert environment["AIRFLOW_HOME"] == str(stack.home.airflow)
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert {"PYTHONDONTWRITEBYTECODE", "PGHOST"}.isdisjoint(environment)
    assert environment["NO_PROXY"] == "example.com,127.0.0.1,localhost"
