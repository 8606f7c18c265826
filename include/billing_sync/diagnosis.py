"""What the company doctor looks at, and what it says.

Every check says something, good or bad, with a cure where it is bad. Red means that documents will be missing or wrong
until it is cured; only where nothing at all could go well does it stop the realm, because one missing mapping must hold
back its own documents and no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from include.billing_sync.accounts import account_called
from include.billing_sync.company import Change, CompanyFacts
from include.billing_sync.documents import Line
from include.billing_sync.mapping import MappingBook
from include.billing_sync.names import ListRow
from include.billing_sync.settings import RealmSettings


class Level(StrEnum):
    """How a check came out."""

    GREEN = "green"
    HINT = "hint"
    RED = "red"


_OWN_REASONS = frozenset({"not_connected", "token_expired", "wrong_company", "subscription_lapsed"})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The outcome of one check. ``stops``: no push of this realm may begin before the cure."""

    code: str
    level: Level
    text: str
    cure: str = ""
    stops: bool = False

    @property
    def reason(self) -> str:
        """The reason of the catalogue that a stopped realm's documents get."""
        return self.code if self.code in _OWN_REASONS else "preflight_failed"


@dataclass(frozen=True, slots=True)
class SignOn:
    """What is known of the realm's sign-on. ``needs_reconnect`` is why the tokens are of no use any more."""

    is_connected: bool
    environment: str = "production"
    needs_reconnect: str | None = None
    refresh_expires_at: datetime | None = None
    hard_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """One way in which billing's lines ask for an item and a tax code, and how many lines do."""

    line: Line
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Usage:
    """What the documents in view need of the mapping book: their lines, each way once, and their currencies.

    ``unrouted`` counts the documents that go to no company at all, by the realm key that billing gives them.
    """

    uses: Sequence[Use] = ()
    currencies: Mapping[str, int] = field(default_factory=dict)
    unrouted: Mapping[str | None, int] = field(default_factory=dict)

    @property
    def is_taxed(self) -> bool:
        """Whether any line carries tax."""
        return any(use.line.kind == "tax" or use.line.tax_amount for use in self.uses)


class Lists:
    """The entries of QuickBooks' lists that settings and mappings name. ``unread`` are lists that were never read."""

    def __init__(self, rows: Iterable[ListRow] = (), unread: Sequence[str] = ()) -> None:
        """Index the rows by list and id."""
        self._rows = {(row.entity, row.qbo_id): row for row in rows}
        self.unread = tuple(unread)

    def get(self, entity: str, qbo_id: str) -> ListRow | None:
        """One entry, or None when QuickBooks has none of this id."""
        return self._rows.get((entity, qbo_id))

    def account_called(self, name: str) -> ListRow | None:
        """The account of this name, or None."""
        return account_called(name, self._rows.values())


@dataclass(frozen=True, slots=True)
class Examined:
    """Everything that the doctor looks at. ``facts`` is None before the company was ever asked, ``usage`` when not known."""

    settings: RealmSettings
    sign_on: SignOn
    now: datetime
    facts: CompanyFacts | None = None
    book: MappingBook = field(default_factory=lambda: MappingBook(()))
    lists: Lists = field(default_factory=Lists)
    usage: Usage | None = None
    disagreements: Sequence[str] = ()
    changes: Sequence[Change] = ()


@dataclass(frozen=True, slots=True)
class PreflightReport:
    """All that the doctor found for one realm, in the order of the checks."""

    realm_key: str
    findings: tuple[Diagnosis, ...]

    @property
    def is_red(self) -> bool:
        """Whether anything has to be cured before all documents can go."""
        return any(finding.level is Level.RED for finding in self.findings)

    @property
    def stops(self) -> bool:
        """Whether no push may begin at all."""
        return any(finding.stops for finding in self.findings)

    @property
    def reason(self) -> str | None:
        """The reason for a stopped realm's documents; None when it may push."""
        return next((finding.reason for finding in self.findings if finding.stops), None)

    def lines(self) -> Iterator[str]:
        """The report for a log: red first, each with its cure."""
        for finding in sorted(self.findings, key=lambda finding: _ORDER[finding.level]):
            cure = f". What to do: {finding.cure}" if finding.cure else ""
            yield f"{finding.level.value:5} {finding.code}: {finding.text}{cure}"


_ORDER = {Level.RED: 0, Level.HINT: 1, Level.GREEN: 2}


def green(code: str, text: str) -> Diagnosis:
    """A check that came out well."""
    return Diagnosis(code, Level.GREEN, text)


def hint(code: str, text: str, cure: str = "") -> Diagnosis:
    """Worth knowing; nothing is held back by it."""
    return Diagnosis(code, Level.HINT, text, cure)


def red(code: str, text: str, cure: str) -> Diagnosis:
    """Some documents will be missing or wrong until it is cured."""
    return Diagnosis(code, Level.RED, text, cure)


def stop(code: str, text: str, cure: str) -> Diagnosis:
    """No document can go before it is cured."""
    return Diagnosis(code, Level.RED, text, cure, stops=True)


def listed(names: Iterable[str], most: int = 10) -> str:
    """The names for one sentence: the first ones, and how many more there are."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more


def day(value: date) -> str:
    """A day as settings are written."""
    return value.isoformat()
