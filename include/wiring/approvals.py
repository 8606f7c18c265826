"""What a person is shown before a plan is pushed, and where the answer goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.billing_sync.ports import Item
from include.stores.plans import Plan, PlanStore
from include.wiring.realms import open_realm

ROWS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Question:
    """Subject and Markdown body of the required action."""

    subject: str
    body: str


def question(plan: Mapping[str, Any]) -> Question | None:
    """The question for a plan that waits for a decision; None when it waits for none."""
    with open_realm(str(plan["realm_key"])) as realm:
        store = realm.plans()
        stored = store.get(int(plan["plan_id"]))
        if stored.decision is not None or not plan.get("asks"):
            return None
        return Question(_subject(plan, stored), _body(stored, store))


def decide(plan: Mapping[str, Any], *, is_approved: bool, by: str) -> None:
    """Write the decision into the plan, which is what push obeys; what was held for it is released by an approval."""
    with open_realm(str(plan["realm_key"])) as realm:
        store = realm.plans()
        store.decide(int(plan["plan_id"]), is_approved=is_approved, by=by)
        if is_approved:
            store.release_held(int(plan["plan_id"]))


def _subject(plan: Mapping[str, Any], stored: Plan) -> str:
    totals = stored.totals or {}
    writes = sum(entry["documents"] for key, entry in totals.items() if key in {"create", "update", "void"})
    return f"Push {writes} documents of {plan['realm_key']} to QuickBooks?"


def _body(stored: Plan, store: PlanStore) -> str:
    items = store.items(stored.id, ROWS_SHOWN)
    lines = [f"Plan **{stored.id}**", "", "| what | documents | money |", "|---|---:|---:|"]
    lines += [f"| {key} | {entry['documents']} | {entry['money']} |" for key, entry in (stored.totals or {}).items()]
    lines += [
        "",
        f"The first {len(items)} documents:",
        "",
        "| number | action | date | total | why |",
        "|---|---|---|---:|---|",
    ]
    lines += [_line(item) for item in items]
    return "\n".join(lines)


def _line(item: Item) -> str:
    cells = (item.doc_number, item.action, item.doc_date, item.total, item.reason)
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(value: Any) -> str:
    """A cell of Markdown: what billing writes must not end the cell or begin markup."""
    text = "" if value is None else str(value)
    return "".join(f"\\{sign}" if sign in "|*_`[]<>#\\" else sign for sign in text).replace("\n", " ")
