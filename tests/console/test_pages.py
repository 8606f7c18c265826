"""The pages under /qbo behind Airflow's login: who sees what, and what a browser is told."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from include.expectations.result import CheckResult
from include.wiring.findings import make_findings
from tests.console import airflow_fixture
from tests.console.run_fixture import DAG, Document, add_realm, add_run

RUN = "scheduled__2026-11-21T02:00:00+00:00"
RUN_PATH = f"/qbo/runs/{DAG}/scheduled__2026-11-21T02%3A00%3A00%2B00%3A00"


@pytest.fixture
def run(state):
    """A run of two companies with kept findings; its plans by realm key."""
    us = Document("1", "Error", "refused", "INV-1", total=Decimal("10.00"))
    gb = Document("2", "Synced", "created", "GB-1", currency="GBP", qbo_id="9", qbo_total=Decimal("100.00"))
    plans = {
        "us": add_run(state, add_realm(state, "us"), [us], RUN),
        "gb": add_run(state, add_realm(state, "gb", company_name="Sandbox Ltd"), [gb], RUN),
    }
    for plan_id in plans.values():
        make_findings(state, plan_id)
    return plans


@pytest.mark.parametrize("path", ["/qbo/", RUN_PATH, f"{RUN_PATH}/1", f"{RUN_PATH}/1/findings.csv"])
def test_nobody_sees_a_page_without_signing_in(browser, run, path):
    """An anonymous visitor gets 401 and a page that leads to Airflow's login."""
    answer = browser().get(path)

    assert answer.status_code == 401
    assert "Please sign in" in answer.text
    assert "INV-1" not in answer.text


@pytest.mark.parametrize("path", ["/qbo/docs", "/qbo/redoc", "/qbo/openapi.json"])
def test_the_app_does_not_describe_itself(browser, run, path):
    """No description of the routes is published, not even to an administrator."""
    assert browser("ADMIN").get(path).status_code == 404


