"""The hook: a Connection in, a client out, a useful sentence when something is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from airflow.sdk import BaseHook

from qbo_hook import SANDBOX_URL, MemoryTokenStore, QboConfigError, TokenSet
from qbo_hook.get_provider_info import get_provider_info
from qbo_hook.hook import ConnectionSettings, MaskingStore, QboHook
from tests.qbo_hook import peer as peers
from tests.qbo_hook.conftest import Time
from tests.qbo_hook.peer import REALM, TOKEN_REPLY, Peer


@pytest.fixture
def masked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Airflow was asked to mask."""
    secrets: list[str] = []
    monkeypatch.setattr("qbo_hook.hook.mask_secret", secrets.append)
    return secrets


def define(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Define the Connection qbo_default in the environment."""
    extra = {
        "environment": "sandbox",
        "realm_id": REALM,
        "webhook_verifier_token": "verifier-1",
        **changes.pop("extra", {}),
    }
    facts = {"conn_type": "quickbooks", "login": "simclient", "password": "simsecret", **changes}
    monkeypatch.setenv("AIRFLOW_CONN_QBO_DEFAULT", json.dumps({**facts, "extra": extra}))


def test_the_settings_of_a_connection_are_read_and_masked(monkeypatch: pytest.MonkeyPatch, masked: list[str]) -> None:
    """Login and password are the app's; secrets are announced to Airflow before anything could log them."""
    define(monkeypatch)

    settings = QboHook().connection_settings()

    assert settings == ConnectionSettings("simclient", "simsecret", "sandbox", REALM, SANDBOX_URL, "verifier-1")
    assert masked == ["simsecret", "verifier-1"]
    assert "simsecret" not in repr(settings)
    assert "verifier-1" not in repr(settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"login": None}, "lacks login"),
        ({"password": ""}, "lacks password"),
        ({"extra": {"realm_id": None}}, "lacks extra.realm_id"),
        ({"extra": {"environment": ""}}, "lacks extra.environment"),
        ({"extra": {"environment": "test"}}, "sandbox or production"),
        ({"extra": {"realm_id": "12a"}}, "digits only"),
        ({"extra": {"realm_id": "\N{ARABIC-INDIC DIGIT THREE}"}}, "digits only"),
        ({"extra": {"base_url": "https://quickbooks.api.intuit.com"}}, "not that of the sandbox"),
        ({"extra": {"base_url": "HTTPS://QuickBooks.api.intuit.com"}}, "Intuit's own servers are chosen by"),
        ({"extra": {"base_url": "https://quickbooks.api.intuit.com:443"}}, "Intuit's own servers are chosen by"),
        ({"extra": {"base_url": "https://quickbooks.api.intuit.com./v3"}}, "Intuit's own servers are chosen by"),
        ({"extra": {"base_url": "127.0.0.1:8099"}}, "extra.base_url must be an address such as http"),
        ({"extra": {"base_url": "http://[::1"}}, "extra.base_url must be an address such as http"),
        ({"extra": {"base_url": "http://127.0.0.1:80999"}}, "extra.base_url must be an address such as http"),
        ({"extra": {"base_url": "http://127.0.0.1 :8099"}}, "extra.base_url must be an address such as http"),
        ({"extra": {"base_url": "http://127.0.0.1:8099?x=1"}}, "extra.base_url must be an address such as http"),
        ({"extra": {"base_url": "http://ann:geheim@127.0.0.1:8099"}}, r"without (?!.*geheim)"),
    ],
)
def test_a_connection_that_is_wrong_says_where(
    monkeypatch: pytest.MonkeyPatch, masked: list[str], changes: dict[str, Any], message: str
) -> None:
    """One clear sentence that names the field."""
    define(monkeypatch, **changes)

    with pytest.raises(QboConfigError, match=message):
        QboHook().get_conn()
    assert QboHook().test_connection()[0] is False


def test_an_extra_that_is_no_object_lacks_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list, pasted by mistake, is told as what is missing."""
    facts = {"conn_type": "quickbooks", "login": "simclient", "password": "simsecret", "extra": "[]"}
    monkeypatch.setenv("AIRFLOW_CONN_QBO_DEFAULT", json.dumps(facts))

    assert QboHook().test_connection() == (
        False,
        "Connection qbo_default lacks extra.environment, extra.realm_id",
    )


def test_blanks_around_the_address_of_a_server_are_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is pasted with a blank is the same company as without."""
    define(monkeypatch, extra={"base_url": " http://127.0.0.1:8099/ "})

    assert QboHook().connection_settings().base_url == "http://127.0.0.1:8099"


def test_a_constructor_reads_nothing() -> None:
    """A hook may be made while a DAG is parsed; there is no such Connection here."""
    hook = QboHook("no_such_connection")

    assert (hook.conn_type, hook.qbo_conn_id) == ("quickbooks", "no_such_connection")
    assert isinstance(hook, BaseHook)


