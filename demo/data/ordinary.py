"""Three months of ordinary invoices, August to October 2026, the same with every run; and as many more as a benchmark wants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from demo.data.company import Row, Subscriber, subscriber
from demo.data.document import Document, cents, document

MONTHS = (date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1))
FIRST_NUMBER = 10001
FIRST_BULK_NUMBER = 100001
_CYCLE_DAYS = (8, 15, 22, 28)
_LINES_OF_BULK = 8
_INVOICES_PER_BULK_CUSTOMER = 10


def ordinary_documents(subscribers: list[Subscriber]) -> Iterator[Document]:
    """The invoices of the three months in the order in which they were numbered."""
    random = Random("ledgerline demo")
    number = FIRST_NUMBER
    for month in MONTHS:
        for place, who in enumerate(subscribers):
            yield _monthly(number, who, month, place, random)
            number += 1
            if random.random() < 0.4:
                yield _one_off(number, who, month, random)
                number += 1


def _monthly(number: int, who: Subscriber, month: date, place: int, random: Random) -> Document:
    invoice_date = month.replace(day=_CYCLE_DAYS[place % len(_CYCLE_DAYS)])
    # The first invoices of August have been paid since; the rest is open.
    invoice = document(number, who, invoice_date, status="paid" if number < FIRST_NUMBER + 5 else "open")
    for row in who.subscriptions:
        _recurring(invoice, row, month, random)
    _usage(invoice, who, month, invoice_date, random)
    if place % 6 == 0:
        recurring = sum((line["amount"] for line in invoice.lines if line["category"] == "recurring"), Decimal(0))
        invoice.discount("Loyalty discount 10 %", -cents(recurring / 10))
    if random.random() < 0.1:
        _outage_credit(invoice, who, month, random)
    return invoice.finish()


def _recurring(invoice: Document, row: Row, month: date, random: Random) -> None:
    service_id, started = row["service_id"], month
    more = {"subscription_id": row["subscription_id"], "service_date": started}
    name = f"{row['subscription_name']}, {month:%B %Y}"
    if service_id in ("sip-trunk", "mobile-plan"):
        invoice.charge(service_id, str(random.randint(2, 6)), description=name, **more)
    elif random.random() < 0.06:
        # Part of a month: the share has more decimals than the product can keep, so amount and quantity x price differ.
        days = random.randint(5, 25)
        share = (Decimal(days) / 30).quantize(Decimal("0.001"))
        amount = cents(row["monthly_price"] * days / 30)
        invoice.charge(service_id, share, amount=amount, description=f"{name} ({days} days)", **more)
    else:
        invoice.charge(service_id, description=name, **more)


def _usage(invoice: Document, who: Subscriber, month: date, until: date, random: Random) -> None:
    services = {row["service_id"]: row["subscription_id"] for row in who.subscriptions}
    if "sip-trunk" in services:
        minutes = random.randint(200, 4_000)
        # The first 500 minutes at 2.9 cents, the rest at 1.7: not quantity x price.
        amount = cents(Decimal("0.029") * min(minutes, 500) + Decimal("0.017") * max(minutes - 500, 0))
        _metered(invoice, "voice-minutes", services["sip-trunk"], minutes, amount, "minute", month, until)
    if "mobile-plan" in services:
        gigabytes = random.randint(1, 60)
        amount = cents(Decimal("1.75") * max(gigabytes - 5, 0))
        _metered(invoice, "mobile-data", services["mobile-plan"], gigabytes, amount, "gigabyte", month, until)


def _metered(
    invoice: Document,
    service_id: str,
    subscription: str,
    used: int,
    amount: Decimal,
    unit: str,
    month: date,
    until: date,
) -> None:
    name = f"{used} {unit}s from {month:%d %B} to {until:%d %B %Y}"
    line = invoice.charge(
        service_id, str(used), amount=amount, description=name, subscription_id=subscription, service_date=month
    )
    days = [month + timedelta(days=offset) for offset in range(0, (until - month).days, 7)]
    shares = _split(Decimal(used), len(days), Decimal(1)), _split(amount, len(days), Decimal("0.01"))
    for place, (day, quantity, part) in enumerate(zip(days, *shares, strict=True), start=1):
        invoice.usage.append(
            {
                "usage_id": f"U-{line['line_id']}-{place}",
                "subscription_id": subscription,
                "line_id": line["line_id"],
                "used_date": day,
                "unit": unit,
                "quantity": quantity,
                "amount": part,
            }
        )


def _split(whole: Decimal, parts: int, step: Decimal) -> list[Decimal]:
    """The whole in equal parts of whole steps; the last part takes what is left."""
    part = (whole / parts).quantize(step, rounding="ROUND_DOWN")
    return [part] * (parts - 1) + [whole - part * (parts - 1)]


def _outage_credit(invoice: Document, who: Subscriber, month: date, random: Random) -> None:
    amount = Decimal(random.randint(300, 1500)) / 100
    line = invoice.credit(f"Credit for an outage in {month:%B}", -amount)
    invoice.credits.append(used_credit(f"K-{line['line_id']}", who, line, amount, amount))


def used_credit(credit_id: str, who: Subscriber, line: Row, granted: Decimal, used: Decimal) -> Row:
    """The row of billing.credits behind a credit line."""
    return {
        "credit_id": credit_id,
        "customer_id": who.customer_id,
        "line_id": line["line_id"],
        "granted_date": line["service_date"],
        "reason": line["description"],
        "granted_amount": granted,
        "used_amount": used,
        "remaining_amount": granted - used,
    }


def _one_off(number: int, who: Subscriber, month: date, random: Random) -> Document:
    invoice = document(number, who, month.replace(day=random.randint(2, 28)))
    invoice.charge(random.choice(("router", "desk-phone")), str(random.randint(1, 8)))
    if random.random() < 0.6:
        invoice.charge("installation", description="Installation on site")
    if random.random() < 0.4:
        # Work by the hour is not taxable, whoever buys it.
        hours = Decimal(random.randint(2, 18)) / 4
        invoice.charge("support-hour", hours, tax_code="EXEMPT")
    return invoice.finish()


def bulk_documents(count: int) -> Iterator[tuple[Subscriber | None, Document]]:
    """``count`` plain invoices more; each comes with its customer where that is a new one."""
    for place in range(count):
        who = subscriber(100_001 + place // _INVOICES_PER_BULK_CUSTOMER, f"Bulk Customer {place // 10 + 1}")
        random = Random(f"ledgerline bulk {place}")
        month = MONTHS[place % len(MONTHS)]
        invoice = document(FIRST_BULK_NUMBER + place, who, month.replace(day=random.randint(1, 28)))
        for line in range(_LINES_OF_BULK):
            amount = Decimal(random.randint(100, 30_000)) / 100
            service = ("fiber-500", "voice-minutes", "router", "installation")[line % 4]
            invoice.charge(service, amount=amount, description=f"Charge {line + 1}")
        yield (who if place % _INVOICES_PER_BULK_CUSTOMER == 0 else None), invoice.finish()
