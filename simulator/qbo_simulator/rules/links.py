"""Links between transactions: payments and credit memos on invoices, invoices made from estimates."""

from decimal import Decimal

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.fields import object_id
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, NotSimulated, business
from qbo_simulator.wire import Json

APPLIES = ("Payment", "CreditMemo", "BillPaymentCheck", "BillPaymentCreditCard")
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
    """Links to payments are QBO's own and stay; a caller may link an estimate."""
    kept = [link for link in old if link.get("TxnType") in APPLIES]
    estimates = [link for link in given if link.get("TxnType") not in APPLIES]
    for link in estimates:
        kind, source_id = link.get("TxnType"), str(link.get("TxnId", ""))
        if kind != "Estimate":
            raise NotSimulated(f"links from an invoice to {kind}")
        number = object_id(source_id)
        if number is None or books.find(ENTITIES["Estimate"], number) is None:
            raise Fault(
                "620",
                f"The entity Estimate {source_id} that you are trying to link does not exist.",
                element="LinkedTxn",
            )
    return [{"TxnId": str(link["TxnId"]), "TxnType": link["TxnType"]} for link in (*estimates, *kept)]


def link_sources(books: Books, record: Record) -> None:
    """An estimate that became an invoice is closed and points to it."""
    for link in record.document.get("LinkedTxn", []) if record.entity.name == "Invoice" else []:
        if link["TxnType"] == "Estimate":
            estimate = books.get(ENTITIES["Estimate"], int(link["TxnId"]))
            document = dict(estimate.document)
            document["TxnStatus"] = "Closed"
            document["LinkedTxn"] = [*document.get("LinkedTxn", []), {"TxnId": str(record.id), "TxnType": "Invoice"}]
            books.replace(estimate, document)


def unlink_sources(books: Books, record: Record) -> None:
    """A deleted invoice gives its estimate back."""
    for link in record.document.get("LinkedTxn", []) if record.entity.name == "Invoice" else []:
        estimate = books.find(ENTITIES["Estimate"], int(link["TxnId"])) if link["TxnType"] == "Estimate" else None
        if estimate is not None:
            document = dict(estimate.document)
            document["TxnStatus"] = "Accepted"
            document["LinkedTxn"] = [one for one in document.get("LinkedTxn", []) if one["TxnId"] != str(record.id)]
            books.replace(estimate, document)


def refuse_when_paid(record: Record) -> None:
    """A form that payments use can only be deleted after they are unlinked."""
    if any(link["TxnType"] in APPLIES for link in record.document.get("LinkedTxn", [])):
        raise business(
            "You must unlink or delete the payments that are applied to this transaction before you delete it."
        )


def detach_payments(books: Books, record: Record) -> None:
    """A voided form lets go of its payments: their money becomes unapplied."""
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
        document["UnappliedAmt"] = wire.money(before + freed)
        books.replace(payment, document)
        books.touch(
            "Customer",
            int(document["CustomerRef"]["value"]),
            -wire.cents(document["UnappliedAmt"]) + wire.cents(wire.money(before)),
        )


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
