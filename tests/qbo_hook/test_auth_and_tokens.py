"""Sign-on and tokens: stored before used, refreshed once, never overwritten by a refusal."""

from __future__ import annotations

import base64
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from qbo_hook import (
    PRODUCTION_URL,
    SANDBOX_URL,
    MemoryTokenStore,
    QboAuth,
    QboConfigError,
    QboTokenExpired,
    QboTokenUnavailable,
    RequestsTransport,
    TokenSet,
    badge,
    base_url_for,
    endpoints_for,
)
from qbo_hook.tokens import usable_tokens
from tests.qbo_hook import peer as peers
from tests.qbo_hook.conftest import Time
from tests.qbo_hook.peer import REALM, TOKEN_REPLY, Peer


@pytest.fixture
def auth(peer: Peer, transport: RequestsTransport, time_: Time) -> QboAuth:
    return QboAuth(
        transport=transport,
        client_id="simclient",
        client_secret="simsecret",
        endpoints=endpoints_for("sandbox", peer.base_url),
        clock=time_.utc,
    )


# Addresses


def test_intuits_own_addresses_are_known() -> None:
    """No discovery call is needed for either environment."""
    sandbox, production = endpoints_for("sandbox"), endpoints_for("production", f"{PRODUCTION_URL}/")

    assert sandbox.token == production.token == "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
    assert sandbox.discovery.endswith("/.well-known/openid_sandbox_configuration/")
    assert production.discovery.endswith("/.well-known/openid_configuration/")
    assert (base_url_for("sandbox"), base_url_for("production")) == (SANDBOX_URL, PRODUCTION_URL)


def test_a_simulators_addresses_follow_its_base_url() -> None:
    """One setting points everything at it."""
    found = endpoints_for("sandbox", "http://127.0.0.1:8099/")

    assert found.authorization == "http://127.0.0.1:8099/connect/oauth2"
    assert found.token == "http://127.0.0.1:8099/oauth2/v1/tokens/bearer"
    assert found.revocation == "http://127.0.0.1:8099/v2/oauth2/tokens/revoke"
    assert found.discovery == "http://127.0.0.1:8099/.well-known/openid_sandbox_configuration/"


def test_an_unknown_environment_is_refused() -> None:
    """There are two."""
    with pytest.raises(QboConfigError, match="sandbox or production"):
        endpoints_for("test")


def test_a_badge_names_the_server() -> None:
    """Nobody takes a sandbox for real books."""
    assert [badge(url) for url in (PRODUCTION_URL, f"{SANDBOX_URL}/", "http://localhost:1")] == [
        "production",
        "sandbox",
        "simulator",
    ]


# Sign-on


@pytest.mark.row("F3", "F4")
def test_the_sign_on_address_asks_for_accounting_alone(auth: QboAuth) -> None:
    """The least that is needed, with state and redirect to the letter."""
    query = parse_qs(urlsplit(auth.authorize_url("state-1", "https://airflow.test/qbo/callback")).query)

    assert query == {
        "client_id": ["simclient"],
        "response_type": ["code"],
        "scope": ["com.intuit.quickbooks.accounting"],
        "redirect_uri": ["https://airflow.test/qbo/callback"],
        "state": ["state-1"],
    }


def test_a_code_becomes_tokens_with_their_three_ends(auth: QboAuth, peer: Peer, time_: Time) -> None:
    """Access an hour, refresh 101 days, and the five-year ceiling that is asked for by a header."""
    peer.token_replies = [peers.json_reply(TOKEN_REPLY)]

    tokens = auth.exchange_code("code-1", "https://airflow.test/qbo/callback", REALM)

    assert tokens.access_token == "access-2"
    assert tokens.access_expires_at == time_.now + timedelta(hours=1)
    assert tokens.refresh_expires_at == time_.now + timedelta(days=101)
    assert tokens.hard_expires_at == time_.now + timedelta(seconds=157_680_000)
    call = peer.token_calls[0]
    assert parse_qs(call.body.decode())["grant_type"] == ["authorization_code"]
    assert call.headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert call.headers["Authorization"] == "Basic " + base64.b64encode(b"simclient:simsecret").decode()


