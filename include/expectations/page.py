"""The result of the checks as one page that opens offline: no script, no font, no address to fetch from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.billing_sync.reasons import CATALOGUE

TEMPLATE = Path(__file__).with_name("page.html.j2")

EFFECTS = {
    "stop": "stays out",
    "approve": "waits for approval",
    "warn": "goes, with a warning",
    "note": "worth knowing",
}


def render(result: Mapping[str, Any], title: str) -> str:
    """The page for a result as it is kept with the plan (``CheckResult.to_json``).

    :param title: realm and run, for people.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    failed = sorted(
        (rule for rule in result["rules"] if rule["failed"]),
        key=lambda rule: (list(EFFECTS).index(rule["severity"]), -rule["failed"]),
    )
    met = [rule for rule in result["rules"] if not rule["failed"]]
    return template.render(result=result, title=title, failed=failed, met=met, catalogue=CATALOGUE, effects=EFFECTS)
