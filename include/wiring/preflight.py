"""Preflight: everything that is looked at before a realm's documents are, put together for the company doctor.

QuickBooks is asked for Preferences each time (the closing date must be fresh), for CompanyInfo once a day, and for lists
only where they were never read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from include.billing_sync.company import Change
from include.billing_sync.diagnosis import Diagnosis, Examined, Level, Lists, PreflightReport, SignOn, Usage, stop
from include.billing_sync.doctor import examine
from include.billing_sync.mapping import MappingBook
from include.billing_sync.mapping_files import US_TAX_CODES
from include.billing_sync.settings import RealmSettings
from include.billing_sync.windows import local_date
from include.stores import reference as store
from include.stores.contract import contract_violations
from include.stores.mappings import mapping_book
from include.stores.realms import AnotherCompanyError, ConnectionShape, RealmRow, disagreements, realm_behind
from include.stores.usage import read_usage
from include.wiring.migrations import require_current_schema
from include.wiring.reference import ListClient, refresh_company, refresh_lists
from include.wiring.settings import load_settings, realm_keys
from qbo_hook.errors import QboTokenExpired

log = logging.getLogger("ledgerline")

LOOK_BACK = timedelta(days=92)
"""How far back documents are looked at for what they need of the mapping book."""

_LISTS_OF_SETTINGS = ("Account", "Item", "TaxCode")


class PreflightFailedError(RuntimeError):
    """The realm cannot push at all before a person has cured what the report names."""

    failure_mode = "person"

    def __init__(self, report: PreflightReport) -> None:
        """Keep the report; the text is one line per finding that stops, each with its cure."""
        stopping = [f"{finding.text}. What to do: {finding.cure}." for finding in report.findings if finding.stops]
        super().__init__(f"{report.realm_key}: " + " ".join(stopping))
        self.report = report
        self.reason = report.reason


def require_green(realm_key: str) -> PreflightReport:
    """Examine a realm and log what was found. Raises PreflightFailedError when nothing could be pushed."""
    report = preflight(realm_key)
    for line in report.lines():
        log.info("%s: %s", realm_key, line)
    if report.stops:
        raise PreflightFailedError(report)
    return report


def preflight(realm_key: str) -> PreflightReport:
    """Examine a realm through Airflow's Connections.

    :raises SettingsError: when its settings cannot be used.
    :raises QboError: when QuickBooks cannot be asked just now.
    """
    from include.wiring import clients, connections

    settings = load_settings(realm_key)
    place = connections.quickbooks(settings.connection)
    with ExitStack() as stack:
        state = stack.enter_context(connections.connect_state())
        require_current_schema(state)
        row = realm_behind(state, realm_key, place)
        if row is None:
            return examine(Examined(settings, SignOn(False, place.environment), datetime.now(UTC)))

        def client() -> ListClient:
            shared = clients.shared_hook(settings, row.id, connections.connect_state)
            stack.callback(shared.close)
            return shared.client

        billing = stack.enter_context(connections.connect_billing())
        others = [key for key in realm_keys() if key != realm_key]
        return examine_realm(settings, row, place, state, client, billing, datetime.now(UTC), others)


def examine_realm(
    settings: RealmSettings,
    row: RealmRow,
    place: ConnectionShape,
    state: psycopg.Connection[Any],
    client: Callable[[], ListClient],
    billing: psycopg.Connection[Any],
    now: datetime,
    other_realms: Sequence[str] = (),
) -> PreflightReport:
    """Look at everything and let the doctor speak.

    :param place: what the Airflow Connection says.
    :param state: our state, in autocommit.
    :param client: makes the company's client; called only when QuickBooks may be asked.
    :param billing: the billing database, idle.
    :param other_realms: the keys of the other companies that are set up.
    """
    violations = contract_violations(billing)
    book = mapping_book(state, row.id)
    differences = disagreements(place, row, realm_key=settings.realm_key)
    signed_on = _sign_on(state, row)
    changes: Sequence[Change] = ()
    if signed_on.is_connected and signed_on.needs_reconnect is None and not differences:
        try:
            changes = _ask_quickbooks(client(), state, row)
        except AnotherCompanyError as error:
            differences = list(error.differences)
        except QboTokenExpired as error:
            signed_on = replace(_sign_on(state, row), needs_reconnect=str(error))
    known = store.stored_company(state, row.id)
    examined = Examined(
        settings=settings,
        sign_on=signed_on,
        now=now,
        facts=known.facts if known else None,
        book=book,
        lists=_lists(state, row, book, is_us=known is not None and known.facts.is_us),
        usage=None
        if violations
        else _usage(billing, settings, book, local_date(now, settings.time_zone), other_realms),
        disagreements=differences,
        changes=changes,
    )
    report = examine(examined)
    return replace(report, findings=(*report.findings, *_contract(violations)))


def _sign_on(state: psycopg.Connection[Any], row: RealmRow) -> SignOn:
    signed_on = store.sign_on(state, row.id, row.environment)
    return replace(signed_on, is_connected=signed_on.is_connected and row.is_connected)


def _ask_quickbooks(client: ListClient, state: psycopg.Connection[Any], row: RealmRow) -> Sequence[Change]:
    """Refresh the company's facts, and lists that were never read. Raises AnotherCompanyError before anything is kept."""
    reading = refresh_company(client, state, row)
    refresh_lists(client, state, row.id, store.needs_refresh(state, row.id))
    return reading.changes


def _lists(state: psycopg.Connection[Any], row: RealmRow, book: MappingBook, *, is_us: bool) -> Lists:
    """The entries that settings and mappings can name; of the customers only those that are mapped."""
    customers = [mapping.qbo_id for mapping in book.rows("customer") if mapping.qbo_id is not None]
    rows = [
        *store.list_rows(state, row.id, _LISTS_OF_SETTINGS),
        *store.list_rows(state, row.id, ["Customer"], customers),
        *(US_TAX_CODES if is_us else ()),
    ]
    return Lists(rows, store.needs_refresh(state, row.id))


def _usage(
    billing: psycopg.Connection[Any],
    settings: RealmSettings,
    book: MappingBook,
    today: date,
    other_realms: Sequence[str],
) -> Usage:
    since = max(today - LOOK_BACK, settings.start_date or date.min)
    subscriptions = [mapping.billing_key for mapping in book.rows("subscription")]
    return read_usage(billing, settings.realm_key, since, today, subscriptions, other_realms)


def _contract(violations: Sequence[str]) -> tuple[Diagnosis, ...]:
    if not violations:
        return (Diagnosis("billing_contract", Level.GREEN, "the billing files keep their contract"),)
    cure = (
        "correct the file in include/sql/billing (docs/billing-contract.md), "
        "or the Connection billing_db where it leads to another database"
    )
    return tuple(stop("billing_contract", violation, cure) for violation in violations)
