"""Access and refresh tokens, the grants behind them, and the apps that hold them."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from qbo_simulator.errors import forbidden, unauthorized
from qbo_simulator.world import World

ACCOUNTING = "com.intuit.quickbooks.accounting"


@dataclass(slots=True)
class Access:
    """A valid access token: whose it is."""

    client_id: str
    realm_id: str


class Tokens:
    """The authority that issues and judges tokens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._known: dict[str, tuple[float, Access]] = {}

    def forget_cached(self) -> None:
        """Judge every token anew."""
        self._known.clear()

    # -- apps and grants ----------------------------------------------------------------------------------------------

    def add_app(self, client_id: str, client_secret: str, name: str = "") -> None:
        """Register an app."""
        self.world.database.execute(
            "insert or replace into apps (client_id, client_secret, name) values (?, ?, ?)",
            (client_id, client_secret, name or client_id),
        )

    def app_secret(self, client_id: str) -> str | None:
        """The secret of an app, or None."""
        row = self.world.database.execute("select client_secret from apps where client_id = ?", (client_id,)).fetchone()
        return row[0] if row else None

    def add_grant(
        self, client_id: str, realm_id: str, scope: str = ACCOUNTING, refresh_token: str | None = None
    ) -> tuple[int, str]:
        """A company connected to an app; returns the key of the grant and its first refresh token."""
        now = self.world.clock.now()
        document = json.dumps({"scope": scope, "granted": now, "is_revoked": False})
        cursor = self.world.database.execute(
            "insert into grants (client_id, realm_id, document) values (?, ?, ?)", (client_id, realm_id, document)
        )
        key = int(cursor.lastrowid or 0)
        return key, self.issue_refresh(key, refresh_token)

    def grant(self, key: int) -> tuple[str, str, dict[str, Any]]:
        """Client id, realm id and details of a grant."""
        client_id, realm_id, document = self.world.database.execute(
            "select client_id, realm_id, document from grants where key = ?", (key,)
        ).fetchone()
        return client_id, realm_id, json.loads(document)

    def revoke_grant(self, key: int) -> None:
        """Disconnect: all tokens of the grant die."""
        _client_id, _realm_id, details = self.grant(key)
        details["is_revoked"] = True
        self._save_details(key, details)
        self.world.database.execute("update tokens set state = 'revoked' where grant_key = ?", (key,))
        self.forget_cached()

    def activate(self, key: int) -> None:
        """The grant of a used code counts from now."""
        _client_id, _realm_id, details = self.grant(key)
        self._save_details(key, {**details, "granted": self.world.clock.now()})

    def _save_details(self, key: int, details: dict[str, Any]) -> None:
        self.world.database.execute("update grants set document = ? where key = ?", (json.dumps(details), key))

    # -- tokens -------------------------------------------------------------------------------------------------------

    def issue_refresh(self, grant_key: int, value: str | None = None) -> str:
        """A new refresh token of a grant."""
        value = value or f"RT1-{secrets.randbelow(10**3)}-H0-{secrets.token_hex(16)}"
        self._store(value, "refresh", grant_key, self.world.settings.refresh_idle_seconds)
        return value

    def issue_access(self, grant_key: int) -> str:
        """A new access token of a grant."""
        value = f"eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0..{secrets.token_urlsafe(320)}"
        self._store(value, "access", grant_key, self.world.settings.access_token_seconds)
        return value

    def _store(self, value: str, kind: str, grant_key: int, seconds: float) -> None:
        now = self.world.clock.now()
        self.world.database.execute(
            "insert or replace into tokens (value, kind, grant_key, issued, expires, state) values (?, ?, ?, ?, ?, 'valid')",
            (value, kind, grant_key, now, now + seconds),
        )

    def rotate(self, grant_key: int, old: str) -> str:
        """Replace a refresh token; the old value dies at once or after the grace period."""
        grace = self.world.settings.refresh_grace_seconds
        state, end = ("rotated", self.world.clock.now() + grace) if grace else ("revoked", self.world.clock.now())
        self.world.database.execute("update tokens set state = ?, expires = ? where value = ?", (state, end, old))
        return self.issue_refresh(grant_key)

    def newest_refresh(self, grant_key: int) -> str:
        """The refresh token that is now current."""
        value: str = self.world.database.execute(
            "select value from tokens where grant_key = ? and kind = 'refresh' and state = 'valid' order by issued desc limit 1",
            (grant_key,),
        ).fetchone()[0]
        return value

    def prolong(self, value: str) -> None:
        """The rolling expiry of a refresh token that is used moves on."""
        end = self.world.clock.now() + self.world.settings.refresh_idle_seconds
        self.world.database.execute("update tokens set expires = ? where value = ?", (end, value))

    def use_up(self, value: str) -> None:
        """An authorization code works once."""
        self.world.database.execute("update tokens set state = 'used' where value = ?", (value,))

    def issue_code(self, grant_key: int) -> str:
        """A new authorization code."""
        value = f"AB1{secrets.token_hex(24)}"
        self._store(value, "code", grant_key, self.world.settings.authorization_code_seconds)
        return value

    def find(self, value: str) -> tuple[str, int, float, float, str] | None:
        """Kind, grant key, issued, expires and state of a token."""
        row: tuple[str, int, float, float, str] | None = self.world.database.execute(
            "select kind, grant_key, issued, expires, state from tokens where value = ?", (value,)
        ).fetchone()
        return row

    def check(self, header: str, realm_id: str) -> Access:
        """Judge the Authorization header of a data call; raises 401 or 403 as the gateway words them."""
        scheme, _, value = header.partition(" ")
        if scheme.lower() != "bearer" or not value:
            raise unauthorized("Token invalid")
        now = self.world.clock.now()
        known = self._known.get(value)
        if known is None:
            known = self._look_up(value)
        expires, access = known
        if now >= expires:
            raise unauthorized(f"Token expired: {value[:40]}")
        if access.realm_id != realm_id:
            raise forbidden()
        company = self.world.companies.get(realm_id)
        if company is None or not company.is_connected:
            raise forbidden()
        return access

    def _look_up(self, value: str) -> tuple[float, Access]:
        row = self.find(value)
        if row is None or row[0] != "access":
            raise unauthorized("Token invalid")
        if row[4] != "valid":
            raise unauthorized("Token revoked")
        client_id, realm_id, _details = self.grant(row[1])
        if len(self._known) > 10_000:
            self._known.clear()
        known = self._known[value] = (row[3], Access(client_id, realm_id))
        return known
