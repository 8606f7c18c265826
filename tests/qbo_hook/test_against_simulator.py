"""Sign-ons of several companies and apps, and of nobody, against the simulator's token service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qbo_hook import (
    MemoryGovernor,
    MemoryTokenStore,
    QboClient,
    QboRealmFault,
    QboTokenExpired,
    RequestsTransport,
    TokenSet,
)
from qbo_hook.auth import utc_now
from tests.qbo_hook.companies import FAST, REALM, company_at

testing = pytest.importorskip("qbo_simulator.testing")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path: Path = tmp_path_factory.mktemp("simulator") / "sim.sqlite"
    with testing.running_simulator(path) as running:
        yield running


@pytest.fixture(scope="module")
def client(simulator: Any) -> Iterator[QboClient]:
    with company_at(simulator.base_url) as company:
        yield company


def test_a_wrong_company_is_a_realm_fault(client: QboClient, simulator: Any) -> None:
    """A token for another company opens nothing."""
    now = utc_now()
    simulator.seed(realm_id="9130000000000002")
    token = simulator.access_token(REALM)
    stranger = QboClient(
        transport=RequestsTransport(),
        auth=client._sender._auth,
        tokens=MemoryTokenStore(TokenSet(token, "x", now.replace(year=2100), now, "9130000000000002")),
        realm_id="9130000000000002",
        base_url=simulator.base_url,
        governor=MemoryGovernor(FAST),
    )

    with pytest.raises(QboRealmFault):
        stranger.company_info()


@pytest.mark.row("F6")
def test_each_connection_signs_on_with_its_own_app(simulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two companies of two apps: each Connection refreshes its own tokens, and the other's are none of its business."""
    from qbo_hook.hook import QboHook

    now, sign_ons = utc_now(), []
    for app in ("one", "two"):
        realm_id = f"91300000000000{len(sign_ons) + 70}"
        made = simulator.seed(realm_id=realm_id, client_id=app, client_secret=f"secret {app}")
        extra = {"environment": "sandbox", "realm_id": realm_id, "base_url": simulator.base_url}
        content = {"conn_type": "quickbooks", "login": app, "password": f"secret {app}", "extra": extra}
        monkeypatch.setenv(f"AIRFLOW_CONN_QBO_{app.upper()}", json.dumps(content))
        sign_ons.append((QboHook(f"qbo_{app}").get_auth(), TokenSet("-", made["refresh_token"], now, now, realm_id)))
    (one, ones), (two, twos) = sign_ons

    refreshed = {one.refresh(ones).access_token, two.refresh(twos).access_token}

    assert len(refreshed) == 2
    with pytest.raises(QboTokenExpired):
        one.refresh(twos)


def test_a_sign_on_that_never_was_needs_a_person(client: QboClient, simulator: Any) -> None:
    """invalid_grant from a real token service."""
    now = utc_now()
    store = MemoryTokenStore(TokenSet("x", "RT1-nobody", now, now, REALM))
    lost = QboClient(
        transport=RequestsTransport(),
        auth=client._sender._auth,
        tokens=store,
        realm_id=REALM,
        base_url=simulator.base_url,
        governor=MemoryGovernor(FAST),
    )

    with pytest.raises(QboTokenExpired):
        lost.company_info()
    assert store.needs_reconnect()