def test_a_viewer_without_logs_reads_the_findings_of_a_run(browser, run):
    """A role that Airflow lets see neither logs nor plugins gets the companies of the run, with totals, page and CSV."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    ann = SimpleAuthManagerUser(username="ann", role="VIEWER")
    assert not get_auth_manager().is_authorized_dag(method="GET", access_entity=DagAccessEntity.TASK_LOGS, user=ann)

    page = browser("VIEWER").get(RUN_PATH)

    assert page.status_code == 200
    for text in ("Sandbox Landscaping", "Sandbox Ltd", "refused", "100.00", f"{RUN_PATH}/{run['us']}/findings.csv"):
        assert text in page.text


def test_a_viewer_reads_every_document_and_takes_the_csv_along(browser, run):
    """The kept page and the CSV are served under the run."""
    viewer = browser("VIEWER")
    page = viewer.get(f"{RUN_PATH}/{run['us']}")
    download = viewer.get(f"{RUN_PATH}/{run['us']}/findings.csv")

    assert "INV-1" in page.text
    assert "findings.csv" in page.text
    assert download.headers["content-type"] == "text/csv; charset=utf-8"
    assert download.headers["content-disposition"] == (
        'attachment; filename="findings-us-scheduled__2026-11-21T02-00-00-00-00.csv"'
    )
    assert download.content.startswith(b"\xef\xbb\xbf")
    assert [row["number"] for row in csv.DictReader(io.StringIO(download.content.decode("utf-8-sig")))] == ["INV-1"]


def test_the_checks_of_a_run_are_shown_beside_its_findings(browser, run, state):
    """Each rule with its count and the first numbers, on a page without script; a plan that nobody checked has none."""
    path = f"{RUN_PATH}/{run['us']}"
    assert browser("VIEWER").get(f"{path}/checks.html").status_code == 404
    result = CheckResult(documents=9, stopped=1)
    result.count({"reason": "no_lines", "severity": "stop", "detail": ""}, 9, ["INV-1"])
    state.execute("update qbo_sync.plans set checks = %s where id = %s", (Jsonb(result.to_json()), run["us"]))

    page = browser("VIEWER").get(f"{path}/checks.html")

    assert page.status_code == 200
    assert "9 documents checked, 1 stopped" in page.text
    assert "no_lines" in page.text
    assert "INV-1" in page.text
    assert "<script" not in page.text
    assert f"{path}/checks.html" in browser("VIEWER").get(path).text


def test_findings_are_served_under_their_own_run_only(browser, run, state):
    """Who may see one DAG cannot reach another DAG's findings by guessing the plan's number."""
    viewer = browser("VIEWER")

    assert viewer.get(f"/qbo/runs/another_dag/{RUN}/{run['us']}").status_code == 404
    assert viewer.get(f"/qbo/runs/{DAG}/another_run/{run['us']}/findings.csv").status_code == 404
    assert viewer.get(f"{RUN_PATH}/999999").status_code == 404


def test_a_run_without_findings_says_so(browser, dsn):
    """A run that is still on its way has a page, not an error."""
    page = browser("VIEWER").get(f"/qbo/runs/{DAG}/manual__2")

    assert page.status_code == 200
    assert "kept no findings" in page.text


def test_recent_runs_show_counts_and_reasons(browser, run, state):
    """Every run has a row, the one that had nothing to do among them."""
    empty = add_run(state, state.execute("select id from qbo_sync.realms limit 1").fetchone()[0], [], "manual__empty")
    make_findings(state, empty)
    add_run(state, state.execute("select id from qbo_sync.realms limit 1").fetchone()[0], [], "manual__underway")

    page = browser("VIEWER").get("/qbo/").text

    assert page.count('title="manual__') == page.count("by hand") == 2
    for text in ("nothing to do", "on its way", "<code>refused</code> 1"):
        assert text in page


def test_pages_may_be_framed_by_airflow_alone(browser, run):
    """Airflow shows the pages in a frame of its own origin; no other site may, and nothing foreign is loaded."""
    headers = browser("VIEWER").get("/qbo/").headers

    policy = headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy
    assert "default-src 'none'" in policy
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["cache-control"] == "no-store"


def test_a_database_without_our_schema_names_the_cure(browser, pg, monkeypatch):
    """Before the first migration every page says which command makes the schema."""
    viewer = browser("VIEWER")
    empty = pg.create_database("without_schema")
    monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_DB", empty.replace("postgresql://", "postgres://"))

    answer = viewer.get("/qbo/")

    assert answer.status_code == 503
    assert "ledgerline migrate" in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/qbo/runs/{DAG}/manual%00", 404),
        (f"/qbo/runs/{DAG}%00/manual__1", 404),
        (f"{RUN_PATH}/first", 404),
        ("/qbo/mappings/us/customer?q=%00", 400),
        ("/qbo/mappings/us/customer?start=-1", 400),
        ("/qbo/mappings/us/customer?page=none", 400),
    ],
)
def test_an_address_that_cannot_be_is_refused_with_a_page(browser, run, path, status):
    """A number that is none, a sign that no name has: a page that says so, never a bare error and nothing of a fault inside."""
    answer = browser("VIEWER").get(path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>" in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_user_without_rights_is_told_which_one_and_what_it_needs(browser, dsn, pg, monkeypatch):
    """The schema is there, and nobody let the user of qbo_state_db work in it: a page with the cure, not a bare error."""
    viewer = browser("VIEWER")
    pg.run_sql("create role stranger login password 'x'")
    place = dsn.replace("postgresql://", "postgres://").partition("@")[2]
    monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_DB", f"postgres://stranger:x@{place}")

    answer = viewer.get("/qbo/")

    assert answer.status_code == 503
    assert "may not do this" in answer.text
    assert "grant qbo_sync_run" in answer.text


def test_links_hold_under_a_path_prefix(dsn, run, monkeypatch):
    """An Airflow that lives under a path of its host has our pages, their links and their script under it as well."""
    monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_DB", dsn.replace("postgresql://", "postgres://"))

    with airflow_fixture.served(airflow_fixture.airflow_app("/af")) as site:
        page = airflow_fixture.Visitor(site, "VIEWER", "ann").get(f"/af{RUN_PATH}").text

    assert f'href="/af{RUN_PATH}/{run["us"]}/findings.csv"' in page
    assert 'src="/af/qbo/console.js"' in page


def test_airflow_loads_the_plugin_alone_and_at_no_cost():
    """The loader finds one plugin in the folder and no error, and what every task imports brings no page along."""
    program = (
        "import sys\n"
        "from airflow import plugins_manager\n"
        "plugins, errors = plugins_manager._get_plugins()\n"
        "ours = [plugin for plugin in plugins if plugin.name.startswith('qbo')]\n"
        "print([plugin.name for plugin in ours], errors)\n"
        "print([view['href'] for plugin in ours for view in plugin.external_views])\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] == 'qbo_console'))"
    )
    plugins = str(Path(__file__).parents[2] / "plugins")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AIRFLOW__CORE__PLUGINS_FOLDER": plugins,
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    }

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)

    found, views, heavy = done.stdout.splitlines()[-3:]
    assert found == "['qbo_console'] {}"
    assert views == "['/qbo/', '/qbo/connect', '/qbo/runs/{DAG_ID}/{RUN_ID}']"
    assert heavy == "[]"


def test_a_page_without_its_database_says_so_kindly(browser, monkeypatch):
    """When the state database is down the page names the connection, and shows no traceback."""
    viewer = browser("VIEWER")
    monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_DB", "postgres://nobody:x@127.0.0.1:9/none")

    answer = viewer.get("/qbo/")

    assert answer.status_code == 503
    assert "qbo_state_db" in answer.text
    assert "Traceback" not in answer.text
