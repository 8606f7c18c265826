"""Turns values into the project's pages and mails: one Jinja2 environment, autoescaped, with all CSS inline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from include.billing_sync.findings import Sum, Totals, badge
from include.billing_sync.money import exponent, is_known_currency

TEMPLATES = Path(__file__).parent / "templates"
NOTHING = "\N{EN DASH}"
"""What a table shows where there is no value."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart: the share of the longest one, in percent."""

    sum: Sum
    share: Decimal


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
    environment.filters["bars"] = bars
    environment.filters["badge"] = lambda company: badge(company.base_url, company.environment)
    return environment


def money(amount: Decimal | None, currency: str | None = None) -> str:
    """An amount for people: thousands apart, never fewer places than its currency has and never rounded."""
    if amount is None:
        return NOTHING
    places = exponent(currency) if currency and is_known_currency(currency) else 2
    normal = amount.normalize()
    exact = max(0, -int(normal.as_tuple().exponent))
    return f"{normal:,.{max(places, exact)}f}"


def moment(at: datetime | None) -> str:
    """A point in time for people, with its zone."""
    return at.strftime("%Y-%m-%d %H:%M %Z") if at else NOTHING


def bars(totals: Totals) -> list[tuple[str, list[Bar]]]:
    """The chart's bars per currency: one per status, as long as its billing total is large."""
    charts: dict[str, list[Sum]] = {}
    for one in totals.by_status():
        charts.setdefault(one.currency, []).append(one)
    return [(currency, _scaled(sums)) for currency, sums in sorted(charts.items())]


def _scaled(sums: Iterable[Sum]) -> list[Bar]:
    sums = list(sums)
    longest = max(abs(one.billing) for one in sums) or Decimal(1)
    return [Bar(one, round(abs(one.billing) * 100 / longest, 2)) for one in sums]
