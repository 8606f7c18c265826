"""Ends a call on time, whatever the other side does.

Time-outs of sockets count from byte to byte, so a server that trickles could hold a call for ever. A watch shuts the call's
sockets down at its deadline, which ends every wait on them at once.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType

from qbo_hook.wire import Timeout

_LAST_DATA_RECEIVED = 52
"""Where Linux's struct tcp_info holds how many milliseconds ago data came last (linux/tcp.h)."""
_TICK = 0.02
"""How coarse the system's clock for that is, in seconds, and more."""


class CallWatch:
    """Watches one call: what has been sent so far, and when it must end.

    :param timeout: seconds for the connection and for the whole
    :param clock: gives the time in UTC, for ``sent_at``
    :param meanwhile: done once the request has left, before the answer is waited for; it does not count against the deadline
    """

    def __init__(
        self, timeout: Timeout, clock: Callable[[], datetime], meanwhile: Callable[[], None] | None = None
    ) -> None:
        self._timeout = timeout
        self._clock = clock
        self._meanwhile = meanwhile
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = self._ends_in(timeout.total)
        self.started = time.monotonic()
        self.has_expired = False
        self.sent_at: datetime | None = None
        self._lay = 0.0

    def __enter__(self) -> CallWatch:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the call began, without those for which the answer lay here while we did something else."""
        return round((time.monotonic() - self.started - self._lay) * 1000)

    def watch(self, sock: socket.socket) -> None:
        """Shut this connection down at the deadline.

        :param sock: a connected socket; the watch keeps a duplicate of its handle, so it may be wrapped or closed meanwhile
        """
        duplicate = socket.socket(fileno=os.dup(sock.fileno()))
        with self._lock:
            self._sockets.append(duplicate)
        if self.has_expired:
            self._shut_down()

    def connected(self) -> None:
        """The connection stands; nothing may be sent any more if that took too long.

        :raises TimeoutError: if it did
        """
        if self.has_expired or time.monotonic() - self.started > self._timeout.connect:
            raise TimeoutError("connecting took too long, so nothing was sent")

    def sending(self) -> None:
        """From now on bytes of the request may have arrived at the other side."""
        if self.sent_at is None:
            self.sent_at = self._clock()

    def sent(self) -> None:
        """The request has left as a whole: now is the time for what needs no answer to it."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is None:
            return
        # The answer waits in the system's buffer. Our own slowness must not make one that has come a lost one.
        self._timer.cancel()
        began = time.monotonic()
        left = self._timeout.total - (began - self.started)
        try:
            meanwhile()
        finally:
            busy = time.monotonic() - began
            lay = _seconds_unread(self._sockets[-1]) if self._sockets else 0.0
            # What came before the request had left is no part of the answer.
            self._lay = min(lay, busy) if lay < busy + _TICK else 0.0
            self._timer = self._ends_in(max(left, 0))
            self._timer.start()

    def _ends_in(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        return timer

    def _expire(self) -> None:
        self.has_expired = True
        self._shut_down()

    def _shut_down(self) -> None:
        with self._lock:
            for watched in self._sockets:
                # A connection that is gone already needs no end.
                with contextlib.suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)


def _seconds_unread(sock: socket.socket) -> float:
    """How long ago the last of what waits on a connection came; 0 where nothing waits, or the system does not tell."""
    if sys.platform != "linux":
        return 0.0
    try:
        if not _is_readable(sock):
            return 0.0
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_RECEIVED + 4)
        (milliseconds,) = struct.unpack_from("=I", info, _LAST_DATA_RECEIVED)
    except (OSError, struct.error):
        return 0.0
    return float(milliseconds) / 1000


def _is_readable(sock: socket.socket) -> bool:
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))
