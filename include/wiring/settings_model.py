"""The shape of a realm's settings.yaml: the settings of FEATURES.md and no others, each with what is allowed.

The model checks one setting at a time; `contradictions` looks at all of them together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from include.billing_sync.money import parse_amount
from include.billing_sync.settings import (
    ACCOUNT_SETTINGS,
    NEW_ACCOUNT,
    LimitSettings,
    Named,
    RealmSettings,
    WaitSettings,
)

HIGHEST_VARIANCE = Decimal("0.05")
_LIMITS, _WAITS = LimitSettings(), WaitSettings()
_CONNECTION = re.compile(r"[A-Za-z0-9_.\-]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ACCOUNT_NAME = re.compile(r'(?=.{1,100}\Z)[^\s:"](?:[^\t\r\n:"]*[^\s:"])?')
"""QuickBooks takes neither colon nor double quote in the name of an account."""
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_EARLIEST, _LATEST = date(1990, 1, 1), date(2100, 12, 31)


def _day(value: Any) -> Any:
    if isinstance(value, str) and _DATE.fullmatch(value):
        day = date.fromisoformat(value)
        if _EARLIEST <= day <= _LATEST:
            return day
    raise ValueError("not a day")


def _day_or_word(value: Any) -> Any:
    return value if value in ("previous_month", "off") else _day(value)


def _qbo_id(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _yes_or_no(value: Any) -> Any:
    return {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else value


def _exact(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError("a number without quotes is read as a binary fraction, which is not exact")
    if isinstance(value, str):
        return parse_amount(value)
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _share(value: Any) -> Any:
    if isinstance(value, str) and value.endswith("%"):
        return parse_amount(value.removesuffix("%").strip()) / 100
    return _exact(value)


def _one_choice(value: Any) -> Any:
    return {"choice": value} if isinstance(value, str) else value


@cache
def _zones() -> frozenset[str]:
    """The IANA names. Each look at them opens all the files of the system's folder, so it is done once per process."""
    return frozenset(available_timezones()) - {"localtime"}


def _known_zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("not an IANA name")
    return value


def _matches(pattern: re.Pattern[str]) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError("not of the right form")
        return value

    return AfterValidator(check)


Day = Annotated[date, BeforeValidator(_day)]
Text = Annotated[str, Field(min_length=1), _matches(re.compile(r"\S(?:.*\S)?"))]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Seconds = Annotated[int | float, Field(gt=0, le=3600)]


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class NamedModel(_Model):
    """A QBO id with the name that must agree with it."""

    id: Annotated[Text, BeforeValidator(_qbo_id)]
    name: Text


class NewAccountModel(NamedModel):
    """The name of an account that QuickBooks does not have yet, and the consent to create it: {create: "its name"}."""

    id: Literal["@new"] = "@new"


def _account(value: Any) -> Any:
    if not isinstance(value, dict) or "create" not in value:
        return value
    name = value["create"]
    if set(value) != {"create"} or not isinstance(name, str) or not _ACCOUNT_NAME.fullmatch(name):
        raise ValueError("not the name of an account")
    return NewAccountModel(name=name)


Account = Annotated[NamedModel, BeforeValidator(_account)]


class VarianceModel(_Model):
    """What to do when QBO's tax will differ from billing's, and up to which amount."""

    choice: Literal["stop", "push", "rounding_line"]
    limit: Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, decimal_places=2)] | None = None


class AgeModel(_Model):
    """What to do with documents whose transaction detail is old, and from how many days on."""

    choice: Literal["off", "warn", "stop"]
    days: Annotated[int, Field(ge=1, le=36_500)] | None = None


class LimitsModel(_Model):
    """How fast QBO may be asked."""

    requests_per_minute: Count = _LIMITS.requests_per_minute
    requests_per_second: Count = _LIMITS.requests_per_second
    in_flight: Count = _LIMITS.in_flight
    batches_per_minute: Count = _LIMITS.batches_per_minute
    batch_size: Annotated[int, Field(ge=1, le=30)] = _LIMITS.batch_size
    items_counted: Annotated[bool, BeforeValidator(_yes_or_no)] = _LIMITS.items_counted
    share_used: Annotated[Decimal, BeforeValidator(_share), Field(gt=0, le=1)] = _LIMITS.share_used


