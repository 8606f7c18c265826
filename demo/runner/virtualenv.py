"""The project's virtual environment, from the pinned requirement files, with nothing but `venv` and `pip`.

The project and the simulator are installed editable: Airflow then finds the connection type `quickbooks` by its entry
point, and edits count at once. A stamp file makes the second call instant.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from demo.runner.layout import CHECKOUT, VENV
from demo.runner.problems import RunnerError
from demo.runner.progress import Progress

_PINS = ("requirements.txt", "requirements-dev.txt")
_PROJECTS = (".", "simulator")


class VirtualEnvironment:
    """The environment in `folder` for the project in `checkout`."""

    def __init__(self, folder: Path = VENV, checkout: Path = CHECKOUT) -> None:
        """Describe the environment; nothing is touched before `ensure`."""
        self.folder = folder
        self.python = folder / "bin" / "python"
        self._checkout = checkout
        self._stamp = folder / "ledgerline-stamp"

    def is_current(self) -> bool:
        """Say whether the environment was completed from exactly these requirement files by this Python version."""
        try:
            return self.python.exists() and self._stamp.read_text() == self.fingerprint()
        except FileNotFoundError:
            return False

    def fingerprint(self) -> str:
        """Return a hash over all that decides the environment's content."""
        digest = hashlib.sha256(f"{sys.version_info[:2]} {self._checkout}".encode())
        files = [*_PINS, *(f"{project}/pyproject.toml" for project in _PROJECTS)]
        for name in files:
            path = self._checkout / name
            digest.update(path.read_bytes() if path.exists() else b"missing")
        return digest.hexdigest()

    def ensure(self, log: Path) -> None:
        """Make or complete the environment unless it is current; pip's output goes to the log.

        :raises RunnerError: when `venv` is missing or pip fails.
        """
        if self.is_current():
            return
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")
        self._create()
        pins = [argument for name in _PINS for argument in ("-r", name)]
        count = len({name for file in _PINS for name in _pinned_names(self._checkout / file)})
        # The pins are complete: left to weigh versions itself, pip tries newer ones of what has extras, for minutes.
        self._pip(log, f"installing {count} packages", ["install", "--no-deps", *pins])
        projects = [argument for name in self._projects() for argument in ("-e", f"./{name}")]
        options = ["--no-deps", "--no-build-isolation"]
        self._pip(log, "installing the project", ["install", *options, *projects])
        self._stamp.write_text(self.fingerprint())

    def _create(self) -> None:
        """Make the bare environment, or leave one of the same Python version as it is."""
        self._stamp.unlink(missing_ok=True)
        if self._fits():
            return
        if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
            raise missing_venv_module()
        shutil.rmtree(self.folder, ignore_errors=True)
        command = [sys.executable, "-m", "venv", str(self.folder)]
        result = subprocess.run(command, capture_output=True, text=True, env=pip_environment(), check=False)
        if result.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise RunnerError(f"`{' '.join(command)}` failed: {_last_line(result.stdout + result.stderr)}", "see above")

    def _fits(self) -> bool:
        """Say whether a working environment of this Python version is there, with pip in it."""
        question = "import sys, pip; print(*sys.version_info[:2], sep='.')"
        try:
            answer = subprocess.run([str(self.python), "-c", question], capture_output=True, text=True, check=False)
        except OSError:
            return False
        return answer.stdout.strip() == f"{sys.version_info[0]}.{sys.version_info[1]}"

    def _projects(self) -> list[str]:
        return [name for name in _PROJECTS if (self._checkout / name / "pyproject.toml").exists()]

    def _pip(self, log: Path, label: str, arguments: list[str]) -> None:
        command = [str(self.python), "-m", "pip", *arguments, "--progress-bar", "off", "--no-input"]
        with (
            Progress(label) as progress,
            log.open("a", buffering=1) as copy,
            subprocess.Popen(
                command,
                cwd=self._checkout,
                env=pip_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process,
        ):
            last, count = "", 0
            for line in process.stdout or ():
                copy.write(line)
                last = line.strip() or last
                count += line.startswith(("Collecting", "Requirement already"))
                progress.show(_what_pip_does(line, count))
            if process.wait():
                raise RunnerError(f"pip failed: {last}", f"read {log}, then run `make venv` again")


def missing_venv_module() -> RunnerError:
    """Return the problem of a Python that cannot make virtual environments (Debian ships that part separately)."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return RunnerError(
        f"Python {version} has no `venv` module", f"apt-get install python{version}-venv, or use another Python"
    )


def pip_environment() -> dict[str, str]:
    """Return the caller's environment for pip: installed modules are compiled, which halves every later start."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_USER", "PIP_PREFIX")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    # Without the second one, what pip says comes in portions, and progress stands still while pip is at work.
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}


def _pinned_names(path: Path) -> set[str]:
    return {line.partition("==")[0] for line in path.read_text().splitlines() if "==" in line and line[0].isalpha()}


def _what_pip_does(line: str, count: int) -> str:
    words = line.split()
    if line.startswith("Installing collected"):
        return "unpacking and compiling"
    return (
        f"{count} looked at, now {words[1]}" if line.startswith(("Collecting", "Requirement")) else f"{count} looked at"
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no output"
