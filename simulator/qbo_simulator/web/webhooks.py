"""Webhooks: what was written is told to the apps that listen, signed, aggregated, and again until they answer 200.

Events are rows of the state file, written with the change itself. Deliveries follow simulated time: an unanswered one is repeated
on QBO's schedule, and later events wait behind it.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import random
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from qbo_simulator.wire import Json
from qbo_simulator.world import World

LOG = logging.getLogger("qbo_simulator")
MOST_EVENTS = 100
PATIENCE = 3.0
# Seconds until each repetition; the last one is the interval of all that follow.
SCHEDULE = (10, 20, 30, 300, 1200, 7200, 14_400, 21_600)
FORMATS = ("legacy", "cloudevents")
PAST = {
    "Create": "created",
    "Update": "updated",
    "Delete": "deleted",
    "Void": "voided",
    "Emailed": "emailed",
    "Merge": "merged",
}
ENTITIES = frozenset(
    {
        "Account", "Bill", "BillPayment", "Budget", "Class", "CreditMemo", "Currency", "Customer", "Department", "Deposit",
        "Employee", "Estimate", "Invoice", "Item", "JournalCode", "JournalEntry", "Payment", "PaymentMethod", "Preferences",
        "Purchase", "PurchaseOrder", "RefundReceipt", "SalesReceipt", "TaxAgency", "Term", "TimeActivity", "Transfer", "Vendor",
        "VendorCredit",
    }
)  # fmt: skip


class UnknownSubscription(ValueError):
    """A subscription that cannot be understood."""


@dataclass(slots=True)
class Subscription:
    """One address that listens. ``cursor`` is the last event told; ``open`` the body that waits for its repetition."""

    number: int
    url: str
    verifier_token: str
    format: str = "cloudevents"
    entities: list[str] | None = None
    realm_ids: list[str] | None = None
    # Events of so many seconds travel in one delivery.
    aggregate_seconds: float = 0
    # Delivered by itself, or only by ``/_sim/webhooks/deliver``.
    is_automatic: bool = True
    cursor: int = 0
    open: str = ""
    open_cursor: int = 0
    attempts: int = 0
    due: float = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One change."""

    number: int
    realm_id: str
    entity: str
    id: str
    operation: str
    at: float
    deleted_id: str


def legacy(events: list[Event]) -> Any:
    """The body until 2026: one notification for each realm."""
    realms: dict[str, list[Json]] = {}
    for event in events:
        entry = {"name": event.entity, "id": event.id, "operation": event.operation, "lastUpdated": _utc(event.at)}
        realms.setdefault(event.realm_id, []).append(
            {**entry, "deletedId": event.deleted_id} if event.deleted_id else entry
        )
    return {
        "eventNotifications": [
            {"realmId": realm_id, "dataChangeEvent": {"entities": entries}} for realm_id, entries in realms.items()
        ]
    }


def cloudevents(events: list[Event]) -> Any:
    """The body since 2026: one array, realms mixed; an event keeps its id when it is told again."""
    return [
        {
            "specversion": "1.0",
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{event.realm_id}/{event.number}")),
            "source": "intuit." + base64.urlsafe_b64encode(b"qbo-simulator").decode(),
            "type": f"qbo.{event.entity.lower()}.{PAST[event.operation]}.v1",
            "datacontenttype": "application/json",
            "time": _utc(event.at),
            "intuitentityid": event.id,
            "intuitaccountid": event.realm_id,
            "data": {"deletedId": event.deleted_id} if event.deleted_id else {},
        }
        for event in events
    ]


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def signature(body: bytes, verifier_token: str) -> str:
    """Base64 of HMAC-SHA256 over the bytes that are sent."""
    return base64.b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()).decode()


