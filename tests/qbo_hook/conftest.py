"""What the tests of the wire share: a peer, a client on it, and time that does not pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from qbo_hook import (
    Limits,
    MemoryGovernor,
    MemoryTokenStore,
    QboAuth,
    QboClient,
    RequestsTransport,
    TokenSet,
    Waits,
    endpoints_for,
)
from tests.qbo_hook.peer import REALM, Peer, running_peer


@dataclass
class Time:
    """A clock that moves only when somebody sleeps."""

    now: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)

    def utc(self) -> datetime:
        """The time in UTC."""
        return self.now

    def seconds(self) -> float:
        """The time in seconds."""
        return self.now.timestamp()

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.slept.append(seconds)
        # Rounded up, as a real sleep never ends early.
        self.now += timedelta(microseconds=math.ceil(seconds * 1_000_000))


@pytest.fixture
def time_() -> Time:
    """Time that does not pass by itself."""
    return Time()


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A server that answers as the test wants."""
    with running_peer() as running:
        yield running


@pytest.fixture
def transport() -> Iterator[RequestsTransport]:
    """The real transport, closed afterwards."""
    made = RequestsTransport(max_body=1_000_000)
    yield made
    made.close()


@pytest.fixture
def tokens(time_: Time) -> TokenSet:
    """Tokens that are good for an hour."""
    return TokenSet(
        access_token="access-1",
        refresh_token="refresh-1",
        access_expires_at=time_.now + timedelta(hours=1),
        refresh_expires_at=time_.now + timedelta(days=100),
        realm_id=REALM,
    )


@pytest.fixture
def store(tokens: TokenSet) -> MemoryTokenStore:
    """A store that holds these tokens."""
    return MemoryTokenStore(tokens)


@pytest.fixture
def governor(time_: Time) -> MemoryGovernor:
    """A governor whose waits take no time."""
    return MemoryGovernor(Limits(), time_.seconds, time_.sleep)


class Steady:
    """Randomness without chance: no jitter."""

    def random(self) -> float:
        """The middle."""
        return 0.5


@pytest.fixture
def make_client(
    peer: Peer, transport: RequestsTransport, store: MemoryTokenStore, governor: MemoryGovernor, time_: Time
) -> Callable[..., QboClient]:
    """Makes clients that talk to the peer."""

    def make(waits: Waits | None = None, **changes: object) -> QboClient:
        auth = QboAuth(
            transport=transport,
            client_id="simclient",
            client_secret="simsecret",
            endpoints=endpoints_for("sandbox", peer.base_url),
            clock=time_.utc,
        )
        parts = {"transport": transport, "auth": auth, "tokens": store, "governor": governor, **changes}
        return QboClient(
            realm_id=REALM,
            base_url=peer.base_url,
            clock=time_.utc,
            sleep=time_.sleep,
            waits=waits or Waits(call_limit=2.0, connect_limit=1.0),
            rng=Steady(),
            **parts,
        )

    return make


@pytest.fixture
def client(make_client: Callable[..., QboClient]) -> QboClient:
    """A client that talks to the peer."""
    return make_client()
