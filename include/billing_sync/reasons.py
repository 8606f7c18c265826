"""Reasons as they are found for documents, and the gravest of them. The table is in reason_catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from include.billing_sync.reason_catalogue import ALL_REASONS, Reason, Severity
from include.billing_sync.statuses import GRAVITY, Status

MOVED = "moved"
"""The reason of a document that billing has elsewhere by now, and of the plan item that voids it where it was."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason found for one document. ``detail`` names what exactly: field, value, what to map and where.

    Raises ValueError for a code that is not in the catalogue.
    """

    reason: str
    detail: str = ""
    severity: Severity | None = None

    def __post_init__(self) -> None:
        if self.reason not in CATALOGUE:
            raise ValueError(f"{self.reason!r} is not a reason of the catalogue (docs/reasons.md)")
        if self.severity is None:
            object.__setattr__(self, "severity", CATALOGUE[self.reason].severity)

    @property
    def entry(self) -> Reason:
        """What the catalogue says of it."""
        return CATALOGUE[self.reason]

    @property
    def stops(self) -> bool:
        """Whether the document must not go to QuickBooks as it is."""
        return self.severity is Severity.STOP

    @property
    def status(self) -> Status:
        """The status that this finding alone would give its document."""
        return self.entry.status_under(Severity(self.severity or Severity.STOP))

    def to_json(self) -> dict[str, Any]:
        """The finding as it is stored beside its document."""
        return {"reason": self.reason, "detail": self.detail, "severity": str(self.severity)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Finding:
        """The finding that :meth:`to_json` wrote. A finding stored without severity gets the catalogue's."""
        severity = content.get("severity")
        return cls(str(content["reason"]), str(content.get("detail") or ""), Severity(severity) if severity else None)


def gravest(findings: Iterable[Finding]) -> tuple[Status, str]:
    """The status and the primary reason of a document with these findings: Error, then Skipped, then Synced.

    Among findings of one status the order of the catalogue decides, so that the same findings always show the same
    reason; a warning goes before the plain *created* or *unchanged* beside it. Raises ValueError when there is no
    finding at all: a document without a reason would be a document dropped.
    """
    ranked = sorted(findings, key=lambda finding: (-GRAVITY[finding.status], _RANK[finding.reason]))
    if not ranked:
        raise ValueError("a document has at least one reason")
    return ranked[0].status, ranked[0].reason


def worst_of_each(findings: Iterable[Finding]) -> list[Finding]:
    """Each reason once, with its gravest severity, in the order of the catalogue."""
    order = (Severity.STOP, Severity.APPROVE, Severity.WARN)
    best: dict[str, Finding] = {}
    for finding in findings:
        known = best.get(finding.reason)
        if known is None or order.index(Severity(finding.severity or "")) < order.index(Severity(known.severity or "")):
            best[finding.reason] = finding
    return sorted(best.values(), key=lambda finding: _RANK[finding.reason])


CATALOGUE: Mapping[str, Reason] = {reason.code: reason for reason in ALL_REASONS}
"""Every reason by its code. The order is the order in which one document's reasons are shown."""

_RANK = {code: rank for rank, code in enumerate(CATALOGUE)}


def as_markdown() -> str:
    """The page docs/reasons.md, made from the catalogue."""
    parts = [_PAGE_HEAD]
    for group in dict.fromkeys(reason.group for reason in ALL_REASONS):
        parts.append(f"\n## {group}\n")
        parts += [_section(reason) for reason in ALL_REASONS if reason.group == group]
    return "".join(parts)


_PAGE_HEAD = """# Reasons

Every document ends every run in one status, with at least one reason. This page is made from the catalogue in
`include/billing_sync/reason_catalogue.py`; a test compares the two. `make check` shows when it is out of date, and
`python -m include.billing_sync.reasons > docs/reasons.md` writes it anew.

A document with several reasons has the gravest status: Error, then Skipped, then Synced. All of them are kept.
"""


def _section(reason: Reason) -> str:
    lines = [
        f'\n### <a id="{reason.code}"></a>`{reason.code}`\n',
        f"\n{reason.text}\n",
        f"\n- **Cure:** {reason.cure}\n",
    ]
    lines.append(f"- **Who:** {reason.who}\n")
    if reason.may_warn:
        lines.append(f"- **By setting:** {reason.status} when it stops the document, otherwise Synced with a warning\n")
    return "".join(lines)


if __name__ == "__main__":  # pragma: no cover - a test compares the page with as_markdown itself
    import sys

    sys.stdout.write(as_markdown())
