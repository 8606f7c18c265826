"""Findings in ``qbo_sync.findings``: the documents of a run, and the page and CSV that it keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from include.billing_sync.findings import RunDocument, Totals
from include.billing_sync.statuses import Status
from include.stores.statements import sql

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class RunHeader:
    """The plan of a run and the company it is for."""

    plan_id: int
    dag_id: str
    run_id: str
    mode: str
    state: str
    decision: str | None
    decided_by: str | None
    choices: Mapping[str, Any]
    created_at: datetime
    realm_key: str
    realm_id: str
    base_url: str
    environment: str
    company_name: str | None


@dataclass(frozen=True, slots=True)
class RunFindings:
    """What a run kept for one realm, without the page and the CSV themselves."""

    plan_id: int
    realm_key: str
    base_url: str
    environment: str
    company_name: str | None
    totals: Totals
    made_at: datetime
    mailed_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeptFindings:
    """The page that a run kept for one realm; its CSV is read in parts."""

    realm_key: str
    page: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class RecentRun:
    """One run and realm. ``totals`` is None until the run's report is made."""

    plan_id: int
    dag_id: str
    run_id: str
    mode: str
    state: str
    decision: str | None
    created_at: datetime
    pushed_at: datetime | None
    realm_key: str
    base_url: str
    environment: str
    totals: Totals | None


class FindingsStore:
    """Reads and keeps findings over a connection that it is given; the caller's transaction is the transaction."""

    def __init__(self, connection: Connection[Any]) -> None:
        """Keep the connection; nothing is read yet."""
        self._connection = connection

    def header(self, plan_id: int) -> RunHeader:
        """The plan and its company. Raises LookupError when there is no such plan."""
        row = self._one("run_header", {"plan_id": plan_id})
        if row is None:
            raise LookupError(f"plan {plan_id} does not exist")
        return RunHeader(**row)

    def documents(self, plan_id: int) -> Iterator[RunDocument]:
        """The documents of the run, read in chunks so that memory does not grow with their number.

        Runs inside a transaction of the caller, as every server-side cursor must.
        """
        with self._connection.cursor(f"findings_{plan_id}", row_factory=dict_row) as cursor:
            cursor.itersize = _CHUNK
            cursor.execute(sql("findings/run_documents"), {"plan_id": plan_id})
            for row in cursor:
                yield _document(row)

    def put_part(self, plan_id: int, csv: str) -> None:
        """Add a part to the plan's CSV, before `keep` in the same transaction."""
        self._connection.execute(sql("findings/put_part"), {"plan_id": plan_id, "csv": csv})

    def forget_parts(self, plan_id: int) -> None:
        """Remove the CSV of an earlier try."""
        self._connection.execute(sql("findings/forget_parts"), {"plan_id": plan_id})

    def csv_parts(self, plan_id: int) -> Iterator[str]:
        """The kept CSV, part after part."""
        number = 0
        while row := self._one("csv_part", {"plan_id": plan_id, "after": number}):
            number = row["part"]
            yield row["csv"]

    def keep(self, header: RunHeader, page: str, totals: Totals) -> None:
        """Keep page and totals of the plan under the header's run; those of an earlier try are replaced."""
        values = {
            "plan_id": header.plan_id,
            "run_id": header.run_id,
            "dag_id": header.dag_id,
            "page": page,
            "totals": Jsonb(totals.to_json()),
        }
        self._connection.execute(sql("findings/store_findings"), values)

    def of_run(self, dag_id: str, run_id: str) -> list[RunFindings]:
        """What the run kept, one per realm, ordered by realm key."""
        rows = self._all("findings_of_run", {"dag_id": dag_id, "run_id": run_id})
        return [RunFindings(**row | {"totals": Totals.from_json(row["totals"])}) for row in rows]

    def kept(self, plan_id: int, dag_id: str, run_id: str) -> KeptFindings | None:
        """The plan's page, or None when the run has no such plan or has kept nothing for it."""
        row = self._one("kept_findings", {"plan_id": plan_id, "dag_id": dag_id, "run_id": run_id})
        return KeptFindings(**row) if row else None

    def dag_ids(self) -> list[str]:
        """The DAGs that have made a plan."""
        return [row["dag_id"] for row in self._all("known_dags", {})]

    def recent_runs(self, dag_ids: Sequence[str], limit: int = 50) -> list[RecentRun]:
        """The last runs of these DAGs, newest first, those without any document among them."""
        rows = self._all("recent_runs", {"dag_ids": list(dag_ids), "row_limit": limit})
        return [RecentRun(**row | {"totals": row["totals"] and Totals.from_json(row["totals"])}) for row in rows]

    def lock_for_mail(self, plan_id: int) -> Totals | None:
        """The totals of the plan's findings; None when none are kept, or any try of this run and realm was mailed.

        Locks the rows until the transaction ends, so that two reports of one run cannot both mail.
        """
        rows = self._all("lock_mail_of_run", {"plan_id": plan_id})
        if any(row["mailed_at"] for row in rows):
            return None
        return next((Totals.from_json(row["totals"]) for row in rows if row["plan_id"] == plan_id), None)

    def mark_mailed(self, plan_id: int) -> None:
        """Note that the findings were mailed."""
        self._connection.execute(sql("findings/mark_mailed"), {"plan_id": plan_id})

    def _one(self, name: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(sql(f"findings/{name}"), values).fetchone()

    def _all(self, name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(sql(f"findings/{name}"), values).fetchall()


def _document(row: Mapping[str, Any]) -> RunDocument:
    values = dict(row)
    found = values.pop("reasons")
    reasons = dict.fromkeys((values["reason"], *(one["reason"] for one in found)))
    return RunDocument(**values | {"status": Status(values["status"]), "reasons": tuple(reasons)})