class Webhooks:
    """All subscriptions and their deliveries."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.subscriptions: list[Subscription] = []
        self._pump: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()
        self.load()

    def load(self) -> None:
        """Read what the state file holds."""
        self.subscriptions = [Subscription(**one) for one in self.world.recall("webhooks") or []]
        self.world.listens = bool(self.subscriptions)

    def _save(self) -> None:
        self.world.remember("webhooks", [asdict(one) for one in self.subscriptions])
        self.world.listens = bool(self.subscriptions)

    def subscribe(self, wanted: Json) -> Subscription:
        """Add an address; raises ``UnknownSubscription``. It hears of what is written from now on."""
        known = {"url", "verifier_token", "format", "entities", "realm_ids", "aggregate_seconds", "is_automatic"}
        if unknown := sorted(set(wanted) - known):
            raise UnknownSubscription(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
        if not str(wanted.get("url", "")).startswith(("http://", "https://")) or not wanted.get("verifier_token"):
            raise UnknownSubscription("url and verifier_token are required")
        if wanted.get("format", "cloudevents") not in FORMATS:
            raise UnknownSubscription(f"format must be one of: {', '.join(FORMATS)}")
        if strange := sorted(set(wanted.get("entities") or ()) - ENTITIES):
            raise UnknownSubscription(f"QuickBooks Online has no webhooks of {strange[0]}")
        number = 1 + max((one.number for one in self.subscriptions), default=0)
        last = self.world.database.execute("select coalesce(max(number), 0) from events").fetchone()[0]
        subscription = Subscription(number=number, cursor=last, **wanted)
        self.subscriptions.append(subscription)
        self._save()
        return subscription

    def clear(self) -> None:
        """Nobody listens any more."""
        self.subscriptions.clear()
        self._save()
        self.world.database.execute("delete from events")

    # -- deliveries ---------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something was written: see to it that it is delivered, without waiting for it."""
        if any(one.is_automatic for one in self.subscriptions) and (self._pump is None or self._pump.done()):
            self._pump = asyncio.get_running_loop().create_task(self._deliver_until_quiet())

    async def _deliver_until_quiet(self) -> None:
        while True:
            automatic = [one for one in self.subscriptions if one.is_automatic]
            for one in automatic:
                await self.deliver(one)
            if not any(one.open or self._events(one, until=float("inf")) for one in automatic):
                return
            await asyncio.sleep(0.2)

    async def deliver_all(self, duplicate: bool = False, shuffle: int | None = None) -> list[Json]:
        """Deliver what is due now to every subscription; returns what was sent and how it was answered.

        :param duplicate: send each delivery twice.
        :param shuffle: seed by which the events of a delivery are put out of order.
        """
        sent: list[Json] = []
        for one in list(self.subscriptions):
            while found := await self.deliver(one, duplicate, shuffle):
                sent += found
                if one.open:
                    break
        return sent

    async def deliver(self, one: Subscription, duplicate: bool = False, shuffle: int | None = None) -> list[Json]:
        """One delivery of a subscription, if one is due."""
        async with self._one_at_a_time:
            return await self._deliver(one, duplicate, shuffle)

    async def _deliver(self, one: Subscription, duplicate: bool, shuffle: int | None) -> list[Json]:
        now = self.world.clock.now()
        if one.open and one.due > now:
            return []
        if not one.open:
            events = self._events(one, until=now - one.aggregate_seconds)
            if not events:
                return []
            one.open_cursor = events[-1].number
            told = _latest(events)
            if shuffle is not None:
                random.Random(shuffle).shuffle(told)  # noqa: S311 - disorder that can be repeated, not a secret
            one.open = json.dumps(legacy(told) if one.format == "legacy" else cloudevents(told))
        body = one.open.encode()
        statuses = [await asyncio.to_thread(_post, one, body) for _ in range(2 if duplicate else 1)]
        is_taken = statuses[-1] == 200
        if is_taken:
            one.cursor, one.open, one.attempts = one.open_cursor, "", 0
        else:
            one.due = now + SCHEDULE[min(one.attempts, len(SCHEDULE) - 1)]
            one.attempts += 1
        self._save()
        return [{"subscription": one.number, "status": status, "body": json.loads(body)} for status in statuses]

    def _events(self, one: Subscription, until: float) -> list[Event]:
        """The next events of a subscription, oldest first; companies that are not connected tell nothing."""
        realms = {company.key: company for company in self.world.companies.values() if company.is_connected}
        rows = self.world.database.execute(
            "select number, company, entity, id, operation, at, deleted_id from events where number > ? and at <= ? "
            "order by number",
            (one.cursor, until),
        )
        found: list[Event] = []
        for number, key, entity, row_id, operation, at, deleted_id in rows:
            company = realms.get(key)
            if company is None or entity not in (one.entities or ENTITIES):
                continue
            if one.realm_ids is not None and company.realm_id not in one.realm_ids:
                continue
            event = Event(number, company.realm_id, entity, str(row_id), operation, at, str(deleted_id or ""))
            found.append(event)
            if len(found) == MOST_EVENTS:
                break
        return found


def _latest(events: list[Event]) -> list[Event]:
    """The same change of the same object is told once, with its latest time."""
    latest = {(event.realm_id, event.entity, event.id, event.operation): event for event in events}
    return sorted(latest.values(), key=lambda event: event.number)


def _post(one: Subscription, body: bytes) -> int:
    """Status of the answer; 0 when there was none in time."""
    headers = {"Content-Type": "application/json", "intuit-signature": signature(body, one.verifier_token)}
    request = Request(one.url, data=body, headers=headers, method="POST")  # noqa: S310 - http or https, checked before
    try:
        with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code
    except (URLError, OSError) as error:
        LOG.warning("webhook %s: %s", one.url, error)
        return 0
