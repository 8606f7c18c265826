"""What the machine must offer, looked at before anything is made; every trouble becomes one line with its cure."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

from demo.runner import ports
from demo.runner.layout import CHECKOUT, Ports
from demo.runner.postgres import user_namespace_problem
from demo.runner.problems import RunnerError
from demo.runner.virtualenv import VirtualEnvironment, missing_venv_module

GIGABYTE = 1_000_000_000
_FOR_NEW = 3 * GIGABYTE
_FOR_EXISTING = GIGABYTE // 2
_LABELS = {"ui": "Airflow UI", "simulator": "simulator", "postgres": "PostgreSQL"}


def problems_with_machine(chosen: Ports, home: Path, own_ports: Collection[int] = ()) -> list[RunnerError]:
    """Return all troubles at once, so that nobody has to cure them one run at a time.

    :param own_ports: ports held by the running stack of this very checkout, which are no trouble.
    """
    environment = VirtualEnvironment()
    found = [problem_with_system(), user_namespace_problem()]
    if not environment.is_current():
        found.append(problem_with_venv_module())
    needed = _FOR_EXISTING if environment.is_current() else _FOR_NEW
    found += [problem_with_disk(folder, needed) for folder in _different_disks(CHECKOUT, _existing(home))]
    found += problems_with_ports(chosen, own_ports)
    return [problem for problem in found if problem is not None]


def problem_with_system() -> RunnerError | None:
    """Return the problem of a system that Airflow does not run on."""
    if os.name == "posix":
        return None
    return RunnerError("Airflow does not run on Windows itself", "use the Windows Subsystem for Linux")


def problem_with_venv_module() -> RunnerError | None:
    """Return the problem of a Python without the parts that make virtual environments."""
    is_missing = importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None
    return missing_venv_module() if is_missing else None


def problem_with_disk(folder: Path, needed: int) -> RunnerError | None:
    """Return the problem of a disk with less free space than needed, in bytes."""
    free = shutil.disk_usage(folder).free
    if free >= needed:
        return None
    trouble = f"{folder} has {free / GIGABYTE:.1f} GB free, and {needed / GIGABYTE:.1f} GB are needed"
    return RunnerError(trouble, "free some space, or clone the project to another disk")


def problems_with_ports(chosen: Ports, own_ports: Collection[int] = ()) -> list[RunnerError]:
    """Return one problem for each wanted port that is taken by somebody else, or wanted twice."""
    problems = []
    wanted: dict[int, str] = {}
    for name, port in asdict(chosen).items():
        variable = chosen.variable(name)
        cure = f"stop what listens there, or set {variable}=<another port> in .env"
        if port in wanted:
            trouble = f"port {port} is wanted for both {_LABELS[wanted[port]]} and {_LABELS[name]}"
            problems.append(RunnerError(trouble, f"set {variable}=<another port> in .env"))
        elif port not in own_ports and not ports.is_free(port):
            problems.append(RunnerError(f"port {port} ({_LABELS[name]}) is in use", cure))
        wanted[port] = name
    return problems


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


def _different_disks(*folders: Path) -> list[Path]:
    return list({folder.stat().st_dev: folder for folder in reversed(folders)}.values())
