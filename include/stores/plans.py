"""Plans and their items: opened by extract, filled by plan, decided by approval, obeyed by push."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from include.billing_sync.documents import plain
from include.billing_sync.exact_json import dumps
from include.billing_sync.planning import DocumentStatus, PlannedItem
from include.billing_sync.ports import Item, Link
from include.stores.outbox import item_from_row, link_from_row
from include.stores.statements import NAMES, sql

NOBODY = "nobody answered in time"
"""Who decided, where an approval's time was over: a rejection that is no person's no."""
_WITHDRAWN = ["draft", "opted_out", "out_of_scope", "voided_in_billing", "deleted_in_billing"]
"""What billing took back, told beside a Synced document: no part of its content, so its end is looked for every night."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run and realm. ``decision`` is what push obeys: approved and not_needed push, rejected and None do not."""

    id: int
    realm: int
    source: str
    dag_id: str
    run_id: str
    mode: str
    choices: Mapping[str, Any]
    state: str
    decision: str | None
    decided_by: str | None
    totals: Mapping[str, Any] | None
    checks: Mapping[str, Any] | None
    expires_at: datetime
    made_from: str | None = None
    """The digest of what its payloads were made from besides their documents (planning.Maker.made_from)."""

    @property
    def version(self) -> int:
        """How often it was made: a plan task that is repeated, or cleared, makes it anew under its number."""
        return int(self.choices.get("version", 1))


class PlanError(RuntimeError):
    """A plan that cannot be used: unknown, expired, of another realm, replaced by a later one."""

    failure_mode = "person"


