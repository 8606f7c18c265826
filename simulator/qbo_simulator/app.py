"""The application: ``/v3/`` goes straight to the gateway, everything else through FastAPI."""

from pathlib import Path

from fastapi import FastAPI

from qbo_simulator import __version__
from qbo_simulator.sample.build import build_default
from qbo_simulator.web import control, oauth
from qbo_simulator.web.gateway import Gateway
from qbo_simulator.web.http import Receive, Scope, Send
from qbo_simulator.web.journal import Journal
from qbo_simulator.web.tokens import Tokens
from qbo_simulator.world import World


class Simulator:
    """The ASGI application of one state file.

    Every handler runs on the event loop's thread: one writer, one order of events, and no locks.
    """

    def __init__(self, path: str | Path) -> None:
        self.world = World(path)
        self.tokens = Tokens(self.world)
        self.journal = Journal(self.world)
        self.gateway = Gateway(self.world, self.tokens, self.journal)
        if self.world.is_empty and self.world.recall("born") is None:
            with self.world.transaction():
                build_default(self.world, self.tokens)
                self.world.remember("born", self.world.clock.now())
        self.web = FastAPI(
            title="QuickBooks Online simulator",
            version=__version__,
            docs_url="/_sim/docs",
            openapi_url="/_sim/openapi.json",
            redoc_url=None,
        )
        self.web.include_router(oauth.router(self.world, self.tokens))
        self.web.include_router(control.router(self.world, self.tokens, self.journal))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route by the first segment of the path."""
        if scope["type"] == "http" and scope["path"].startswith("/v3/"):
            await self.gateway(scope, receive, send)
        else:
            await self.web(scope, receive, send)
