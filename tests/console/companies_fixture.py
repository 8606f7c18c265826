"""Realms of the simulator, set up as a team does: a folder with settings and an Airflow Connection each."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from include.stores.realms import ensure_realm, mark_connected
from qbo_simulator.testing import CLIENT_ID, CLIENT_SECRET, RunningSimulator

BRITISH = "9130000000000044"


class Realms:
    """Folders and Connections of realms."""

    def __init__(self, folder: Path, base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._base_url = base_url
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("LEDGERLINE_MAPPINGS", str(folder))

    def add(self, key: str, realm_id: str, time_zone: str = "UTC", **settings: str) -> None:
        """Set a realm up, or change the company behind its Connection."""
        (self.folder / key).mkdir(parents=True, exist_ok=True)
        lines = {"connection": f"qbo_{key}", "time_zone": time_zone, "start_date": "2026-01-01"} | settings
        text = "".join(f"{name}: {value}\n" for name, value in lines.items())
        (self.folder / key / "settings.yaml").write_text(text)
        self.connect(key, realm_id=realm_id)

    def connect(self, key: str, **extra: str) -> None:
        """Write the realm's Airflow Connection."""
        content = {
            "conn_type": "quickbooks",
            "login": CLIENT_ID,
            "password": CLIENT_SECRET,
            "extra": {"environment": "sandbox", "base_url": self._base_url} | extra,
        }
        self._monkeypatch.setenv(f"AIRFLOW_CONN_QBO_{key.upper()}", json.dumps(content))


def sign_on(
    state: psycopg.Connection,
    simulator: RunningSimulator,
    key: str,
    realm_id: str,
    *,
    days: int = 100,
    tokens: tuple[str, str] | None = None,
) -> int:
    """Connect a realm without a browser, as a finished sign-on leaves it; return its row.

    :param days: until the sign-on ends
    :param tokens: access and refresh token; without them the access token is good and the other one is nobody's
    """
    from include.wiring import clients, connections
    from qbo_hook.tokens import TokenSet

    realm = ensure_realm(state, key, simulator.base_url, realm_id, "sandbox")
    access_token, refresh_token = tokens or (simulator.access_token(realm_id), "RT1-none")
    now = datetime.now(UTC)
    store = clients.token_store(realm.id, connections.connect_state)
    store.store(
        TokenSet(
            access_token=access_token,
            refresh_token=refresh_token,
            access_expires_at=now + timedelta(hours=1),
            refresh_expires_at=now + timedelta(days=days, hours=1),
            realm_id=realm_id,
            scope="com.intuit.quickbooks.accounting",
        )
    )
    store.close()
    mark_connected(state, realm.id, "ann")
    return realm.id
