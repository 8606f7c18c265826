"""A realm's choices as the core reads them. wiring validates settings.yaml and builds this value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

NEW_ACCOUNT = "@account:"
"""What the id of an account begins with that a run is to create; its name follows."""
ACCOUNT_SETTINGS = ("income_account", "discount_account")
"""The settings whose account a run may create, where settings.yaml says so."""


@dataclass(frozen=True, slots=True)
class Named:
    """A QBO id with the QBO name that must agree with it."""

    id: str
    name: str

    @property
    def is_to_be_created(self) -> bool:
        """Whether a run creates it: its id is a reference until one has, and the mapping book knows it from then on."""
        return self.id.startswith(NEW_ACCOUNT)


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """How fast QBO may be asked. Calls per minute and second, calls in flight, batch calls per minute, operations per batch."""

    requests_per_minute: int = 500
    requests_per_second: int = 10
    in_flight: int = 10
    batches_per_minute: int = 40
    batch_size: int = 30
    items_counted: bool = False
    share_used: Decimal = Decimal("0.97")


@dataclass(frozen=True, slots=True)
class WaitSettings:
    """Seconds: before an unknown outcome is looked up, pause after a 429 without Retry-After, longest call, latest sending
    after a claim, wait for the realm's lock."""

    settle_after: float = 150.0
    pause_after_429: float = 60.0
    call_limit: float = 150.0
    latest_sending: float = 30.0
    lock: float = 600.0


@dataclass(frozen=True, slots=True)
class RealmSettings:
    """All settings of FEATURES.md for one realm; the defaults are the documented ones."""

    realm_key: str
    connection: str
    time_zone: str
    start_date: date | None = None
    customers: Literal["mapped_only", "match", "match_or_create"] = "match_or_create"
    items: Literal["mapped_only", "match_or_create", "per_line"] = "mapped_only"
    income_account: Named | None = None
    discount_account: Named | None = None
    bad_debt_account: Named | None = None
    generic_item: Named | None = None
    tax: Literal["qbo_computes", "override", "as_lines"] | None = None
    tax_variance: Literal["stop", "push", "rounding_line"] = "stop"
    tax_variance_limit: Decimal = Decimal("0.05")
    negative_invoices: Literal["error", "credit_memo", "carry_forward"] = "error"
    closed_period: Literal["skip", "move_date"] = "skip"
    locked_before: date | Literal["previous_month", "off"] = "previous_month"
    detail_age: Literal["off", "warn", "stop"] = "warn"
    detail_age_days: int = 120
    adopt_existing: Literal["never", "exact"] = "never"
    deleted_in_billing: Literal["report", "void"] = "report"
    voided_in_billing: Literal["report", "void"] = "report"
    send: Literal["copy", "send"] = "copy"
    approval: Literal["off", "on"] = "off"
    updates_without_approval: int = 50
    name_length: int = 100
    description_length: int = 4000
    limits: LimitSettings = field(default_factory=LimitSettings)
    waits: WaitSettings = field(default_factory=WaitSettings)
    read_budget: int = 500_000
    alert_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    """What QBO says of the company of a realm (CompanyInfo and Preferences), as kept in qbo_sync.realms."""

    country: str
    home_currency: str
    is_multi_currency: bool
    has_custom_numbers: bool
    closing_date: date | None = None
    uses_automated_tax: bool = False
    uses_sales_tax: bool = True

    @property
    def is_us(self) -> bool:
        """Whether lines carry TAX / NON (US) instead of a tax code's id (everywhere else)."""
        return self.country == "US"
