"""What a person is shown before a plan is pushed, and where the answer goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from include.billing_sync.findings import badge
from include.billing_sync.money import for_people
from include.billing_sync.ports import NAME_KINDS
from include.billing_sync.reasons import CATALOGUE
from include.stores.plans import Plan, PlanStore
from include.wiring.realms import Realm, ids, open_realm

ROWS_SHOWN = 200
CHANGES_SHOWN = 3
"""Fields of one update that are named; the plan keeps all of them."""
WRITES = ("create", "update", "void")

PlanTotals = Mapping[str, Mapping[str, Any]]
"""What ``planning.Totals`` wrote: number and money by action, or by status and reason."""


@dataclass(frozen=True, slots=True)
class Question:
    """Subject and Markdown body of the required action, and the button that says yes to what it shows."""

    subject: str
    body: str
    button: str


def question(plan: Mapping[str, Any]) -> Question | None:
    """The question for a plan that waits for a decision; None when it waits for none."""
    realm_key, plan_id = ids(plan)
    with open_realm(realm_key) as realm:
        store = realm.plans()
        stored = store.get(plan_id)
        if stored.decision is not None or not plan.get("asks"):
            return None
        return Question(_subject(plan, stored), _body(realm, stored, store), _button(stored))


def button(plan: Mapping[str, Any]) -> str:
    """The button that approves the plan as it is now."""
    realm_key, plan_id = ids(plan)
    with open_realm(realm_key) as realm:
        return _button(realm.plans().get(plan_id))


def decide(plan: Mapping[str, Any], *, is_approved: bool, by: str) -> None:
    """Write the decision into the plan, which is what push obeys; what was held for it is released by an approval."""
    with open_realm(str(plan["realm_key"])) as realm:
        realm.plans().decide(int(plan["plan_id"]), is_approved=is_approved, by=by)


def _name(stored: Plan) -> str:
    return f"{stored.id}" if stored.version == 1 else f"{stored.id}, version {stored.version}"


def _button(stored: Plan) -> str:
    return f"Approve plan {_name(stored)}"


def _subject(plan: Mapping[str, Any], stored: Plan) -> str:
    return f"Push {_writes(stored.totals or {})} documents of {plan['realm_key']} to QuickBooks?"


def _writes(totals: PlanTotals) -> int:
    return sum(entry["documents"] for key, entry in totals.items() if key in WRITES)


def _body(realm: Realm, stored: Plan, store: PlanStore) -> str:
    totals, rows = stored.totals or {}, store.to_approve(stored.id, ROWS_SHOWN)
    shown = f"The first {len(rows)} of {_writes(totals)}" if len(rows) < _writes(totals) else "All of them"
    parts = [_head(realm, stored), _to_write(totals), *_names(totals), *_staying_out(totals)]
    return "\n\n".join([*parts, f"{shown}, in the order in which they are written:", _table(_COLUMNS, map(_row, rows))])


def _head(realm: Realm, stored: Plan) -> str:
    row, choices = realm.row, stored.choices
    company = f"{_cell(row.company_name or realm.key)} ({badge(row.base_url, row.environment)})"
    dates = f"invoices dated {choices.get('from_date') or '…'} to {choices.get('to_date') or '…'}"
    mails = "QuickBooks mails each invoice" if choices.get("mode") == "send" else "nothing is mailed"
    return f"**{company}** · plan **{_name(stored)}** · {dates} · {mails}"


def _to_write(totals: PlanTotals) -> str:
    """What an approval lets happen, with the money of each currency and one line for all."""
    written = {key: entry for key, entry in totals.items() if key in (*WRITES, "send")}
    rows = [(key, entry["documents"], _money(entry["money"])) for key, entry in written.items()]
    if len(written) > 1:
        sums: dict[str, Decimal] = {}
        for entry in (written[key] for key in WRITES if key in written):
            for currency, amount in entry["money"].items():
                sums[currency] = sums.get(currency, Decimal(0)) + Decimal(amount)
        rows.append(("all that is written", _writes(totals), _money(sums)))
    return _table(("what happens", "documents:", "money:"), rows)


def _names(totals: PlanTotals) -> list[str]:
    made = [f"{totals[key]['documents']} {kind}s" for kind in sorted(NAME_KINDS) if (key := f"{kind}:create") in totals]
    return [f"Created first: {', '.join(made)}."] if made else []


def _staying_out(totals: PlanTotals) -> list[str]:
    """What an approval does not write, with the meaning of each reason; what is unchanged is not worth a line."""
    rows = []
    for key, entry in totals.items():
        status, _, reason = key.partition(": ")
        if reason and status != "Synced":
            known = CATALOGUE.get(reason)
            rows.append((status, known.text if known else reason, entry["documents"], _money(entry["money"])))
    return ["What stays out:", _table(("status", "why", "documents:", "money:"), rows)] if rows else []


_COLUMNS = ("number", "date", "customer", "action", "total:", "why")


def _row(row: Mapping[str, Any]) -> tuple[Any, ...]:
    total = None if row["total"] is None else f"{for_people(row['total'], row['currency'])} {row['currency'] or ''}"
    changes = row["changes"] or []
    told = [f"{one['field']}: {one['old'] or 'nothing'} → {one['new'] or 'nothing'}" for one in changes[:CHANGES_SHOWN]]
    more = [f"{len(changes) - CHANGES_SHOWN} more changes"] if len(changes) > CHANGES_SHOWN else []
    why = "; ".join([row["explanation"], *told, *more])
    return row["doc_number"], row["doc_date"], row["customer"], row["action"], total, why


def _money(sums: Mapping[str, Any]) -> str:
    return ", ".join(f"{for_people(Decimal(amount), currency)} {currency}" for currency, amount in sorted(sums.items()))


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of Markdown; the name of a column of numbers ends with a colon."""
    lines = [
        [column.rstrip(":") for column in columns],
        ["---:" if column.endswith(":") else "---" for column in columns],
        *([_cell(cell) for cell in row] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(value: Any) -> str:
    """A cell of Markdown: what billing writes must not end the cell or begin markup."""
    text = "" if value is None else str(value)
    return "".join(f"\\{sign}" if sign in "|*_`[]<>#\\" else sign for sign in text).replace("\n", " ")
