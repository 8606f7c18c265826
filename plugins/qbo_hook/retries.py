"""May a call be repeated at once, and after how long? Pure functions (DESIGN.md, section 5, rule 5).

Repeated are reads, and writes that were surely not executed. A write whose outcome is unknown is never repeated here: its owner
asks QBO first. The waits are of seconds; Airflow's are of minutes, and the two do not multiply.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from qbo_hook.errors import (
    QboAuthError,
    QboError,
    QboNameLock,
    QboNotConnected,
    QboThrottled,
    QboTlsFailure,
    QboTokenExpired,
    QboTokenUnavailable,
    QboUnknownOutcome,
)


@dataclass(frozen=True)
class Waits:
    """How patient the client is.

    :param call_limit: seconds for one call, the whole answer included
    :param connect_limit: seconds until its first byte must be on its way
    :param pause_after_429: seconds without a call when the server named none (QBO.md, section 3)
    :param first_delay: seconds before the first repeat of a failed call; each further one waits twice as long
    :param longest_delay: seconds at which the doubling ends
    :param longest_pause: seconds; the client gives up rather than sit out a longer wish of the server
    :param repeats: how often one kind of failure may be repeated within one call
    """

    call_limit: float = 150.0
    connect_limit: float = 10.0
    pause_after_429: float = 60.0
    first_delay: float = 1.0
    longest_delay: float = 30.0
    longest_pause: float = 300.0
    repeats: int = 4


class Randomness(Protocol):
    """What is needed of a random number generator."""

    def random(self) -> float:
        """A number from 0 up to 1."""


DEFAULT_WAITS = Waits()


def may_retry(error: QboError, attempt: int, is_write: bool, waits: Waits = DEFAULT_WAITS) -> bool:
    """Whether the same bytes may be sent again at once.

    :param error: how the sending ended
    :param attempt: how often this call has ended in this class of error, this time included
    :param is_write: True if the call changes anything in QBO
    :param waits: how often
    """
    if isinstance(error, QboTokenExpired | QboTlsFailure):
        return False
    if isinstance(error, QboAuthError) and not isinstance(error, QboTokenUnavailable):
        return attempt <= 1
    if (error.retry_after or 0.0) > waits.longest_pause:
        return False
    if isinstance(error, QboNotConnected | QboTokenUnavailable | QboThrottled | QboNameLock):
        return attempt <= waits.repeats
    return not is_write and _may_pass(error) and attempt <= waits.repeats


def delay(error: QboError, attempt: int, rng: Randomness, waits: Waits = DEFAULT_WAITS) -> float:
    """Seconds to wait before the repeat: what the server asked for, else doubling with jitter.

    :param error: how the sending ended
    :param attempt: as for :func:`may_retry`
    :param rng: source of the jitter, so that many workers do not come back at one moment
    :param waits: the figures
    """
    if isinstance(error, QboThrottled):
        return _pause(error, waits)
    if isinstance(error, QboAuthError) and not isinstance(error, QboTokenUnavailable):
        return 0.0
    doubled = min(waits.first_delay * 2.0 ** (attempt - 1), waits.longest_delay)
    return max(doubled * (0.75 + rng.random() / 2), error.retry_after or 0.0)


def _pause(error: QboError, waits: Waits) -> float:
    return waits.pause_after_429 if error.retry_after is None else error.retry_after


def _may_pass(error: QboError) -> bool:
    """A time-out, a reset, a 5xx, a torn answer or a breakdown of QBO may pass; a redirect, an odd 4xx or a 501 will not."""
    status = error.http_status
    if status == 501:
        return False
    has_status_that_passes = status is None or status < 300 or status >= 500
    return isinstance(error, QboUnknownOutcome) and (has_status_that_passes or error.fault is not None)
