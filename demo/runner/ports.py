"""Ports on 127.0.0.1: free ones for tests, and whether a wanted one can be had."""

from __future__ import annotations

import socket

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port that is free at this moment; whoever needs it binds it soon."""
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
