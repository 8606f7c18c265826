"""What the runs came to: the table at the end, and the history of each document with which something is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.chaos.auditor import Auditor
from tests.chaos.play import Outcome

KINDS = ("duplicate", "lost", "unsettled")


def table(outcomes: Sequence[Outcome]) -> str:
    """The figures of all runs."""
    faults: Counter[str] = sum((outcome.faults for outcome in outcomes), Counter())
    meanwhile: Counter[str] = sum((outcome.meanwhile for outcome in outcomes), Counter())
    statuses: Counter[str] = sum((outcome.report.statuses for outcome in outcomes), Counter())
    kinds = Counter(violation.kind for outcome in outcomes for violation in outcome.report.violations)
    rows: list[tuple[str, object]] = [(f"fault: {what}", count) for what, count in faults.most_common()]
    rows += [("faults injected", faults.total())]
    rows += [(f"meanwhile: {what}", count) for what, count in meanwhile.most_common()]
    rows += [(f"status: {what}", count) for what, count in statuses.most_common()]
    rows += [
        ("different steps struck at", len(set().union(*(outcome.steps for outcome in outcomes)))),
        ("tasks", sum(outcome.tasks for outcome in outcomes)),
        ("documents", sum(outcome.report.documents for outcome in outcomes)),
    ]
    rows += [({"duplicate": "duplicates"}.get(kind, kind), kinds.pop(kind, 0)) for kind in KINDS]
    rows += sorted(kinds.items())
    rows += [
        ("seeds", f"{outcomes[0].seed} to {outcomes[-1].seed}"),
        ("seconds", round(sum(o.seconds for o in outcomes))),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(["", *(f"{name.ljust(width)}  {value}" for name, value in rows)])


def lines_of(outcome: Outcome, auditor: Auditor, most: int = 10) -> Iterator[str]:
    """The violations of a run, each with what the audit log knows of the document."""
    for violation in outcome.report.violations[:most]:
        yield f"{violation.kind}: {violation.realm} {violation.number}: {violation.text}"
        if violation.number.startswith("C-"):
            yield from (f"    {line}" for line in auditor.history(f"inv-{violation.number.removeprefix('C-')}"))
