"""Turns values into the project's pages and mails: one Jinja2 environment, autoescaped, with all CSS inline."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from include.billing_sync.findings import Sum, Totals, badge
from include.billing_sync.money import for_people
from include.billing_sync.statuses import Status

TEMPLATES = Path(__file__).parent / "templates"
NOTHING = "\N{EN DASH}"
"""What a table shows where there is no value."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart: a status, its share of the longest bar in percent, and its money by currency."""

    status: Status
    count: int
    share: Decimal
    sums: list[Sum]


def render(template: str, **values: Any) -> str:
    """The page or mail as text. A value that the template needs and does not get is an error, never a blank."""
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    """The environment of all templates; only ``.txt`` is not escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(disabled_extensions=("txt", "css"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["money"] = money
    environment.filters["moment"] = moment
    environment.filters["duration"] = duration
    environment.filters["bars"] = bars
    environment.filters["causes"] = causes
    environment.filters["badge"] = lambda company: badge(company.base_url, company.environment)
    return environment


def money(amount: Decimal | None, currency: str | None = None) -> str:
    """An amount for people: thousands apart, never fewer places than its currency has and never rounded."""
    return NOTHING if amount is None else for_people(amount, currency)


def moment(at: datetime | None) -> str:
    """A point in time for people, with its zone."""
    return at.strftime("%Y-%m-%d %H:%M %Z") if at else NOTHING


def duration(seconds: Decimal) -> str:
    """A span of time for people: tenths of a second below ten seconds, then seconds, minutes, hours, none rounded up."""
    if seconds < 10:
        return f"{seconds.quantize(Decimal('0.1'), ROUND_DOWN)} s"
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h {whole % 3600 // 60} min"


def causes(totals: Totals) -> list[tuple[str, int]]:
    """The reasons that kept documents out, each once whatever the currencies, that of most documents first."""
    counts: Counter[str] = Counter()
    for one in totals.ordered():
        if one.status is not Status.SYNCED:
            counts[one.reason] += one.count
    return counts.most_common()


def bars(totals: Totals) -> list[Bar]:
    """The chart's bars: one per status, as long as it has documents, since money of two currencies has no common length."""
    sums: dict[Status, list[Sum]] = {}
    for one in totals.by_status():
        sums.setdefault(one.status, []).append(one)
    longest = max((sum(one.count for one in some) for some in sums.values()), default=1)
    return [_bar(status, sorted(some, key=lambda one: -one.count), longest) for status, some in sums.items()]


def _bar(status: Status, sums: list[Sum], longest: int) -> Bar:
    count = sum(one.count for one in sums)
    return Bar(status, count, round(Decimal(count) * 100 / longest, 2), sums)