def test_the_client_is_built_once_with_what_was_given(
    monkeypatch: pytest.MonkeyPatch,
    masked: list[str],
    peer: Peer,
    store: MemoryTokenStore,
    time_: Time,
    tokens: TokenSet,
) -> None:
    """Token store and governor come from outside; every token that passes is masked, once."""
    define(monkeypatch, extra={"base_url": f"{peer.base_url}/"})
    expired = replace(tokens, access_expires_at=time_.now.replace(year=2020))
    store.store(expired)
    peer.token_replies = [peers.json_reply(TOKEN_REPLY)]
    peer.replies = [peers.json_reply({"Item": {"Id": "1"}})] * 2
    hook = QboHook(token_store=store)

    for _ in range(2):
        hook.get_conn().read("Item", "1")

    assert hook.get_conn() is hook.get_conn()
    assert sorted(masked[2:]) == ["access-1", "access-2", "refresh-1", "refresh-2"]
    stored = store.read()
    assert stored is not None
    assert stored.access_token == "access-2"


def test_the_masking_store_is_the_store(
    monkeypatch: pytest.MonkeyPatch, masked: list[str], peer: Peer, store: MemoryTokenStore
) -> None:
    """A dead sign-on is marked in the store that was given."""
    define(monkeypatch, extra={"base_url": peer.base_url})
    peer.replies = [peers.reply(401)]
    peer.token_replies = [peers.json_reply({"error": "invalid_grant"}, 400)]

    is_good, sentence = QboHook(token_store=store).test_connection()

    assert not is_good
    assert "sign-on to QuickBooks is over" in sentence
    assert store.needs_reconnect()


def test_without_webhooks_no_verifier_is_needed(monkeypatch: pytest.MonkeyPatch, masked: list[str]) -> None:
    """The one field that may be left empty besides the server."""
    define(monkeypatch, extra={"webhook_verifier_token": ""})

    assert QboHook().connection_settings().webhook_verifier_token is None
    assert masked == ["simsecret"]


def test_a_new_sign_on_is_masked_as_well(masked: list[str], tokens: TokenSet) -> None:
    """Whatever way a token takes through the hook, Airflow hears of it first."""
    store = MemoryTokenStore()

    MaskingStore(store).store(tokens)

    assert store.read() is tokens
    assert sorted(masked) == ["access-1", "refresh-1"]


def test_with_a_sign_on_the_test_names_the_company(
    monkeypatch: pytest.MonkeyPatch, masked: list[str], peer: Peer, store: MemoryTokenStore, tokens: TokenSet
) -> None:
    """Connected to: which company, where."""
    define(monkeypatch, extra={"base_url": peer.base_url})
    store.store(replace(tokens, access_expires_at=tokens.access_expires_at.replace(year=2100)))
    peer.replies = [peers.json_reply({"CompanyInfo": {"Id": "1", "CompanyName": "Craig's", "Country": "US"}})]

    verdict = QboHook(token_store=store).test_connection()

    assert verdict == (True, f"Connected to: Craig's (US; simulator, company {REALM})")


def test_without_a_sign_on_the_test_tries_client_id_and_secret(
    monkeypatch: pytest.MonkeyPatch, masked: list[str], peer: Peer
) -> None:
    """Intuit checks the app before it refuses a refresh token that nobody has."""
    define(monkeypatch, extra={"base_url": peer.base_url})
    peer.token_replies = [
        peers.json_reply({"error": "invalid_grant"}, 400),
        peers.json_reply({"error": "invalid_client"}, 401),
        peers.json_reply(TOKEN_REPLY),
    ]

    good, bad, odd = (QboHook().test_connection() for _ in range(3))

    assert good[0]
    assert "open the QuickBooks connect page" in good[1]
    assert not bad[0]
    assert "does not accept this client id and secret" in bad[1]
    assert not odd[0]


# The provider


def test_the_provider_names_the_hook_and_its_form() -> None:
    """Airflow shows a form with our words, and hides what its name says is secret."""
    (connection_type,) = get_provider_info()["connection-types"]

    assert connection_type["connection-type"] == QboHook.conn_type
    assert connection_type["hook-class-name"] == f"{QboHook.__module__}.{QboHook.__qualname__}"
    assert set(connection_type["conn-fields"]) == {"environment", "realm_id", "webhook_verifier_token", "base_url"}
    assert connection_type["ui-field-behaviour"]["relabeling"] == {"login": "Client id", "password": "Client secret"}


def test_the_provider_fits_airflows_schema() -> None:
    """An entry that does not fit is left out without a word."""
    jsonschema = pytest.importorskip("jsonschema")
    from importlib.resources import files

    schema = json.loads(files("airflow").joinpath("provider_info.schema.json").read_text())

    jsonschema.validate(get_provider_info(), schema)
