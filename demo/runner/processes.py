"""Find, watch and end processes, also those that moved to a process group of their own or lost their parent.

A pid alone proves nothing, because the system gives it to another program later. Each process is therefore known by
its pid and the moment it started; both go into the pid files.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_HAS_PROC = (_PROC / "self" / "stat").exists()


@dataclass(frozen=True)
class Process:
    """One running process as the system knows it; `started` differs whenever a pid is used again."""

    pid: int
    parent: int
    group: int
    session: int
    started: str


def process_table() -> dict[int, Process]:
    """Return all running processes by pid; zombies count as ended and are left out."""
    if not _HAS_PROC:
        return table_from_ps()
    table = {}
    for entry in _PROC.iterdir():
        process = _read_stat(int(entry.name)) if entry.name.isdigit() else None
        if process is not None:
            table[process.pid] = process
    return table


def table_from_ps() -> dict[int, Process]:
    """Return all running processes as `ps` knows them, for systems without /proc."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat=,lstart="], capture_output=True, text=True, check=True
    ).stdout
    table = {}
    for line in listing.splitlines():
        pid, parent, group, state, *started = line.split()
        if not state.startswith("Z"):
            # ps on macOS does not print sessions; the process group stands in for it.
            table[int(pid)] = Process(int(pid), int(parent), int(group), int(group), " ".join(started))
    return table


def has_ps() -> bool:
    """Say whether the program `ps` is there."""
    return shutil.which("ps") is not None


def find_process(pid: int) -> Process | None:
    """Return the running process of this pid, or None when there is none."""
    return _read_stat(pid) if _HAS_PROC else table_from_ps().get(pid)


def is_running(process: Process) -> bool:
    """Say whether this very process still runs; a later process with the same pid does not count."""
    current = find_process(process.pid)
    return current is not None and current.started == process.started


def working_directory(pid: int) -> Path | None:
    """Return the working directory of a process, or None when the system does not tell."""
    try:
        return Path(os.readlink(_PROC / str(pid) / "cwd"))
    except OSError:
        return None


def executable(pid: int) -> Path | None:
    """Return the program file of a process, or None when the system does not tell."""
    try:
        return Path(os.readlink(_PROC / str(pid) / "exe"))
    except OSError:
        return None


def family(roots: Iterable[Process]) -> list[Process]:
    """Return the given processes, all their descendants and all members of the sessions that these lead."""
    table = process_table()
    # Parents and groups change while a process lives, its pid and start do not.
    members = {root.pid for root in roots if root.pid in table and table[root.pid].started == root.started}
    while True:
        found = {
            process.pid
            for process in table.values()
            if process.pid not in members and (process.parent in members or process.session in members)
        }
        if not found:
            return [table[pid] for pid in sorted(members)]
        members |= found


def send_signal(processes: Iterable[Process], number: int) -> None:
    """Send a signal to each process that still runs."""
    for process in processes:
        if is_running(process):
            try:
                os.kill(process.pid, number)
            except ProcessLookupError:
                continue


def wait_until_ended(processes: Iterable[Process], seconds: float) -> list[Process]:
    """Wait until the processes have ended and return those that still run after so many seconds."""
    deadline = time.monotonic() + seconds
    left = [process for process in processes if is_running(process)]
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [process for process in left if is_running(process)]
    return left


def end_all(processes: Iterable[Process], grace: float = 5.0) -> None:
    """Ask the processes to end, and after the grace period make them."""
    left = list(processes)
    send_signal(left, signal.SIGTERM)
    left = wait_until_ended(left, grace)
    send_signal(left, signal.SIGKILL)
    survivors = wait_until_ended(left, 5.0)
    if survivors:
        raise RuntimeError(f"processes do not end: {', '.join(str(process.pid) for process in survivors)}")


def _read_stat(pid: int) -> Process | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The program name in brackets may hold blanks and brackets itself; the fields follow its last bracket.
    fields = text.rpartition(")")[2].split()
    state, parent, group, session, started = fields[0], fields[1], fields[2], fields[3], fields[19]
    if state in ("Z", "X"):
        return None
    return Process(pid, int(parent), int(group), int(session), f"{_boot_id()}:{started}")


def _boot_id() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()[:8]
    except OSError:
        return "boot"
