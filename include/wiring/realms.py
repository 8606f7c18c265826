"""Everything that a task needs of one realm, opened from Airflow's Connections and closed with the block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal

import psycopg

from include.billing_sync.accounts import with_known_accounts
from include.billing_sync.mapping import BillingNames
from include.billing_sync.planning import Maker
from include.billing_sync.resolution import Names, Resolution
from include.billing_sync.settings import Company, RealmSettings
from include.billing_sync.tax import TaxTable, tax_table
from include.billing_sync.windows import local_date
from include.stores import mappings, reference
from include.stores import realms as companies
from include.stores.billing import BillingReader
from include.stores.plans import PlanStore
from include.wiring import clients, connections
from include.wiring.migrations import require_current_schema
from include.wiring.settings import load_settings
from qbo_hook.client import QboClient

SOURCE = "billing_db"
"""The id of the connection to billing: it names the source of every document."""
REFERENCE_LISTS = ("Account", "Customer", "Vendor", "Employee", "Item")


class NotConnectedError(RuntimeError):
    """The realm has no company behind it: nobody has signed on, or it was disconnected."""

    failure_mode = "person"


class NothingHandedOnError(RuntimeError):
    """The task before gave this one nothing to work on: somebody marked it as success instead of letting it run."""

    failure_mode = "person"

    def __init__(self) -> None:
        super().__init__(
            "the task before has handed nothing on: it was marked as success by hand, which does none of its work and is no"
            " approval either; clear that task, and answer an approval under Required Actions"
        )


@dataclass
class Realm:
    """One realm with its open connections. ``state`` is in autocommit and reads JSON numbers as Decimal."""

    settings: RealmSettings
    row: companies.RealmRow
    state: psycopg.Connection[Any]
    stack: ExitStack
    _reader: BillingReader | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        """The realm key."""
        return self.settings.realm_key

    @property
    def id(self) -> int:
        """Our row of the realm."""
        return self.row.id

    @cached_property
    def client(self) -> QboClient:
        """The client of the company, with the tokens and the governor that all workers share."""
        shared = clients.shared_hook(self.settings, self.id, connections.connect_state)
        self.stack.callback(shared.close)
        return shared.client

    @cached_property
    def reader(self) -> BillingReader:
        """Billing, over a connection of its own."""
        return BillingReader(self.stack.enter_context(connections.connect_billing()))

    @cached_property
    def company(self) -> Company:
        """What QuickBooks said of the company when last asked. Raises NotConnectedError when it never was."""
        known = reference.company(self.state, self.id)
        if known is None:
            raise NotConnectedError(f"{self.key}: QuickBooks was never asked about the company: run preflight first")
        return known

    def plans(self) -> PlanStore:
        """The realm's plans."""
        return PlanStore(self.state, realm=self.id, environment=self.row.environment)

    @cached_property
    def plans_aside(self) -> PlanStore:
        """The realm's plans over a connection of their own: readable while the first one is busy copying candidates."""
        aside = self.stack.enter_context(connections.connect_state())
        return PlanStore(aside, realm=self.id, environment=self.row.environment)

    def today(self, now: datetime) -> date:
        """The realm's local date."""
        return local_date(now, self.settings.time_zone)

    def maker(self, mode: Literal["copy", "send"]) -> Maker:
        """What makes payloads now: today's mapping book, reference lists, links and company facts."""
        company = reference.company(self.state, self.id) or self.company
        book = mappings.mapping_book(self.state, self.id)
        taken = {**self.plans().linked_customers(), **book.customers_by_qbo_id()}
        names = Names(
            rows=reference.list_rows(self.state, self.id, REFERENCE_LISTS),
            billing=BillingNames(self._billing_names(), self.settings.name_length, book.settled_customers()),
            taken=taken,
        )
        settings = with_known_accounts(self.settings, book)
        resolution = Resolution(book=book, settings=settings, company=company, names=names)
        return Maker(resolution, settings, company, self._taxes(), mode)

    def _billing_names(self) -> Iterable[tuple[str, str]]:
        return ((row["customer_id"], row["name"]) for row in self.reader.read_list("customers"))

    def _taxes(self) -> TaxTable:
        codes = reference.payloads(self.state, self.id, "TaxCode")
        return tax_table(codes, reference.payloads(self.state, self.id, "TaxRate"))


@contextmanager
def open_realm(realm_key: str) -> Iterator[Realm]:
    """Open a realm. Raises SettingsError, NotConnectedError, AnotherCompanyError, or what the connections raise.

    Every task opens its realm anew, so that a Connection that was changed during a run stops the next step. Raises
    NothingHandedOnError where a task was given no realm key.
    """
    if not realm_key:
        raise NothingHandedOnError
    settings = load_settings(realm_key)
    with ExitStack() as stack:
        state = stack.enter_context(connections.connect_state())
        require_current_schema(state)
        place = connections.quickbooks(settings.connection)
        row = companies.realm_behind(state, realm_key, place)
        if row is not None:
            companies.require_agreement(companies.disagreements(place, row, realm_key=realm_key))
        if row is None or row.connected_at is None:
            raise NotConnectedError(
                f"{realm_key} is not connected to QuickBooks: an administrator opens Admin > Connect QuickBooks and signs on."
            )
        if row.disconnected_at is not None:
            raise NotConnectedError(
                f"{realm_key} was disconnected on {row.disconnected_at:%Y-%m-%d}: connect it again before it is synchronised."
            )
        yield Realm(settings, row, state, stack)


def ids(plan: Mapping[str, Any]) -> tuple[str, int]:
    """Realm key and plan id, which is all that travels from task to task besides counts. Raises NothingHandedOnError."""
    if not plan:
        raise NothingHandedOnError
    return str(plan["realm_key"]), int(plan["plan_id"])
