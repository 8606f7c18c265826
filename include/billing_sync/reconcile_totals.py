"""Totals of a reconciliation: per month and currency, per class, and the dates that it covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from include.billing_sync.documents import plain
from include.billing_sync.pairs import Difference, DriftClass, Pair, month_of

MONTHS_BEFORE = 3
"""How many months before this one are compared each night."""

_MONEY = ("billing", "qbo", "explained", "drift", "billing_open", "qbo_open", "payments")


@dataclass(slots=True)
class Sums:
    """Money of both sides. ``difference`` is what billing says more; ``explained`` and ``drift`` are what it consists of."""

    billing: Decimal = Decimal(0)
    qbo: Decimal = Decimal(0)
    explained: Decimal = Decimal(0)
    drift: Decimal = Decimal(0)
    billing_open: Decimal = Decimal(0)
    qbo_open: Decimal = Decimal(0)
    payments: Decimal = Decimal(0)

    @property
    def difference(self) -> Decimal:
        """Billed less invoiced."""
        return self.billing - self.qbo

    @property
    def difference_open(self) -> Decimal:
        """Open in billing less open in QuickBooks."""
        return self.billing_open - self.qbo_open

    @property
    def is_whole(self) -> bool:
        """Whether the differences make up the difference of the totals, to the cent."""
        return self.difference == self.explained + self.drift

    def to_json(self) -> dict[str, str]:
        """The sums as JSON; amounts are text, so that they stay exact."""
        return {name: plain(getattr(self, name)) for name in _MONEY}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Sums:
        """The sums that :meth:`to_json` wrote."""
        return cls(**{name: Decimal(content[name]) for name in _MONEY})


@dataclass(slots=True)
class ClassSum:
    """Rows, and their money, of one class, explanation and currency."""

    drift: DriftClass
    explained: str
    currency: str
    rows: int = 0
    amount: Decimal = Decimal(0)


@dataclass(slots=True)
class Totals:
    """What a reconciliation found, added up document by document.

    Each document that either side has is counted once, in one of: ``agreeing`` (on both sides, equal to the cent), ``void``
    (void or deleted in billing, and void or absent in QuickBooks), ``explained``, ``drifting``.
    """

    billed: int = 0
    held: int = 0
    agreeing: int = 0
    explained: int = 0
    drifting: int = 0
    void: int = 0
    by_month: dict[tuple[str, str], Sums] = field(default_factory=dict)
    by_class: dict[tuple[DriftClass, str, str], ClassSum] = field(default_factory=dict)

    def add(self, pair: Pair, found: Iterable[Difference]) -> None:
        """Count one document with its differences."""
        rows = list(found)
        self._count(pair, rows)
        if pair.mine:
            sums = self._sums(pair.owed_day, pair.mine.currency)
            sums.billing += pair.owed
            sums.billing_open += pair.owed_open
        if pair.held:
            sums = self._sums(pair.held.day, pair.held.currency)
            sums.qbo += pair.invoiced
            sums.qbo_open += pair.invoiced_open
        for one in rows:
            self._add_difference(one)

    def _count(self, pair: Pair, rows: list[Difference]) -> None:
        self.billed += pair.mine is not None
        self.held += pair.held is not None
        self.drifting += any(one.is_drift for one in rows)
        self.explained += bool(rows) and not any(one.is_drift for one in rows) and any(one.explained for one in rows)
        is_quiet = bool(pair.mine or pair.held) and not any(one.is_drift or one.explained for one in rows)
        is_void = pair.mine is None or pair.mine.is_gone
        self.agreeing += is_quiet and not is_void
        self.void += is_quiet and is_void

    def _add_difference(self, one: Difference) -> None:
        sums = self._sums(one.day, one.currency)
        if one.is_payment:
            sums.payments += one.amount
        elif one.explained:
            sums.explained += one.amount
        else:
            sums.drift += one.amount
        key = (one.drift, one.explained, one.currency)
        group = self.by_class.setdefault(key, ClassSum(*key))
        group.rows += 1
        group.amount += one.amount

    def _sums(self, day: date | None, currency: str) -> Sums:
        return self.by_month.setdefault((month_of(day), currency), Sums())

    def months(self) -> list[tuple[str, str, Sums]]:
        """Currency by currency, the one with most in billing first, the months in order: month, currency, sums."""
        billed: dict[str, Decimal] = {}
        for (_, currency), sums in self.by_month.items():
            billed[currency] = billed.get(currency, Decimal(0)) + sums.billing
        ordered = sorted(self.by_month.items(), key=lambda item: (-billed[item[0][1]], item[0][1], item[0][0]))
        return [(month, currency, sums) for (month, currency), sums in ordered]

    def by_currency(self) -> list[tuple[str, Sums]]:
        """The sums of all months of each currency."""
        whole: dict[str, Sums] = {}
        for _, currency, sums in self.months():
            total = whole.setdefault(currency, Sums())
            for name in _MONEY:
                setattr(total, name, getattr(total, name) + getattr(sums, name))
        return list(whole.items())

    def classes(self) -> list[ClassSum]:
        """The sums of each class: drift before what is explained, payments last, then in the order of the classes."""
        order = list(DriftClass)
        groups = self.by_class.values()
        return sorted(
            groups, key=lambda one: (bool(one.explained), order.index(one.drift), one.explained, one.currency)
        )

    @property
    def in_words(self) -> str:
        """The counts as one sentence of a log or page."""
        return (
            f"{self.billed:,} documents in billing, {self.held:,} in QuickBooks: {self.agreeing:,} agree to the cent, "
            f"{self.void:,} void and owed on neither side, {self.explained:,} differ and are explained, {self.drifting:,} drift"
        )

    @property
    def drift_rows(self) -> int:
        """Differences that somebody has to look at."""
        return sum(one.rows for one in self.classes() if not one.explained and one.drift is not DriftClass.BALANCE)

    def to_json(self) -> dict[str, Any]:
        """All totals as JSON, for ``qbo_sync.reconciliations``."""
        return {
            "billed": self.billed,
            "held": self.held,
            "agreeing": self.agreeing,
            "explained": self.explained,
            "drifting": self.drifting,
            "void": self.void,
            "months": [{"month": month, "currency": code, **sums.to_json()} for month, code, sums in self.months()],
            "classes": [
                {
                    "class": str(one.drift),
                    "explained": one.explained,
                    "currency": one.currency,
                    "rows": one.rows,
                    "amount": plain(one.amount),
                }
                for one in self.classes()
            ],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Totals:
        """The totals that :meth:`to_json` wrote."""
        # What was kept before void documents were counted apart had them among the agreeing ones.
        counts = (content.get(name, 0) for name in ("billed", "held", "agreeing", "explained", "drifting", "void"))
        totals = cls(*counts)
        for one in content["months"]:
            totals.by_month[one["month"], one["currency"]] = Sums.from_json(one)
        for one in content["classes"]:
            key = (DriftClass(one["class"]), one["explained"], one["currency"])
            totals.by_class[key] = ClassSum(*key, one["rows"], Decimal(one["amount"]))
        return totals


def period(today: date, from_date: date | None, to_date: date | None, start_date: date | None) -> tuple[date, date]:
    """The local dates to compare, both included: what was asked for, else this month and the three before.

    Nothing before the realm's start date is compared. Raises ValueError when nothing is left between the two.
    """
    last = to_date or _month_end(max(today, from_date or today))
    first = from_date or _first_of_month(min(today, last), -MONTHS_BEFORE)
    if start_date is not None:
        first = max(first, start_date)
    if first > last:
        raise ValueError(f"nothing is to be compared up to {last}: the first day that is synchronised is {first}")
    return first, last


def _first_of_month(day: date, months: int) -> date:
    months_since = day.year * 12 + day.month - 1 + months
    return date(months_since // 12, months_since % 12 + 1, 1)


def _month_end(day: date) -> date:
    return date.fromordinal(_first_of_month(day, 1).toordinal() - 1)
