"""Building companies: the default one, and those that ``/_sim/seed`` asks for."""

import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from qbo_simulator import operations
from qbo_simulator.books import Books
from qbo_simulator.company import DEFAULT_PREFERENCES, HOME_CURRENCY, Company
from qbo_simulator.entities.kinds import CREATE
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.sample import data
from qbo_simulator.sample.bulk import BulkInvoices, Wish, request
from qbo_simulator.web.tokens import Tokens
from qbo_simulator.wire import Json
from qbo_simulator.world import World

DEFAULT_REALM = "9130000000000001"
DEFAULT_APP = ("simclient", "simsecret")
DEFAULT_REFRESH_TOKEN = "RT1-sim"  # noqa: S105 - the published token of the demo company
DEFAULT_NAME = "Craig's Design and Landscaping Services"
_FORMATS = {"US": "California", "GB": "20.0% S", "CA": "GST", "AU": "GST"}


class UnknownSeed(ValueError):
    """A seed request that cannot be understood."""


def build_default(world: World, tokens: Tokens) -> None:
    """The company, app and refresh token of a fresh simulator."""
    tokens.add_app(*DEFAULT_APP, name="Simulated app")
    seed(world, tokens, {"realm_id": DEFAULT_REALM, "name": DEFAULT_NAME, "refresh_token": DEFAULT_REFRESH_TOKEN})


SEED_KEYS = {
    "realm_id", "name", "country", "home_currency", "environment", "user_name", "preferences", "exchange_rates", "client_id",
    "client_secret", "refresh_token", "lists", "customers", "invoices", "lines", "random_seed",
}  # fmt: skip


def seed(world: World, tokens: Tokens, wanted: Json) -> Json:
    """Create one company; returns its realm id, app and refresh token.

    Keys (all optional but ``realm_id``): see ``SEED_KEYS``; ``customers`` and ``invoices`` are numbers of generated objects,
    ``lines`` the lines of each invoice, ``lists`` is ``sample`` (with the sample's customers and vendors) or ``bare``.
    """
    unknown = sorted(set(wanted) - SEED_KEYS)
    if unknown:
        raise UnknownSeed(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(SEED_KEYS))}")
    company = _company(world, wanted)
    if company.realm_id in world.companies:
        world.remove_company(company.realm_id)
    world.add_company(company)
    books = world.books(company)
    chosen = company.preferences
    # A seed is made with open books and without tax automation; the wished preferences hold afterwards.
    company.preferences = {**chosen, "BookCloseDate": None}
    fill_lists(books, with_names=wanted.get("lists", "sample") == "sample")
    _generate(books, wanted)
    company.preferences = chosen
    world.save_company(company)
    return connected(tokens, company, wanted)


def connected(tokens: Tokens, company: Company, wanted: Json) -> Json:
    """Connect an app (``client_id``, ``client_secret``, ``refresh_token``) to a company; returns what a client needs."""
    client_id = str(wanted.get("client_id", DEFAULT_APP[0]))
    if tokens.app_secret(client_id) is None:
        tokens.add_app(client_id, str(wanted.get("client_secret", DEFAULT_APP[1])))
    grant = tokens.add_grant(client_id, company.realm_id)
    refresh_token = tokens.issue_refresh(grant, wanted.get("refresh_token"))
    return {
        "realm_id": company.realm_id,
        "name": company.name,
        "country": company.country,
        "client_id": client_id,
        "client_secret": tokens.app_secret(client_id),
        "refresh_token": refresh_token,
        "access_token": tokens.issue_access(grant),
    }


def _company(world: World, wanted: Json) -> Company:
    realm_id = str(wanted.get("realm_id", ""))
    if not realm_id.isdecimal():
        raise UnknownSeed("realm_id must be a string of digits")
    country = str(wanted.get("country", "US"))
    if country not in HOME_CURRENCY:
        raise UnknownSeed(f"country must be one of {', '.join(HOME_CURRENCY)}")
    preferences = wanted.get("preferences") or {}
    unknown = sorted(set(preferences) - set(DEFAULT_PREFERENCES))
    if unknown:
        raise UnknownSeed(f"unknown preference {unknown[0]!r}; known: {', '.join(DEFAULT_PREFERENCES)}")
    company = Company(
        key=0,
        realm_id=realm_id,
        name=str(wanted.get("name", f"Company {realm_id}")),
        country=country,
        home_currency=str(wanted.get("home_currency", HOME_CURRENCY[country])),
        environment=str(wanted.get("environment", "sandbox")),
        user_name=str(wanted.get("user_name", "Craig Carlson")),
        created=int(world.clock.now()),
        address=dict(data.ADDRESSES[country]),
        exchange_rates={code: str(rate) for code, rate in (wanted.get("exchange_rates") or {}).items()},
        preferences={**DEFAULT_PREFERENCES, "PartnerTaxEnabled": country == "US", **preferences},
    )
    if country == "US":
        company.default_tax_code = "2"
        company.tax_code_by_state = {"CA": "2", "AZ": "3"}
    return company


