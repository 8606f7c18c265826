"""The keys of billing that the mapping book maps, a page at a time: those without a decision first.

Billing does the counting, searching and sorting over its own files, so a page costs the same however many keys there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import psycopg
from psycopg.rows import BaseRowFactory, class_row, tuple_row

from include.billing_sync.mapping import CATCH_ALL, Kind
from include.stores.contract import (
    CUSTOMERS,
    SERVICES,
    SQL_FOLDER,
    SUBSCRIPTIONS,
    TAX_CODES,
    message_of,
    null_parameters,
)
from include.stores.mappings import StoredMapping
from include.stores.rows import BillingError

State = Literal["open", "mapped", "excluded"]
_Row = TypeVar("_Row")

# Each kind's key, name, and what helps a person to tell it from others; the files begin on a line of their own.
_LISTS: Mapping[Kind, tuple[str, bytes]] = {
    "customer": (
        CUSTOMERS.name,
        b"""
    select
        customer_id::text as key,
        name::text as name,
        concat_ws(' / ', nullif(company_name, name), city, country, case when is_test then 'test customer' end) as hint,
        currency::text as currency
    from (%b
    ) as customers""",
    ),
    "service": (
        SERVICES.name,
        b"""
    select service_id::text as key, name::text as name, concat_ws(' / ', sku, category) as hint, null::text as currency
    from (%b
    ) as services""",
    ),
    "subscription": (
        SUBSCRIPTIONS.name,
        b"""
    select
        subscription_id::text as key,
        name::text as name,
        concat_ws(' / ', 'customer ' || customer_id, 'service ' || service_id) as hint,
        null::text as currency
    from (%b
    ) as subscriptions""",
    ),
    "tax_code": (
        TAX_CODES.name,
        b"""
    select
        tax_code::text as key,
        name::text as name,
        concat_ws(' / ', jurisdiction, trim_scale(rate_percent)::text || ' %%%%') as hint,
        null::text as currency
    from (%b
    ) as tax_codes""",
    ),
}
_GIVEN = (
    b"\n    select key, key as name, '' as hint, null::text as currency from unnest(%(given)s::text[]) as given (key)"
)

_KNOWN = b"""
with listed as (%b
),

distinct_keys as (
    select distinct on (key) key, name, hint, currency
    from listed
    where key is not null and key <> %%(catch_all)s
    order by key
),

decided as (
    select key, name, state
    from unnest(%%(decided_keys)s::text[], %%(decided_names)s::text[], %%(decided_states)s::text[])
        as decided (key, name, state)
),

known as (
    select keys.key, keys.name, keys.hint, keys.currency, true as is_in_billing, coalesce(decided.state, 'open') as state
    from distinct_keys as keys
    left join decided on decided.key = keys.key
    union all
    select decided.key, decided.name, '' as hint, null as currency, false as is_in_billing, decided.state
    from decided
    where
        decided.key <> %%(catch_all)s
        and not exists (select 1 from distinct_keys as keys where keys.key = decided.key)
    union all
    select
        %%(catch_all)s::text,
        'everything else',
        '' as hint,
        null as currency,
        true as is_in_billing,
        coalesce((select decided.state from decided where decided.key = %%(catch_all)s), 'open')
    where %%(has_catch_all)s
),

found as (
    select * from known
    where position(lower(%%(text)s::text) in lower(concat_ws(' ', key, name, hint))) > 0
)
"""
_COUNTS = b"select state, count(*) as keys from found group by state"
_PAGE = b"""
select key, name, hint, currency, is_in_billing, state
from found
where %(state)s::text is null or state = %(state)s::text
order by state <> 'open', key <> %(catch_all)s, lower(name), key
limit %(limit)s offset %(offset)s
"""
_SOME = b"""
select key, name, hint, currency, is_in_billing, state
from known
where key = any(%(wanted)s::text[])
"""
_HAS_CATCH_ALL: frozenset[Kind] = frozenset({"category", "subscription", "tax_code"})


@dataclass(frozen=True, slots=True)
class BillingKey:
    """One key: billing's name for it and a hint for people. ``is_in_billing``: whether billing lists it now."""

    key: str
    name: str | None
    hint: str
    currency: str | None
    is_in_billing: bool
    state: State


@dataclass(frozen=True, slots=True)
class Search:
    """Which keys to show: of one state or of all, with a text in id, name or hint, and which part of them."""

    text: str = ""
    state: State | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class KeyPage:
    """One part of the keys found, and how many there are of each state."""

    keys: Sequence[BillingKey]
    counts: Mapping[State, int] = field(default_factory=dict)


class BillingKeys:
    """The keys of one kind against what the book holds of that kind.

    :param billing: where billing's files are read
    :param decided: the rows of the book, of this kind
    :param given: the keys of a kind that billing keeps no list of (categories)
    """

    def __init__(
        self,
        billing: psycopg.Connection[Any],
        kind: Kind,
        decided: Sequence[StoredMapping],
        given: Sequence[str] = (),
        sql_folder: Path | str = SQL_FOLDER,
    ) -> None:
        """Read nothing yet."""
        self._billing = billing
        self._file, self._known = _query(kind, Path(sql_folder))
        self._values = null_parameters() | {
            "given": list(given),
            "catch_all": CATCH_ALL,
            "has_catch_all": kind in _HAS_CATCH_ALL,
            "decided_keys": [row.mapping.billing_key for row in decided],
            "decided_names": [row.mapping.billing_name for row in decided],
            "decided_states": ["mapped" if row.mapping.target else "excluded" for row in decided],
        }

    def page(self, search: Search) -> KeyPage:
        """A part of what is found, undecided keys first, then by name. Raises BillingError."""
        values = {"text": search.text, "state": search.state, "limit": search.limit, "offset": search.offset}
        counts = self._ask(_COUNTS, values, tuple_row)
        return KeyPage(self._ask(_PAGE, values, class_row(BillingKey)), dict(counts))

    def some(self, keys: Sequence[str]) -> dict[str, BillingKey]:
        """These keys, those that billing lists or the book holds. Raises BillingError."""
        found = self._ask(_SOME, {"wanted": list(keys), "text": ""}, class_row(BillingKey))
        return {row.key: row for row in found}

    def _ask(self, query: bytes, values: Mapping[str, Any], rows: BaseRowFactory[_Row]) -> list[_Row]:
        try:
            with self._billing.transaction(), self._billing.cursor(row_factory=rows) as cursor:
                return cursor.execute(self._known + query, {**self._values, **values}).fetchall()
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            raise BillingError(
                self._file, message_of(error), "correct the file (see docs/billing-contract.md)"
            ) from error


def _query(kind: Kind, folder: Path) -> tuple[str, bytes]:
    """The file that lists the kind, and the query up to its last part; bytes, as psycopg takes what is not written in it."""
    if kind not in _LISTS:
        return "", _KNOWN % _GIVEN
    name, listed = _LISTS[kind]
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        raise BillingError(name, f"the file is missing in {folder}", "put it back") from None
    return name, _KNOWN % (listed % content)
