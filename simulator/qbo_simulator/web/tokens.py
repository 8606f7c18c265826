"""Access and refresh tokens, the grants behind them, and the apps that hold them."""

import json
import secrets
from dataclasses import dataclass

from qbo_simulator.errors import forbidden, unauthorized
from qbo_simulator.world import World

ACCOUNTING = "com.intuit.quickbooks.accounting"
_MOST_CACHED = 10_000


@dataclass(slots=True)
class Access:
    """A valid access token: whose it is."""

    client_id: str
    realm_id: str


@dataclass(slots=True)
class Token:
    """A token of any kind: access, refresh or code."""

    value: str
    kind: str
    grant_key: int
    issued: float
    expires: float
    state: str


@dataclass(slots=True)
class Grant:
    """A company connected to an app."""

    key: int
    client_id: str
    realm_id: str
    scope: str
    granted: float
    is_revoked: bool = False
    redirect_uri: str | None = None

    def document(self) -> str:
        """Stored form."""
        names = ("scope", "granted", "is_revoked", "redirect_uri")
        return json.dumps({name: getattr(self, name) for name in names})


class Tokens:
    """The authority that issues and judges tokens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._known: dict[str, tuple[float, Access]] = {}

    def forget_cached(self) -> None:
        """Judge every token anew."""
        self._known.clear()

    # -- apps and grants ----------------------------------------------------------------------------------------------

    def add_app(
        self, client_id: str, client_secret: str, name: str = "", redirect_uris: list[str] | None = None
    ) -> None:
        """Register an app; without redirect URIs any is accepted."""
        self.world.database.execute(
            "insert or replace into apps (client_id, client_secret, name, redirect_uris) values (?, ?, ?, ?)",
            (client_id, client_secret, name or client_id, json.dumps(redirect_uris or [])),
        )

    def app_secret(self, client_id: str) -> str | None:
        """The secret of an app, or None."""
        row = self.world.database.execute("select client_secret from apps where client_id = ?", (client_id,)).fetchone()
        return row[0] if row else None

    def app_name(self, client_id: str) -> str:
        """The name of an app, as the sign-on page shows it."""
        row = self.world.database.execute("select name from apps where client_id = ?", (client_id,)).fetchone()
        return str(row[0])

    def redirect_uris(self, client_id: str) -> list[str]:
        """The registered redirect URIs of an app."""
        row = self.world.database.execute("select redirect_uris from apps where client_id = ?", (client_id,)).fetchone()
        uris: list[str] = json.loads(row[0])
        return uris

    def add_grant(self, client_id: str, realm_id: str, scope: str = ACCOUNTING, redirect_uri: str | None = None) -> int:
        """Connect a company to an app; returns the key of the grant."""
        grant = Grant(0, client_id, realm_id, scope, self.world.clock.now(), redirect_uri=redirect_uri)
        cursor = self.world.database.execute(
            "insert into grants (client_id, realm_id, document) values (?, ?, ?)",
            (client_id, realm_id, grant.document()),
        )
        return int(cursor.lastrowid or 0)

    def grant(self, key: int) -> Grant:
        """A grant by its key."""
        client_id, realm_id, document = self.world.database.execute(
            "select client_id, realm_id, document from grants where key = ?", (key,)
        ).fetchone()
        return Grant(key, client_id, realm_id, **json.loads(document))

    def newest_grant(self, realm_id: str) -> int | None:
        """The latest grant of a company that is not revoked."""
        for (key,) in self.world.database.execute(
            "select key from grants where realm_id = ? order by key desc", (realm_id,)
        ):
            if not self.grant(key).is_revoked:
                return int(key)
        return None

    def revoke(self, grant: Grant) -> None:
        """Disconnect: all tokens of the grant die."""
        grant.is_revoked = True
        self._save(grant)
        self.world.database.execute("update tokens set state = 'revoked' where grant_key = ?", (grant.key,))
        self.forget_cached()

    def activate(self, grant: Grant) -> None:
        """The grant of a used code counts from now."""
        grant.granted = self.world.clock.now()
        self._save(grant)

    def _save(self, grant: Grant) -> None:
        self.world.database.execute("update grants set document = ? where key = ?", (grant.document(), grant.key))

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

    def issue_code(self, grant_key: int) -> str:
        """A new authorization code."""
        value = f"AB1{secrets.token_hex(24)}"
        self._store(value, "code", grant_key, self.world.settings.authorization_code_seconds)
        return value

    def _store(self, value: str, kind: str, grant_key: int, seconds: float) -> None:
        now = self.world.clock.now()
        self.world.database.execute(
            "insert or replace into tokens (value, kind, grant_key, issued, expires, state) values (?, ?, ?, ?, ?, 'valid')",
            (value, kind, grant_key, now, now + seconds),
        )

    def rotate(self, grant_key: int, old: str) -> str:
        """Replace a refresh token; the old value dies at once or after the grace period."""
        now, grace = self.world.clock.now(), self.world.settings.refresh_grace_seconds
        state = "rotated" if grace else "revoked"
        self.world.database.execute(
            "update tokens set state = ?, expires = ? where value = ?", (state, now + grace, old)
        )
        return self.issue_refresh(grant_key)

    def newest_refresh(self, grant_key: int) -> str:
        """The refresh token that is now current."""
        value: str = self.world.database.execute(
            "select value from tokens where grant_key = ? and kind = 'refresh' and state = 'valid' "
            "order by issued desc limit 1",
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

    def find(self, value: str) -> Token | None:
        """A token by its value."""
        row = self.world.database.execute(
            "select value, kind, grant_key, issued, expires, state from tokens where value = ?", (value,)
        ).fetchone()
        return Token(*row) if row else None

    def check(self, header: str, realm_id: str) -> Access:
        """Judge the Authorization header of a data call; raises 401 or 403 as the gateway words them."""
        scheme, _, value = header.partition(" ")
        if scheme.lower() != "bearer" or not value:
            raise unauthorized("Token invalid")
        expires, access = self._known.get(value) or self._look_up(value)
        if self.world.clock.now() >= expires:
            raise unauthorized(f"Token expired: {value[:40]}")
        company = self.world.companies.get(realm_id)
        if access.realm_id != realm_id or company is None or not company.is_connected:
            raise forbidden()
        return access

    def _look_up(self, value: str) -> tuple[float, Access]:
        token = self.find(value)
        if token is None or token.kind != "access":
            raise unauthorized("Token invalid")
        if token.state != "valid":
            raise unauthorized("Token revoked")
        grant = self.grant(token.grant_key)
        if ACCOUNTING not in grant.scope.split():
            raise forbidden()
        if len(self._known) >= _MOST_CACHED:
            self._known.clear()
        known = self._known[value] = (token.expires, Access(grant.client_id, grant.realm_id))
        return known
