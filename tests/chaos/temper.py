"""What can happen in a run, how often, and how QuickBooks and the settings are meanwhile."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

STRIKES: tuple[tuple[str, float], ...] = (
    ("kill", 40),
    ("freeze", 12),
    ("freeze_long", 0.4),
    ("end_lock_holder", 10),
    ("cut_connections", 8),
    ("expire_token", 3),
    ("restart_postgres", 1.5),
    ("crash_postgres", 1.5),
    ("crash_quickbooks", 2.5),
    ("edit", 4),
    ("delete", 3),
    ("void", 3),
    ("pay", 5),
    ("change_billing", 5),
    ("void_billing", 2),
)
"""What is done to a worker that stands at a step, with its weight; those after the first three are methods of Deeds."""
_WRITES = {"method": "POST"}
MISHAPS: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("answer lost after the write", {"kind": "lose_answer"}, _WRITES),
    ("connection cut before the write", {"kind": "drop"}, _WRITES),
    ("connection cut within the answer", {"kind": "cut"}, _WRITES),
    ("answer later than the client waits", {"kind": "delay", "when": "after", "seconds": 1.4}, _WRITES),
    ("write later than the client waits", {"kind": "delay", "when": "before", "seconds": 1.3}, _WRITES),
    ("answer delayed", {"kind": "delay", "when": "after", "seconds": 0.3}, {}),
    ("5xx after the write", {"kind": "after_write", "status": 504}, _WRITES),
    ("5xx before the write", {"kind": "before_write", "status": 503}, _WRITES),
    ("5xx to a question", {"kind": "before_write", "status": 502}, {"operation": "query"}),
    ("SystemFault in a 200 after the write", {"kind": "after_write", "status": 200}, _WRITES),
    ("SystemFault in a 200 before the write", {"kind": "before_write", "status": 200}, _WRITES),
    ("half of a batch written", {"kind": "half_batch"}, {"operation": "batch"}),
    ("names locked", {"kind": "name_lock"}, {"entity": "Customer", "method": "POST"}),
    ("token refused", {"kind": "token_expired"}, {}),
    ("429", {"kind": "throttled"}, {}),
    ("question cut", {"kind": "drop"}, {"operation": "query"}),
)


@dataclass(frozen=True, slots=True)
class Temper:
    """How QuickBooks and the settings are in a run: whether request ids are remembered, whether equal numbers are refused, …"""

    memory: str
    refuses: bool
    restores: bool
    batch: int
    lag: float = 0
    adopt: str = "exact"
    reconnects: bool = False
    mailed: float = 0
    often: str = ""
    """One kind of MISHAPS that strikes in every company, and more calls than the others do."""

    @classmethod
    def by(cls, chance: random.Random) -> Temper:
        """One of all that there are."""
        return cls(
            memory=chance.choice(("on", "off", "lapsed", "fault")),
            refuses=chance.random() < 0.3,
            restores=chance.random() < 0.4,
            batch=chance.choice((1, 2, 5, 10, 30)),
            lag=chance.choice((0, 0, 0.5)),
            adopt=chance.choice(("never", "exact")),
            reconnects=chance.random() < 0.25,
            mailed=chance.choice((0, 0, 0.1)),
        )

    def __str__(self) -> str:
        parts = [
            f"request ids {self.memory}",
            f"equal numbers {'refused' if self.refuses else 'accepted'}",
            f"batches of {self.batch}",
            *([f"index lags {self.lag:g} s"] if self.lag else []),
            *([f"state restored (adopt_existing {self.adopt})"] if self.restores else []),
            *(["disconnected and connected again"] if self.reconnects else []),
            *(["mailed"] if self.mailed else []),
        ]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run is to be: how many documents and faults (0: none at all), over how many companies and rounds."""

    documents: int = 2000
    faults: int = 200
    companies: int = 3
    rounds: int = 3
    temper: Temper | None = None
    reconnects: int = 0
