"""The facts of a QuickBooks company that decide how documents are written, read from CompanyInfo and Preferences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from include.billing_sync.settings import Company

Entity = Mapping[str, Any]

_UNITED_STATES = frozenset({"US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA"})


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What QBO says of a company. ``closing_date`` None: the books are open. ``subscription`` None: QBO does not say."""

    company_name: str
    country: str
    home_currency: str
    is_multi_currency: bool
    has_custom_numbers: bool
    closing_date: date | None = None
    uses_sales_tax: bool = True
    uses_automated_tax: bool = False
    applies_credits_itself: bool = False
    applies_payments_itself: bool = False
    tracks_classes: bool = False
    tracks_departments: bool = False
    allows_discounts: bool = True
    allows_service_dates: bool = True
    subscription: str | None = None

    @property
    def company(self) -> Company:
        """The part that documents are built with."""
        return Company(
            self.country,
            self.home_currency,
            self.is_multi_currency,
            self.has_custom_numbers,
            self.closing_date,
            self.uses_automated_tax,
            self.uses_sales_tax,
        )

    @property
    def is_us(self) -> bool:
        """Whether lines carry TAX and NON instead of tax codes."""
        return self.company.is_us

    def to_json(self) -> dict[str, Any]:
        """The facts as they are kept between runs."""
        return {**asdict(self), "closing_date": self.closing_date.isoformat() if self.closing_date else None}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> CompanyFacts:
        """The facts that :meth:`to_json` wrote, also by a release that knew fewer. Raises TypeError when one is missing."""
        known = {field.name: content[field.name] for field in fields(cls) if field.name in content}
        closing_date = known.get("closing_date")
        return cls(**{**known, "closing_date": date.fromisoformat(closing_date) if closing_date else None})


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that the accountant changed since it was last read."""

    fact: str
    before: Any
    after: Any


def company_facts(company_info: Entity, preferences: Entity) -> CompanyFacts:
    """The facts in QBO's two singletons. Raises ValueError naming what is missing or unreadable in them."""
    accounting = _part(preferences, "AccountingInfoPrefs")
    sales = _part(preferences, "SalesFormsPrefs")
    tax = _part(preferences, "TaxPrefs")
    currency = _part(preferences, "CurrencyPrefs")
    home_currency = _part(currency, "HomeCurrency").get("value")
    if not home_currency:
        raise ValueError("QuickBooks' Preferences name no home currency")
    return CompanyFacts(
        company_name=str(company_info.get("CompanyName") or ""),
        country=_country(company_info),
        home_currency=str(home_currency),
        is_multi_currency=_is(currency, "MultiCurrencyEnabled"),
        has_custom_numbers=_is(sales, "CustomTxnNumbers"),
        closing_date=_day(accounting.get("BookCloseDate")),
        uses_sales_tax=_is(tax, "UsingSalesTax"),
        uses_automated_tax=_is(tax, "PartnerTaxEnabled"),
        applies_credits_itself=_is(sales, "AutoApplyCredit"),
        applies_payments_itself=_is(sales, "AutoApplyPayments"),
        tracks_classes=_is(accounting, "ClassTrackingPerTxn") or _is(accounting, "ClassTrackingPerTxnLine"),
        tracks_departments=_is(accounting, "TrackDepartments"),
        allows_discounts=_is(sales, "AllowDiscount", default=True),
        allows_service_dates=_is(sales, "AllowServiceDate", default=True),
        subscription=_name_value(company_info, "SubscriptionStatus"),
    )


def changes_between(before: CompanyFacts, after: CompanyFacts) -> list[Change]:
    """The facts that differ, in the order in which they are listed."""
    pairs = ((field.name, getattr(before, field.name), getattr(after, field.name)) for field in fields(CompanyFacts))
    return [Change(name, old, new) for name, old, new in pairs if old != new]


def _country(company_info: Entity) -> str:
    """The country as documents need it: US under one name, others as QBO writes them. QBO omits it for some US companies."""
    address = _part(company_info, "CompanyAddr")
    country = str(company_info.get("Country") or address.get("Country") or "US").strip().upper()
    return "US" if country in _UNITED_STATES else country


def _day(text: Any) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        raise ValueError(f"QuickBooks' closing date {text!r} is not a date") from None


def _is(part: Entity, name: str, *, default: bool = False) -> bool:
    value = part.get(name, default)
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _part(entity: Entity, name: str) -> Entity:
    part = entity.get(name)
    return part if isinstance(part, Mapping) else {}


def _name_value(entity: Entity, name: str) -> str | None:
    pairs = entity.get("NameValue") or ()
    return next((str(pair.get("Value")) for pair in pairs if pair.get("Name") == name), None)
