"""Currencies inside one document: its accounts and its names must be of one currency with it."""

from collections.abc import Iterable, Iterator
from typing import Any

from qbo_simulator.books import Books
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import business
from qbo_simulator.wire import Json

# References to accounts that hold money of their own currency.
ACCOUNTS = frozenset(
    {
        "AccountRef",
        "DepositToAccountRef",
        "BankAccountRef",
        "CCAccountRef",
        "CreditCardAccountRef",
        "FromAccountRef",
        "ToAccountRef",
    }
)


def check_accounts(books: Books, document: Json) -> None:
    """6000 for an account of a third currency; one in the home currency takes any document at its rate."""
    if not books.company.is_multicurrency:
        return
    allowed = (books.company.home_currency, document["CurrencyRef"]["value"])
    for value in _accounts(document):
        account = books.find(ENTITIES["Account"], int(value))
        if account is not None and account.document.get("CurrencyRef", {}).get("value", allowed[0]) not in allowed:
            raise business(f"The currency of the account {account.name} is not the currency of the transaction.")


def check_names(books: Books, document: Json, names: Iterable[tuple[str, int]]) -> None:
    """6000 for somebody who is billed in another currency."""
    if not books.company.is_multicurrency:
        return
    for entity, number in names:
        record = books.find(ENTITIES[entity], number)
        home = {"value": books.company.home_currency}
        if record and record.document.get("CurrencyRef", home)["value"] != document["CurrencyRef"]["value"]:
            raise business(f"The currency of {record.name} is not the currency of the transaction.", "CurrencyRef")


def _accounts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name in ACCOUNTS:
                yield value["value"]
            else:
                yield from _accounts(value)
    elif isinstance(node, list):
        for entry in node:
            yield from _accounts(entry)
