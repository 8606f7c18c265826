"""Rules of Payment: money received, applied to invoices, credit memos used up."""

from decimal import Decimal

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.fields import object_id
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, NotSimulated, bad_reference, business, missing
from qbo_simulator.rules import links
from qbo_simulator.rules.base import Rules, merged
from qbo_simulator.rules.transactions import check_closed_books, settle_currency, void_note
from qbo_simulator.wire import Json

Target = tuple[str, int]


class PaymentRules(Rules):
    """Payments of customers."""

    gaps = ("lines linked to anything but invoices and credit memos (journal entries, expenses, deposits)",)

    kept_on_full_update = ("CurrencyRef", "DepositToAccountRef", "ExchangeRate")

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """Store a payment and apply it."""
        document = self.entity.shape.read(raw)
        applied = self._settle(books, document, None)
        record = books.insert(self.entity, document)
        self._apply(books, record.id, {}, applied)
        self._move_customer(books, None, record.document)
        return record

    def update(self, books: Books, record: Record, raw: Json, flags: frozenset[str]) -> Record:
        """Store a new version; its lines replace all that was applied before."""
        old = record.document
        check_closed_books(books, old["TxnDate"])
        document = merged(self.entity, old, raw, self.kept_on_full_update)
        applied = self._settle(books, document, old)
        changed = books.replace(record, document)
        self._apply(books, record.id, _applications(old), applied)
        self._move_customer(books, old, changed.document)
        return changed

    def delete(self, books: Books, record: Record) -> None:
        """Remove a payment; what it was applied to is open again."""
        self._refuse_locked(books, record.document)
        self._apply(books, record.id, _applications(record.document), {})
        books.delete(record)
        self._move_customer(books, record.document, None)

    def void(self, books: Books, record: Record) -> Record:
        """Amounts to zero and lines unlinked; the payment stays."""
        old = record.document
        self._refuse_locked(books, old)
        self._apply(books, record.id, _applications(old), {})
        document = dict(old)
        document["TotalAmt"] = document["UnappliedAmt"] = 0
        document["Line"] = []
        document["PrivateNote"] = void_note(old.get("PrivateNote"))
        changed = books.replace(record, document)
        self._move_customer(books, old, changed.document)
        return changed

    def send(self, books: Books, record: Record, send_to: str | None) -> Record:
        """Mail the receipt."""
        if not send_to:
            raise Fault("6420", "An e-mail address is required to send the transaction.", element="sendTo")
        return books.replace(record, dict(record.document))

    def _refuse_locked(self, books: Books, document: Json) -> None:
        check_closed_books(books, document["TxnDate"])

    def _settle(self, books: Books, document: Json, old: Json | None) -> dict[Target, Decimal]:
        if "CustomerRef" not in document:
            raise missing("CustomerRef")
        customer = books.refer("Customer", document["CustomerRef"], was=(old or {}).get("CustomerRef"))
        if "TotalAmt" not in document:
            raise business("You must set a transaction amount.")
        if document["TotalAmt"] < 0:
            raise business(books.settings.negative_total_text)
        document.setdefault("TxnDate", books.today)
        check_closed_books(books, document["TxnDate"])
        settle_currency(books, document, customer)
        if "PaymentMethodRef" in document:
            books.refer("PaymentMethod", document["PaymentMethodRef"], was=(old or {}).get("PaymentMethodRef"))
        self._settle_deposit_account(books, document, old)
        document.setdefault("ProcessPayment", False)
        document.pop("LinkedTxn", None)
        document.setdefault("Line", [])
        applied = self._settle_lines(books, document, customer)
        used = sum((-amount if name == "CreditMemo" else amount for (name, _id), amount in applied.items()), Decimal(0))
        if used > document["TotalAmt"]:
            raise business(books.settings.over_application_text)
        document["UnappliedAmt"] = wire.money(document["TotalAmt"] - used)
        return applied

    def _settle_deposit_account(self, books: Books, document: Json, old: Json | None) -> None:
        reference = document.get("DepositToAccountRef")
        if reference is None:
            account = links.undeposited_funds(books)
            if account:
                document["DepositToAccountRef"] = account
            return
        account_record = books.refer("Account", reference, was=(old or {}).get("DepositToAccountRef"))
        if account_record.document["AccountType"] not in ("Bank", "Other Current Asset"):
            raise Fault("6430", f"Invalid Account Type used : {account_record.name}", element="DepositToAccountRef")

    def _settle_lines(self, books: Books, document: Json, customer: Record) -> dict[Target, Decimal]:
        applied: dict[Target, Decimal] = {}
        printed: list[Json] = []
        for line in document["Line"]:
            amount = line.get("Amount")
            if amount is None:
                raise missing("Line.Amount")
            if amount < 0:
                raise Fault("2290", f"Line amount must not be negative. Supplied value:{amount}", element="Line.Amount")
            linked = line.get("LinkedTxn", [])
            if len(linked) != 1:
                raise missing("Line.LinkedTxn")
            target = _target(books, linked[0], customer)
            applied[target] = applied.get(target, Decimal(0)) + amount
            printed.append(_printed_line(books, target, amount))
        document["Line"] = printed
        return applied

    def _apply(self, books: Books, id: int, before: dict[Target, Decimal], after: dict[Target, Decimal]) -> None:
        for target in {**before, **after}:
            difference = after.get(target, Decimal(0)) - before.get(target, Decimal(0))
            if difference or (target in before) != (target in after):
                links.apply_to(books, *target, payment_id=id, amount=difference, keep_link=target in after)

    def _move_customer(self, books: Books, old: Json | None, new: Json | None) -> None:
        """Unapplied money lowers what the customer owes."""
        for document, sign in ((old, 1), (new, -1)):
            if document:
                books.touch(
                    "Customer", int(document["CustomerRef"]["value"]), sign * wire.cents(document["UnappliedAmt"])
                )


