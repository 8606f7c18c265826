"""Dates and the books: what is closed, what is reported, and where a document of a closed period may go."""

from __future__ import annotations

from datetime import date, timedelta

from include.billing_sync.settings import Company, RealmSettings

ONE_DAY = timedelta(days=1)


def first_open_day(company: Company) -> date | None:
    """The day after the closing date, which is also the start date to suggest; None when nothing is closed."""
    return company.closing_date + ONE_DAY if company.closing_date else None


def posting_date(invoice_date: date, settings: RealmSettings, company: Company) -> date:
    """The date under which a document is created: its own, or by ``closed_period: move_date`` the first open day.

    The setting is the recorded consent: it stands in settings.yaml under version control, and each moved document
    says so with the reason ``date_moved``.
    """
    open_day = first_open_day(company)
    if settings.closed_period == "move_date" and open_day and invoice_date < open_day:
        return open_day
    return invoice_date


def days_after_closing(dates: tuple[date | None, ...], company: Company) -> int | None:
    """Days from the closing date to the earliest of the dates; zero or less is closed. None when nothing is closed."""
    known = [one for one in dates if one is not None]
    if company.closing_date is None or not known:
        return None
    return (min(known) - company.closing_date).days


def reported_before(settings: RealmSettings, today: date) -> date | None:
    """The first day whose documents may be changed without approval; None when ``locked_before`` is off.

    ``previous_month`` is the first day of the month before ``today``, which is a local date of the realm.
    """
    if settings.locked_before == "off":
        return None
    if settings.locked_before == "previous_month":
        return (today.replace(day=1) - ONE_DAY).replace(day=1)
    return settings.locked_before
