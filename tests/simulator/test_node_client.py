"""node-quickbooks, the public client of JavaScript, works against the simulator without a change to its code."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from qbo_simulator.testing import DEFAULT_REALM, REFRESH_TOKEN, RunningSimulator
from tests.conftest import missing

HERE = Path(__file__).parent / "node"
# Installed once for each version of the lock file, beside what the local runner keeps.
STORE = Path(__file__).resolve().parents[2] / ".ledgerline" / "node-clients"


@pytest.fixture(scope="module")
def modules() -> Path:
    """The folder with the client and what it needs, as its lock file says."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            missing(tool, "install nodejs and npm")
    lock = HERE / "package-lock.json"
    folder = STORE / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=400)
        if done.returncode:
            missing("the npm package node-quickbooks", done.stderr[-500:])
        (folder / "complete").touch()
    return folder / "node_modules"


@pytest.mark.row("G5")
def test_node_quickbooks_works_unchanged(simulator: RunningSimulator, modules: Path) -> None:
    """Tokens, create, read, update, send, PDF, pay, void, delete, refusals, requestid, batch, query, CDC, upload, reports."""
    given = [simulator.base_url, DEFAULT_REALM, simulator.access_token(), REFRESH_TOKEN]

    done = subprocess.run(
        ["node", str(HERE / "drive.js"), *given],
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert seen == {
        "refreshed": True,
        "created": ["1", 100],
        "read": 100,
        "updated": ["1", "by node"],
        "sent": "EmailSent",
        "pdf": "%PDF-",
        "paid": 60,
        "unpaid": 0,
        "voided": 0,
        "deleted": "Deleted",
        "gone": "610",
        "wrong": "2500",
        "once": True,
        "batch": ["Invoice", "Vendor", "Fault", "QueryResponse"],
        "query": ["1"],
        "all": 29,
        "count": 2,
        "cdc": ["Invoice", "Vendor"],
        "bill": 30,
        "attached": ["a.txt", True],
        "time": 2,
        "report": "CustomerBalance",
        "company": "US",
        "preferences": "USD",
        "revoked": "3200",
    }
    assert len(simulator.state("Invoice")) == 2
    assert simulator.state("Attachable")[0]["Size"] == len("hello")
