"""The runner's commands. They begin with the system's Python and go on with the virtual environment's."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from demo.runner.layout import CHECKOUT, VENV, Home, Ports, settings
from demo.runner.postgres import binaries
from demo.runner.preflight import problem_with_venv_module, problems_with_machine
from demo.runner.problems import RunnerError
from demo.runner.stack import Stack
from demo.runner.virtualenv import VirtualEnvironment


def main(arguments: list[str]) -> int:
    """Run one command and return the exit code; what is in the way is printed as one line each."""
    parser = argparse.ArgumentParser(prog="python -m demo.runner", description=__doc__)
    parser.add_argument("command", choices=sorted([*COMMANDS, _SHELL]))
    parser.add_argument("words", nargs=argparse.REMAINDER, help="after `shell`: one command to run in it")
    parsed = parser.parse_args(arguments)
    command, words = parsed.command, parsed.words
    if words and command != _SHELL:
        parser.error(f"{command} takes nothing more, found: {' '.join(words)}")
    try:
        environment = settings()
        home = Home.from_environment(environment)
        return shell(home, environment, words) if command == _SHELL else COMMANDS[command](home, environment)
    except RunnerError as problem:
        print(f"make {command}: {problem}", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"make {command}: {error} -> free space or rights are needed, then run it again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; `make demo` goes on from here, `make stop` ends what runs", file=sys.stderr)
        return 130


def make_venv(home: Home, environment: Mapping[str, str]) -> int:
    """Make the virtual environment or bring it up to date."""
    problem = problem_with_venv_module()
    if problem is not None and not VirtualEnvironment().is_current():
        raise problem
    VirtualEnvironment().ensure(CHECKOUT / ".ledgerline" / "logs" / "pip.log")
    return 0


def prepare_tests(home: Home, environment: Mapping[str, str]) -> int:
    """Look at the machine (ports aside: tests take free ones) and make the virtual environment."""
    _report(problems_with_machine(Ports.free(), home.root))
    return make_venv(home, environment)


def demo(home: Home, environment: Mapping[str, str]) -> int:
    """Start everything, fill the demo company, run the export and say where to look."""
    wanted = Ports.from_environment(environment)
    stack = _find_stack(home, wanted)
    running = stack.running()
    if running and stack.ports != wanted:
        raise RunnerError("a demo runs here on other ports than the settings say", "run `make stop` first")
    _report(problems_with_machine(wanted, home.root, _ports_in_use(stack)))
    make_venv(home, environment)
    _go_on_in_virtual_environment("demo")
    from demo.runner.walk import walk  # needs the packages of the environment

    with _only_one(home):
        walk(stack)
    return 0


def stop(home: Home, environment: Mapping[str, str]) -> int:
    """End all processes of the stack."""
    if home.root.exists():
        with _only_one(home):
            stack = _find_stack(home, Ports.from_environment(environment))
            stack.stop()
            if stack.running():
                raise RunnerError(f"still running: {stack.running()}", "end these processes by their pid")
    print("nothing of the demo runs")
    return 0


def reset(home: Home, environment: Mapping[str, str]) -> int:
    """End all processes of the stack and delete its data; the virtual environment stays."""
    stop(home, environment)
    shutil.rmtree(home.root, ignore_errors=True)
    if home.root.exists():
        raise RunnerError(f"{home.root} cannot be deleted", "delete it by hand")
    print("no data of the demo is left")
    return 0


def status(home: Home, environment: Mapping[str, str]) -> int:
    """Show what runs; exit code 3 when something of the stack is missing."""
    stack = _find_stack(home, Ports.from_environment(environment))
    running = stack.running() if home.root.exists() else {}
    for name in (*_EXPECTED, *(name for name in running if name not in _EXPECTED)):
        print(f"{name:<20} {f'runs, pid {running[name]}' if name in running else '-'}")
    return 0 if running and all(name in running for name in _EXPECTED) else 3


def shell(home: Home, environment: Mapping[str, str], words: list[str]) -> int:
    """Become a shell in which `ledgerline`, `airflow` and `psql` work on the running demo, or one command of it.

    The server's address is a variable of our own: libpq's variables would fill gaps of Connections that Airflow leaves open.
    """
    stack = _find_stack(home, Ports.from_environment(environment))
    if not stack.postgres.is_running():
        raise RunnerError("nothing of the demo runs", "run `make demo` first")
    names = stack.environment() | {_SERVER: stack.postgres.dsn("").rstrip("/")}
    names["PATH"] += f"{os.pathsep}{binaries()}"
    if not words:
        print(
            f"The demo's shell: `ledgerline check`, `airflow connections list`, `psql ${_SERVER}/billing`; `exit` leaves it"
        )
    program = words or [environment.get("SHELL") or "/bin/sh"]
    sys.stdout.flush()
    try:
        os.execvpe(program[0], program, names)  # noqa: S606  (the caller's own command, in the caller's name)
    except FileNotFoundError:
        raise RunnerError(f"there is no program {program[0]}", "try `ledgerline --help`") from None


COMMANDS: dict[str, Callable[[Home, Mapping[str, str]], int]] = {
    "venv": make_venv,
    "test-env": prepare_tests,
    "demo": demo,
    "stop": stop,
    "reset": reset,
    "status": status,
}
_SHELL = "shell"
_SERVER = "LEDGERLINE_POSTGRES"
_EXPECTED = ("PostgreSQL", "simulator", "api-server", "dag-processor", "triggerer", "scheduler")


def _find_stack(home: Home, wanted: Ports) -> Stack:
    """Return the stack of the state folder: on the ports it was started with while it runs, else on the wanted ones."""
    remembered = home.remembered_ports()
    if remembered is not None and remembered != wanted:
        earlier = Stack(home, remembered)
        if earlier.running():
            return earlier
    return Stack(home, wanted)


def _ports_in_use(stack: Stack) -> set[int]:
    running = stack.running()
    holders = {"ui": "api-server", "simulator": "simulator", "postgres": "PostgreSQL"}
    return {port for name, port in asdict(stack.ports).items() if holders[name] in running}


def _report(problems: list[RunnerError]) -> None:
    for problem in problems[:-1]:
        print(f"{problem}", file=sys.stderr)
    if problems:
        raise problems[-1]


def _go_on_in_virtual_environment(command: str) -> None:
    """Replace this process by the virtual environment's Python, unless it is that already."""
    if Path(sys.prefix).resolve() == VENV.resolve():
        return
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    sys.stdout.flush()
    python = str(VENV / "bin" / "python")
    os.chdir(CHECKOUT)
    os.execve(python, [python, "-m", "demo.runner", command], environment)  # noqa: S606  (the program is our own venv)


@contextlib.contextmanager
def _only_one(home: Home) -> Iterator[None]:
    """Hold the state folder's lock, so that two commands do not work on one stack at the same time."""
    home.make()
    with (home.root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunnerError("another make command is at work on this demo", "wait for it, or end it") from None
        yield
