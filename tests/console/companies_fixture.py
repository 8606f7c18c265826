"""Realms of the simulator, set up as a team does: a folder with settings and an Airflow Connection each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qbo_simulator.testing import CLIENT_ID, CLIENT_SECRET

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
