"""``python -m qbo_simulator``: run the server."""

import argparse
import gc
import socket
import sys
import threading

import uvicorn

from qbo_simulator import __version__, fidelity
from qbo_simulator.app import Simulator


class _Server(uvicorn.Server):
    """Prints one line when it accepts connections."""

    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self.line = line

    def stop_at_eof(self) -> None:
        """Stop when nobody holds the other end of standard input any more, whatever ended who did."""

        def wait() -> None:
            sys.stdin.buffer.read()
            self.should_exit = True

        threading.Thread(target=wait, daemon=True).start()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(self.line, flush=True)  # noqa: T201 - the ready line is the program's output


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m qbo_simulator", description="A server that behaves like QuickBooks Online."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099, help="0 takes a free one")
    parser.add_argument("--db", default="qbo_simulator.sqlite", help="the state file (default %(default)s)")
    parser.add_argument(
        "--limits", choices=("on", "off"), default="on", help="whether QBO's rate limits hold at first (default on)"
    )
    parser.add_argument(
        "--until-eof",
        action="store_true",
        help="end when standard input ends, as it does with the process that started this",
    )
    parser.add_argument("--fidelity", action="store_true", help="print what is exact, a setting or refused, and end")
    parser.add_argument("--version", action="version", version=__version__)
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> int:
    """Run until stopped; returns the exit code."""
    chosen = arguments(given)
    if chosen.fidelity:
        print(fidelity.page(), end="")  # noqa: T201 - the page is the program's output
        return 0
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((chosen.host, chosen.port))
    except OSError as error:
        print(f"cannot listen on {chosen.host}:{chosen.port}: {error.strerror}", file=sys.stderr)  # noqa: T201 - a command's error
        return 1
    # Requests make many short-lived dicts and no cycles: collect seldom, and never look at what was there at the start.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    url = f"http://{chosen.host}:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        Simulator(chosen.db, has_limits=chosen.limits == "on"),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
    )
    server = _Server(config, f"qbo_simulator ready on {url} (state in {chosen.db})")
    if chosen.until_eof:
        server.stop_at_eof()
    server.run([listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
