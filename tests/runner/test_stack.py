"""The stack with a DAG of its own: Airflow's four components and PostgreSQL as real processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from demo.runner import ports, processes
from demo.runner.layout import CHECKOUT, Ports
from demo.runner.problems import RunnerError
from demo.runner.stack import AIRFLOW_COMPONENTS, COMPONENTS, Stack
from demo.runner.walk import wait_for_dag

pytestmark = pytest.mark.e2e

_DAG = '''
"""Two tasks: one says something, the other one waits for its end."""

import datetime
import time

from airflow.sdk import dag, task


@dag(schedule=None, start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
def says_and_waits():
    @task
    def say(**context):
        print("I say", context["params"])

    @task
    def wait():
        time.sleep(300)

    say() >> wait()


says_and_waits()
'''


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A started stack in a folder and on ports of its own."""
    folder = tmp_path_factory.mktemp("stack")
    (folder / "dags").mkdir()
    (folder / "plugins").mkdir()
    (folder / "dags" / "says_and_waits.py").write_text(_DAG)
    with Stack(folder / "home", Ports.free(), folder / "dags", folder / "plugins", durable=False) as stack:
        stack.start()
        yield stack


def test_all_components_report_themselves_healthy(stack):
    """Airflow's own health report holds no component that is missing or late."""
    health = stack.api.health()

    assert {name: health[name]["status"] for name in AIRFLOW_COMPONENTS.values()} == dict.fromkeys(
        AIRFLOW_COMPONENTS.values(), "healthy"
    )


def test_everything_listens_on_loopback_only(stack):
    """No process of the stack, log servers included, can be reached from another machine."""
    addresses = ports.listening_addresses(process.pid for process in stack.all_processes())

    assert addresses >= {f"127.0.0.1:{port}" for port in asdict(stack.ports).values()}
    assert [address for address in addresses if not address.startswith("127.0.0.1:")] == []


def test_nobody_enters_without_the_generated_password(stack):
    """The users' passwords are made at random, and the API asks for them."""
    assert set(stack.passwords) == {"admin", "viewer"}
    assert all(len(password) >= 12 for password in stack.passwords.values())
    assert len(stack.api.dag_ids()) == 1


def test_everything_stays_in_the_state_folder(stack):
    """Configuration, logs and task logs of Airflow lie below the state folder."""
    environment = stack.environment()

    assert environment["AIRFLOW_HOME"].startswith(str(stack.home.root))
    assert (stack.home.airflow / "airflow.cfg").exists()
    assert (stack.home.root.stat().st_mode & 0o077) == 0


def test_a_second_start_finds_everything_in_place(stack):
    """Starting again changes no process."""
    before = stack.running()

    stack.start()

    assert stack.running() == before
    assert set(before) == {"PostgreSQL", *COMPONENTS}


def test_a_killed_component_can_be_started_again(stack):
    """One component may die without the others; the next start brings back that one alone."""
    before = stack.running()
    stack.component("triggerer").kill()
    assert "triggerer" not in stack.running()

    stack.start_airflow()

    after = stack.running()
    assert after.pop("triggerer") != before.pop("triggerer")
    assert after == before


def test_a_dag_file_that_cannot_be_read_is_named(stack):
    """Waiting for a DAG ends at once when its file has an error, and the line holds the error."""
    broken = stack.home.root.parent / "dags" / "broken.py"
    broken.write_text("from airflow.sdk import dag, tsk\n")

    with pytest.raises(RunnerError, match=r"a DAG cannot be read: broken\.py: ImportError: cannot import name 'tsk'"):
        wait_for_dag(stack.api, "broken")

    broken.unlink()


def test_after_a_power_cut_everything_starts_again(stack):
    """Killed all at once and without warning, the stack comes up with its data on the next start."""
    wait_for_dag(stack.api, "says_and_waits")
    dags = stack.postgres.run_sql("select dag_id from dag", "airflow")

    stack.kill()
    assert stack.running() == {}
    stack.start()

    assert stack.api.health()["scheduler"]["status"] == "healthy"
    assert stack.postgres.run_sql("select dag_id from dag", "airflow") == dags


def test_stop_in_the_middle_of_a_task_leaves_no_process(stack):
    """A run is triggered, its first task's log is readable, its second one is at work: stop ends all of it."""
    wait_for_dag(stack.api, "says_and_waits")
    stack.api.set_paused("says_and_waits", paused=False)
    run_id = stack.api.trigger("says_and_waits")
    _wait_for_state(stack, run_id, "wait", "running")
    log = stack.api.task_log("says_and_waits", run_id, "say")
    crew = stack.all_processes()

    stack.stop()

    assert "I say {}" in log
    assert len(crew) > 15
    assert [process for process in crew if processes.is_running(process)] == []
    assert stack.running() == {}
    assert list(stack.home.pids.iterdir()) == []


def test_a_stack_of_tests_that_were_killed_is_stopped(tmp_path):
    """A test run that gets SIGKILL leaves no component behind either."""
    program = (
        "import os, pathlib, signal, sys; from demo.runner.layout import Ports; from demo.runner.stack import Stack\n"
        "stack = Stack(pathlib.Path(sys.argv[1]), Ports.free(), durable=False)\n"
        "stack.start_postgres(); stack.start_simulator()\n"
        "print(*stack.running().values(), flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    killed = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )

    crew = [processes.find_process(int(pid)) for pid in killed.stdout.splitlines()[-1].split()]
    assert len(crew) == 2
    assert processes.wait_until_ended([process for process in crew if process], 60) == []


def _wait_for_state(stack: Stack, run_id: str, task_id: str, state: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        states = {task["task_id"]: task["state"] for task in stack.api.task_instances("says_and_waits", run_id)}
        if states.get(task_id) == state:
            return
        time.sleep(0.3)
    raise AssertionError(f"{task_id} did not become {state}: {states}")
