"""What is in the way on a machine is said in one clear line with its cure, before anything is made."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from demo.runner import preflight
from demo.runner.layout import Home, Ports, settings
from demo.runner.postgres import user_namespace_problem
from demo.runner.problems import RunnerError
from demo.runner.python_version import trouble_with_python
from demo.runner.virtualenv import VirtualEnvironment

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_python_3_11_to_3_14_fit(version):
    """The four supported versions are no trouble."""
    assert trouble_with_python(version) is None


@pytest.mark.parametrize(("version", "kind"), [((2, 7), "old"), ((3, 10), "old"), ((3, 15), "new"), ((4, 0), "new")])
def test_other_pythons_are_named_with_the_cure(version, kind):
    """Too old and too new a Python are told apart, and the line says how to choose another."""
    trouble = trouble_with_python(version)

    assert f"Python {version[0]}.{version[1]} is too {kind}" in trouble
    assert trouble.endswith("make demo PYTHON=python3.12")
    assert "\n" not in trouble


def test_the_files_that_an_old_python_reads_first_need_no_new_syntax():
    """Up to the version check, nothing is used that Python 3.6 could not parse."""
    for name in (
        "demo/__init__.py",
        "demo/runner/__init__.py",
        "demo/runner/__main__.py",
        "demo/runner/python_version.py",
    ):
        ast.parse((CHECKOUT / name).read_text(), feature_version=(3, 6))


def test_a_busy_port_is_named_with_its_use_and_its_setting():
    """The line holds the port, what it is for, and the name by which another one is chosen."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        free = Ports.free()

        problems = preflight.problems_with_ports(Ports(port, free.simulator, free.postgres))

    assert [str(problem) for problem in problems] == [
        f"port {port} (Airflow UI) is in use -> stop what listens there, or set LEDGERLINE_UI_PORT=<another port> in .env"
    ]


def test_a_port_of_the_running_stack_is_no_trouble():
    """A second `make demo` is not stopped by the first one's servers."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        free = Ports.free()

        problems = preflight.problems_with_ports(Ports(port, free.simulator, free.postgres), own_ports={port})

    assert problems == []


def test_one_port_for_two_servers_is_refused():
    """Two settings with the same port are an error of the settings, not a busy port."""
    ui, _, postgres = 1024 + os.getpid() % 1000, 0, Ports.free().postgres

    problems = preflight.problems_with_ports(Ports(ui, ui, postgres))

    assert "is wanted for both Airflow UI and simulator" in str(problems[-1])


def test_a_full_disk_is_named_with_what_is_needed(tmp_path):
    """The line says how much there is and how much must be there."""
    problem = preflight.problem_with_disk(tmp_path, 10**18)

    assert "GB free, and 1000000000.0 GB are needed" in problem.trouble


def test_a_disk_with_space_is_no_trouble(tmp_path):
    """One free byte is enough when one byte is needed."""
    assert preflight.problem_with_disk(tmp_path, 1) is None


def test_ports_come_from_the_env_file_and_the_environment_wins(tmp_path, monkeypatch):
    """`.env` may hold comments, blanks and quotes; a variable that is set already counts more."""
    (tmp_path / ".env").write_text("# ports\n\nLEDGERLINE_UI_PORT='18080'\nexport LEDGERLINE_SIMULATOR_PORT=18099\n")
    monkeypatch.setenv("LEDGERLINE_SIMULATOR_PORT", "18100")
    monkeypatch.delenv("LEDGERLINE_UI_PORT", raising=False)
    monkeypatch.delenv("LEDGERLINE_POSTGRES_PORT", raising=False)

    assert Ports.from_environment(settings(tmp_path)) == Ports(18080, 18100, 5440)


@pytest.mark.parametrize("text", ["eighty", "80", "70000", "-1", "8080.5"])
def test_an_unusable_port_is_refused_by_name(text):
    """What is no port, or needs special rights, is named with its variable."""
    with pytest.raises(RunnerError, match=f"LEDGERLINE_UI_PORT={text} is no usable port"):
        Ports.from_environment({"LEDGERLINE_UI_PORT": text})


def test_a_line_of_the_env_file_without_a_value_is_named(tmp_path):
    """The line number is part of the message."""
    (tmp_path / ".env").write_text("A=1\nnonsense\n")

    with pytest.raises(RunnerError, match=r"\.env, line 2: `nonsense` is no setting"):
        settings(tmp_path)


def test_the_state_folder_can_be_moved(tmp_path):
    """`LEDGERLINE_HOME` lets tests run beside a demo."""
    assert Home.from_environment({"LEDGERLINE_HOME": str(tmp_path)}).root == tmp_path
    assert Home.from_environment({}).root == CHECKOUT / ".ledgerline"


@pytest.mark.parametrize(
    "changed", ["requirements.txt", "requirements-dev.txt", "pyproject.toml", "simulator/pyproject.toml"]
)
def test_the_environment_is_current_until_one_of_its_files_changes(tmp_path, changed):
    """A stamp makes the second call instant, and each file that decides the content makes it void."""
    (tmp_path / "simulator").mkdir()
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml", "simulator/pyproject.toml"):
        (tmp_path / name).write_text("one")
    environment = VirtualEnvironment(tmp_path / ".venv", tmp_path)
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    (tmp_path / ".venv" / "ledgerline-stamp").write_text(environment.fingerprint())
    assert environment.is_current()

    (tmp_path / changed).write_text("two")

    assert not environment.is_current()


def test_a_command_says_what_is_in_the_way_in_one_line_and_fails(tmp_path):
    """Seen from the shell: exit code 1, one line on standard error, no traceback."""
    result = _run_demo(tmp_path, LEDGERLINE_UI_PORT="http")

    assert result.returncode == 1
    assert result.stderr == (
        "make demo: LEDGERLINE_UI_PORT=http is no usable port -> set a number from 1024 to 65535 in .env\n"
    )
    assert not (tmp_path / "home").exists()


def test_a_busy_port_stops_the_demo_before_anything_is_made(tmp_path):
    """Seen from the shell: the one line names port and setting, and not even the state folder exists."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        result = _run_demo(tmp_path, LEDGERLINE_POSTGRES_PORT=str(port))

    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        f"make demo: port {port} (PostgreSQL) is in use -> "
        "stop what listens there, or set LEDGERLINE_POSTGRES_PORT=<another port> in .env"
    )
    assert not (tmp_path / "home").exists()


