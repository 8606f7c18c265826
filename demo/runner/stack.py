"""The whole product on one machine: PostgreSQL, the simulator and Airflow's four components, in one state folder.

`make demo` and the end-to-end tests use the same class; stacks with different folders and ports run side by side.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

from demo.runner import processes
from demo.runner.airflow_api import AirflowApi, fetch_json
from demo.runner.airflow_env import airflow_environment, simulator_address, ui_address, user_passwords
from demo.runner.component import Component, last_line
from demo.runner.layout import CHECKOUT, VENV, Home, Ports
from demo.runner.ports import HOST
from demo.runner.postgres import EmbeddedPostgres
from demo.runner.problems import RunnerError
from demo.runner.progress import Progress
from demo.runner.watcher import Watcher

# Airflow's own name of each component in its health report. Started in this order; stopped in the reverse one, so
# that the scheduler, whose tasks need the api-server and the simulator to end well, goes first.
AIRFLOW_COMPONENTS = {
    "api-server": "metadatabase",
    "dag-processor": "dag_processor",
    "triggerer": "triggerer",
    "scheduler": "scheduler",
}
COMPONENTS = ("simulator", *AIRFLOW_COMPONENTS)
DATABASES = ("airflow", "billing", "ledgerline")
_READY_SECONDS = 180
# The scheduler waits for its running tasks without end; the state of these is safe at any moment.
_GRACE = {"scheduler": 5.0}


class Stack:
    """One stack: what runs in the state folder `home` on the given ports."""

    def __init__(
        self,
        home: Home | Path,
        ports: Ports,
        dags_folder: Path = CHECKOUT / "dags",
        plugins_folder: Path = CHECKOUT / "plugins",
        durable: bool = True,
    ) -> None:
        """Describe a stack; nothing is touched before one of the `start` methods.

        :param durable: False is for tests: PostgreSQL is faster and unsafe against power cuts, and the stack is
            stopped when the process that started it has ended, however that ended.
        """
        self.home = home if isinstance(home, Home) else Home(home.absolute())
        self.ports = ports
        self.postgres = EmbeddedPostgres(self.home.postgres, ports.postgres, durable)
        self._dags_folder = dags_folder
        self._plugins_folder = plugins_folder
        self._components: dict[str, Component] = {}
        self._durable = durable
        self._watcher: Watcher | None = None

    def __enter__(self) -> Stack:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def ui(self) -> str:
        """The address of the Airflow UI."""
        return ui_address(self.ports)

    @property
    def simulator_address(self) -> str:
        """The address of the simulator."""
        return simulator_address(self.ports)

    @property
    def passwords(self) -> dict[str, str]:
        """The passwords of the UI's users `admin` and `viewer`."""
        return user_passwords(self.home)

    @property
    def api(self) -> AirflowApi:
        """A REST client signed on as `admin`."""
        return AirflowApi(self.ui, "admin", self.passwords["admin"])

    def environment(self) -> dict[str, str]:
        """Return the environment for any program that works on this stack; PostgreSQL must have been set up."""
        metadata = self.postgres.dsn("airflow", "postgresql+psycopg2")
        return airflow_environment(self.home, self.ports, metadata, self._dags_folder, self._plugins_folder)

    def component(self, name: str) -> Component:
        """Return one of `COMPONENTS`, to be stopped, killed or started by itself."""
        if name not in self._components:
            command = _command(name, self.ports, self.home)
            self._components[name] = Component(name, command, self.home, self.environment())
        return self._components[name]

    def start(self) -> None:
        """Start everything and wait until all of it is healthy; what already runs is left as it is."""
        self.start_postgres()
        self.start_simulator()
        self.migrate_airflow()
        self.start_airflow()

    def start_postgres(self) -> None:
        """Start PostgreSQL and make the databases."""
        self.home.make()
        self.home.remember_ports(self.ports)
        if self._watcher is None and not self._durable:
            cleaning_up = os.environ | {"LEDGERLINE_HOME": str(self.home.root)}
            self._watcher = Watcher([sys.executable, "-m", "demo.runner", "stop"], CHECKOUT, cleaning_up)
        with Progress("PostgreSQL") as progress:
            self.postgres.start()
            for name in DATABASES:
                self.postgres.create_database(name)
            progress.done(f"ready on {HOST}:{self.postgres.port}")

    def start_simulator(self) -> None:
        """Start the simulator and wait for it."""
        with Progress("QuickBooks simulator") as progress:
            simulator = self.component("simulator")
            simulator.start()
            simulator.wait_until(self._simulator_answers, _READY_SECONDS, progress.show)
            progress.done(f"ready on {HOST}:{self.ports.simulator}")

    def migrate_airflow(self) -> None:
        """Bring Airflow's database to the schema of the installed version, once per version."""
        marker = self.home.airflow / "migrated"
        version = importlib.metadata.version("apache-airflow-core")
        if marker.exists() and marker.read_text() == version:
            return
        self.run("Airflow's database", [sys.executable, "-m", "airflow", "db", "migrate"])
        marker.write_text(version)

    def start_airflow(self) -> None:
        """Start Airflow's components and wait until each has reported to its database."""
        _ = self.passwords  # the api-server reads the file when it starts
        since = {name: self._started_now(name) for name in AIRFLOW_COMPONENTS}
        for name, report_name in AIRFLOW_COMPONENTS.items():
            with Progress(f"Airflow {name}") as progress:
                is_healthy = self._health_check(report_name, since[name])
                self.component(name).wait_until(is_healthy, _READY_SECONDS, progress.show)
                progress.done("ready")

    def run(self, label: str, command: list[str], extra: Mapping[str, str] | None = None) -> None:
        """Run a command of the set-up on this stack, showing one line of progress.

        :param extra: environment variables for this command alone.
        :raises RunnerError: when it fails; its last line of output is part of the message.
        """
        log = self.home.logs / "setup.log"
        with Progress(label), log.open("ab") as output:
            child = subprocess.Popen(
                command,
                cwd=CHECKOUT,
                env=self.environment() | dict(extra or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                code = child.wait()
            except BaseException:  # an interrupted set-up must not go on unseen
                child.terminate()
                child.wait()
                raise
            if code:
                raise RunnerError(f"{label}: {last_line(log)}", f"read {log}")

    def running(self) -> dict[str, int]:
        """Return the pids of what runs of this stack, by name; strays are processes that lost their parent."""
        named = {name: self._peek(name).process() for name in COMPONENTS}
        found = {name: process.pid for name, process in named.items() if process is not None}
        known = {process.pid for process in processes.family(filter(None, named.values()))}
        strays = [process.pid for process in self._strays() if process.pid not in known]
        found |= {f"stray {pid}": pid for pid in strays}
        return found | ({"PostgreSQL": pid} if (pid := self.postgres.pid()) else {})

    def all_processes(self) -> list[processes.Process]:
        """Return all processes of this stack: components, what they started, strays and PostgreSQL."""
        roots = [process for process in map(processes.find_process, self.running().values()) if process is not None]
        return processes.family(roots)

    def stop(self) -> None:
        """Stop everything, in the order in which nothing waits for what is gone; no process is left."""
        if self._watcher is not None:
            self._watcher.dismiss()
            self._watcher = None
        for name in reversed(COMPONENTS):
            component = self._peek(name)
            if component.process() is not None:
                with Progress(f"stopping {name}") as progress:
                    component.stop(_GRACE.get(name, 15.0))
                    progress.done("stopped")
            else:
                component.stop()
        processes.end_all(self._strays(), grace=2.0)
        self.postgres.stop()
        self._components.clear()

    def kill(self) -> None:
        """End every process at once, without a chance to clean up, as a power cut does."""
        crew = self.all_processes()
        processes.send_signal(crew, signal.SIGKILL)
        processes.wait_until_ended(crew, 10.0)
        self.stop()

    def _peek(self, name: str) -> Component:
        """Return a component to be looked at or stopped, which needs no environment."""
        return self._components.get(name) or Component(name, [], self.home, {})

    def _started_now(self, name: str) -> datetime.datetime:
        moment = datetime.datetime.now(datetime.UTC)
        component = self.component(name)
        if component.process() is not None:
            return moment - datetime.timedelta(minutes=5)
        component.start()
        return moment

    def _health_check(self, report_name: str, since: datetime.datetime) -> Callable[[], bool]:
        """Return a check that is true once the component has reported after the given moment."""

        def is_healthy() -> bool:
            api = AirflowApi(self.ui, "", "")
            report = api.health().get(report_name) or {}
            beats = [value for key, value in report.items() if key.endswith("heartbeat") and value]
            is_fresh = all(datetime.datetime.fromisoformat(beat) >= since for beat in beats)
            return report.get("status") == "healthy" and is_fresh and api.serves_tasks()

        return is_healthy

    def _simulator_answers(self) -> bool:
        try:
            fetch_json(f"{self.simulator_address}/_sim/health")
        except OSError:
            return False
        return True

    def _strays(self) -> Iterator[processes.Process]:
        """Find processes of this stack that have lost their parent: our Python, working in our folder."""
        programs = {(VENV / "bin" / "python").resolve(), Path(sys.executable).resolve()}
        folder = self.home.run.resolve()
        for process in processes.process_table().values():
            is_here = processes.working_directory(process.pid) == folder
            if is_here and processes.executable(process.pid) in programs:
                yield process


def _command(name: str, ports: Ports, home: Home) -> list[str]:
    if name == "simulator":
        options = ["--host", HOST, "--port", str(ports.simulator), "--db", str(home.simulator_db)]
        return [sys.executable, "-m", "qbo_simulator", *options]
    # The log servers of scheduler and triggerer would listen on all interfaces; the api-server reads the files (task_logs.py).
    options = {
        "api-server": ["--host", HOST, "--port", str(ports.ui), "--workers", "1"],
        "scheduler": ["--skip-serve-logs"],
        "triggerer": ["--skip-serve-logs"],
    }.get(name, [])
    return [sys.executable, "-m", "airflow", name, *options]
