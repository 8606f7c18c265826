"""The value that every payload is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from include.billing_sync.reasons import Finding


@dataclass(frozen=True, slots=True)
class Payload:
    """One write, not yet sent. References may still read ``@customer:42`` or ``@item:7``.

    ``body`` holds Decimals; ``meant`` is plain JSON with amounts as text, for ``diff.compare_answer``.
    """

    entity: str
    body: dict[str, Any]
    meant: dict[str, Any]
    warnings: list[Finding] = field(default_factory=list)
