"""One running product for all end-to-end tests: starting Airflow costs most, and an idle one still a fifth of a core."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.runner.layout import Home, Ports
from tests.e2e.site import Site, running_site

KEPT = "LEDGERLINE_E2E_HOME"
"""Environment variable for whoever works on these tests: a folder whose stack is started once and left running."""


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Airflow with the project's DAGs, billing, and two connected companies."""
    kept = os.environ.get(KEPT)
    home = Path(kept) if kept else tmp_path_factory.mktemp("site")
    ports = (Home(home).remembered_ports() if kept else None) or Ports.free()
    yield from running_site(home, ports, is_kept=bool(kept))
