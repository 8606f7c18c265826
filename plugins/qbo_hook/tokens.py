"""Tokens of one company: what they are, who keeps them, and how a usable one is had.

The refresh token changes about once a day and the old value may die, so whatever comes back is stored before it is used, under
one lock per company (QBO.md, section 0, points 1 and 3). The store in PostgreSQL lives with its owner; this room only says
what it needs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from qbo_hook.errors import QboTokenExpired


@dataclass(frozen=True)
class TokenSet:
    """The tokens of one company; neither shows in a repr.

    :param access_token: sent with every call, good for about an hour
    :param refresh_token: buys the next pair
    :param access_expires_at: UTC
    :param refresh_expires_at: UTC; moves on with each refresh, about 100 days
    :param realm_id: Intuit's id of the company that they open
    :param scope: space-separated scopes as granted
    :param hard_expires_at: UTC; the five-year ceiling that no refresh moves, None if Intuit did not tell
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_expires_at: datetime
    realm_id: str
    scope: str = ""
    hard_expires_at: datetime | None = None


Refresh = Callable[[TokenSet], TokenSet]


class TokenStore(Protocol):
    """Keeps the tokens of one company for all processes."""

    def read(self) -> TokenSet | None:
        """The stored tokens without taking a lock; None before the first sign-on and after a disconnect."""

    def refresh(self, stale: TokenSet, refresh: Refresh) -> TokenSet:
        """Replace ``stale`` under the company's lock, storing the new pair before it is returned.

        :param stale: the tokens that the caller found wanting
        :param refresh: buys a new pair; called only if nobody else has replaced ``stale`` meanwhile
        :return: the tokens that are stored now
        :raises QboTokenExpired: as ``refresh`` raised it; the stored tokens stay as they are
        """

    def store(self, tokens: TokenSet) -> None:
        """Keep the tokens of a new sign-on and forget a wish to reconnect."""

    def mark_needs_reconnect(self, why: str) -> None:
        """Remember that only a person can help now.

        :param why: a sentence for people
        """

    def needs_reconnect(self) -> str | None:
        """The reason why a person must reconnect, or None."""


class MemoryTokenStore:
    """A token store for one process: for a notebook, a connection test, or the tests.

    :param tokens: what it holds at first
    """

    def __init__(self, tokens: TokenSet | None = None) -> None:
        self._tokens = tokens
        self._why: str | None = None
        self._lock = threading.Lock()

    def read(self) -> TokenSet | None:
        """See :meth:`TokenStore.read`."""
        return self._tokens

    def refresh(self, stale: TokenSet, refresh: Refresh) -> TokenSet:
        """See :meth:`TokenStore.refresh`."""
        with self._lock:
            if self._tokens is not None and self._tokens.access_token != stale.access_token:
                return self._tokens
            self._tokens = refresh(stale)
            return self._tokens

    def store(self, tokens: TokenSet) -> None:
        """See :meth:`TokenStore.store`."""
        with self._lock:
            self._tokens, self._why = tokens, None

    def mark_needs_reconnect(self, why: str) -> None:
        """See :meth:`TokenStore.mark_needs_reconnect`."""
        self._why = why

    def needs_reconnect(self) -> str | None:
        """See :meth:`TokenStore.needs_reconnect`."""
        return self._why


def usable_tokens(
    store: TokenStore,
    refresh: Refresh,
    now: datetime,
    *,
    rejected: TokenSet | None = None,
    margin: timedelta = timedelta(seconds=60),
) -> TokenSet:
    """Tokens that QBO should accept, refreshed if need be.

    :param store: where the company's tokens are kept
    :param refresh: buys a new pair from Intuit
    :param now: UTC
    :param rejected: tokens that QBO has just refused although they had not run out
    :param margin: refreshed this long before they run out
    :raises QboTokenExpired: if there are none, or the refresh token is dead; the latter is remembered in the store
    :raises QboTokenUnavailable: if Intuit's token service did not answer
    """
    if why := store.needs_reconnect():
        raise QboTokenExpired(why)
    stored = store.read()
    if stored is None:
        raise QboTokenExpired("Nobody has signed on to this QuickBooks company yet")
    is_rejected = rejected is not None and stored.access_token == rejected.access_token
    if now + margin < stored.access_expires_at and not is_rejected:
        return stored
    return _refreshed(store, stored, refresh)


def _refreshed(store: TokenStore, stale: TokenSet, refresh: Refresh) -> TokenSet:
    try:
        return store.refresh(stale, refresh)
    except QboTokenExpired as error:
        # A refresh token dies when somebody else has used it: then the newer pair is already in the store.
        newer = store.read()
        if newer is not None and newer.access_token != stale.access_token:
            return newer
        store.mark_needs_reconnect(error.message)
        raise
