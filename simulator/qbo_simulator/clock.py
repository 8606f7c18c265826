"""The simulator's clock: real time plus an offset, or standing still; and QBO's ways of printing times."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")


class Clock:
    """Seconds since the epoch as the simulated company sees them."""

    def __init__(self, offset: float = 0.0, frozen_at: float | None = None) -> None:
        self.offset = offset
        self.frozen_at = frozen_at

    def now(self) -> float:
        """Simulated time in seconds since the epoch."""
        return self.frozen_at if self.frozen_at is not None else time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Move forward (or back, with a negative number)."""
        if self.frozen_at is not None:
            self.frozen_at += seconds
        else:
            self.offset += seconds

    def set(self, moment: float) -> None:
        """Jump to a moment and go on from there."""
        if self.frozen_at is not None:
            self.frozen_at = moment
        else:
            self.offset = moment - time.time()

    def freeze(self, frozen: bool) -> None:
        """Stop or restart the clock without a jump."""
        current = self.now()
        if frozen:
            self.frozen_at = current
        else:
            self.frozen_at = None
            self.offset = current - time.time()

    def today(self) -> date:
        """The date of Intuit's servers (Pacific), the default of TxnDate."""
        return datetime.fromtimestamp(self.now(), PACIFIC).date()


def meta_time(seconds: int) -> str:
    """``MetaData`` form: no milliseconds, Pacific offset of that date."""
    return datetime.fromtimestamp(seconds, PACIFIC).isoformat()


def answer_time(seconds: float) -> str:
    """Top-level ``time`` form: milliseconds and Pacific offset."""
    return datetime.fromtimestamp(seconds, PACIFIC).isoformat(timespec="milliseconds")


def parse_moment(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 date or date-time; without an offset it is Pacific. Raises ``ValueError``."""
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)).timestamp()


def iso_utc(seconds: float) -> str:
    """UTC form used by the control plane."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def add_days(day: str, days: int) -> str:
    """ISO date ``days`` after an ISO date."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
