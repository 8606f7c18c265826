"""The demo company's lists: a telecom company in Texas with its customers, services, taxes and subscriptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

Row = dict[str, Any]

TAXABLE, EXEMPT = "TAXABLE", "EXEMPT"

# Code, name, who levies it, percent. A treatment has neither of the last two.
TAXES = (
    (TAXABLE, "Taxable communications service", None, None),
    (EXEMPT, "Not taxable", None, None),
    ("TX-STATE", "Texas sales tax", "Texas", "6.25"),
    ("TX-AUSTIN", "City of Austin sales tax", "Austin, Texas", "2.00"),
    ("TX-HOUSTON", "City of Houston sales tax", "Houston, Texas", "2.00"),
    ("TX-DALLAS", "City of Dallas sales tax", "Dallas, Texas", "2.00"),
    ("NM-STATE", "New Mexico gross receipts tax", "New Mexico", "4.875"),
    ("LA-STATE", "Louisiana sales tax", "Louisiana", "5.00"),
)
RATES = {code: Decimal(percent) for code, _, _, percent in TAXES if percent is not None}
_PLACES = {
    "Austin": ("TX", "78701", ("TX-STATE", "TX-AUSTIN")),
    "Houston": ("TX", "77002", ("TX-STATE", "TX-HOUSTON")),
    "Dallas": ("TX", "75201", ("TX-STATE", "TX-DALLAS")),
    "Santa Fe": ("NM", "87501", ("NM-STATE",)),
    "Baton Rouge": ("LA", "70801", ("LA-STATE",)),
}
_CITIES = tuple(_PLACES)

# Id, name, catalogue number, category, list price.
SERVICES = (
    ("fiber-500", "Fiber 500", "FIB-500", "recurring", "79.00"),
    ("fiber-1000", "Fiber 1000", "FIB-1000", "recurring", "119.00"),
    ("sip-trunk", "SIP Trunk", "SIP-01", "recurring", "24.95"),
    ("mobile-plan", "Mobile Plan", "MOB-01", "recurring", "34.50"),
    ("managed-wifi", "Managed WiFi", "WIFI-01", "recurring", "15.75"),
    ("voice-minutes", "Voice Minutes", "USG-VOI", "usage", "0.0290"),
    ("mobile-data", "Mobile Data", "USG-DAT", "usage", "1.7500"),
    ("router", "Router", "EQ-RTR", "equipment", "189.00"),
    ("desk-phone", "Desk Phone", "EQ-PHN", "equipment", "94.50"),
    ("installation", "Installation", "ONE-INS", "one_off", "149.00"),
    ("support-hour", "Support Hour", "ONE-SUP", "one_off", "95.00"),
    ("satellite", "Satellite Backup", "SAT-01", "satellite", "249.00"),
)
SERVICE = {row[0]: row for row in SERVICES}

_NAMES = (
    "Cool Cars", "Kookies by Kathy", "Alamo Bicycle Works", "Barton Creek Dental", "Big Thicket Outfitters",
    "Bluebonnet Books", "Brazos Valley Veterinary", "Café Zoë & Sons", "Caprock Freight", "Cedar Door Realty",
    "Chisholm Trail Logistics", "Copper Canyon Coffee", "Dos Ríos Catering", "East Side Auto Glass", "Fig & Olive Bistro",
    "Gulf Coast Refrigeration", "Hill Country Hospice", "Ironwood Carpentry", "Jade Garden Restaurant", "Kerrville Pottery",
    "Lone Star Printing", "Mesquite Grill House", "Nopalito Foods", "O'Brien Plumbing", "Pecan Street Brewery",
    "Quintana Law Office", "Rio Bravo Surveyors", "San Marcos Optical", "Tejas Timber", "Uvalde Honey Company",
)  # fmt: skip
_EXEMPT_CUSTOMERS = frozenset({"Hill Country Hospice"})


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A customer as the generators need it."""

    customer_id: str
    name: str
    city: str
    email: str | None = None
    currency: str = "USD"
    is_test: bool = False
    is_exempt: bool = False
    subscriptions: tuple[Row, ...] = field(default=())

    @property
    def jurisdictions(self) -> tuple[str, ...]:
        """Who levies a tax on what this customer buys."""
        return () if self.is_exempt else _PLACES[self.city][2]

    def row(self) -> Row:
        """Its row of billing.customers."""
        region, postal_code, _ = _PLACES[self.city]
        number = int(self.customer_id.removeprefix("C-"))
        return {
            "customer_id": self.customer_id,
            "customer_name": self.name,
            "currency": self.currency,
            "company_name": self.name,
            "given_name": "Pat",
            "family_name": "Morgan",
            "email": self.email,
            "phone": f"(512) 555-{number % 10000:04}",
            "address_line1": f"{100 + number} Main Street",
            "city": self.city,
            "region": region,
            "postal_code": postal_code,
            "country": "US",
            "is_test": self.is_test,
        }


def subscriber(number: int, name: str, **more: Any) -> Subscriber:
    """A customer whose city and e-mail follow from its number."""
    city = _CITIES[number % len(_CITIES)]
    more.setdefault("email", f"billing{number}@customer.example")
    more.setdefault("is_exempt", name in _EXEMPT_CUSTOMERS)
    return Subscriber(f"C-{number}", name, city, **more)


def ordinary_subscribers() -> list[Subscriber]:
    """The customers without any peculiarity, each with its subscriptions."""
    return [_subscribed(subscriber(1001 + place, name), place) for place, name in enumerate(_NAMES)]


def _subscribed(who: Subscriber, place: int) -> Subscriber:
    wanted = ["fiber-1000" if place % 3 == 0 else "fiber-500"]
    wanted += ["sip-trunk"] if place % 2 == 0 else []
    wanted += ["mobile-plan"] if place % 4 in (1, 2) else []
    wanted += ["managed-wifi"] if place % 5 == 0 else []
    rows = tuple(_subscription(who, service) for service in wanted)
    return Subscriber(who.customer_id, who.name, who.city, who.email, is_exempt=who.is_exempt, subscriptions=rows)


def _subscription(who: Subscriber, service_id: str) -> Row:
    return {
        "subscription_id": f"S-{who.customer_id.removeprefix('C-')}-{service_id}",
        "customer_id": who.customer_id,
        "service_id": service_id,
        "subscription_name": f"{SERVICE[service_id][1]} for {who.name}",
        "monthly_price": Decimal(SERVICE[service_id][4]),
        "started_date": date(2025, 1, 1),
    }


def service_rows() -> list[Row]:
    """The rows of billing.services."""
    names = ("service_id", "service_name", "sku", "category")
    return [dict(zip(names, row[:4], strict=True)) for row in SERVICES]


def tax_rows() -> list[Row]:
    """The rows of billing.tax_jurisdictions."""
    names = ("tax_code", "tax_name", "jurisdiction", "rate_percent")
    return [dict(zip(names, row, strict=True)) for row in TAXES]
