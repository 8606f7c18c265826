"""Companies in `qbo_sync.realms`: found by what they are, (API base URL, realm id), and labelled with a realm key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import psycopg
from psycopg.rows import class_row

from include.stores.statements import sql

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class RealmRow:
    """One QuickBooks company as we know it. Company facts are None until they were read for the first time."""

    id: int
    realm_key: str
    base_url: str
    realm_id: str
    environment: str
    company_name: str | None
    country: str | None
    home_currency: str | None
    is_multi_currency: bool | None
    has_custom_numbers: bool | None
    warns_on_duplicates: bool | None
    closing_date: date | None
    preferences: Mapping[str, Any] | None
    preferences_at: datetime | None
    push_epoch: int
    connected_at: datetime | None
    connected_by: str | None
    disconnected_at: datetime | None

    @property
    def is_connected(self) -> bool:
        """Whether a person connected it and nobody has disconnected it since."""
        return self.connected_at is not None and self.disconnected_at is None


@dataclass(frozen=True, slots=True)
class Disconnected:
    """What a disconnect did."""

    links_archived: int
    items_withdrawn: int


class ConnectionShape(Protocol):
    """What an Airflow Connection of type quickbooks says of its company."""

    @property
    def base_url(self) -> str:
        """The API's address."""

    @property
    def realm_id(self) -> str | None:
        """Intuit's id of the company, where the Connection names one."""

    @property
    def environment(self) -> str:
        """sandbox or production."""


Realm = RealmRow


class RealmLabelTakenError(RuntimeError):
    """The realm key is the label of another connected company."""

    failure_mode = "person"


class AnotherCompanyError(RuntimeError):
    """Connection, row, tokens and CompanyInfo speak of different companies; nothing was written anywhere."""

    failure_mode = "person"
    reason = "wrong_company"

    def __init__(self, differences: Sequence[str]) -> None:
        """Keep the differences, one sentence each."""
        super().__init__("; ".join(differences))
        self.differences = tuple(differences)


def realm_by_key(connection: Connection, realm_key: str) -> RealmRow | None:
    """Return the company that carries this label and is not disconnected, or None."""
    return _first(connection, realm_key=realm_key)


def realm_by_id(connection: Connection, realm: int) -> RealmRow | None:
    """Return the company of this row, disconnected or not."""
    return _first(connection, id=realm, with_disconnected=True)


def realm_of(connection: Connection, base_url: str, realm_id: str) -> RealmRow | None:
    """Return the company by what it is, disconnected or not."""
    return _first(connection, base_url=base_url.rstrip("/"), realm_id=realm_id, with_disconnected=True)


def realm_behind(connection: Connection, realm_key: str, settings: ConnectionShape) -> RealmRow | None:
    """Return the company that the Connection leads to, or the one that carries the label where that one was never connected.

    `disagreements` says whether it is the company that both mean.
    """
    return realm_of(connection, settings.base_url, settings.realm_id or "") or realm_by_key(connection, realm_key)


def all_realms(connection: Connection, *, with_disconnected: bool = False) -> list[RealmRow]:
    """Return all companies in the order of their labels."""
    return _rows(connection, with_disconnected=with_disconnected)


def ensure_realm(
    connection: Connection,
    realm_key: str,
    base_url: str,
    realm_id: str,
    environment: str,
    *,
    take_label: bool = False,
) -> RealmRow:
    """Return the row of this company under this label; make it when the company is new.

    A company that was disconnected stays so until `mark_connected`.

    :param take_label: a person decided that the label moves to this company (from sandbox to production, say). The
        other company keeps its links and is labelled by its realm id from now on.
    :raises RealmLabelTakenError: if another connected company carries the label and `take_label` is not set
    """
    base_url = base_url.rstrip("/")
    with connection.transaction():
        holder = realm_by_key(connection, realm_key)
        if holder is not None and (holder.base_url, holder.realm_id) != (base_url, realm_id):
            if not take_label:
                raise RealmLabelTakenError(
                    f"realm {realm_key!r} is company {holder.realm_id} ({holder.environment}) at {holder.base_url}, "
                    f"not {realm_id} at {base_url}: disconnect it first, or say that the label moves"
                )
            _relabel(connection, holder, f"{realm_key}-{holder.environment}-{holder.realm_id}")
        values = {"realm_key": realm_key, "base_url": base_url, "realm_id": realm_id, "environment": environment}
        connection.execute(sql("realms/insert_realm"), values)
        realm = realm_of(connection, base_url, realm_id)
    if realm is None:
        raise RuntimeError(f"realm {realm_key!r} was written and is not there")
    return realm