def test_tokens_do_not_show_in_a_repr(tokens: TokenSet) -> None:
    """Whoever logs a token set logs no token."""
    assert "access-1" not in repr(tokens)
    assert "refresh-1" not in repr(tokens)


def test_a_ceiling_once_known_is_not_forgotten(auth: QboAuth, peer: Peer, tokens: TokenSet, time_: Time) -> None:
    """Intuit names it only when it knows it."""
    ceiling = time_.now + timedelta(days=1000)
    peer.token_replies = [peers.json_reply({**TOKEN_REPLY, "x_refresh_token_hard_expires_in": None})]

    renewed = auth.refresh(replace(tokens, hard_expires_at=ceiling, scope="a b"))

    assert (renewed.hard_expires_at, renewed.scope, renewed.realm_id) == (ceiling, "a b", REALM)


@pytest.mark.parametrize(
    ("reply", "meaning", "mode"),
    [
        (peers.json_reply({"error": "invalid_grant"}, 400), QboTokenExpired, "realm"),
        (
            peers.json_reply(
                {"error": "invalid_grant", "error_description": "Unauthorized", "x_error_reason": "user_not_in_realm"},
                400,
            ),
            QboTokenExpired,
            "realm",
        ),
        (peers.json_reply({"error": "invalid_client"}, 400), QboConfigError, "realm"),
        (peers.json_reply({"error": "invalid_client"}, 401), QboConfigError, "realm"),
        (peers.reply(503, b"<html>"), QboTokenUnavailable, "not_executed"),
        (peers.json_reply(["odd"], 500), QboTokenUnavailable, "not_executed"),
        (peers.reply(200, b"<html>"), QboTokenUnavailable, "not_executed"),
        (peers.json_reply(["odd"]), QboTokenUnavailable, "not_executed"),
        (peers.json_reply({**TOKEN_REPLY, "refresh_token": ""}), QboTokenUnavailable, "not_executed"),
        (peers.json_reply({**TOKEN_REPLY, "access_token": None}), QboTokenUnavailable, "not_executed"),
        (peers.json_reply({**TOKEN_REPLY, "expires_in": "soon"}), QboTokenUnavailable, "not_executed"),
        (peers.json_reply({**TOKEN_REPLY, "expires_in": 10**20}), QboTokenUnavailable, "not_executed"),
        (peers.json_reply({"access_token": "a"}), QboTokenUnavailable, "not_executed"),
        (peers.reset, QboTokenUnavailable, "not_executed"),
    ],
)
def test_every_answer_of_the_token_service_has_a_meaning(
    auth: QboAuth, peer: Peer, tokens: TokenSet, reply: Any, meaning: type[Exception], mode: str
) -> None:
    """Dead, misconfigured, or just not now: whatever happened, nothing was sent to QBO."""
    peer.token_replies = [reply]

    with pytest.raises(meaning) as caught:
        auth.refresh(tokens)

    assert caught.value.failure_mode == mode  # type: ignore[attr-defined]  # all three are QboErrors
    assert "refresh-1" not in str(caught.value)


def test_an_address_without_tls_is_not_called(transport: RequestsTransport, tokens: TokenSet) -> None:
    """The client secret does not go over a network in the clear; the error stays a matter of settings."""
    endpoints = endpoints_for("sandbox", "http://simulator.example")
    auth = QboAuth(transport=transport, client_id="a", client_secret="b", endpoints=endpoints)

    with pytest.raises(QboConfigError, match="https"):
        auth.refresh(tokens)


def test_revoking_gives_up_the_refresh_token(auth: QboAuth, peer: Peer, tokens: TokenSet) -> None:
    """Either token ends both; one that Intuit no longer knows counts as given up."""
    peer.token_replies = [peers.reply(200), peers.json_reply({"error": "invalid_grant"}, 400)]

    auth.revoke(tokens)
    auth.revoke(tokens)

    assert peer.token_calls[0].body == b'{"token":"refresh-1"}'
    assert peer.token_calls[0].target == "/v2/oauth2/tokens/revoke"


