"""Companies that the contract is tried on: the simulator's always, one of Intuit's sandbox where its sign-on is at hand.

``LEDGERLINE_SANDBOX`` names a JSON file with ``client_id``, ``client_secret``, ``realm_id`` and ``refresh_token`` of a sandbox
company of your own Intuit app (docs/connect.md tells where they come from). Intuit replaces the refresh token about once a
day, so the file is written anew with each refresh; keep it where nobody else reads it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from qbo_hook import (
    Limits,
    MemoryGovernor,
    MemoryTokenStore,
    QboAuth,
    QboClient,
    RequestsTransport,
    TokenSet,
    endpoints_for,
)
from qbo_hook.auth import utc_now
from qbo_hook.environments import base_url_for
from qbo_hook.tokens import Refresh, TokenStore

SANDBOX = "LEDGERLINE_SANDBOX"
REALM = "9130000000000001"
FAST = Limits(requests_per_minute=60_000, requests_per_second=1000, batches_per_minute=6000)


class FileTokens(MemoryTokenStore):
    """A sign-on in a file, which holds the newest refresh token before it is used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content = json.loads(path.read_text(encoding="utf-8"))
        now = utc_now()
        super().__init__(
            TokenSet(
                "none yet", self._content["refresh_token"], now, now + timedelta(days=1), self._content["realm_id"]
            )
        )

    def refresh(self, stale: TokenSet, refresh: Refresh) -> TokenSet:
        """As any store: what comes back is kept before it is used."""

        def kept(old: TokenSet) -> TokenSet:
            new = refresh(old)
            beside = self._path.with_suffix(".new")
            beside.unlink(missing_ok=True)
            beside.touch(mode=0o600)
            beside.write_text(json.dumps(self._content | {"refresh_token": new.refresh_token}), encoding="utf-8")
            beside.replace(self._path)
            return new

        return super().refresh(stale, kept)


def sandbox_file() -> Path | None:
    """Where the sandbox's sign-on lies, if it is at hand."""
    named = os.environ.get(SANDBOX)
    return Path(named) if named else None


@contextmanager
def company_in(path: Path) -> Iterator[QboClient]:
    """The company that a file signs on to, under QuickBooks' own limits; ``base_url`` in it names another server."""
    content = json.loads(path.read_text(encoding="utf-8"))
    with _company(content, FileTokens(path), Limits()) as client:
        yield client


@contextmanager
def company_at(address: str) -> Iterator[QboClient]:
    """The company that a fresh simulator has."""
    now = utc_now()
    content = {"client_id": "simclient", "client_secret": "simsecret", "realm_id": REALM, "base_url": address}
    with _company(content, MemoryTokenStore(TokenSet("none yet", "RT1-sim", now, now, REALM)), FAST) as client:
        yield client


@contextmanager
def _company(content: Mapping[str, str], tokens: TokenStore, limits: Limits) -> Iterator[QboClient]:
    transport = RequestsTransport()
    auth = QboAuth(
        transport=transport,
        client_id=content["client_id"],
        client_secret=content["client_secret"],
        endpoints=endpoints_for("sandbox", content.get("base_url")),
    )
    yield QboClient(
        transport=transport,
        auth=auth,
        tokens=tokens,
        realm_id=content["realm_id"],
        base_url=base_url_for("sandbox", content.get("base_url")),
        governor=MemoryGovernor(limits),
    )
    transport.close()