def mark_connected(connection: Connection, realm: int, who: str) -> None:
    """Remember who connected the company, and when."""
    connection.execute(
        "update qbo_sync.realms set connected_at = clock_timestamp(), connected_by = %s, disconnected_at = null where id = %s",
        (who, realm),
    )


def raise_push_epoch(connection: Connection, realm: int) -> int:
    """Begin a new epoch of pushing: what an older holder of the realm's lock still claims can be told from now on."""
    cursor = connection.cursor(row_factory=psycopg.rows.tuple_row)
    row = cursor.execute(
        "update qbo_sync.realms set push_epoch = push_epoch + 1 where id = %s returning push_epoch", (realm,)
    ).fetchone()
    if row is None:
        raise LookupError(f"there is no realm {realm}")
    return int(row[0])


def disconnect(connection: Connection, realm: int, *, who: str, why: str = "disconnected") -> Disconnected:
    """Forget the tokens, archive all links and withdraw what is planned, in one transaction.

    Sendings whose outcome is unknown stay: they are settled after the company was connected again. Hold the realm's lock.
    """
    with connection.transaction():
        archived = connection.execute(sql("realms/archive_links"), {"realm": realm, "why": why, "who": who}).rowcount
        withdrawn = connection.execute(sql("realms/withdraw_plans"), {"realm": realm, "why": why}).rowcount
        connection.execute("delete from qbo_sync.tokens where realm = %s", (realm,))
        connection.execute("update qbo_sync.realms set disconnected_at = clock_timestamp() where id = %s", (realm,))
    return Disconnected(archived, withdrawn)


def disagreements(
    settings: ConnectionShape,
    realm: RealmRow,
    *,
    realm_key: str | None = None,
    token_realm_id: str | None = None,
    company_id: str | None = None,
    company_country: str | None = None,
    home_currency: str | None = None,
) -> list[str]:
    """Return a sentence for each point in which Connection, row, tokens and CompanyInfo speak of different companies.

    Any of them stops the realm before its first write. Country and home currency of a company never change, so another
    one than before means another company.

    :param realm_key: label under which the company is looked for; None where the label is free to move
    :param token_realm_id: company that the tokens were given for; None when not known
    :param company_id: realm id under which CompanyInfo was answered; None when it was not read
    :param company_country: country that CompanyInfo names; None when it was not read
    :param home_currency: currency that Preferences name; None when they were not read
    """
    found = []
    if settings.base_url.rstrip("/") != realm.base_url:
        found.append(
            f"the Connection leads to {settings.base_url.rstrip('/')}, but the realm lives at {realm.base_url}"
        )
    if settings.environment != realm.environment:
        found.append(f"the Connection says environment {settings.environment}, but the realm is in {realm.environment}")
    for name, realm_id in (
        ("the Connection names", settings.realm_id),
        ("the tokens open", token_realm_id),
        ("QuickBooks answered for", company_id),
    ):
        if realm_id is not None and realm_id != realm.realm_id:
            found.append(f"{name} company {realm_id}, but the realm is company {realm.realm_id}")
    if realm_key is not None and realm.realm_key != realm_key:
        found.append(f"company {realm.realm_id} was connected as realm {realm.realm_key}, not as {realm_key}")
    return found + nature_changed(realm, company_country, home_currency)


def nature_changed(realm: RealmRow, country: str | None, home_currency: str | None) -> list[str]:
    """Return a sentence for country and home currency each, where QuickBooks names another one than when it was first asked."""
    found = []
    if country is not None and realm.country is not None and country != realm.country:
        found.append(f"QuickBooks says that the company is in {country}, but it was in {realm.country} before")
    if home_currency is not None and realm.home_currency is not None and home_currency != realm.home_currency:
        found.append(
            f"QuickBooks says that the company keeps {home_currency}, but it kept {realm.home_currency} before"
        )
    return found


def require_agreement(differences: Sequence[str]) -> None:
    """Raise AnotherCompanyError where there is any difference."""
    if differences:
        raise AnotherCompanyError(differences)


def _relabel(connection: Connection, realm: RealmRow, label: str) -> None:
    connection.execute("update qbo_sync.realms set realm_key = %s where id = %s", (label, realm.id))


def _first(connection: Connection, **wanted: Any) -> RealmRow | None:
    rows = _rows(connection, **wanted)
    return rows[0] if rows else None


def _rows(connection: Connection, **wanted: Any) -> list[RealmRow]:
    values = {"id": None, "realm_key": None, "base_url": None, "realm_id": None, "with_disconnected": False} | wanted
    with connection.cursor(row_factory=class_row(RealmRow)) as cursor:
        return cursor.execute(sql("realms/realms"), values).fetchall()