def test_a_python_without_its_venv_module_is_named_with_the_package_to_install(monkeypatch):
    """Debian ships the module in a package of its own."""
    monkeypatch.setitem(sys.modules, "venv", None)

    problem = preflight.problem_with_venv_module()

    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert str(problem).startswith(f"Python {version} has no `venv` module -> apt-get install python{version}-venv")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a user namespace")
@pytest.mark.parametrize(("unshare", "trouble"), [(None, "is missing"), ("exit 1", "allows you no user namespace")])
def test_root_without_user_namespaces_is_told_to_be_somebody_else(tmp_path, monkeypatch, unshare, trouble):
    """PostgreSQL refuses root, and some containers forbid the way around it."""
    if unshare:
        (tmp_path / "unshare").write_text(f"#!/bin/sh\n{unshare}\n")
        (tmp_path / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    problem = user_namespace_problem()

    assert trouble in problem.trouble
    assert problem.cure == "run the same command as an ordinary user"


def test_a_folder_that_cannot_be_written_is_one_line_too(tmp_path):
    """Whatever the system refuses is said without a traceback."""
    (tmp_path / "home").write_text("a file where the folder should be")

    result = subprocess.run(
        [sys.executable, "-m", "demo.runner", "stop"],
        cwd=CHECKOUT,
        env=dict(os.environ) | {"LEDGERLINE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert str(tmp_path / "home") in result.stderr


def test_stop_and_reset_without_a_demo_have_nothing_to_do(tmp_path):
    """Both may be called at any time, also twice."""
    for command, words in (("stop", "nothing of the demo runs"), ("reset", "no data of the demo is left")):
        result = subprocess.run(
            [sys.executable, "-m", "demo.runner", command],
            cwd=CHECKOUT,
            env=dict(os.environ) | {"LEDGERLINE_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
        )

        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.splitlines()[-1] == words


def _run_demo(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    free = Ports.free()
    ports = {free.variable(name): str(port) for name, port in asdict(free).items()}
    return subprocess.run(
        [sys.executable, "-m", "demo.runner", "demo"],
        cwd=CHECKOUT,
        env=dict(os.environ) | ports | {"LEDGERLINE_HOME": str(folder / "home")} | more,
        capture_output=True,
        text=True,
        check=False,
    )
