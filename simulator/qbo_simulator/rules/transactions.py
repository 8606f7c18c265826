"""What all transactions share: closed books, currencies, custom fields, the note of a void."""

from qbo_simulator.books import Books, Record
from qbo_simulator.company import CURRENCY_NAMES
from qbo_simulator.errors import CLOSED_BOOKS_DETAIL, Fault, business, missing
from qbo_simulator.rules.rates import rate_on
from qbo_simulator.wire import Json


def check_closed_books(books: Books, date: str) -> None:
    """Dates on and before the closing date are locked: 6210 with a closing password, else 6200."""
    closing = books.company.closing_date
    if closing and date <= closing:
        code = "6210" if books.company.preferences["BookClosePassword"] else "6200"
        raise Fault(code, CLOSED_BOOKS_DETAIL)


def refuse_deposited(document: Json) -> None:
    """6540: what lies in a deposit cannot be changed."""
    if any(link.get("TxnType") == "Deposit" for link in document.get("LinkedTxn", ())):
        raise Fault(
            "6540",
            "This transaction has been deposited. If you want to change or delete it, you must edit the deposit it "
            "appears on and remove it first",
        )


def settle_currency(books: Books, form: Json, customer: Record | None, is_free: bool = False) -> None:
    """The home currency; or, with multicurrency, the customer's, named in the request, at a rate.

    :param is_free: the form is nobody's, so that any currency will do.
    """
    company = books.company
    given = form.get("CurrencyRef", {}).get("value")
    if not company.is_multicurrency:
        if given and given != company.home_currency:
            raise Fault("5030", "Feature Not Supported Error : Multi-currency is not enabled for this company.")
        form["CurrencyRef"] = company.currency(company.home_currency)
        form.pop("ExchangeRate", None)
        return
    if not given:
        raise missing("CurrencyRef")
    expected = customer.document["CurrencyRef"]["value"] if customer else company.home_currency
    if is_free and given not in CURRENCY_NAMES:
        raise Fault("2220", f"Currency code is not valid. Supplied value:{given}", element="CurrencyRef")
    if given != expected and not is_free:
        raise business("The currency of the transaction is not the currency of the customer.", "CurrencyRef")
    form["CurrencyRef"] = company.currency(given)
    if given == company.home_currency:
        form["ExchangeRate"] = 1
    else:
        form.setdefault("ExchangeRate", rate_on(books, given, form.get("TxnDate", books.today)))
    if form["ExchangeRate"] <= 0:
        raise business("The exchange rate must be greater than zero.", "ExchangeRate")


def custom_fields(books: Books, form: Json) -> None:
    """All fields that the company has defined are printed, with the values given; an unknown definition is 3000."""
    names: list[str] = books.company.preferences["CustomFields"]
    values: dict[str, str] = {}
    for field in form.get("CustomField", []):
        definition = field.get("DefinitionId", "")
        if not definition.isdecimal() or not 1 <= int(definition) <= len(names):
            raise Fault("3000", f"Invalid custom field definition. Supplied value:{definition}", element="CustomField")
        if "StringValue" in field:
            values[definition] = field["StringValue"]
    form["CustomField"] = [_printed(str(number), name, values) for number, name in enumerate(names, 1)]


def _printed(id: str, name: str, values: dict[str, str]) -> Json:
    field: Json = {"DefinitionId": id, "Name": name, "Type": "StringType"}
    if id in values:
        field["StringValue"] = values[id]
    return field


def void_note(note: str | None) -> str:
    """``Voided``, put in front of a note that was there."""
    return f"Voided - {note}" if note else "Voided"


def name_ship_method(form: Json) -> None:
    """There is no list of ways to ship: the reference is its own name."""
    if "ShipMethodRef" in form:
        form["ShipMethodRef"]["name"] = form["ShipMethodRef"]["value"]