def fill_lists(books: Books, with_names: bool) -> None:
    """Accounts, items, terms, payment methods and tax; with the sample's customers, vendors and employees or without."""
    for row_id, name, kind, subtype, *above in data.ACCOUNTS:
        place: Json = {"SubAccount": True, "ParentRef": {"value": str(above[0])}} if above else {}
        create_as(books, "Account", row_id, {"Name": name, "AccountType": kind, "AccountSubType": subtype, **place})
    fill_tax(books)
    for row_id, name, kind, description, price, account in data.ITEMS:
        item: Json = {"Name": name, "Type": kind, "UnitPrice": price, "IncomeAccountRef": {"value": str(account)}}
        if description:
            item["Description"] = description
        create_as(books, "Item", row_id, item)
    for row_id, name, days in data.TERMS:
        create_as(books, "Term", row_id, {"Name": name, "DueDays": days})
    for row_id, name, kind in data.PAYMENT_METHODS:
        create_as(books, "PaymentMethod", row_id, {"Name": name, "Type": kind})
    if not with_names:
        return
    for row in data.CUSTOMERS:
        create_as(books, "Customer", row[0], customer_payload(row))
    for row_id, given, family in data.EMPLOYEES:
        create_as(books, "Employee", row_id, {"GivenName": given, "FamilyName": family})
    # Behind the employees: the last of them has the highest id of all names.
    for row_id, name in data.VENDORS:
        create_as(books, "Vendor", row_id, {"DisplayName": name})


def create_as(books: Books, entity_name: str, id: int, payload: Json) -> None:
    """Create through the rules, with a chosen id."""
    entity = ENTITIES[entity_name]
    books.database.execute(
        "insert into sequences (company, name, last) values (?, ?, ?) "
        "on conflict (company, name) do update set last = excluded.last",
        (books.company.key, entity.sequence, id - 1),
    )
    operations.write(books, entity, CREATE, payload)


def customer_payload(row: tuple[Any, ...]) -> Json:
    """The request that makes a customer of the sample."""
    _id, name, given, family, street, city, state, postcode, phone, mail, parent = row
    payload: Json = {"DisplayName": name, "GivenName": given, "FamilyName": family, "Taxable": True}
    if street:
        address = {"Line1": street, "City": city, "CountrySubDivisionCode": state, "PostalCode": postcode}
        payload |= {"BillAddr": address}
    if phone:
        payload["PrimaryPhone"] = {"FreeFormNumber": phone}
    if mail:
        payload["PrimaryEmailAddr"] = {"Address": mail}
    if parent:
        payload |= {"Job": True, "ParentRef": {"value": str(parent)}, "BillWithParent": True}
    else:
        payload["CompanyName"] = name
    return payload


def fill_tax(books: Books) -> None:
    """Agency, rates and codes of the company's country."""
    agency, rates, codes = data.TAXES[books.company.country]
    create_as(books, "TaxAgency", 1, {"DisplayName": agency})
    for row_id, name, percent in rates:
        number = Decimal(percent)
        rate = {
            "Name": name,
            "Description": name,
            "Active": True,
            "RateValue": int(number) if number == int(number) else number,
            "AgencyRef": {"value": "1"},
            "SpecialTaxType": "NONE",
            "DisplayType": "ReadOnly",
            "EffectiveTaxRate": [
                {
                    "RateValue": int(number) if number == int(number) else number,
                    "EffectiveDate": "2010-01-01T00:00:00-08:00",
                }
            ],
        }
        books.insert(ENTITIES["TaxRate"], rate, id=row_id)
    names = {row_id: name for row_id, name, _percent in rates}
    # The next rate and code get ids behind those of the sample.
    books.next_id(ENTITIES["TaxRate"].sequence, max(names))
    books.next_id(ENTITIES["TaxCode"].sequence, max(row[0] for row in codes))
    for row_id, name, description, sales_rates, purchase_rates, is_taxable in codes:
        code: Json = {
            "Name": name,
            "Description": description,
            "Active": True,
            "Hidden": False,
            "Taxable": is_taxable,
            "TaxGroup": True,
            "SalesTaxRateList": {"TaxRateDetail": _rate_details(sales_rates, names)},
            "PurchaseTaxRateList": {"TaxRateDetail": _rate_details(purchase_rates, names)},
        }
        books.insert(ENTITIES["TaxCode"], code, id=row_id)


def _rate_details(rates: tuple[int, ...], names: dict[int, str]) -> list[Json]:
    return [
        {"TaxRateRef": {"value": str(rate), "name": names[rate]}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": order}
        for order, rate in enumerate(rates)
    ]


def _generate(books: Books, wanted: Json) -> None:
    count, invoices, lines = (
        int(wanted.get(name, default)) for name, default in (("customers", 0), ("invoices", 0), ("lines", 2))
    )
    entity = ENTITIES["Customer"]
    for number in range(1, count + 1):
        operations.write(books, entity, CREATE, {"DisplayName": f"Customer {number:06}"})
    if not invoices:
        return
    ids = _customer_ids(books)
    if not ids:
        raise UnknownSeed("invoices need customers")
    chance = random.Random(int(wanted.get("random_seed", 1)))  # noqa: S311 - reproducible sample data, not a secret
    tax = {"value": "NON" if books.company.is_us else str(_code_named(books, _FORMATS[books.company.country]))}
    wishes = [Wish(chance, ids, lines) for _ in range(invoices)]
    if not books.company.is_multicurrency and books.company.preferences["CustomTxnNumbers"]:
        BulkInvoices(books, tax).write(wishes)
        return
    for number, wish in enumerate(wishes, 1):
        operations.write(books, ENTITIES["Invoice"], CREATE, request(books, number, wish, tax))


def _customer_ids(books: Books) -> list[int]:
    rows: Iterable[tuple[int]] = books.database.execute(
        "select id from objects where company = ? and entity = 'Customer' order by id", (books.company.key,)
    )
    return [row_id for (row_id,) in rows]


def _code_named(books: Books, name: str) -> int:
    row = books.database.execute(
        "select id from objects where company = ? and entity = 'TaxCode' and name = ?", (books.company.key, name)
    ).fetchone()
    return int(row[0])
