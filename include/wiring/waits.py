"""How long the tasks wait between two tries. Of an installation, not of a company.

Each may be set in the environment of Airflow's processes, in seconds; short ones are for tests and demonstrations.
"""

from __future__ import annotations

import os
from datetime import timedelta


class WaitError(ValueError):
    """A wait in the environment that is no number of seconds, or days."""

    failure_mode = "person"


def seconds(variable: str, default: float) -> float:
    """A wait in seconds. Raises WaitError, which names the variable, for what is no number above 0."""
    text = os.environ.get(variable)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86_400:
        raise WaitError(f"{variable}={text}: write seconds, more than 0 and at most 86400")
    return value


def days(variable: str, default: int) -> int:
    """How many days something is kept. Raises WaitError, which names the variable, for what is no whole number from 7 on."""
    text = os.environ.get(variable)
    if not text:
        return default
    value = int(text) if text.isascii() and text.isdecimal() else 0
    if not 7 <= value <= MOST_DAYS:
        raise WaitError(f"{variable}={text}: write whole days, 7 to {MOST_DAYS}")
    return value


MOST_DAYS = 3650
BUSY_DELAY = timedelta(seconds=seconds("LEDGERLINE_BUSY_DELAY", 120))
"""After how long a busy push is tried again; it holds no slot meanwhile."""
RETRY_DELAY = timedelta(seconds=seconds("LEDGERLINE_RETRY_DELAY", 60))
"""After how long any other task is tried again whose cause may pass, or whose process was killed."""
