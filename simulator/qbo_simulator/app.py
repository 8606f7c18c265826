"""The application: ``/_sim`` is the control plane, everything else is QBO's own surface."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI

from qbo_simulator import __version__
from qbo_simulator.limits import Limits
from qbo_simulator.mishaps import Mishaps
from qbo_simulator.sample.build import build_default
from qbo_simulator.web import control, extras, pages
from qbo_simulator.web.gateway import Gateway
from qbo_simulator.web.http import Answer, Call, Receive, Scope, Send, html_answer
from qbo_simulator.web.journal import Journal
from qbo_simulator.web.oauth import OAuth
from qbo_simulator.web.shell import Shell
from qbo_simulator.web.tokens import Tokens
from qbo_simulator.web.webhooks import Webhooks
from qbo_simulator.world import World


class Simulator:
    """The ASGI application of one state file.

    Every handler runs on the event loop's thread: one writer, one order of events, and no locks.
    """

    def __init__(self, path: str | Path, has_limits: bool = True) -> None:
        self.world = World(path)
        self.tokens = Tokens(self.world)
        self.journal = Journal(self.world)
        self.limits = Limits(self.world, is_on=has_limits)
        self.mishaps = Mishaps(self.world)
        self.gateway = Gateway(self.world, self.tokens, self.limits)
        self.oauth = OAuth(self.world, self.tokens)
        self.webhooks = Webhooks(self.world)
        self.shell = Shell(self.world, self._answer, self.journal, self.mishaps, self.limits, self.webhooks)
        self._first_state: dict[str, list[tuple[Any, ...]]] | None = None
        if self.world.is_empty and self.world.recall("born") is None:
            self.build_first_state()
        self.web = FastAPI(
            title="QuickBooks Online simulator: control plane",
            version=__version__,
            docs_url=None,  # FastAPI's own page loads its scripts from elsewhere
            openapi_url="/_sim/openapi.json",
            redoc_url=None,
        )
        self.web.include_router(control.router(self))
        self.web.include_router(pages.router(self.world, self.web))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route by the first segment of the path."""
        if scope["type"] == "http" and not scope["path"].startswith(("/_sim", "/app/")):
            await self.shell(scope, receive, send)
        else:
            await self.web(scope, receive, send)

    def _answer(self, call: Call) -> Answer:
        if call.path.startswith("/v3/"):
            return self.gateway.answer(call)
        if call.path.startswith("/files/") and call.method == "GET":
            return extras.file(self.world, call) or html_answer(404)
        return self.oauth.answer(call)

    def build_first_state(self) -> None:
        """The default company, its app and its refresh token; built once, copied from then on."""
        if self._first_state is not None:
            self.world.put_rows(self._first_state)
            return
        with self.world.transaction():
            build_default(self.world, self.tokens)
            self.world.remember("born", self.world.clock.now())
        self._first_state = self.world.rows()

    def reset(self) -> None:
        """Forget everything, as after a start with an empty state file."""
        self.world.wipe()
        self.tokens.forget_cached()
        self.limits.reset()
        self.mishaps.clear()
        self.webhooks.load()
