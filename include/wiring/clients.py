"""The client of one company: the hook with the tokens and the governor that all workers share through Postgres."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from include.billing_sync.settings import RealmSettings
from include.stores.permits import PostgresGovernor
from include.stores.tokens import PostgresTokenStore
from include.wiring.connections import cipher
from qbo_hook.client import QboClient
from qbo_hook.errors import QboThrottled, QboTokenExpired, QboTokenUnavailable
from qbo_hook.governor import Limits, Permit
from qbo_hook.hook import QboHook
from qbo_hook.retries import Waits
from qbo_hook.tokens import TokenSet

Connect = Callable[[], psycopg.Connection[Any]]


@dataclass(frozen=True, slots=True)
class SharedHook:
    """A hook whose tokens and permits live in Postgres; ``close`` ends the connections of both."""

    hook: QboHook
    tokens: PostgresTokenStore[TokenSet]
    governor: PostgresGovernor[Permit]

    @property
    def client(self) -> QboClient:
        """The client of the company."""
        return self.hook.get_conn()

    def close(self) -> None:
        """Close the connections of the token store and of the governor."""
        self.tokens.close()
        self.governor.close()


def shared_hook(settings: RealmSettings, realm: int, connect: Connect) -> SharedHook:
    """The hook of a realm. ``connect`` opens a connection to our state. Raises what a missing Fernet key or Connection raises."""
    limits = _limits(settings)
    tokens = token_store(realm, connect)
    governor = PostgresGovernor(
        connect,
        realm,
        limits,
        Permit,
        reads_per_month=settings.read_budget,
        out_of_reads=QboThrottled,
        lifetime=settings.waits.call_limit + 50,
    )
    waits = Waits(call_limit=settings.waits.call_limit, pause_after_429=settings.waits.pause_after_429)
    hook = QboHook(settings.connection, token_store=tokens, governor=governor, limits=limits, waits=waits)
    return SharedHook(hook, tokens, governor)


def token_store(realm: int, connect: Connect) -> PostgresTokenStore[TokenSet]:
    """The encrypted tokens of a realm, under Airflow's own Fernet key."""
    return PostgresTokenStore(
        connect, realm, cipher(), TokenSet, expired=QboTokenExpired, unavailable=QboTokenUnavailable
    )


def _limits(settings: RealmSettings) -> Limits:
    given = settings.limits
    return Limits(
        requests_per_minute=given.requests_per_minute,
        requests_per_second=given.requests_per_second,
        in_flight=given.in_flight,
        batches_per_minute=given.batches_per_minute,
        batch_size=given.batch_size,
        items_counted=given.items_counted,
        share_used=float(given.share_used),
    )
