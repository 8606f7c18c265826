"""One document, or a pair, for every reason that billing alone can cause, and for the values just inside each limit.

The realm of the demo is meant to start on 2026-07-01 with books closed up to 2026-07-31, in US dollars, and its mapping
book to know every category but ``satellite``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from demo.data.company import Subscriber, subscriber
from demo.data.document import Document, document
from demo.data.ordinary import used_credit

FIRST_NUMBER = 90001
_DAY = date(2026, 9, 18)
_LONG = "The Greater Brazos River Valley Agricultural and Livestock Exhibition, Rodeo and County Fair Association of "

PLAIN = subscriber(2001, "Wichita Falls Hardware")
HOUSE = subscriber(2002, "House Account (test)", is_test=True)
TWIN_1 = subscriber(2003, "Harbor Cafe")
TWIN_2 = subscriber(2004, "Harbor Cafe")
LONG_NAME = subscriber(
    2005, "The Permian Basin Society for the Restoration of Historic Drive-In Theaters and Roadside Neon Signs, Odessa"
)
CUT_1 = subscriber(2006, _LONG + "Washington County")
CUT_2 = subscriber(2007, _LONG + "Waller County")
COLON = subscriber(2008, "Delta: Marine Services")
EMOJI = subscriber(2009, "Sunny Side Bakery 🌞")
EURO = subscriber(2010, "Nordsee Handels GmbH", currency="EUR")
NO_EMAIL = subscriber(2011, "Zavala Feed Store", email=None)

CASE_SUBSCRIBERS = (PLAIN, HOUSE, TWIN_1, TWIN_2, LONG_NAME, CUT_1, CUT_2, COLON, EMOJI, EURO, NO_EMAIL)


class _Numbers:
    """Gives each case the next number."""

    def __init__(self) -> None:
        self.next = FIRST_NUMBER

    def invoice(self, who: Subscriber | None = PLAIN, day: date = _DAY, **header: object) -> Document:
        made = document(self.next, who, day, **header)
        self.next += 1
        return made

    def plain(self, who: Subscriber | None = PLAIN, day: date = _DAY, **header: object) -> Document:
        made = self.invoice(who, day, **header)
        made.charge("fiber-500")
        return made


def case_documents() -> Iterator[Document]:
    """All cases, in the order of their numbers."""
    numbers = _Numbers()
    for kind in (_amounts, _shapes, _numbers_of_documents, _dates, _texts, _currencies, _customers, _choices, _mapping):
        yield from kind(numbers)


def _amounts(numbers: _Numbers) -> Iterator[Document]:
    invoice = numbers.plain()
    invoice.credit("Credit for a month without service", "-114.00")
    yield invoice.finish().shows("negative_subtotal", "its credit exceeds its charges by 35.00")
    invoice = numbers.plain()
    invoice.credit("Credit", "-79.01")
    yield invoice.finish().shows("negative_subtotal", "its subtotal is -0.01")
    invoice = numbers.plain()
    invoice.credit("Credit", "-79.00")
    yield invoice.finish().shows("created", "its total is exactly 0.00, which QuickBooks takes")
    yield from _credit_carried_forward(numbers)
    total = Decimal("85.53")
    yield (
        numbers.plain()
        .finish(total_amount=total)
        .shows("totals_do_not_match", "its total is 0.01 above its lines and tax")
    )
    invoice = numbers.plain().finish()
    invoice.lines.pop()
    yield invoice.shows("totals_do_not_match", "its header has a tax that no line shows")
    invoice = numbers.invoice()
    invoice.add("charge", "Rated call", "10.005", category="usage", service_id="voice-minutes")
    yield invoice.finish().shows("amount_precision", "a line has half a cent")


def _credit_carried_forward(numbers: _Numbers) -> Iterator[Document]:
    """A credit of 180.00 pays three invoices of 79.00 in turn; what is left is carried into the next period."""
    left = Decimal("180.00")
    for month in (8, 9, 10):
        invoice = numbers.plain(day=date(2026, month, 10))
        used = min(left, Decimal("79.00"))
        line = invoice.credit(f"Credit of 180.00, carried into {date(2026, month, 1):%B}", -used)
        invoice.credits.append(used_credit(f"K-carried-{month}", PLAIN, line, left, used))
        left -= used
        yield invoice.finish().shows("created", f"a credit pays {used} of it and {left} is left")


def _shapes(numbers: _Numbers) -> Iterator[Document]:
    yield numbers.invoice().finish().shows("no_lines", "it has no lines")
    for count, reason, explanation in (
        (751, "too_many_lines", "QuickBooks takes 750 lines"),
        (749, "created", "it has exactly the 750 lines that QuickBooks takes"),
    ):
        invoice = numbers.invoice(NO_TAX)
        for place in range(count):
            invoice.charge("voice-minutes", amount=Decimal("0.03"), description=f"Call {place + 1}")
        if reason == "created":
            invoice.charge("support-hour")
        yield invoice.finish().shows(reason, explanation)


def _numbers_of_documents(numbers: _Numbers) -> Iterator[Document]:
    yield numbers.plain(doc_number=None).finish().shows("doc_number_missing", "it has no number")
    yield numbers.plain(doc_number="").finish().shows("doc_number_missing", "its number is empty")
    yield (
        numbers.plain(doc_number="LL-2026-09-AUSTIN-0001")
        .finish()
        .shows("doc_number_too_long", "its number has 22 characters")
    )
    yield (
        numbers.plain(doc_number="LL-2026-09-AUSTIN-001")
        .finish()
        .shows("created", "its number has the 21 characters allowed")
    )
    for _ in range(2):
        yield (
            numbers.plain(doc_number="LL-77777").finish().shows("doc_number_duplicate", "two invoices have its number")
        )


def _dates(numbers: _Numbers) -> Iterator[Document]:
    yield numbers.plain(day=date(1900, 1, 1)).finish().shows("date_out_of_range", "it is dated 1900")
    yield numbers.plain(day=date(2999, 12, 31)).finish().shows("date_out_of_range", "it is dated 2999")
    yield numbers.plain(day=date(2026, 6, 18)).finish().shows("before_start_date", "it is dated before 2026-07-01")
    yield (
        numbers.plain(day=date(2026, 7, 31))
        .finish()
        .shows("period_closed", "it is dated on the last day of the closed books")
    )
    invoice = numbers.plain(day=date(2026, 8, 20))
    invoice.charge("support-hour", "2", service_date=date(2026, 3, 2), description="Support in March, billed late")
    yield invoice.finish().shows("detail_expired", "its detail is of March: more than 120 days old")


def _texts(numbers: _Numbers) -> Iterator[Document]:
    invoice = numbers.invoice()
    invoice.charge("support-hour", description="Report: " + "the line was tested and found in order. " * 110)
    yield invoice.finish().shows("text_cut", "a description has more than 4,000 characters")
    invoice = numbers.invoice()
    invoice.charge("support-hour", description="x" * 3999 + "é")
    yield invoice.finish().shows("created", "a description has exactly 4,000 characters")
    invoice = numbers.invoice()
    invoice.charge("support-hour", description="Visit\x07 on site")
    yield invoice.finish().shows("text_invalid", "a description holds a control character")
    yield numbers.plain(doc_number=" LL-90099 ").finish().shows("text_invalid", "its number has blanks around it")
    yield numbers.plain(LONG_NAME).finish().shows("name_changed", "its customer's name has more than 100 characters")
    yield (
        numbers.plain(COLON).finish().shows("name_changed", "its customer's name has a colon, which QuickBooks refuses")
    )
    yield numbers.plain(EMOJI).finish().shows("name_changed", "its customer's name has an emoji")


def _currencies(numbers: _Numbers) -> Iterator[Document]:
    yield numbers.plain(currency="XQZ").finish().shows("currency_unknown", "XQZ is no currency")
    yield numbers.plain(EURO).finish().shows("customer_currency", "it is in US dollars, its customer in euros")
    yield (
        numbers.plain(currency="EUR").finish().shows("customer_currency", "it is in euros, its customer in US dollars")
    )


def _customers(numbers: _Numbers) -> Iterator[Document]:
    yield numbers.plain(None).finish().shows("customer_missing", "it names no customer")
    invoice = numbers.plain(None)
    invoice.credit("Credit", "-80.00")
    invoice.finish().shows("customer_missing", "it names no customer")
    yield invoice.shows("negative_subtotal", "its subtotal is -1.00 as well")
    for twin in (TWIN_1, TWIN_2):
        yield numbers.plain(twin).finish().shows("ambiguous_name", "two customers are named Harbor Cafe")
    for long_name in (CUT_1, CUT_2):
        yield (
            numbers.plain(long_name)
            .finish()
            .shows("ambiguous_name", "two customers' names agree in their first 100 characters")
        )
    yield numbers.plain(HOUSE).finish().shows("excluded_customer", "its customer is a test customer")
    yield numbers.plain(NO_EMAIL).finish().shows("copied_not_sent", "it has no billing e-mail (shows when sending)")


def _choices(numbers: _Numbers) -> Iterator[Document]:
    yield numbers.plain(status="draft").finish().shows("draft", "it is a draft")
    yield (
        numbers.plain(is_opted_out=True, opted_out_reason="billed by a partner")
        .finish()
        .shows("opted_out", "it is marked as not to be pushed")
    )
    yield numbers.plain(origin="qbo").finish().shows("qbo_origin", "it came from QuickBooks")
    for status in ("void", "deleted"):
        yield numbers.plain(status=status).finish().shows("out_of_scope", f"it is {status} and was never pushed")


def _mapping(numbers: _Numbers) -> Iterator[Document]:
    invoice = numbers.plain()
    invoice.add("charge", "Fee without a category", "12.00", category=None)
    yield invoice.finish().shows("category_missing", "a charge has no category")
    for _ in range(3):
        invoice = numbers.plain()
        invoice.charge("satellite")
        yield invoice.finish().shows(
            "item_unmapped", "the category satellite is not mapped; one mapping releases all three"
        )
    yield (
        numbers.plain(realm_key="lakeside")
        .finish()
        .shows("no_routing_rule", "it belongs to a realm that nobody has set up")
    )


NO_TAX = Subscriber(PLAIN.customer_id, PLAIN.name, PLAIN.city, PLAIN.email, is_exempt=True)
"""The same customer on an invoice without tax."""
