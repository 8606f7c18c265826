"""What a connected company lets its settings choose from: income accounts, and outside the US a default tax code."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from include.billing_sync.mapping import CATCH_ALL
from include.billing_sync.names import ListRow
from include.stores import reference
from include.stores.mappings import mapping_book
from include.wiring.oauth_session import CHOICE_LISTS
from qbo_console.companies import Company

INCOME = ("Income", "Other Income")


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a QuickBooks list, with the line that chooses it."""

    qbo_id: str
    name: str
    line: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of one company. ``tax_codes`` is None where no default is asked for: in the US."""

    country: str
    home_currency: str
    unread: Sequence[str]
    income_accounts: Sequence[Choice]
    tax_codes: Sequence[Choice] | None

    @property
    def has_default_tax_code(self) -> bool:
        """Whether a default is chosen where one is asked for."""
        return self.tax_codes is None or any(code.is_chosen for code in self.tax_codes)


def choices(state: psycopg.Connection[Any], company: Company) -> Choices | None:
    """The choices of a connected company; None before QuickBooks was asked about it."""
    known = reference.company(state, company.row.id) if company.row else None
    if company.row is None or known is None:
        return None
    rows = [row for row in reference.list_rows(state, company.row.id, CHOICE_LISTS) if row.is_active]
    unread = reference.needs_refresh(state, company.row.id, CHOICE_LISTS)
    return Choices(
        known.country,
        known.home_currency,
        unread,
        _income_accounts(rows, company),
        None if known.is_us else _tax_codes(state, rows, company.row.id),
    )


def _income_accounts(rows: Sequence[ListRow], company: Company) -> list[Choice]:
    setting = company.settings.income_account if company.settings else None
    chosen = setting.id if setting else None
    accounts = (row for row in rows if row.entity == "Account" and row.kind in INCOME)
    return [
        Choice(row.qbo_id, row.full_name or row.name, _setting("income_account", row), row.qbo_id == chosen)
        for row in sorted(accounts, key=lambda row: (row.full_name or row.name).casefold())
    ]


def _tax_codes(state: psycopg.Connection[Any], rows: Sequence[ListRow], realm: int) -> list[Choice]:
    default = mapping_book(state, realm).target("tax_code", CATCH_ALL)
    codes = (row for row in rows if row.entity == "TaxCode")
    return [
        Choice(row.qbo_id, row.name, _default_row(row), default is not None and default.qbo_id == row.qbo_id)
        for row in sorted(codes, key=lambda row: row.name.casefold())
    ]


def _setting(name: str, row: ListRow) -> str:
    """The line of settings.yaml. JSON strings are YAML strings, so any name is quoted rightly."""
    return f"{name}: {{id: {json.dumps(row.qbo_id)}, name: {json.dumps(row.name, ensure_ascii=False)}}}"


def _default_row(row: ListRow) -> str:
    """The row of tax_codes.csv that makes this code the default."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow((CATCH_ALL, "", row.qbo_id, row.name))
    return text.getvalue()