def _target(books: Books, link: Json, customer: Record) -> Target:
    kind, target_id = link.get("TxnType", ""), str(link.get("TxnId", ""))
    if kind not in links.APPLIES[1:] and kind != "Invoice":
        raise NotSimulated(f"payment lines linked to {kind or 'nothing'}")
    number = object_id(target_id)
    record = None if number is None else books.find(ENTITIES[kind], number)
    if record is None:
        raise bad_reference("Transactions", target_id)
    if not _same_family(books, int(record.document["CustomerRef"]["value"]), customer):
        raise business(
            f"The {ENTITIES[kind].label} {target_id} that you are trying to link belongs to another customer."
        )
    return kind, record.id


def _same_family(books: Books, owner_id: int, customer: Record) -> bool:
    """A payment reaches the customer's own documents and those of its jobs that are billed with it."""
    if owner_id == customer.id:
        return True
    owner = books.get(ENTITIES["Customer"], owner_id)
    child, parent = (owner, customer) if owner.document.get("ParentRef") else (customer, owner)
    reference = child.document.get("ParentRef", {}).get("value")
    return reference == str(parent.id) and bool(child.document.get("BillWithParent"))


def _printed_line(books: Books, target: Target, amount: Decimal | int) -> Json:
    name, target_id = target
    record = books.get(ENTITIES[name], target_id)
    pairs = [("txnId", str(target_id)), ("txnOpenBalance", f"{Decimal(record.document['Balance']):.2f}")]
    if "DocNumber" in record.document:
        pairs.append(("txnReferenceNumber", record.document["DocNumber"]))
    return {
        "Amount": amount,
        "LinkedTxn": [{"TxnId": str(target_id), "TxnType": name}],
        "LineEx": {"any": [_name_value(*pair) for pair in pairs]},
    }


def _name_value(name: str, value: str) -> Json:
    return {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": name, "Value": value},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }


def _applications(document: Json) -> dict[Target, Decimal]:
    applied: dict[Target, Decimal] = {}
    for line in document.get("Line", []):
        for link in line["LinkedTxn"]:
            target = (link["TxnType"], int(link["TxnId"]))
            applied[target] = applied.get(target, Decimal(0)) + line["Amount"]
    return applied
