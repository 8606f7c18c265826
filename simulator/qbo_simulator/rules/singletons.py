"""Changing CompanyInfo and Preferences: what differs from what is stored is taken, or named as a gap; nothing is cleared."""

from collections.abc import Iterator
from typing import Any

from qbo_simulator.books import Books
from qbo_simulator.company import company_info, preferences
from qbo_simulator.entities.fields import boolean, text, unknown
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.errors import NotSimulated, business, missing, not_found, stale
from qbo_simulator.rules.base import SERVER_MADE
from qbo_simulator.wire import Json

Path = tuple[str, ...]
# Where a preference stands: its name in the company.
WRITABLE: dict[Path, str] = {
    **{
        ("AccountingInfoPrefs", name): name
        for name in ("TrackDepartments", "ClassTrackingPerTxn", "ClassTrackingPerTxnLine")
    },
    **{
        ("SalesFormsPrefs", name): name
        for name in (
            "CustomTxnNumbers",
            "AllowDeposit",
            "AllowDiscount",
            "AllowEstimates",
            "AllowServiceDate",
            "AllowShipping",
            "AutoApplyCredit",
            "AutoApplyPayments",
            "DefaultCustomerMessage",
        )
    },
    ("EmailMessagesPrefs", "InvoiceMessage", "Subject"): "InvoiceSubject",
    ("EmailMessagesPrefs", "InvoiceMessage", "Message"): "InvoiceMessage",
    ("CurrencyPrefs", "MultiCurrencyEnabled"): "MultiCurrencyEnabled",
    ("TaxPrefs", "UsingSalesTax"): "UsingSalesTax",
}
# Shown, and never taken from a request.
READ_ONLY = frozenset({("AccountingInfoPrefs", "BookCloseDate"), *((name,) for name in SERVER_MADE), ("NameValue",)})
TOLD = frozenset(
    {
        "LegalName",
        "CompanyAddr",
        "CustomerCommunicationAddr",
        "LegalAddr",
        "CustomerCommunicationEmailAddr",
        "PrimaryPhone",
        "Email",
        "WebAddr",
    }
)


def change_singleton(books: Books, entity: EntityType, raw: Json) -> None:
    """Take what a request changes; raises 610, 2020, 5010, and 501 for what cannot be changed here."""
    company = books.company
    if str(raw.get("Id") or "1") != "1":
        raise not_found()
    if raw.get("SyncToken") in (None, ""):
        raise missing("SyncToken")
    if str(raw["SyncToken"]) != str(company.sync_token):
        raise stale(company.user_name)
    if strange := [name for name in raw if name not in entity.shape.fields]:
        raise unknown(strange[0], entity.name, entity.shape.order)
    if entity.name == "CompanyInfo":
        _tell(books, entity.shape.read(raw))
    else:
        _prefer(books, raw)
    company.sync_token += 1
    company.updated = books.now
    books.database.execute("update companies set document = ? where key = ?", (company.document(), company.key))


def _tell(books: Books, given: Json) -> None:
    shown = company_info(books.company)
    told = {name: value for name, value in given.items() if _without_id(value) != _without_id(shown.get(name))}
    for name in told:
        if name not in TOLD and name != "CompanyName":
            raise NotSimulated(f"a change of CompanyInfo.{name}")
    if "CompanyName" in told:
        # The legal name, which is the company's as long as no other is told, does not follow.
        books.company.name = told.pop("CompanyName")
        told.setdefault("LegalName", shown["LegalName"])
    books.company.told = {**books.company.told, **told}


def _without_id(value: Any) -> Any:
    """An address is the same whatever its Id is."""
    return {name: part for name, part in value.items() if name != "Id"} if isinstance(value, dict) else value


def _prefer(books: Books, raw: Json) -> None:
    shown, chosen = dict(_leaves(preferences(books.company))), dict(books.company.preferences)
    for path, value in _leaves(raw):
        if path in READ_ONLY or value is None or value == shown.get(path):
            continue
        name, where = WRITABLE.get(path), ".".join(path)
        if name is None:
            raise NotSimulated(f"a change of Preferences.{where}")
        read = boolean if isinstance(shown[path], bool) else text()
        chosen[name] = read(value, where)
    if books.company.preferences["MultiCurrencyEnabled"] and not chosen["MultiCurrencyEnabled"]:
        raise business("Multicurrency cannot be turned off once it is on.", "MultiCurrencyEnabled")
    books.company.preferences.update(chosen)


def _leaves(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of a tree with its place; an array is one value, and so are times and the server's own properties."""
    if isinstance(node, dict) and path not in READ_ONLY:
        for name, value in node.items():
            yield from _leaves(value, (*path, name))
    else:
        yield path, node
