"""Care of what grows: the audit's partitions, and what may be forgotten after a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from include.stores.statements import sql

KEEP_WORK = timedelta(days=35)
"""How long candidates, stale plans, reports and explained differences are kept unless a setting says otherwise."""
KEEP_ATTEMPTS_YEARS = 7
MONTHS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many rows, or partitions, one pass of care made or took away."""

    partitions_made: int
    partitions_dropped: int
    plans_expired: int
    candidates_deleted: int
    plans_deleted: int
    findings_deleted: int
    reports_deleted: int
    explained_deleted: int


def tidy(connection: psycopg.Connection[Any], now: datetime, keep: timedelta = KEEP_WORK) -> Tidied:
    """Make the audit's next partitions, and delete what is older than it has to be kept. May be repeated at any time.

    :param now: aware; the end of what is kept is counted from it
    :param keep: how long candidates, stale plans, reports and explained differences are kept
    """
    before = {"before": now - keep}
    return Tidied(
        partitions_made=make_partitions(connection),
        partitions_dropped=drop_old_partitions(connection, now),
        plans_expired=expire_plans(connection, now),
        candidates_deleted=connection.execute(sql("care/delete_candidates"), before).rowcount,
        plans_deleted=connection.execute(sql("care/delete_stale_plans"), before).rowcount,
        findings_deleted=connection.execute(sql("care/delete_findings"), before).rowcount,
        reports_deleted=connection.execute(sql("care/delete_reports"), before).rowcount,
        explained_deleted=connection.execute(sql("care/delete_explained"), before).rowcount,
    )


def make_partitions(connection: psycopg.Connection[Any], months_ahead: int = MONTHS_AHEAD) -> int:
    """Make the audit's partitions of this month and the next ones; return how many were missing."""
    return _number(connection, "select qbo_sync.make_attempt_partitions(%s::integer)", months_ahead)


def drop_old_partitions(connection: psycopg.Connection[Any], now: datetime) -> int:
    """Drop the audit's months that are older than seven years; return how many they were."""
    # A day more, so that leap days and the database's own clock never make it too recent.
    before = now.replace(year=now.year - KEEP_ATTEMPTS_YEARS, day=min(now.day, 28)) - timedelta(days=1)
    return _number(connection, "select qbo_sync.drop_attempt_partitions(%s::timestamptz)", before)


def expire_plans(connection: psycopg.Connection[Any], now: datetime) -> int:
    """End the plans that nobody pushed in time and withdraw their items; return how many they were."""
    return _number(connection, sql("care/expire_plans").decode(), {"now": now})


def _number(connection: psycopg.Connection[Any], query: str, value: object) -> int:
    values = value if isinstance(value, dict) else (value,)
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(query.encode(), values).fetchone()
    return int(row[0]) if row else 0
