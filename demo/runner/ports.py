"""Ports on 127.0.0.1: free ones for tests, and whether a wanted one can be had."""

from __future__ import annotations

import os
import random
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

HOST = "127.0.0.1"
_LISTENING = "0A"
_OURS = (12_000, 32_000)
"""From and to: Linux and others give out ports from 32,768 on by themselves."""
_CHOICE = random.SystemRandom()


def free_port() -> int:
    """Return a port that is free at this moment, and below those that the system gives to clients and to others who ask.

    Whoever needs it may so bind it a while later, although tests run side by side and open thousands of connections.
    """
    for _ in range(100):
        port = _CHOICE.randrange(*_OURS)
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        # Connections that are still closing down must not count as a server; servers set the same option.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def listening_addresses(pids: Iterable[int]) -> set[str]:
    """Return the TCP addresses on which these processes listen, such as `127.0.0.1:8080` (Linux only)."""
    sockets = {inode for pid in pids for inode in _socket_inodes(pid)}
    found = set()
    for family, file in ((socket.AF_INET, "/proc/net/tcp"), (socket.AF_INET6, "/proc/net/tcp6")):
        for line in Path(file).read_text().splitlines()[1:] if Path(file).exists() else []:
            fields = line.split()
            address, state, inode = fields[1], fields[3], fields[9]
            if state == _LISTENING and inode in sockets:
                found.add(_readable(family, address))
    return found


def _socket_inodes(pid: int) -> list[str]:
    try:
        links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return []
    return [link[len("socket:[") : -1] for link in links if link.startswith("socket:[")]


def _readable(family: int, address: str) -> str:
    """Turn the kernel's form, 32-bit words in the machine's byte order, into the usual one."""
    words, _, port = address.partition(":")
    packed = b"".join(int(words[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(words), 8))
    return f"{socket.inet_ntop(family, packed)}:{int(port, 16)}"
