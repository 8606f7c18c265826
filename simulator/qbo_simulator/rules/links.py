"""Links between transactions: payments and credit memos on invoices, invoices made from estimates."""

from decimal import Decimal

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.fields import object_id
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, NotSimulated, business
from qbo_simulator.wire import Json

APPLIES = ("Payment", "CreditMemo", "BillPaymentCheck", "BillPaymentCreditCard")
# What an invoice may be made from.
SOURCES = ("Estimate", "TimeActivity")
# What a form owes: entity: (list of the one who owes or is owed, property that names it, sign of the balance)
OWED = {
    "Invoice": ("Customer", "CustomerRef", 1),
    "CreditMemo": ("Customer", "CustomerRef", -1),
    "Bill": ("Vendor", "VendorRef", 1),
    "VendorCredit": ("Vendor", "VendorRef", -1),
}


def undeposited_funds(books: Books) -> Json | None:
    """The default deposit account."""
    row = books.database.execute(
        "select id, name from objects where company = ? and entity = 'Account' and active = 1 and name = 'Undeposited Funds'",
        (books.company.key,),
    ).fetchone()
    return {"value": str(row[0]), "name": row[1]} if row else None


def settle_invoice_links(books: Books, given: list[Json], old: list[Json]) -> list[Json]:
    """Links to payments are QBO's own and stay; a caller may link an estimate or a time activity."""
    kept = [link for link in old if link.get("TxnType") in APPLIES]
    sources = [link for link in given if link.get("TxnType") not in APPLIES]
    for link in sources:
        check_source(books, link)
    return [{"TxnId": str(link["TxnId"]), "TxnType": link["TxnType"]} for link in (*sources, *kept)]


def check_source(books: Books, link: Json) -> None:
    """620 for a link to an estimate or a time activity that does not exist; other sources are not simulated."""
    kind, source_id = link.get("TxnType", ""), str(link.get("TxnId", ""))
    if kind not in SOURCES:
        raise NotSimulated(f"links from an invoice to {kind or 'nothing'}")
    number = object_id(source_id)
    if number is None or books.find(ENTITIES[kind], number) is None:
        text = f"The entity {kind} {source_id} that you are trying to link does not exist."
        raise Fault("620", text, element="LinkedTxn")


def follow_sources(books: Books, id: int, old: Json | None, new: Json | None) -> None:
    """What became an invoice says so, and is free again when the invoice lets go of it or is deleted.

    An estimate is closed and points to its invoice; a time activity has been billed.
    """
    before, after = _sources(old), _sources(new)
    for kind, source_id in sorted(before ^ after):
        source = books.find(ENTITIES[kind], source_id)
        if source is None:
            continue
        is_used = (kind, source_id) in after
        document = dict(source.document)
        if kind == "Estimate":
            others = [one for one in document.get("LinkedTxn", []) if one["TxnId"] != str(id)]
            document["TxnStatus"] = "Closed" if is_used else "Accepted"
            document["LinkedTxn"] = [*others, {"TxnId": str(id), "TxnType": "Invoice"}] if is_used else others
        else:
            document["BillableStatus"] = "HasBeenBilled" if is_used else "Billable"
        books.replace(source, document)


def _sources(form: Json | None) -> set[tuple[str, int]]:
    form = form or {}
    links = [*form.get("LinkedTxn", []), *(link for line in form.get("Line", []) for link in line.get("LinkedTxn", []))]
    return {(link["TxnType"], int(link["TxnId"])) for link in links if link.get("TxnType") in SOURCES}


def refuse_when_paid(record: Record) -> None:
    """A form that payments use can only be deleted after they are unlinked."""
    if any(link["TxnType"] in APPLIES for link in record.document.get("LinkedTxn", [])):
        raise business(
            "You must unlink or delete the payments that are applied to this transaction before you delete it."
        )


def detach_payments(books: Books, record: Record) -> None:
    """A voided form lets go of its payments: their money becomes unapplied, and what a credit had paid is open again."""
    for link in record.document.get("LinkedTxn", []):
        payment = books.find(ENTITIES["Payment"], int(link["TxnId"])) if link["TxnType"] == "Payment" else None
        if payment is None:
            continue
        document = dict(payment.document)
        lines = document.get("Line", [])
        document["Line"] = [line for line in lines if not _points_to(line, record)]
        freed = Decimal(sum((line["Amount"] for line in lines if _points_to(line, record)), 0))
        if record.entity.name == "CreditMemo":
            freed = -freed
        before = Decimal(document["UnappliedAmt"])
        after = before + freed
        if after < 0:
            document["Line"] = _take_back(
                books, document["Line"], {"TxnId": link["TxnId"], "TxnType": "Payment"}, -after
            )
            after = Decimal(0)
        document["UnappliedAmt"] = wire.money(after)
        books.replace(payment, document)
        books.touch(
            "Customer",
            int(document["CustomerRef"]["value"]),
            -wire.cents(document["UnappliedAmt"]) + wire.cents(wire.money(before)),
        )


def _take_back(books: Books, lines: list[Json], payment: Json, short: Decimal) -> list[Json]:
    """The lines of a payment that is short of money: the last of them pay less, or nothing."""
    kept: list[Json] = []
    for line in reversed(lines):
        target = line["LinkedTxn"][0]
        taken = min(short, Decimal(line["Amount"])) if target["TxnType"] == "Invoice" else Decimal(0)
        if taken:
            left = wire.money(line["Amount"] - taken)
            apply_to(books, target["TxnType"], int(target["TxnId"]), payment, -taken, keep_link=bool(left))
            short -= taken
            line = {**line, "Amount": left}
        if line["Amount"] or not taken:
            kept.append(line)
    return kept[::-1]


def _points_to(line: Json, record: Record) -> bool:
    return any(
        link.get("TxnId") == str(record.id) and link.get("TxnType") == record.entity.name
        for link in line.get("LinkedTxn", [])
    )


def apply_to(books: Books, entity_name: str, id: int, payment: Json, amount: Decimal, keep_link: bool) -> None:
    """Use up ``amount`` of a form's balance (or give it back, when negative) and set the link to the payment."""
    record = books.get(ENTITIES[entity_name], id)
    document = dict(record.document)
    document["Balance"] = wire.money(Decimal(document["Balance"]) - amount)
    if document["Balance"] < 0:
        raise business(books.settings.over_application_text)
    if "RemainingCredit" in document:
        document["RemainingCredit"] = document["Balance"]
    if "HomeBalance" in document:
        document["HomeBalance"] = wire.money(document["Balance"] * Decimal(document["ExchangeRate"]))
    others = [link for link in document.get("LinkedTxn", []) if link != payment]
    document["LinkedTxn"] = [*others, payment] if keep_link else others
    books.replace(record, document, bump=books.settings.payment_bumps_sync_token)
    party, field, sign = OWED[entity_name]
    delta = sign * (wire.cents(document["Balance"]) - wire.cents(record.document["Balance"]))
    books.touch(party, int(document[field]["value"]), delta)