def test_a_revocation_without_confirmation_is_told(auth: QboAuth, peer: Peer, tokens: TokenSet) -> None:
    """A disconnect must not be believed on silence."""
    peer.token_replies = [peers.reply(500)]

    with pytest.raises(QboTokenUnavailable, match="did not confirm"):
        auth.revoke(tokens)


# Stores


def never(tokens: TokenSet) -> TokenSet:
    raise AssertionError("nobody should have refreshed")


def test_good_tokens_are_used_as_they_are(store: MemoryTokenStore, tokens: TokenSet, time_: Time) -> None:
    """Readers of a valid token neither lock nor call."""
    assert usable_tokens(store, never, time_.now) is tokens


@pytest.mark.row("F12")
def test_tokens_about_to_run_out_are_refreshed_first(store: MemoryTokenStore, tokens: TokenSet, time_: Time) -> None:
    """A call takes a while: an access token with 30 s left would die under way."""
    newer = replace(tokens, access_token="access-2")

    found = usable_tokens(store, lambda _: newer, tokens.access_expires_at - timedelta(seconds=30))

    assert found is newer
    assert store.read() is newer


@pytest.mark.row("F12")
def test_rejected_tokens_are_refreshed_though_they_look_good(
    store: MemoryTokenStore, tokens: TokenSet, time_: Time
) -> None:
    """QBO's word counts more than our clock."""
    newer = replace(tokens, access_token="access-2")

    assert usable_tokens(store, lambda _: newer, time_.now, rejected=tokens) is newer


def test_a_rejection_of_older_tokens_refreshes_nothing(store: MemoryTokenStore, tokens: TokenSet, time_: Time) -> None:
    """Another worker has replaced them meanwhile: its pair is used."""
    older = replace(tokens, access_token="access-0")

    assert usable_tokens(store, never, time_.now, rejected=older) is tokens


def test_ten_workers_that_meet_stale_tokens_refresh_once(tokens: TokenSet) -> None:
    """One buys a new pair under the lock, nine find it in the store."""
    store = MemoryTokenStore(tokens)
    calls: list[TokenSet] = []
    found: list[TokenSet] = []

    def refresh(stale: TokenSet) -> TokenSet:
        calls.append(stale)
        return replace(stale, access_token="access-2")

    workers = [threading.Thread(target=lambda: found.append(store.refresh(tokens, refresh))) for _ in range(10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(calls) == 1
    assert {tokens.access_token for tokens in found} == {"access-2"}


def test_a_dead_refresh_token_is_marked_and_never_overwritten(
    store: MemoryTokenStore, tokens: TokenSet, time_: Time
) -> None:
    """A person must reconnect; until then nobody asks Intuit again."""

    def dead(_: TokenSet) -> TokenSet:
        raise QboTokenExpired("invalid_grant")

    with pytest.raises(QboTokenExpired):
        usable_tokens(store, dead, time_.now, rejected=tokens)

    assert store.read() is tokens
    assert store.needs_reconnect() == "invalid_grant"
    with pytest.raises(QboTokenExpired, match="invalid_grant"):
        usable_tokens(store, never, time_.now)


def test_a_refresh_token_that_somebody_else_has_used_is_no_reason_to_reconnect(
    store: MemoryTokenStore, tokens: TokenSet, time_: Time
) -> None:
    """Before marking, the store is asked for a newer pair."""
    newer = replace(tokens, access_token="access-2")

    def superseded(_: TokenSet) -> TokenSet:
        store._tokens = newer
        raise QboTokenExpired("invalid_grant")

    assert usable_tokens(store, superseded, time_.now, rejected=tokens) is newer
    assert store.needs_reconnect() is None


def test_without_tokens_a_person_must_sign_on(time_: Time) -> None:
    """Before the first sign-on and after a disconnect."""
    with pytest.raises(QboTokenExpired, match="signed on"):
        usable_tokens(MemoryTokenStore(), never, time_.now)


def test_a_new_sign_on_ends_the_wish_for_it(store: MemoryTokenStore, tokens: TokenSet, time_: Time) -> None:
    """Reconnected is connected."""
    store.mark_needs_reconnect("expired")

    store.store(replace(tokens, access_token="access-3"))

    assert store.needs_reconnect() is None
    assert usable_tokens(store, never, time_.now).access_token == "access-3"
