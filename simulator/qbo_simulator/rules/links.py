"""Links between transactions: payments and credit memos on invoices, invoices made from estimates, bills from purchase orders."""

from decimal import Decimal

from qbo_simulator import openlines, wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.fields import object_id
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, NotSimulated, business
from qbo_simulator.rules import charges
from qbo_simulator.wire import Json

# What a line of a payment is linked to: type of the link, id, and of what has open lines the id of the line.
Target = tuple[str, int, str]
APPLIES = ("Payment", "CreditMemo", "BillPaymentCheck", "BillPaymentCreditCard")
# What a form may be made from.
SOURCES = {
    "Invoice": ("Estimate", "TimeActivity", charges.CHARGE),
    "Bill": ("PurchaseOrder",),
    "Purchase": ("PurchaseOrder",),
}
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


def settle_links(books: Books, name: str, given: list[Json], old: list[Json]) -> list[Json]:
    """The links of a form: QBO's own stay; a caller may link what the form was made from, and send back what he read."""
    kept = [link for link in old if link.get("TxnType") not in SOURCES.get(name, ())]
    sources = [link for link in given if link.get("TxnType") not in APPLIES and link not in kept]
    for link in sources:
        check_source(books, name, link)
    return [{"TxnId": str(link["TxnId"]), "TxnType": link["TxnType"]} for link in (*sources, *kept)]


def check_line_links(books: Books, name: str, lines: list[Json], old: list[Json]) -> None:
    """Links on lines lead to what the form was made from; those that were there stay."""
    known = [link for line in old for link in line.get("LinkedTxn", [])]
    for link in (link for line in lines for link in line.get("LinkedTxn", [])):
        if link not in known:
            check_source(books, name, link)


def check_source(books: Books, name: str, link: Json) -> None:
    """620 for a link to something that does not exist; what is no source of such a form is not simulated."""
    kind, source_id = link.get("TxnType", ""), str(link.get("TxnId", ""))
    if kind not in SOURCES.get(name, ()):
        raise NotSimulated(f"links of {name} to {kind or 'nothing'}")
    number = object_id(source_id)
    if number is None or books.find(ENTITIES[kind], number) is None:
        text = f"The entity {kind} {source_id} that you are trying to link does not exist."
        raise Fault("620", text, element="LinkedTxn")


def follow_sources(books: Books, name: str, id: int, old: Json | None, new: Json | None) -> None:
    """What became a form says so, and is free again when the form lets go of it or is deleted.

    An estimate or a purchase order is closed and points to what was made from it; a time activity and the line of an expense
    have been billed.
    """
    before, after = _sources(name, old), _sources(name, new)
    link = {"TxnId": str(id), "TxnType": name}
    for kind, source_id in sorted(before | after):
        source = books.find(ENTITIES[kind], source_id)
        if source is None:
            continue
        is_used = (kind, source_id) in after
        if kind == charges.CHARGE and is_used:
            charges.check_owner(source, new or {})
        if (kind, source_id) in before & after:
            continue
        if kind == charges.CHARGE:
            charges.set_invoiced(books, source, link, is_used)
            continue
        document = dict(source.document)
        if kind == "TimeActivity":
            document["BillableStatus"] = "HasBeenBilled" if is_used else "Billable"
        else:
            others = [one for one in document.get("LinkedTxn", []) if one != link]
            field, free = STATUS[kind]
            document[field] = "Closed" if is_used or others else free
            document["LinkedTxn"] = [*others, link] if is_used else others
        books.replace(source, document)


# How a source says that it is used, and its status when it is free again.
STATUS = {"Estimate": ("TxnStatus", "Accepted"), "PurchaseOrder": ("POStatus", "Open")}


def _sources(name: str, form: Json | None) -> set[tuple[str, int]]:
    form = form or {}
    links = [*form.get("LinkedTxn", []), *(link for line in form.get("Line", []) for link in line.get("LinkedTxn", []))]
    return {(link["TxnType"], int(link["TxnId"])) for link in links if link.get("TxnType") in SOURCES.get(name, ())}


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
    for place, line in reversed(list(enumerate(lines))):
        target = target_of(line)
        taken = min(short, Decimal(line["Amount"])) if way(books, target, "CreditMemo") > 0 else Decimal(0)
        if taken:
            left = wire.money(line["Amount"] - taken)
            is_linked = bool(left) or any(target_of(other)[:2] == target[:2] for other in (*lines[:place], *kept))
            apply_to(books, target, payment, -taken, keep_link=is_linked)
            short -= taken
            line = {**line, "Amount": left}
        if line["Amount"] or not taken:
            kept.append(line)
    return kept[::-1]


def target_of(line: Json) -> Target:
    """What a line of a payment is linked to."""
    link = line["LinkedTxn"][0]
    line_id = link.get("TxnLineId", "") if link["TxnType"] in openlines.KINDS else ""
    return link["TxnType"], int(link["TxnId"]), line_id


def way(books: Books, target: Target, credit: str) -> int:
    """1 for what is paid, -1 for what pays as a credit.

    :param credit: the form that always is one.
    """
    kind, target_id, line_id = target
    if kind in openlines.KINDS:
        return openlines.sign_of(books, kind, target_id, line_id)
    return -1 if kind == credit else 1


def _points_to(line: Json, record: Record) -> bool:
    return any(
        link.get("TxnId") == str(record.id) and link.get("TxnType") == record.entity.name
        for link in line.get("LinkedTxn", [])
    )


def apply_to(books: Books, target: Target, payment: Json, amount: Decimal, keep_link: bool) -> None:
    """Use up ``amount`` of a form's balance (or give it back, when negative) and set the link to the payment."""
    kind, target_id, line_id = target
    record = books.get(openlines.entity_of(kind), target_id)
    if kind in openlines.KINDS:
        openlines.use(books, record, line_id, payment, amount, keep_link)
        return
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
    party, field, sign = OWED[kind]
    delta = sign * (wire.cents(document["Balance"]) - wire.cents(record.document["Balance"]))
    books.touch(party, int(document[field]["value"]), delta)
