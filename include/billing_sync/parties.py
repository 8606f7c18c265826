"""The creates of customers and items that a document needs and QuickBooks does not have yet."""

from __future__ import annotations

from typing import Any

from include.billing_sync.documents import Customer, Line
from include.billing_sync.name_rules import cleaned_name, customer_display_name, item_name
from include.billing_sync.payload import Payload
from include.billing_sync.reasons import Finding
from include.billing_sync.settings import Company, RealmSettings
from include.billing_sync.texts import cut, is_email

NAME_PART_LENGTH = 100
PHONE_LENGTH = 30
SKU_LENGTH = 100
_ADDRESS = (
    ("line1", "Line1", 500),
    ("line2", "Line2", 500),
    ("city", "City", 255),
    ("region", "CountrySubDivisionCode", 255),
    ("postal_code", "PostalCode", 30),
    ("country", "Country", 255),
)


def customer_payload(
    customer: Customer, settings: RealmSettings, company: Company, currency: str | None = None
) -> Payload:
    """The create of a customer: the billing name as DisplayName, the contact, the currency (QBO facts, section 9.1).

    The contact goes to QuickBooks here and never again; an address or number that QuickBooks would refuse is left out.

    :param currency: of the document that needs the customer; used where billing states none for the customer itself.
    :raises ValueError: when nothing of the name is left that QuickBooks would take.
    """
    name, changes = customer_display_name(customer.name, settings.name_length)
    if not name:
        raise ValueError(f"customer {customer.customer_id}: nothing of its name {customer.name[:40]!r} can be a name")
    body: dict[str, Any] = {"DisplayName": name}
    body |= _name_part("CompanyName", customer.company_name)
    body |= _name_part("GivenName", customer.given_name)
    body |= _name_part("FamilyName", customer.family_name)
    if is_email(customer.email):
        body["PrimaryEmailAddr"] = {"Address": str(customer.email).strip()}
    if customer.phone and len(customer.phone) <= PHONE_LENGTH:
        body["PrimaryPhone"] = {"FreeFormNumber": customer.phone}
    address = {theirs: cut(text, length) for ours, theirs, length in _ADDRESS if (text := getattr(customer, ours))}
    if address:
        body["BillAddr"] = address
    if company.is_multi_currency:
        body["CurrencyRef"] = {"value": customer.currency or currency or company.home_currency}
    return Payload("Customer", body, {"name": name}, _changed(customer.name, name, changes))


def item_payload(line: Line, settings: RealmSettings) -> Payload:
    """The create of the item that a line's service becomes: its name, its income account, and the catalogue id as Sku.

    A discount's item gets ``discount_account`` where there is one, unless the discount names a service: then the item is that of
    the service, whose charges are revenue.

    :raises ValueError: without ``income_account``, or when the line has no service name that can be a name.
    """
    is_own = line.kind == "discount" and not line.service_id
    account = (is_own and settings.discount_account) or settings.income_account
    if account is None:
        raise ValueError(f"settings of {settings.realm_key}: income_account is needed before an item can be created")
    billing_name = line.service_name or line.description
    name, changes = item_name(billing_name)
    if not name:
        raise ValueError(f"service {line.service_id}: nothing of its name {billing_name[:40]!r} can be a name")
    body: dict[str, Any] = {
        "Name": name,
        "Type": "Service",
        "IncomeAccountRef": {"value": account.id},
    }
    sku = line.service_sku or line.service_id
    if sku and len(sku) <= SKU_LENGTH:
        body["Sku"] = sku
    return Payload("Item", body, {"name": name}, _changed(billing_name, name, changes))


def _name_part(key: str, text: str | None) -> dict[str, str]:
    kept = cut(cleaned_name(text)[0], NAME_PART_LENGTH).strip() if text else ""
    return {key: kept} if kept else {}


def _changed(billing_name: str, name: str, changes: tuple[str, ...]) -> list[Finding]:
    return [Finding("name_changed", f"{billing_name!r} became {name!r}: {'; '.join(changes)}")] if changes else []
