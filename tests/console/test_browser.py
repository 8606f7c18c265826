"""The sign-on, the mappings and the findings in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from include.wiring.findings import make_findings
from tests.conftest import missing
from tests.console import airflow_fixture
from tests.console.run_fixture import DAG, Document, add_realm, add_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser, which takes seconds to start; each test has a context of its own in it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("chromium", "apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # The sandbox of chromium wants rights that containers do not give.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def tab(chromium: Any, site: str, browser: Any) -> Iterator[Any]:
    """A tab of chromium, signed in to Airflow as an administrator; what its console complains about fails the test."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    context.add_cookies([{"name": "_token", "value": airflow_fixture.login_token("ann", "ADMIN"), "url": site}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    yield page
    context.close()
    assert complaints == []


def is_complaint(message: Any) -> bool:
    """Whether the browser's console names an error; a page that is not ours may lack an icon."""
    return message.type == "error" and not message.location["url"].endswith("/favicon.ico")


@pytest.mark.row("F1", "F5", "F16")
def test_a_person_connects_and_disconnects_a_company(tab, site, realms, state):
    """From the connect page over the sign-on to *Connected to*, and by typing the realm's name off again."""
    tab.goto(f"{site}/qbo/connect")
    tab.locator("section", has_text="qbo_us").get_by_role("button", name="Connect").click()
    tab.get_by_text("Craig's Design and Landscaping Services").click()
    tab.get_by_role("button", name="Connect", exact=True).click()

    heading = tab.get_by_role("heading", level=1)
    assert heading.inner_text() == "Connected to: Craig's Design and Landscaping Services"
    assert tab.url == f"{site}/qbo/connect/us"

    tab.get_by_label("to confirm").fill("us")
    tab.get_by_role("button", name="Disconnect").click()

    assert heading.inner_text() == "us is disconnected"
    assert state.execute("select count(*) from qbo_sync.tokens").fetchone() == (0,)


def test_a_person_says_no(tab, site, realms, state):
    """*No thanks* on the sign-on page leads back to a kind page, from which one can start again."""
    tab.goto(f"{site}/qbo/connect")
    tab.locator("section", has_text="qbo_us").get_by_role("button", name="Connect").click()
    tab.get_by_role("button", name="No thanks").click()

    assert tab.get_by_role("heading", level=1).inner_text() == "You said no at Intuit"
    tab.get_by_role("link", name="Back to the connect page").click()
    assert tab.get_by_role("button", name="Connect").count() == 2


@pytest.mark.row("F27", "F28")
def test_a_person_maps_a_customer(tab, site, world):
    """Look the customer up on the right, choose it, see it confirmed; think again, and undo."""
    world.customer("c2", "Söhne & <b>Co</b> 🚀")
    tab.goto(f"{site}/qbo/mappings/demo")
    tab.get_by_role("link", name="c2", exact=True).click()
    tab.get_by_label("Find in QuickBooks").fill("windsurf")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Choose Bill's Windsurf Shop").click()

    assert tab.get_by_role("status").inner_text().startswith("Söhne & <b>Co</b> 🚀 c2: confirmed Bill's Windsurf Shop")
    chosen = "select qbo_id, changed_by from qbo_sync.mappings where kind = 'customer'"
    assert world.sql(chosen) == [("2", "ann")]

    tab.get_by_role("button", name="Undo").click()

    assert "not mapped any more" in tab.get_by_role("status").inner_text()
    assert world.sql(chosen) == []


def test_findings_in_airflows_frame_open_quickbooks_outside_of_it(tab, site, state):
    """Airflow's frame may not open windows, so the page around it opens the invoice; the CSV comes as a download."""
    plan_id = add_run(
        state,
        add_realm(state),
        [Document("1", "Error", "total_differs", "INV-1", qbo_id="145", qbo_total=Decimal("99.00"))],
    )
    make_findings(state, plan_id)
    frame = (
        f'<iframe sandbox="allow-scripts allow-same-origin allow-forms allow-downloads" src="/qbo/runs/{DAG}/manual__1"'
    )
    tab.goto(f"{site}/qbo/console.js")
    tab.set_content(f'{frame} width="1100" height="800"></iframe>')
    tab.context.route("https://sandbox.qbo.intuit.com/**", lambda route: route.fulfill(body="the invoice"))
    inside = tab.frame_locator("iframe")

    inside.get_by_role("link", name="Every document").click()
    with tab.context.expect_page() as opened:
        inside.get_by_role("link", name="Open").click()
    with tab.expect_download() as download:
        inside.get_by_role("link", name="CSV").click()

    assert opened.value.url == "https://sandbox.qbo.intuit.com/app/invoice?txnId=145"
    assert download.value.suggested_filename == "findings-demo-manual__1.csv"