class PlanStore:
    """The plans of one realm, on a connection in autocommit; each method is one transaction."""

    def __init__(self, connection: psycopg.Connection[Any], *, realm: int, environment: str) -> None:
        self.connection = connection
        self.realm = realm
        self.environment = environment

    def open(self, *, source: str, dag_id: str, run_id: str, mode: str, choices: Mapping[str, Any]) -> int:
        """A new plan for this run; an earlier one of the same run that is not pushed yet is superseded."""
        with self.connection.transaction():
            self.connection.execute(sql("supersede_plans"), {"realm": self.realm, "dag_id": dag_id, "run_id": run_id})
            row = self.connection.execute(
                b"insert into qbo_sync.plans (realm, source, dag_id, run_id, mode, choices)"
                b" values (%s, %s, %s, %s, %s, %s) returning id",
                (self.realm, source, dag_id, run_id, mode, json.dumps(choices)),
            ).fetchone()
        if row is None:
            raise PlanError("the plan was not stored")
        return int(_first(row))

    def get(self, plan_id: int) -> Plan:
        """The plan. Raises PlanError when this realm has none of that number."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(
                b"select id, realm, source, dag_id, run_id, mode, choices, state, decision, decided_by, totals, checks,"
                b" expires_at, made_from from qbo_sync.plans where id = %s and realm = %s",
                (plan_id, self.realm),
            ).fetchone()
        if row is None:
            raise PlanError(
                f"there is no plan {plan_id} of this company: look for its number in the log of the plan task"
            )
        return Plan(**row)

    def latest(self, dag_id: str, run_id: str, plan_id: int | None = None) -> Plan | None:
        """The plan that this run made last, or the stored one that it was told to push; None when there is none."""
        rows = self._rows(
            b"select id from qbo_sync.plans where realm = %(realm)s and"
            b" (id = %(plan_id)s or (%(plan_id)s::bigint is null and dag_id = %(dag_id)s and run_id = %(run_id)s))"
            b" order by id desc limit 1",
            {"realm": self.realm, "dag_id": dag_id, "run_id": run_id, "plan_id": plan_id},
        )
        return self.get(rows[0]["id"]) if rows else None

    def take_up(self, plan_id: int, mode: str, *, asks: bool) -> None:
        """A stored plan, made to be looked at, is to be pushed after all; with ``asks`` it waits for a person first."""
        self.connection.execute(
            b"update qbo_sync.plans set mode = %(mode)s, decision = case when %(asks)s then null else decision end,"
            b" planned_at = case when %(asks)s then clock_timestamp() else planned_at end"
            b" where id = %(plan_id)s and decision is distinct from 'approved'",
            {"mode": mode, "asks": asks, "plan_id": plan_id},
        )

    def links(self, source: str, kind: str, billing_ids: Sequence[str]) -> dict[str, Link]:
        """The active links of these documents in this environment (of whichever realm), by billing id."""
        values = {
            "realm": self.realm,
            "environment": self.environment,
            "sources": [source] * len(billing_ids),
            "kinds": [kind] * len(billing_ids),
            "billing_ids": list(billing_ids),
        }
        return {row["billing_id"]: link_from_row(row) for row in self._rows(sql("links_of_documents"), values)}

    def realms_of_links(self, source: str, kind: str, billing_ids: Sequence[str]) -> dict[str, int]:
        """The realm in which each linked document of this environment lies."""
        rows = self._rows(
            b"select billing_id, realm from qbo_sync.links where environment = %(environment)s and source = %(source)s"
            b" and kind = %(kind)s and billing_id = any(%(ids)s)",
            {"environment": self.environment, "source": source, "kind": kind, "ids": list(billing_ids)},
        )
        return {row["billing_id"]: row["realm"] for row in rows}

    def deleted_in_qbo(self, source: str, kind: str, billing_ids: Sequence[str]) -> set[str]:
        """The documents whose last link was archived because QuickBooks deleted them."""
        values = {"realm": self.realm, "source": source, "kind": kind, "ids": list(billing_ids)}
        return {row["billing_id"] for row in self._rows(sql("deleted_documents"), values)}

    def known_fingerprints(self, source: str, kind: str, billing_ids: Sequence[str]) -> dict[str, str]:
        """The content that an earlier run saw of these documents, by billing id.

        One that is in QuickBooks is known only while its link stands, and under the content that was last written: what was
        linked before a disconnect, or changed before its link was found again, is looked at anew, and so is what billing took
        back, and what another company, or none, had to do with: whose it is, is no content.
        """
        rows = self._rows(
            b"select status.billing_id, status.fingerprint from qbo_sync.statuses as status"
            b" where status.source = %(source)s and status.kind = %(kind)s and status.billing_id = any(%(ids)s)"
            b" and status.realm = %(realm)s and status.fingerprint is not null"
            b" and not (status.status = 'Synced' and status.reason = any(%(withdrawn)s))"
            b" and ((status.status <> 'Synced' and status.reason <> 'total_differs')"
            b" or exists (select from qbo_sync.links as link"
            b" where link.source = status.source and link.kind = status.kind and link.billing_id = status.billing_id"
            b" and link.environment = %(environment)s and coalesce(link.fingerprint, status.fingerprint) = status.fingerprint))",
            {
                "source": source,
                "kind": kind,
                "ids": list(billing_ids),
                "realm": self.realm,
                "environment": self.environment,
                "withdrawn": _WITHDRAWN,
            },
        )
        return {row["billing_id"]: row["fingerprint"] for row in rows}

    def hold_updates(self, plan_id: int) -> int:
        """So many changes of Synced documents at once wait for a person. Returns how many items wait."""
        cursor = self.connection.execute(sql("hold_updates"), {"plan_id": plan_id})
        return cursor.rowcount

    def linked_customers(self) -> dict[str, str]:
        """QBO customer id -> billing id of every customer that this realm linked."""
        rows = self._rows(
            b"select qbo_id, billing_id from qbo_sync.links where realm = %(realm)s and kind = 'customer'",
            {"realm": self.realm},
        )
        return {row["qbo_id"]: row["billing_id"] for row in rows}

    def in_flight(self, source: str, billing_ids: Sequence[str]) -> set[str]:
        """The documents of which a write is on its way or unsettled: they are planned again once that is known."""
        rows = self._rows(
            b"select billing_id from qbo_sync.plan_items where environment = %(environment)s and source = %(source)s"
            b" and billing_id = any(%(ids)s) and state in ('sending', 'unknown') and not kind = any(%(names)s)",
            {"environment": self.environment, "source": source, "ids": list(billing_ids)},
        )
        return {row["billing_id"] for row in rows}

    def left_to_people(
        self, plan_id: int, source: str, kind: str, fingerprints: Mapping[str, str]
    ) -> set[tuple[str, str]]:
        """Which of these documents a person is asked about in another plan, or has rejected as they are now.

        :returns: billing id and the action that was to be taken
        """
        values = {
            "realm": self.realm,
            "source": source,
            "kind": kind,
            "plan_id": plan_id,
            "billing_ids": list(fingerprints),
            "fingerprints": list(fingerprints.values()),
            "nobody": NOBODY,
        }
        return {(row["billing_id"], row["action"]) for row in self._rows(sql("left_to_people"), values)}

    def pending(self, source: str, kind: str, billing_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Which of these documents wait for a push, with entity and, where it is in QBO, its id there."""
        values = {"source": source, "kind": kind, "billing_ids": list(billing_ids)}
        return self._rows(sql("pending_documents"), values)

    def begin(self, plan_id: int) -> None:
        """The plan is made from here on; what an earlier try stored before it ended is taken out.

        Raises PlanError when the plan was replaced, ended, or pushed in part: what was sent stays recorded under it.
        """
        if not self._rows(sql("begin_plan"), {"plan_id": plan_id, "realm": self.realm}):
            raise PlanError(
                f"plan {plan_id} cannot be made again, because it was pushed, replaced by a later one, or expired:"
                " clear the extract task of this run, which opens a new plan, or trigger a new run"
            )

    def add_items(self, plan_id: int, source: str, items: Iterable[PlannedItem]) -> int:
        """Store the items of a plan. Returns how many."""
        columns = (
            "plan_id, step, realm, environment, source, kind, billing_id, doc_number, doc_date, entity, action, reason, "
            "explanation, warnings, payload, meant, changes, total, fingerprint, canon_version, customer_id, rows_digest, "
            "qbo_id, sync_token, link_token, state, is_single"
        )
        count = 0
        copy = f"copy qbo_sync.plan_items ({columns}) from stdin"
        with self.connection.transaction(), self.connection.cursor() as cursor, cursor.copy(copy.encode()) as rows:
            for item in items:
                rows.write_row(self._item_row(plan_id, source, item))
                count += 1
        return count

    def save_statuses(self, plan_id: int, run_id: str, statuses: Sequence[DocumentStatus], source: str) -> None:
        """What the plan already knows of documents: skipped, refused, unchanged, or waiting to be pushed."""
        if not statuses:
            return
        rows = [_status_row(status, plan_id, source) for status in statuses]
        self.connection.execute(sql("save_statuses"), {"rows": json.dumps(rows), "realm": self.realm, "run_id": run_id})

    def finish(
        self,
        plan_id: int,
        *,
        totals: Mapping[str, Any],
        decision: str | None,
        checks: Mapping[str, Any] | None = None,
        made_from: str | None = None,
    ) -> None:
        """The plan stands: its totals, whether it needs a person's decision (None) or none, and what it was made from.

        Raises PlanError when it was decided, pushed, replaced or ended meanwhile: another try of the task has made it, and
        this one was given up.
        """
        done = self.connection.execute(
            b"update qbo_sync.plans set state = 'planned', planned_at = clock_timestamp(), totals = %s,"
            b" decision = %s, checks = coalesce(%s::jsonb, checks), made_from = %s"
            b" where id = %s and state in ('open', 'planned') and decided_by is null",
            (json.dumps(totals), decision, json.dumps(checks) if checks is not None else None, made_from, plan_id),
        )
        if not done.rowcount:
            raise PlanError(f"plan {plan_id} went on without this try: it was decided, pushed, replaced, or it expired")

    def save_checks(self, plan_id: int, checks: Mapping[str, Any]) -> None:
        """The result of the checks, kept as JSON with the plan."""
        self.connection.execute(b"update qbo_sync.plans set checks = %s where id = %s", (json.dumps(checks), plan_id))

    def decide(self, plan_id: int, *, is_approved: bool, by: str) -> None:
        """A person's decision; what waited for a yes is planned with it, what is rejected is withdrawn, and its documents say so.

        Raises PlanError when the plan was decided, replaced or expired meanwhile.
        """
        with self.connection.transaction():
            found = self.connection.execute(
                b"update qbo_sync.plans set decision = %s, decided_by = %s, decided_at = clock_timestamp()"
                b" where id = %s and realm = %s and state = 'planned' and decision is null"
                b" and expires_at > clock_timestamp() returning id",
                ("approved" if is_approved else "rejected", by, plan_id, self.realm),
            ).fetchone()
            if found is None:
                raise PlanError(
                    f"plan {plan_id} waits for no decision any more: it was decided, replaced, pushed or expired"
                )
            if is_approved:
                self.connection.execute(
                    b"update qbo_sync.plan_items set state = 'planned' where plan_id = %s and state = 'held'",
                    (plan_id,),
                )
            else:
                detail = f"plan {plan_id} was rejected ({by})"
                self.connection.execute(sql("reject_plan"), {"plan_id": plan_id, "detail": detail})

    def mark_pushed(self, plan_id: int) -> None:
        """The push of this plan has ended. A plan that a later one replaced meanwhile stays replaced."""
        self.connection.execute(
            b"update qbo_sync.plans set state = 'pushed', pushed_at = clock_timestamp()"
            b" where id = %s and state in ('planned', 'pushed')",
            (plan_id,),
        )

    def items(self, plan_id: int, limit: int, action: str | None = None) -> list[Item]:
        """The first items of a plan in its order, documents only."""
        rows = self._rows(
            b"select * from qbo_sync.plan_items where plan_id = %(plan_id)s and not kind = any(%(names)s)"
            b" and (%(action)s::text is null or action = %(action)s) order by step limit %(limit)s",
            {"plan_id": plan_id, "limit": limit, "action": action},
        )
        return [item_from_row(row) for row in rows]

    def to_approve(self, plan_id: int, limit: int) -> list[dict[str, Any]]:
        """The first documents of a plan with customer, currency and what changes, for a person to look at."""
        values = {"plan_id": plan_id, "row_limit": limit}
        return self._rows(sql("documents_to_approve"), values)

    def counts(self, plan_id: int) -> list[dict[str, Any]]:
        """Number and money of a plan's items by kind, action and state."""
        return self._rows(
            b"select kind, action, state, count(*) as items, sum(total) as total from qbo_sync.plan_items"
            b" where plan_id = %(plan_id)s group by kind, action, state order by kind, action, state",
            {"plan_id": plan_id},
        )

    def _item_row(self, plan_id: int, source: str, item: PlannedItem) -> tuple[Any, ...]:
        return (
            plan_id,
            item.step,
            self.realm,
            self.environment,
            source,
            item.kind,
            item.billing_id,
            item.doc_number,
            item.doc_date,
            item.entity,
            str(item.action),
            item.reason,
            item.explanation,
            json.dumps([finding.to_json() for finding in item.warnings]),
            dumps(item.payload) if item.payload is not None else None,
            json.dumps(item.meant) if item.meant is not None else None,
            json.dumps(item.changes) if item.changes else None,
            item.total,
            item.fingerprint,
            item.canon_version,
            item.customer_id,
            item.rows_digest,
            item.qbo_id,
            item.sync_token,
            item.sync_token,
            str(item.state),
            item.is_single,
        )

    def _rows(self, statement: bytes, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, {"names": NAMES, **values}).fetchall()


def _first(row: Any) -> Any:
    return next(iter(row.values())) if isinstance(row, dict) else row[0]


def _status_row(status: DocumentStatus, plan_id: int, source: str) -> dict[str, Any]:
    return {
        "source": source,
        "kind": status.kind,
        "billing_id": status.billing_id,
        "entity": status.entity,
        "doc_number": status.doc_number,
        "status": str(status.status),
        "reason": status.reason,
        "reasons": [finding.to_json() for finding in status.findings],
        "detail": status.detail,
        "doc_date": status.doc_date.isoformat() if status.doc_date else None,
        "customer_id": status.customer_id,
        "customer_name": status.customer_name,
        "currency": status.currency,
        "billing_total": plain(status.total) if isinstance(status.total, Decimal) else None,
        "fingerprint": status.fingerprint,
        "qbo_id": status.qbo_id,
        "qbo_total": plain(status.qbo_total) if isinstance(status.qbo_total, Decimal) else None,
        "plan_id": plan_id,
    }
