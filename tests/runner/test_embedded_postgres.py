"""The embedded PostgreSQL server, as the user who runs the tests (root included)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from demo.runner import ports, processes
from demo.runner.postgres import EmbeddedPostgres, binaries
from demo.runner.problems import RunnerError

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server that was set up and stopped, to be copied: the set-up is what takes its time."""
    folder = tmp_path_factory.mktemp("set_up") / "pg"
    with EmbeddedPostgres(folder, durable=False):
        return folder


@pytest.fixture
def server(tmp_path: Path, set_up: Path) -> Iterator[EmbeddedPostgres]:
    """A started server in a folder of its own."""
    shutil.copytree(set_up, tmp_path / "pg")
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as started:
        yield started


def test_a_started_server_answers_over_loopback_with_its_password(server):
    """A client that knows the connection URL reads and writes; one without the password is refused."""
    with psycopg.connect(server.dsn()) as connection:
        answer = connection.execute("select 40 + 2").fetchone()

    assert answer == (42,)
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/postgres")


def test_the_server_listens_on_loopback_only(server):
    """No other address of this machine reaches the server."""
    crew = processes.family([processes.find_process(server.pid())])

    assert ports.listening_addresses(process.pid for process in crew) == {f"127.0.0.1:{server.port}"}


def test_nothing_in_the_folder_is_open_to_other_users(server):
    """The folder itself, the data and the password are closed to group and others."""
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (server.folder, server.folder / "data")]

    assert modes == [0o700, 0o700]
    assert stat.S_IMODE((server.folder / "password").stat().st_mode) == 0o600


def test_what_was_committed_survives_a_kill(server):
    """Rows committed before all server processes are killed are there after the next start, on the same port."""
    port = server.port
    server.create_database("billing")
    server.run_sql("create table t (n int); insert into t values (7)", "billing")

    server.kill()
    assert not server.is_running()
    server.start()

    assert server.port == port
    assert server.run_sql("select n from t", "billing").strip() == "7"


def test_a_restart_keeps_port_and_data(server):
    """Clients can use the same connection URL after a restart."""
    dsn = server.create_database("billing")

    server.restart()

    with psycopg.connect(dsn) as connection:
        assert connection.execute("select current_database()").fetchone() == ("billing",)


def test_a_second_start_finds_the_running_server(server):
    """Another object for the same folder learns the port of the running server and starts no second one."""
    second = EmbeddedPostgres(server.folder).start()

    assert second.dsn() == server.dsn()


def test_stop_leaves_no_process_even_with_open_sessions(server):
    """A client that is still connected does not keep the server alive."""
    with psycopg.connect(server.dsn()):
        crew = processes.family([processes.find_process(server.pid())])

        server.stop()

    assert len(crew) > 3
    assert [process for process in crew if processes.is_running(process)] == []


def test_a_stale_pid_file_does_not_block_the_start(server):
    """A pid file that names another living program is taken for what it is."""
    server.stop()
    pid_file = server.folder / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{server.folder / 'data'}\n1\n{server.port}\n\n127.0.0.1\n1 1\nready\n")

    server.start()

    assert server.run_sql("select 1").strip() == "1"


def test_an_unfinished_set_up_is_done_again(tmp_path):
    """A folder in which initdb was cut short becomes a working server."""
    (tmp_path / "pg" / "data.unfinished" / "base").mkdir(parents=True)
    (tmp_path / "pg" / "data").mkdir()

    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        assert server.run_sql("select 1").strip() == "1"


def test_a_busy_port_is_named_in_one_line(tmp_path):
    """When the wanted port is taken, the problem names it and nothing is left running."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        server = EmbeddedPostgres(tmp_path / "pg", port=port, durable=False)

        with pytest.raises(RunnerError, match=rf"port {port} \(PostgreSQL\) is in use"):
            server.start()

    assert not server.is_running()


def test_a_servers_processes_end_when_the_tests_are_killed(tmp_path):
    """A test run that gets SIGKILL, and so stops nothing itself, leaves no server behind."""
    program = (
        "import os, signal, sys; from demo.runner.postgres import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(sys.argv[1], durable=False).start()\n"
        "print(server.pid(), flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    killed = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "pg")], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )

    server = processes.find_process(int(killed.stdout))
    assert killed.returncode == -signal.SIGKILL
    assert server is None or processes.wait_until_ended([server], 20) == []


def test_a_very_long_path_is_no_hindrance(tmp_path):
    """The folder's path may be longer than any unix socket's path can be."""
    folder = tmp_path / ("x" * 100) / ("y" * 60)

    with EmbeddedPostgres(folder, durable=False) as server:
        assert server.run_sql("select 1").strip() == "1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a program as another user")
def test_an_ordinary_user_needs_no_name_space():
    """The same code starts the server for a user without any rights, with the system's own Python."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if python is None or not _others_may_read(CHECKOUT) or not _others_may_read(binaries()):
        pytest.skip("neither this checkout nor a system Python can be read by an ordinary user here")
    program = (
        "import tempfile; from demo.runner.postgres import EmbeddedPostgres\n"
        "with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(folder + '/pg', durable=False) as server:\n"
        "    print(server.run_sql('select current_setting($$listen_addresses$$)').strip())\n"
    )

    result = subprocess.run(
        [python, "-c", program],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"},
        user=65534,
        group=65534,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.stdout.strip() == "127.0.0.1", result.stderr


def _others_may_read(folder: Path) -> bool:
    return all(part.stat().st_mode & 0o005 == 0o005 for part in (folder, *folder.parents))
