"""Windows of local dates: what a realm's calendar makes of the instants that a scheduler hands over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def local_window(interval_start: datetime, interval_end: datetime, time_zone: str) -> tuple[date, date]:
    """The first and the last local date of the days that ended within the interval, both included.

    Daily intervals that follow one another leave no date out, wherever their borders lie in the realm's day and however long
    the clocks make it, and name none twice where they begin at the realm's midnight. An interval within one local day gives
    that day. Raises ValueError for naive instants, an end before the start, an unknown time zone.
    """
    if interval_end < interval_start:
        raise ValueError(f"the interval ends ({interval_end}) before it starts ({interval_start})")
    first = local_date(interval_start, time_zone)
    after = local_date(interval_end, time_zone)
    return first, max(first, after - timedelta(days=1))


def local_date(instant: datetime, time_zone: str) -> date:
    """The date that the calendar in this time zone shows at an (aware) instant. Raises ValueError as above."""
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no time zone, so it is no instant")
    return instant.astimezone(zone(time_zone)).date()


def zone(time_zone: str) -> ZoneInfo:
    """The IANA time zone of that name. Raises ValueError when there is none."""
    try:
        return ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: names such as "Europe" are folders of the database.
        raise ValueError(f"{time_zone!r} is no IANA time zone; write one such as Europe/London") from None
