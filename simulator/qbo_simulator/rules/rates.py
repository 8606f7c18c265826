"""Exchange rates by day."""

from decimal import Decimal

from qbo_simulator.books import Books, Record
from qbo_simulator.company import CURRENCY_NAMES
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, missing, stale
from qbo_simulator.wire import Json


def rate_on(books: Books, code: str, date: str) -> Decimal:
    """The newest rate that was set for a day up to ``date``; else the company's standing one."""
    record = _newest(books, code, date)
    if record is not None:
        return Decimal(record.document["Rate"])
    return Decimal(books.company.exchange_rates.get(code, "1"))


def read_rate(books: Books, code: str, date: str) -> Json:
    """``ExchangeRate`` of a currency on a day, as set or as QBO would propose it."""
    _check(books, code)
    record = _newest(books, code, date)
    if record is not None and record.document["AsOfDate"] == date:
        return record.document
    return {
        "SourceCurrencyCode": code,
        "TargetCurrencyCode": books.company.home_currency,
        "Rate": rate_on(books, code, date),
        "AsOfDate": date,
        "domain": "QBO",
        "sparse": False,
        "SyncToken": "0",
        "MetaData": {"LastUpdatedTime": books.time_text},
    }


def set_rate(books: Books, raw: Json) -> Json:
    """Set the rate of a day; raises the Faults of a wrong currency, a missing value or a stale token."""
    entity = ENTITIES["ExchangeRate"]
    document = entity.shape.read(raw)
    for name in ("SourceCurrencyCode", "Rate"):
        if name not in document:
            raise missing(name)
    _check(books, document["SourceCurrencyCode"])
    if document["Rate"] <= 0:
        raise Fault("2070", f"Rate must be greater than zero. Supplied value:{document['Rate']}", element="Rate")
    target = document.setdefault("TargetCurrencyCode", books.company.home_currency)
    if target != books.company.home_currency:
        raise Fault("2220", f"Currency code is not valid. Supplied value:{target}", element="TargetCurrencyCode")
    date = document.setdefault("AsOfDate", books.today)
    known = _newest(books, document["SourceCurrencyCode"], date)
    if known is None or known.document["AsOfDate"] != date:
        return books.insert(entity, document).document
    if str(raw.get("SyncToken", known.sync_token)) != str(known.sync_token):
        raise stale(books.company.user_name)
    return books.replace(known, document).document


def _newest(books: Books, code: str, date: str) -> Record | None:
    row = books.database.execute(
        "select id from objects where company = ? and entity = 'ExchangeRate' and deleted = 0 and name = ? "
        "and json_extract(body, '$.AsOfDate') <= ? order by json_extract(body, '$.AsOfDate') desc limit 1",
        (books.company.key, code, date),
    ).fetchone()
    return books.get(ENTITIES["ExchangeRate"], row[0]) if row else None


def _check(books: Books, code: str) -> None:
    if not books.company.is_multicurrency:
        raise Fault("5030", "Feature Not Supported Error : Multi-currency is not enabled for this company.")
    if code not in CURRENCY_NAMES:
        raise Fault("2220", f"Currency code is not valid. Supplied value:{code}", element="SourceCurrencyCode")
