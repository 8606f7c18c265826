"""How soon new documents go to QuickBooks once a sync has seen them, from the plans and the attempts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

from include.stores.statements import sql


@dataclass(frozen=True, slots=True)
class FirstCalls:
    """One company: its documents created lately, and the seconds within which half and 95 of 100 of them went out."""

    realm_key: str
    documents: int
    median_seconds: Decimal
    p95_seconds: Decimal


def first_calls(connection: psycopg.Connection[Any], dag_id: str, days: int) -> list[FirstCalls]:
    """By company, for the runs of a DAG that began in the last ``days``; companies that created nothing are left out."""
    with connection.cursor(row_factory=class_row(FirstCalls)) as cursor:
        return cursor.execute(sql("console/first_calls"), {"dag_id": dag_id, "days": days}).fetchall()