class WaitsModel(_Model):
    """Seconds to wait."""

    settle_after: Seconds = _WAITS.settle_after
    pause_after_429: Seconds = _WAITS.pause_after_429
    call_limit: Annotated[int | float, Field(gt=0, le=150)] = _WAITS.call_limit
    latest_sending: Annotated[int | float, Field(gt=0, le=30)] = _WAITS.latest_sending
    lock: Seconds = _WAITS.lock


class SettingsModel(_Model):
    """One settings.yaml."""

    connection: Annotated[str, _matches(_CONNECTION)]
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    start_date: Day | None = None
    customers: Literal["mapped_only", "match", "match_or_create"] = "match_or_create"
    items: Literal["mapped_only", "match_or_create", "per_line"] = "mapped_only"
    income_account: Account | None = None
    discount_account: Account | None = None
    bad_debt_account: NamedModel | None = None
    generic_item: NamedModel | None = None
    tax: Literal["qbo_computes", "override", "as_lines"] | None = None
    tax_variance: Annotated[VarianceModel, BeforeValidator(_one_choice)] = VarianceModel(choice="stop")
    negative_invoices: Literal["error", "credit_memo", "carry_forward"] = "error"
    closed_period: Literal["skip", "move_date"] = "skip"
    locked_before: Annotated[date | Literal["previous_month", "off"], BeforeValidator(_day_or_word)] = "previous_month"
    detail_age: Annotated[AgeModel, BeforeValidator(_one_choice)] = AgeModel(choice="warn")
    adopt_existing: Literal["never", "exact"] = "never"
    deleted_in_billing: Literal["report", "void"] = "report"
    voided_in_billing: Literal["report", "void"] = "report"
    send: Literal["copy", "send"] = "copy"
    approval: Literal["off", "on"] = "off"
    updates_without_approval: Annotated[int, Field(ge=0, le=1_000_000_000)] = 50
    name_length: Annotated[int, Field(ge=1, le=500)] = 100
    description_length: Annotated[int, Field(ge=1, le=4000)] = 4000
    limits: LimitsModel = LimitsModel()
    waits: WaitsModel = WaitsModel()
    read_budget: Count = 500_000
    alert_to: tuple[Annotated[str, _matches(_EMAIL)], ...] = Field(default=(), strict=False)


_NAMED = 'a QBO id with its name, such as {id: "79", name: "Sales of Product Income"}'
_ACCOUNT = f'{_NAMED}; or {{create: "its name"}}, and the first run that needs it creates it'
_DAY = "a day written 2026-08-01, from 1990 to 2100"
_COUNT = "a whole number from 1 on, without quotes or commas"
_SECONDS = "seconds, more than 0 and at most 3600"
ALLOWED: dict[str, str] = {
    "connection": "the id of an Airflow connection of type quickbooks (letters, digits, _ . -)",
    "time_zone": "an IANA name such as America/New_York or Europe/London",
    "start_date": _DAY,
    "customers": "mapped_only, match, match_or_create",
    "items": "mapped_only, match_or_create, per_line",
    "income_account": _ACCOUNT,
    "discount_account": _ACCOUNT,
    "bad_debt_account": _NAMED,
    "generic_item": _NAMED,
    "tax": "qbo_computes, override, as_lines",
    "tax_variance": 'stop, push, rounding_line, or {choice: push, limit: "0.05"} with the limit in quotes',
    "negative_invoices": "error, credit_memo, carry_forward",
    "closed_period": "skip, move_date",
    "locked_before": f"previous_month, off, or {_DAY}",
    "detail_age": "off, warn, stop, or {choice: stop, days: 120}",
    "adopt_existing": "never, exact",
    "deleted_in_billing": "report, void",
    "voided_in_billing": "report, void",
    "send": "copy, send",
    "approval": "off, on",
    "updates_without_approval": "a whole number from 0 on",
    "name_length": "a whole number from 1 to 500",
    "description_length": "a whole number from 1 to 4000",
    "limits": "a block of " + ", ".join(LimitsModel.model_fields),
    "limits.requests_per_minute": _COUNT,
    "limits.requests_per_second": _COUNT,
    "limits.in_flight": _COUNT,
    "limits.batches_per_minute": _COUNT,
    "limits.batch_size": "a whole number from 1 to 30, QBO's own limit",
    "limits.items_counted": "yes, no",
    "limits.share_used": 'more than 0 and at most 1, written 97 % or "0.97"',
    "waits": "a block of " + ", ".join(WaitsModel.model_fields),
    "waits.settle_after": _SECONDS,
    "waits.pause_after_429": _SECONDS,
    "waits.call_limit": "seconds, more than 0 and at most 150",
    "waits.latest_sending": "seconds, more than 0 and at most 30",
    "waits.lock": _SECONDS,
    "read_budget": _COUNT,
    "alert_to": "a list of e-mail addresses",
}
"""Setting → what is allowed, as the errors say it and docs/settings.md shows it."""


