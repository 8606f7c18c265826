"""Where things lie: the checkout, its virtual environment, the state folder, and the ports of a stack."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from demo.runner import ports
from demo.runner.problems import RunnerError

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv"


@dataclass(frozen=True)
class Ports:
    """The ports of a stack, all on 127.0.0.1; each may be set in `.env` or the environment under its name below."""

    ui: int = 8080
    simulator: int = 8099
    postgres: int = 5440

    @classmethod
    def free(cls) -> Ports:
        """Return three different ports that are free at this moment."""
        chosen: set[int] = set()
        while len(chosen) < 3:
            chosen.add(ports.free_port())
        return cls(*chosen)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Ports:
        """Return the default ports, changed by `LEDGERLINE_UI_PORT` and its like."""
        return cls(**{field.name: _port(environment, field.name, getattr(cls, field.name)) for field in fields(cls)})

    def variable(self, name: str) -> str:
        """Return the name under which a port is set in `.env`."""
        return f"LEDGERLINE_{name.upper()}_PORT"


@dataclass(frozen=True)
class Home:
    """The state folder: everything that a stack makes lies below `root`."""

    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Home:
        """Return the folder named by `LEDGERLINE_HOME`, or `.ledgerline` in the checkout."""
        return cls(Path(environment.get("LEDGERLINE_HOME") or CHECKOUT / ".ledgerline").absolute())

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL."""
        return self.root / "postgres"

    @property
    def airflow(self) -> Path:
        """`AIRFLOW_HOME`: configuration and task logs."""
        return self.root / "airflow"

    @property
    def logs(self) -> Path:
        """One log file for each component."""
        return self.root / "logs"

    @property
    def pids(self) -> Path:
        """One file for each running component: its pid and when it started."""
        return self.root / "pids"

    @property
    def run(self) -> Path:
        """The working directory of every component, by which stray processes are recognised."""
        return self.root / "run"

    @property
    def temporary(self) -> Path:
        """Temporary files of the components."""
        return self.root / "tmp"

    @property
    def simulator_db(self) -> Path:
        """The simulator's state."""
        return self.root / "simulator.sqlite"

    def make(self) -> None:
        """Make all folders, readable by the owner alone."""
        for folder in (self.root, self.airflow, self.logs, self.pids, self.run, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)

    def remember_ports(self, chosen: Ports) -> None:
        """Write down the ports of a stack that starts, so that later commands find it whatever `.env` then says."""
        (self.root / "ports.json").write_text(json.dumps(asdict(chosen)))

    def remembered_ports(self) -> Ports | None:
        """Return the ports of the stack that was started last, or None."""
        try:
            return Ports(**json.loads((self.root / "ports.json").read_text()))
        except FileNotFoundError:
            return None


def settings(folder: Path = CHECKOUT) -> dict[str, str]:
    """Return the process environment, completed by the lines of `.env`; what is already set wins."""
    values = {}
    env_file = folder / ".env"
    for number, raw in enumerate(env_file.read_text().splitlines() if env_file.exists() else [], start=1):
        line = raw.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator:
            raise RunnerError(f"{env_file.name}, line {number}: `{line}` is no setting", "write NAME=value")
        values[name.strip()] = value.strip().strip("'\"")
    return values | dict(os.environ)


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    variable = f"LEDGERLINE_{name.upper()}_PORT"
    text = environment.get(variable) or str(default)
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise RunnerError(f"{variable}={text} is no usable port", "set a number from 1024 to 65535 in .env")
    return int(text)
