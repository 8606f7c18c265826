"""What the company doctor says of a realm, for a page: everything that is not ready yet comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from include.billing_sync.diagnosis import Diagnosis, Level
from include.stores.tokens import NoEncryptionError, WrongKeyError
from include.wiring.connections import ConnectionMissingError
from include.wiring.preflight import preflight
from include.wiring.settings import SettingsError
from qbo_hook.errors import QboError

_SAYS_WHY = (QboError, SettingsError, ConnectionMissingError, NoEncryptionError, WrongKeyError)
"""What keeps a realm from being examined, and names its cure."""


@dataclass(frozen=True, slots=True)
class Examination:
    """The doctor's findings by level; ``problem`` is why the realm could not be examined, empty when it was."""

    red: Sequence[Diagnosis] = ()
    hints: Sequence[Diagnosis] = ()
    green: Sequence[Diagnosis] = ()
    problem: str = ""


def examination(realm_key: str) -> Examination:
    """Examine the realm now. Asks QuickBooks and billing, so it may take some seconds."""
    try:
        findings = preflight(realm_key).findings
    except (*_SAYS_WHY, psycopg.Error) as error:
        return Examination(problem=str(error))
    red, hints, green = (
        [one for one in findings if one.level is level] for level in (Level.RED, Level.HINT, Level.GREEN)
    )
    return Examination(red, hints, green)
