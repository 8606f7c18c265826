"""Processes are found again and ended, whatever became of their parent, group or pid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from demo.runner import processes
from demo.runner.component import Component
from demo.runner.layout import Home
from demo.runner.problems import RunnerError

# A program that starts another one in a session of its own, which ignores the polite signal.
_STUBBORN_CHILD = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
_PARENT = (
    "import subprocess, sys, time\n"
    f"subprocess.Popen([sys.executable, '-c', {_STUBBORN_CHILD!r}], start_new_session=True)\n"
    "print('ready', flush=True); time.sleep(300)\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty state folder."""
    home = Home(tmp_path / "home")
    home.make()
    return home


@pytest.fixture
def component(home: Home) -> Iterator[Component]:
    """A started program with a stubborn child in a session of its own."""
    component = Component("parent", [sys.executable, "-c", _PARENT], home, dict(os.environ))
    component.start()
    component.wait_until(lambda: component.log.read_text().startswith("ready"), 20, lambda text: None)
    yield component
    component.stop(grace=0.1)


def test_stop_ends_a_child_that_has_a_session_of_its_own_and_ignores_the_signal(component):
    """Neither a new session nor an ignored SIGTERM lets a child survive its component."""
    crew = _crew_of_two(component)

    component.stop(grace=0.1)

    assert [process for process in crew if processes.is_running(process)] == []


def test_a_component_started_elsewhere_is_found_by_its_pid_file(component, home):
    """Another object, as in a later command, sees and stops the program that this one started."""
    other = Component("parent", [], home, {})

    assert other.process() == component.process()
    other.stop(grace=0.1)
    assert component.process() is None


def test_start_leaves_a_running_program_alone(component):
    """Starting twice does not start a second program."""
    before = component.process()

    component.start()

    assert component.process() == before


def test_a_pid_file_of_a_pid_that_was_given_to_another_program_is_stale(home):
    """The moment of the start tells our program from a later one with the same pid, which is never signalled."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"]) as stranger:
        mistaken = replace(processes.find_process(stranger.pid), started="an earlier moment")
        (home.pids / "parent.json").write_text(json.dumps(asdict(mistaken)))
        component = Component("parent", [], home, {})

        assert component.process() is None
        component.stop(grace=0.1)

        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("content", ["", "not json", "{}", '{"pid": 1}'])
def test_an_unreadable_pid_file_counts_as_none(home, content):
    """A pid file that a full disk cut short does not stop any command."""
    (home.pids / "parent.json").write_text(content)

    assert Component("parent", [], home, {}).process() is None


def test_a_program_that_ends_while_starting_is_reported_with_its_last_words(home):
    """The message holds what the program said last, and where its log is."""
    command = [sys.executable, "-c", "import sys; sys.exit('no licence for this machine')"]
    component = Component("brief", command, home, dict(os.environ))
    component.start()

    with pytest.raises(RunnerError, match="brief ended by itself: no licence for this machine") as caught:
        component.wait_until(lambda: False, 20, lambda text: None)

    assert str(component.log) in caught.value.cure
    component.stop()


def test_kill_leaves_nothing(component):
    """A killed component takes all that it started with it."""
    crew = _crew_of_two(component)

    component.kill()

    assert [process for process in crew if processes.is_running(process)] == []


def test_a_zombie_counts_as_ended():
    """A process that has ended but was not waited for does not hold up a stop."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        deadline = time.monotonic() + 20
        while processes.find_process(child.pid) is not None and time.monotonic() < deadline:
            time.sleep(0.02)

        assert processes.find_process(child.pid) is None
        os.kill(child.pid, signal.SIGTERM)  # the pid itself is still taken


def test_the_two_ways_to_read_the_process_table_agree():
    """Where /proc is missing, `ps` gives the same parents and groups."""
    if not processes.has_ps():
        pytest.skip("ps is not installed on this machine")
    own = processes.find_process(os.getpid())

    from_ps = processes.table_from_ps()[os.getpid()]

    assert (from_ps.parent, from_ps.group) == (own.parent, own.group)


def _crew_of_two(component: Component) -> list[processes.Process]:
    crew = processes.family([component.process()])
    assert len(crew) == 2
    return crew
