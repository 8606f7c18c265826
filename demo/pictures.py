"""Takes the pictures of the documentation from a running demo: `make demo`, then `python -m demo.pictures`.

Looks, and asks for two runs that write nothing to QuickBooks: a reconciliation, and an export whose approval is photographed
and then rejected. Needs Debian's chromium and the tools of requirements-dev.txt.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.runner.airflow_api import AirflowApi
from demo.runner.layout import CHECKOUT, Home, settings
from demo.runner.setup_steps import EXPORT_DAG
from demo.runner.stack import Stack

RECONCILE_DAG = "qbo_reconcile"
WIDTH = 1280
HEIGHTS = {"form": 1500, "approval": 1300, "connect": 560, "sign-on": 400, "reconciliation": 1200}
"""Of those that do not fit the usual height, or do not fill it."""
HEIGHT = 860
COLOURS = 128
"""Pictures of a user interface need few; this keeps each below 200 KB."""
RUN_SECONDS = 900
_CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@dataclass(frozen=True)
class Runs:
    """The runs that are shown."""

    export: str
    approval: str
    reconciliation: str


def main(arguments: list[str]) -> int:
    """Take all pictures, or those named."""
    parser = argparse.ArgumentParser(prog="python -m demo.pictures", description=__doc__)
    parser.add_argument("--into", type=Path, default=CHECKOUT / "docs" / "images", metavar="FOLDER")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(PICTURES)}; all of them without a name"
    )
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.names) - set(PICTURES)):
        parser.error(f"no picture is called {', '.join(unknown)}")
    home = Home.from_environment(settings())
    ports = home.remembered_ports()
    if ports is None:
        print("no demo was started here: run `make demo` first", file=sys.stderr)
        return 1
    take(Stack(home, ports), chosen.into, chosen.names or list(PICTURES))
    return 0


def take(stack: Stack, folder: Path, names: list[str]) -> None:
    """Take these pictures of a running stack and put them, as PNG, into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    runs = _runs(stack.api, names)
    try:
        with _browser(stack) as page:
            for name in names:
                page.set_viewport_size({"width": WIDTH, "height": HEIGHTS.get(name, HEIGHT)})
                PICTURES[name](page, stack, runs)
                file = folder / f"{name}.png"
                page.screenshot(path=file)
                _shrink(file)
                print(f"{file.name}: {file.stat().st_size // 1024} KB")
    finally:
        if runs.approval:
            _reject(stack.api, runs.approval)


@contextmanager
def _browser(stack: Stack) -> Iterator[Any]:
    """A tab of chromium with an empty profile, signed in to Airflow."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=_CHROMIUM)
        page = chromium.new_context(locale="en-GB").new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{stack.ui}/")
        page.fill("input[name=username]", "admin")
        page.fill("input[name=password]", stack.passwords["admin"])
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "login" not in address)
        yield page
        chromium.close()


def _runs(api: AirflowApi, names: list[str]) -> Runs:
    """The first export of a person, a reconciliation, and an export that waits for an answer.

    What came after the first export had nothing, or little, to send.
    """
    done = [run for run in api.runs(EXPORT_DAG) if (run["state"], run["run_type"]) == ("success", "manual")]
    exports = sorted(done, key=lambda run: str(run["start_date"]))
    approval = {"mode": "push_after_approval", "recopy": True, "from_date": "2026-10-01", "to_date": "2026-10-31"}
    asks = api.trigger(EXPORT_DAG, approval) if "approval" in names else ""
    reconciles = [run["dag_run_id"] for run in api.runs(RECONCILE_DAG) if run["state"] == "success"]
    if "reconciliation" in names and not reconciles:
        reconciles = [api.trigger(RECONCILE_DAG, {})]
        api.wait_for_run(RECONCILE_DAG, reconciles[0], RUN_SECONDS, lambda _: None)
    if asks:
        _wait(lambda: _question(api, asks), "the export asks for its approval")
    return Runs(exports[0]["dag_run_id"] if exports else "", asks, reconciles[0] if reconciles else "")


def _question(api: AirflowApi, run_id: str) -> bool:
    found = api.get(f"dags/{EXPORT_DAG}/dagRuns/{run_id}/hitlDetails?state=awaiting_input")
    return bool(found["hitl_details"])


def _reject(api: AirflowApi, run_id: str) -> None:
    answer = {"chosen_options": ["Reject"], "params_input": {}}
    api.patch(f"dags/{EXPORT_DAG}/dagRuns/{run_id}/taskInstances/realm.approve/0/hitlDetails", answer)


def _wait(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + RUN_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not after {RUN_SECONDS} s")
        time.sleep(1)


def _shrink(file: Path) -> None:
    from PIL import Image

    with Image.open(file) as picture:
        small = picture.convert("RGB").quantize(COLOURS)
    small.save(file, optimize=True)


def _settled(page: Any) -> None:
    """Wait until the page has asked for what it shows, and drawn it."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)


