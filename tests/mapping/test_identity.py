"""Connection, realm row, tokens and CompanyInfo are one company, or nothing is written (F10, F11; DESIGN section 4)."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

import pytest

from include.stores.realms import AnotherCompanyError
from include.wiring import cli_mappings, cli_tokens, list_refreshing, runs
from include.wiring.preflight import PreflightFailedError, preflight, require_green
from tests.world import World

OTHER = "9130000000000002"


def point(monkeypatch: pytest.MonkeyPatch, *, conn_id: str = "qbo_demo", **extra: str) -> None:
    """Change what the realm's Airflow Connection says, as somebody does in Airflow's UI."""
    content = json.loads(os.environ["AIRFLOW_CONN_QBO_DEMO"])
    content["extra"] |= extra
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(content))


def company_calls(world: World) -> list[str]:
    """Calls to any company's API."""
    return [entry["path"] for entry in world.qbo.journal() if entry["path"].startswith("/v3/company/")]


def ledgerline(*arguments: str) -> int:
    """Run a command of mappings or tokens as the entry point does."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    cli_mappings.add_parser(commands)
    cli_tokens.add_parser(commands)
    parsed = parser.parse_args([*arguments, "--realm", "demo"])
    return int(parsed.run(parsed))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"realm_id": OTHER}, f"the Connection names company {OTHER}, but the realm is company 9130000000000001"),
        ({"environment": "production"}, "the Connection says environment production, but the realm is in sandbox"),
        ({"base_url": "http://127.0.0.1:9"}, "the Connection leads to http://127.0.0.1:9, but the realm lives at"),
    ],
    ids=["company", "environment", "server"],
)
def test_another_company_behind_the_key_stops_the_realm(
    world: World, monkeypatch: pytest.MonkeyPatch, extra: dict[str, str], words: str
) -> None:
    """Company id, environment and server each: preflight names both sides, and nobody is called."""
    world.qbo.clear_journal()
    point(monkeypatch, **extra)

    with pytest.raises(PreflightFailedError, match=words) as caught:
        require_green("demo")

    assert caught.value.reason == "wrong_company"
    assert company_calls(world) == []


def test_a_connection_changed_during_a_run_stops_the_next_step(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planned for one company, then the Connection leads to another one: the push refuses, and neither holds the invoice."""
    world.qbo.seed(realm_id=OTHER)
    world.invoice("T-1")
    plan, context = world.prepare()
    point(monkeypatch, realm_id=OTHER)

    with pytest.raises(AnotherCompanyError, match=f"the Connection names company {OTHER}"):
        runs.push(plan, context)

    assert world.in_qbo() == []
    assert [one for one in world.qbo.state("Invoice", OTHER) if one.get("DocNumber") == "T-1"] == []


def test_a_connection_that_leads_to_another_realms_company_stops(world: World) -> None:
    """The company is connected, but under another key: its documents are not ours to push there."""
    world.sql("update qbo_sync.realms set realm_key = 'west'")

    with pytest.raises(PreflightFailedError, match="was connected as realm west, not as demo") as caught:
        require_green("demo")

    assert caught.value.reason == "wrong_company"


def test_nothing_of_another_company_is_kept(world: World) -> None:
    """QuickBooks speaks of another currency than before: its closing date, name and lists do not replace what we know."""
    kept = "select company_name, closing_date, preferences from qbo_sync.realms"
    preflight("demo")
    world.sql("update qbo_sync.realms set home_currency = 'GBP'")
    before = world.sql(kept)
    world.qbo.preferences(BookCloseDate="2026-03-31")

    report = preflight("demo")
    with pytest.raises(AnotherCompanyError, match="keeps USD, but it kept GBP before"):
        list_refreshing.refresh("demo", world.context("manual__lists"))

    assert report.reason == "wrong_company"
    assert world.sql(kept) == before


def test_a_sandbox_mapping_book_is_refused_in_production(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key moves to the production company, where the same ids have other names: each is named, and nothing is loaded."""
    (world.mappings / "demo" / "categories.csv").write_text(
        "billing_id,billing_name,qbo_id,qbo_name,excluded\nrecurring,,2,Hours,\n"
    )
    assert ledgerline("mappings", "load") == 0
    made = world.qbo.seed(realm_id=OTHER)
    _rename(world, "2", "Consulting", OTHER)
    point(monkeypatch, realm_id=OTHER, environment="production")
    assert ledgerline("tokens", "import", "--refresh-token", made["refresh_token"], "--move-label") == 0
    capsys.readouterr()

    code = ledgerline("mappings", "load")

    assert code == 1
    assert "Item 2 is named 'Consulting' in QuickBooks, not 'Hours'" in capsys.readouterr().err
    production = (
        "select count(*) from qbo_sync.mappings join qbo_sync.realms on realms.id = realm where realm_key = 'demo'"
    )
    assert world.sql(production) == [(0,)]


def _rename(world: World, item: str, name: str, realm_id: str) -> None:
    held: dict[str, Any] = next(one for one in world.qbo.state("Item", realm_id) if one["Id"] == item)
    body = {"Id": item, "SyncToken": held["SyncToken"], "sparse": True, "Name": name}
    status, _ = world.qbo.call("POST", "item", body, realm_id=realm_id)
    assert status == 200
