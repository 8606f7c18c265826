"""Accounts that a setting consents to have created: {create: "its name"} instead of an id (FEATURES.md F45).

Until a run has created one, or found it under its name, its id is the reference ``@account:<name>``, which the push resolves
as it does for customers and items. From then on the mapping book knows it by the name that was consented to, so that a new
name in QuickBooks changes nothing and never makes a second one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from include.billing_sync.mapping import ACCOUNT, MappingBook
from include.billing_sync.name_rules import name_key
from include.billing_sync.names import ListRow
from include.billing_sync.payload import Payload
from include.billing_sync.settings import ACCOUNT_SETTINGS, Named, RealmSettings

ACCOUNT_TYPES: Mapping[str, tuple[str, ...]] = {"income_account": ("Income", "Other Income")}
"""The types that serve a setting; every type does where none is named."""
_SUBTYPES = {"income_account": "ServiceFeeIncome", "discount_account": "DiscountsRefundsGiven"}


def new_accounts(settings: RealmSettings) -> dict[str, Named]:
    """By setting: the accounts that a run is to create, or has to find under their name."""
    named = {key: getattr(settings, key) for key in ACCOUNT_SETTINGS}
    return {key: one for key, one in named.items() if one is not None and one.is_to_be_created}


def with_known_accounts(settings: RealmSettings, book: MappingBook) -> RealmSettings:
    """The settings with the ids of those accounts that a run has created or found by now."""
    return replace(
        settings,
        income_account=_known(settings.income_account, book),
        discount_account=_known(settings.discount_account, book),
    )


def _known(named: Named | None, book: MappingBook) -> Named | None:
    target = book.target(ACCOUNT, named.name) if named is not None and named.is_to_be_created else None
    return named if target is None else Named(target.qbo_id, target.name)


def account_called(name: str, rows: Iterable[ListRow]) -> ListRow | None:
    """The account of this name, in any case of its letters, among the entries of QuickBooks' list; not one under another."""
    wanted = name_key(name)
    return next(
        (row for row in rows if row.entity == "Account" and row.parent_id is None and name_key(row.name) == wanted),
        None,
    )


def serves(setting: str, row: ListRow) -> bool:
    """Whether the account may stand for the setting."""
    kinds = ACCOUNT_TYPES.get(setting, ())
    return row.is_active and (not kinds or row.kind in kinds)


def account_payload(setting: str, name: str) -> Payload:
    """The create of the account that a setting asks for: an income account, or a contra one for discounts."""
    body = {"Name": name, "AccountType": "Income", "AccountSubType": _SUBTYPES[setting]}
    return Payload("Account", body, {"name": name}, [])