def _in_frame(page: Any, words: str) -> None:
    """Wait until our own page, which Airflow shows in a frame, has come."""
    page.frame_locator("iframe").get_by_text(words).first.wait_for()
    _settled(page)


def _form(page: Any, stack: Stack, runs: Runs) -> None:
    page.goto(f"{stack.ui}/dags/{EXPORT_DAG}")
    _settled(page)
    page.get_by_role("button", name="Trigger").first.click()
    page.get_by_text("Invoices dated from").first.wait_for()
    _settled(page)


def _grid(page: Any, stack: Stack, runs: Runs) -> None:
    page.goto(f"{stack.ui}/dags/{EXPORT_DAG}")
    _settled(page)


def _push_log(page: Any, stack: Stack, runs: Runs) -> None:
    page.goto(f"{stack.ui}/dags/{EXPORT_DAG}/runs/{runs.export}/tasks/realm.push/mapped/0")
    page.get_by_text("summary:").first.wait_for()
    _settled(page)


def _approval(page: Any, stack: Stack, runs: Runs) -> None:
    page.goto(f"{stack.ui}/dags/{EXPORT_DAG}/runs/{runs.approval}/tasks/realm.approve/mapped/0/required_actions")
    page.get_by_role("button", name="Reject").wait_for()
    _settled(page)


def _connect(page: Any, stack: Stack, runs: Runs) -> None:
    page.goto(f"{stack.ui}/qbo/connect")
    _settled(page)


def _sign_on(page: Any, stack: Stack, runs: Runs) -> None:
    page.goto(f"{stack.ui}/qbo/connect/demo")
    page.get_by_role("button", name="econnect").first.click()
    page.wait_for_url(lambda address: "/connect/oauth2" in address)
    _settled(page)


def _findings(page: Any, stack: Stack, runs: Runs) -> None:
    page.goto(f"{stack.ui}/dags/{EXPORT_DAG}/runs/{runs.export}/plugin/qbo-findings")
    _in_frame(page, "Every document")


def _overview(page: Any, stack: Stack, runs: Runs) -> None:
    page.goto(f"{stack.ui}/plugin/quickbooks")
    _in_frame(page, "Recent runs")


def _mappings(page: Any, stack: Stack, runs: Runs) -> None:
    page.goto(f"{stack.ui}/qbo/mappings/demo")
    _settled(page)


def _reconciliation(page: Any, stack: Stack, runs: Runs) -> None:
    page.goto(f"{stack.ui}/dags/{RECONCILE_DAG}/runs/{runs.reconciliation}/plugin/qbo-findings")
    page.frame_locator("iframe").get_by_text("Every difference").first.click()
    _in_frame(page, "onth")


PICTURES: dict[str, Callable[[Any, Stack, Runs], None]] = {
    "form": _form,
    "grid": _grid,
    "push-log": _push_log,
    "approval": _approval,
    "connect": _connect,
    "sign-on": _sign_on,
    "findings": _findings,
    "overview": _overview,
    "mappings": _mappings,
    "reconciliation": _reconciliation,
}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
