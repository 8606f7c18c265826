"""What the doctor asks of the sign-on and of the QuickBooks company's own preferences (FEATURES.md F2, F8, F153; G8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from include.billing_sync.company import CompanyFacts
from include.billing_sync.diagnosis import Diagnosis, Examined, day, green, hint, listed, red, stop
from include.billing_sync.settings import RealmSettings
from include.billing_sync.tax import tax_method

_SOON = timedelta(days=14)
_HARD_SOON = timedelta(days=60)
_LAPSED = frozenset({"EXPIRED", "CANCELED", "CANCELLED", "SUSPENDED"})
_CONNECT = "open the QuickBooks page in Airflow and sign on"
_SHORT_WAITS = {"settle_after": 150.0, "call_limit": 120.0, "pause_after_429": 60.0}


def sign_on_checks(examined: Examined) -> Iterator[Diagnosis]:
    """Whether the realm can be talked to, and whether it is the company that it says."""
    sign_on, now = examined.sign_on, examined.now
    for difference in examined.disagreements:
        yield stop(
            "wrong_company", difference, "connect the company that the Connection names, or correct the Connection"
        )
    if not sign_on.is_connected:
        yield stop("not_connected", "no QuickBooks company is connected", _CONNECT)
        return
    if sign_on.needs_reconnect is not None:
        yield stop("token_expired", f"QuickBooks refuses the stored sign-on: {sign_on.needs_reconnect}", _CONNECT)
        return
    for expires_at, soon, what in (
        (sign_on.refresh_expires_at, _SOON, "the sign-on ends at {}; each call prolongs it"),
        (sign_on.hard_expires_at, _HARD_SOON, "the sign-on ends for good at {}, whatever is called before"),
    ):
        if expires_at is not None and expires_at <= now:
            yield stop("token_expired", f"the sign-on ended at {expires_at:%Y-%m-%d %H:%M}", _CONNECT)
            return
        if expires_at is not None and expires_at - now < soon:
            yield hint("token_expiring", what.format(f"{expires_at:%Y-%m-%d %H:%M}"), _CONNECT)
    name = examined.facts.company_name if examined.facts else "(not read yet)"
    yield green("connected", f"Connected to: {name} ({sign_on.environment})")


def company_checks(examined: Examined, facts: CompanyFacts) -> Iterator[Diagnosis]:
    """The preferences of the company, one after the other."""
    yield from _changes(examined)
    yield from _subscription(facts)
    yield from _numbers(facts)
    yield from _dates(examined.settings, facts)
    yield from _currencies(examined, facts)
    yield from _tax(examined, facts)
    yield from _habits(facts)
    yield from _waits(examined)


def _changes(examined: Examined) -> Iterator[Diagnosis]:
    for change in examined.changes:
        name = change.fact.replace("_", " ")
        yield hint("preference_changed", f"{name} was {change.before} in QuickBooks and is now {change.after}")


def _subscription(facts: CompanyFacts) -> Iterator[Diagnosis]:
    if (facts.subscription or "").upper() in _LAPSED:
        text = f"the company's QuickBooks subscription is {facts.subscription}, so nothing can be written"
        yield stop("subscription_lapsed", text, "renew the subscription in QuickBooks")


def _numbers(facts: CompanyFacts) -> Iterator[Diagnosis]:
    if facts.has_custom_numbers:
        yield green("custom_numbers", "invoices keep billing's numbers")
    else:
        yield stop(
            "custom_numbers",
            "QuickBooks would give invoices numbers of its own, and none could be found again",
            "in QuickBooks: Account and settings, Sales, Sales form content, switch on Custom transaction numbers",
        )


def _dates(settings: RealmSettings, facts: CompanyFacts) -> Iterator[Diagnosis]:
    closing = facts.closing_date
    after = None if closing is None else closing + timedelta(days=1)
    if after is None:
        yield green("closing_date", "the books are open, no closing date is set")
    else:
        yield green("closing_date", f"the books are closed up to {day(after - timedelta(days=1))}")
    if settings.start_date is None:
        suggestion = f"; suggested: {day(after)}, the day after closing" if after else ", the first day to be pushed"
        yield stop("start_date", "start_date is not set", f"set start_date in settings.yaml{suggestion}")
    elif after is not None and settings.start_date < after:
        yield hint(
            "start_date",
            f"documents from {day(settings.start_date)} up to the closing date will be skipped (period_closed)",
            f"move start_date to {day(after)}; or reopen the books, push, and close them again",
        )
    else:
        yield green("start_date", f"documents from {day(settings.start_date)} on are pushed")


def _currencies(examined: Examined, facts: CompanyFacts) -> Iterator[Diagnosis]:
    used = examined.usage.currencies if examined.usage else {}
    foreign = sorted(currency for currency in used if currency != facts.home_currency)
    if foreign and not facts.is_multi_currency:
        yield red(
            "currency",
            f"billing has documents in {listed(foreign)}, the company keeps {facts.home_currency} only",
            "switch on multicurrency in QuickBooks (it cannot be undone), or keep these documents out",
        )
    elif facts.is_multi_currency:
        yield green("currency", f"the company keeps several currencies, {facts.home_currency} at home")
    else:
        yield green("currency", f"the company keeps {facts.home_currency}")


def _tax(examined: Examined, facts: CompanyFacts) -> Iterator[Diagnosis]:
    settings = examined.settings
    yield green("country", f"the company is in {facts.country}")
    try:
        method = tax_method(settings, facts.company)
    except ValueError:
        yield stop(
            "tax_setting",
            f"tax: {settings.tax} works in US companies only, and this one is in {facts.country}",
            "set tax to qbo_computes in settings.yaml, or leave it out",
        )
        return
    if method == "as_lines" and not facts.is_us:
        yield red(
            "tax_setting",
            f"tax: as_lines in {facts.country}, where QuickBooks computes tax from the code of each line as well",
            "set tax to qbo_computes, or map every tax code to one without tax",
        )
    else:
        yield green("tax_setting", f"tax: {method}")
    yield from _sales_tax(examined, facts, method)


def _sales_tax(examined: Examined, facts: CompanyFacts, method: str) -> Iterator[Diagnosis]:
    is_taxed = examined.usage is None or examined.usage.is_taxed
    if facts.uses_sales_tax:
        yield green("sales_tax", "sales tax is set up in QuickBooks")
    elif is_taxed and method != "as_lines":
        yield red(
            "sales_tax",
            "sales tax is off in QuickBooks, and billing charges tax",
            "set up sales tax in QuickBooks (Taxes, Sales tax), or set tax to as_lines",
        )
    else:
        yield hint("sales_tax", "sales tax is off in QuickBooks; documents are written without tax codes")
    if facts.is_us and facts.uses_automated_tax and method == "qbo_computes":
        yield hint(
            "automated_tax",
            "QuickBooks computes sales tax from addresses (automated sales tax); it may differ from billing's",
            "set tax to override to keep billing's amounts",
        )
    elif facts.is_us and facts.uses_automated_tax:
        yield green("automated_tax", f"automated sales tax is on; billing's tax is sent ({method})")


def _habits(facts: CompanyFacts) -> Iterator[Diagnosis]:
    """Preferences that do not hinder a push, but change what becomes of it."""
    if facts.applies_credits_itself or facts.applies_payments_itself:
        what = "credits" if facts.applies_credits_itself else "payments"
        yield hint(
            "applies_itself",
            f"QuickBooks applies {what} by itself, maybe to other invoices than billing does",
            "in QuickBooks: Account and settings, Advanced, Automation, switch it off",
        )
    if facts.tracks_classes:
        yield hint("classes", "the company tracks classes; documents come without one and show as not specified")
    if facts.tracks_departments:
        yield hint("locations", "the company tracks locations; documents come without one")


def _waits(examined: Examined) -> Iterator[Diagnosis]:
    if examined.sign_on.environment != "production":
        return
    waits = examined.settings.waits
    short = [name for name, least in _SHORT_WAITS.items() if getattr(waits, name) < least]
    if not short and waits.settle_after < waits.call_limit:
        short = ["settle_after"]
    if short:
        yield stop(
            "waits",
            f"{listed(short)} in waits are shorter than QuickBooks may take, so outcomes could be misjudged",
            "remove them from settings.yaml; shorter waits are for tests",
        )
