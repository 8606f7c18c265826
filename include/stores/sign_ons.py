"""What a person may know of the stored sign-ons: rights and expiry, never a token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from include.stores.statements import sql


@dataclass(frozen=True, slots=True)
class SignOn:
    """The stored sign-on of one realm. ``needs_reconnect`` says why a person must sign on again."""

    realm: int
    scope: str | None
    refresh_expires_at: datetime
    hard_expires_at: datetime | None
    refreshed_at: datetime
    needs_reconnect: str | None
    needs_reconnect_at: datetime | None

    @property
    def ends_at(self) -> datetime:
        """When it ends if nobody uses it, or for good."""
        return min(self.refresh_expires_at, self.hard_expires_at or self.refresh_expires_at)


def sign_ons(connection: Connection[Any]) -> dict[int, SignOn]:
    """The sign-on of every realm that has one, by the realm's row."""
    with connection.cursor(row_factory=class_row(SignOn)) as cursor:
        return {row.realm: row for row in cursor.execute(sql("console/sign_ons"))}