def realm_settings(realm_key: str, model: SettingsModel) -> RealmSettings:
    """The value that the core reads."""
    plain = model.model_dump(exclude={"tax_variance", "detail_age", "limits", "waits", "alert_to", *_NAMED_KEYS})
    named = {key: _named(getattr(model, key)) for key in _NAMED_KEYS}
    aged = {"detail_age_days": model.detail_age.days} if model.detail_age.days is not None else {}
    values: dict[str, Any] = {**plain, **named, **aged}
    return RealmSettings(
        realm_key=realm_key,
        tax_variance=model.tax_variance.choice,
        tax_variance_limit=model.tax_variance.limit or HIGHEST_VARIANCE,
        detail_age=model.detail_age.choice,
        limits=LimitSettings(**model.limits.model_dump()),
        waits=WaitSettings(**{key: float(value) for key, value in model.waits.model_dump().items()}),
        alert_to=model.alert_to,
        **values,
    )


_NAMED_KEYS = ("income_account", "discount_account", "bad_debt_account", "generic_item")


def _named(model: NamedModel | None) -> Named | None:
    if model is None:
        return None
    return Named(f"{NEW_ACCOUNT}{model.name}" if isinstance(model, NewAccountModel) else model.id, model.name)


def contradictions(model: SettingsModel) -> Iterator[tuple[str, str]]:
    """Key and sentence for every two settings that cannot both be meant."""
    if model.items != "mapped_only" and model.income_account is None:
        yield "items", f"found {model.items} without income_account; name the account that created items shall point to"
    new = [one.name.casefold() for key in ACCOUNT_SETTINGS if isinstance(one := getattr(model, key), NewAccountModel)]
    if len(set(new)) != len(new):
        yield "discount_account", "found the name of income_account; two accounts to be created need two names"
    if model.tax_variance.limit is not None and model.tax_variance.choice != "push":
        yield "tax_variance", f"found a limit beside {model.tax_variance.choice}; a limit goes with push alone"
    if model.tax_variance.limit is not None and model.tax_variance.limit > HIGHEST_VARIANCE:
        yield "tax_variance", f"found push to {model.tax_variance.limit}; allowed: at most {HIGHEST_VARIANCE}"
    if model.tax_variance.choice == "rounding_line" and model.generic_item is None:
        yield "tax_variance", "found rounding_line without generic_item; name the item that a rounding line shall carry"
    if model.detail_age.days is not None and model.detail_age.choice == "off":
        yield "detail_age", "found days beside off; days go with warn or stop"
    if model.limits.items_counted and model.limits.batch_size > model.limits.requests_per_minute:
        yield (
            "limits",
            (
                f"found batch_size {model.limits.batch_size} over requests_per_minute {model.limits.requests_per_minute} "
                "with items_counted; no batch could ever be sent"
            ),
        )
    if len(set(model.alert_to)) != len(model.alert_to):
        yield "alert_to", "found one address twice; name each once"
