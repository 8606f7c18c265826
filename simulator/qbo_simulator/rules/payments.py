"""Rules of Payment and BillPayment: money applied to invoices or bills, credits used up."""

from decimal import Decimal
from typing import ClassVar

from qbo_simulator import openlines, wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.fields import object_id
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, NotSimulated, bad_reference, business, missing, unsupported
from qbo_simulator.ledger import SETTLES, system_account
from qbo_simulator.rules import links
from qbo_simulator.rules.base import Rules, merged
from qbo_simulator.rules.currencies import check_accounts
from qbo_simulator.rules.expenses import open_payable, require_type
from qbo_simulator.rules.links import Target, target_of
from qbo_simulator.rules.numbers import refuse_duplicate_number
from qbo_simulator.rules.transactions import check_closed_books, refuse_deposited, settle_currency, void_note
from qbo_simulator.wire import Json

LINE_GAP = (
    "journal entries, expenses and deposits on another receivables or payables account than the payment's, or with several lines "
    "in the name and no `TxnLineId` in the link"
)


class PaymentRules(Rules):
    """Payments of customers."""

    gaps: tuple[str, ...] = (LINE_GAP,)
    party, party_field = "Customer", "CustomerRef"
    debt, credit = "Invoice", "CreditMemo"
    has_unapplied = True
    kept_on_full_update: tuple[str, ...] = ("CurrencyRef", "DepositToAccountRef", "ExchangeRate", "LinkedTxn")

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """Store a payment and apply it."""
        document = self.entity.shape.read(raw)
        applied = self._settle(books, document, None)
        record = books.insert(self.entity, document)
        self._apply(books, record, {}, applied)
        self._move_customer(books, None, record.document)
        return record

    def update(self, books: Books, record: Record, raw: Json, flags: frozenset[str]) -> Record:
        """Store a new version; its lines replace all that was applied before."""
        old = record.document
        self._refuse_locked(books, old)
        document = merged(self.entity, old, raw, self.kept_on_full_update)
        applied = self._settle(books, document, old)
        changed = books.replace(record, document)
        before = _applications(old)
        if self._link(record) != self._link(changed):
            # Paid in another way: what is paid points to it under another name.
            self._apply(books, record, before, {})
            before = {}
        self._apply(books, changed, before, applied)
        self._move_customer(books, old, changed.document)
        return changed

    def delete(self, books: Books, record: Record) -> None:
        """Remove a payment; what it was applied to is open again."""
        self._refuse_locked(books, record.document)
        self._apply(books, record, _applications(record.document), {})
        books.delete(record)
        self._move_customer(books, record.document, None)

    def void(self, books: Books, record: Record) -> Record:
        """Amounts to zero and lines unlinked; the payment stays."""
        old = record.document
        self._refuse_locked(books, old)
        self._apply(books, record, _applications(old), {})
        document = dict(old)
        document["TotalAmt"] = 0
        if self.has_unapplied:
            document["UnappliedAmt"] = 0
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
        refuse_deposited(document)

    def _settle(self, books: Books, document: Json, old: Json | None) -> dict[Target, Decimal]:
        field = self.party_field
        if field not in document:
            raise missing(field)
        party = books.refer(self.party, document[field], was=(old or {}).get(field))
        if "TotalAmt" not in document:
            raise business("You must set a transaction amount.")
        if document["TotalAmt"] < 0:
            raise business(books.settings.negative_total_text)
        document.setdefault("TxnDate", books.today)
        check_closed_books(books, document["TxnDate"])
        settle_currency(books, document, party)
        self._settle_accounts(books, document, old)
        check_accounts(books, document)
        applied = self._settle_lines(books, document, party, _applications(old or {}))
        used = self._used(books, applied)
        if used > document["TotalAmt"]:
            raise business(self._over_application(books))
        if self.has_unapplied:
            document["UnappliedAmt"] = wire.money(document["TotalAmt"] - used)
        return applied

    def _over_application(self, books: Books) -> str:
        return books.settings.over_application_text

    def _used(self, books: Books, applied: dict[Target, Decimal]) -> Decimal:
        parts = (links.way(books, target, self.credit) * amount for target, amount in applied.items())
        return sum(parts, Decimal(0))

    def _settle_accounts(self, books: Books, document: Json, old: Json | None) -> None:
        """Where the money goes, and how it came."""
        if "PaymentMethodRef" in document:
            books.refer("PaymentMethod", document["PaymentMethodRef"], was=(old or {}).get("PaymentMethodRef"))
        self._settle_deposit_account(books, document, old)
        document.setdefault("ProcessPayment", False)
        links.settle_links(books, self.entity.name, document.pop("LinkedTxn", []), [])
        document.setdefault("Line", [])

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

    def _settle_lines(
        self, books: Books, document: Json, party: Record, before: dict[Target, Decimal]
    ) -> dict[Target, Decimal]:
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
            target = self._target(books, document, linked[0], party)
            applied[target] = applied.get(target, Decimal(0)) + amount
            printed.append(self._printed_line(books, target, amount, before.get(target, Decimal(0))))
        document["Line"] = printed
        return applied

    def _link(self, record: Record) -> Json:
        """How the forms that are paid point to the payment."""
        return {"TxnId": str(record.id), "TxnType": "Payment"}

    def _apply(self, books: Books, record: Record, before: dict[Target, Decimal], after: dict[Target, Decimal]) -> None:
        linked = {target[:2] for target in after}
        for target in {**before, **after}:
            difference = after.get(target, Decimal(0)) - before.get(target, Decimal(0))
            if difference or (target in before) != (target in after):
                links.apply_to(books, target, self._link(record), difference, keep_link=target[:2] in linked)

    def _move_customer(self, books: Books, old: Json | None, new: Json | None) -> None:
        """Unapplied money lowers what is owed."""
        for document, sign in ((old, 1), (new, -1)):
            if document:
                unapplied = wire.money(document["TotalAmt"] - self._used(books, _applications(document)))
                books.touch(self.party, int(document[self.party_field]["value"]), sign * wire.cents(unapplied))

    def _target(self, books: Books, document: Json, link: Json, party: Record) -> Target:
        kind, target_id = link.get("TxnType", ""), str(link.get("TxnId", ""))
        if kind not in (self.debt, self.credit, *openlines.KINDS):
            raise NotSimulated(f"lines of a {self.entity.name} linked to {kind or 'nothing'}")
        number = object_id(target_id)
        record = None if number is None else openlines.find(books, kind, number)
        if record is None:
            raise bad_reference("Transactions", target_id)
        if kind in openlines.KINDS:
            return kind, record.id, self._open_line(books, document, record, link, party)
        if not self._is_within_reach(books, int(record.document[self.party_field]["value"]), party):
            raise self._of_another(record)
        return kind, record.id, ""

    def _open_line(self, books: Books, document: Json, record: Record, link: Json, party: Record) -> str:
        """The line of a document that a link names, else the only one in the name of who pays."""
        within_reach = [
            line
            for line in openlines.lines_of(books, record.document).values()
            if line.party == self.party
            and line.id == link.get("TxnLineId", line.id)
            and self._is_within_reach(books, line.name, party)
        ]
        if not within_reach:
            raise self._of_another(record)
        if len(within_reach) > 1:
            raise NotSimulated(
                f"a {self.entity.name} on a {record.entity.label} with several lines in the name, without TxnLineId"
            )
        field, subtype = SETTLES[self.entity.name][:2]
        account = document[field]["value"] if field in document else str(system_account(books, subtype))
        if within_reach[0].account != account:
            raise NotSimulated(
                f"a {self.entity.name} on a line of a {record.entity.label} on another account than its own {field}"
            )
        return within_reach[0].id

    def _is_within_reach(self, books: Books, owner: int, party: Record) -> bool:
        return owner == party.id or (self.party == "Customer" and _same_family(books, owner, party))

    def _of_another(self, record: Record) -> Fault:
        return business(
            f"The {record.entity.label} {record.id} that you are trying to link belongs to another {self.party.lower()}."
        )

    def _printed_line(self, books: Books, target: Target, amount: Decimal | int, before: Decimal) -> Json:
        return _printed_line(books, target, amount, before)


class BillPaymentRules(PaymentRules):
    """Payments to vendors, by cheque or by credit card."""

    gaps = (LINE_GAP,)
    party, party_field = "Vendor", "VendorRef"
    debt, credit = "Bill", "VendorCredit"
    has_unapplied = False
    kept_on_full_update = ("CurrencyRef", "ExchangeRate", "DocNumber", "APAccountRef")
    # How it is paid: the property that says so, the account in it, and the type that account must have.
    ways: ClassVar[dict[str, tuple[str, str, tuple[str, ...]]]] = {
        "Check": ("CheckPayment", "BankAccountRef", ("Bank",)),
        "CreditCard": ("CreditCardPayment", "CCAccountRef", ("Credit Card",)),
    }

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """Store a payment under a number that no other cheque has, and apply it."""
        refuse_duplicate_number(books, self.entity, self.entity.shape.read(raw), None, flags)
        return super().create(books, raw, flags)

    def _settle_accounts(self, books: Books, document: Json, old: Json | None) -> None:
        way = document.get("PayType")
        if way is None:
            raise missing("PayType")
        detail_name, account_name, types = self.ways[way]
        detail = document.get(detail_name, {})
        if account_name not in detail:
            raise missing(f"{detail_name}.{account_name}")
        was = (old or {}).get(detail_name, {}).get(account_name)
        require_type(books, detail[account_name], types, account_name, was)
        if way == "Check":
            detail.setdefault("PrintStatus", "NotSet")
        for other, _account, _types in self.ways.values():
            if other != detail_name:
                document.pop(other, None)
        if "APAccountRef" in document:
            document["APAccountRef"] = open_payable(books, document["APAccountRef"], old)
        links.settle_links(books, self.entity.name, document.pop("LinkedTxn", []), [])
        if not document.get("Line") and old is None:
            raise missing("Line")
        document.setdefault("Line", [])

    def _over_application(self, books: Books) -> str:
        return "The Amount Paid plus credits can't be less than the selected bills"

    def _link(self, record: Record) -> Json:
        return {"TxnId": str(record.id), "TxnType": f"BillPayment{record.document['PayType']}"}

    def _printed_line(self, books: Books, target: Target, amount: Decimal | int, before: Decimal) -> Json:
        return {"Amount": amount, "LinkedTxn": [_printed_link(target)]}

    def send(self, books: Books, record: Record, send_to: str | None) -> Record:
        """QBO mails no bill payments."""
        raise unsupported("send on BillPayment")


def _same_family(books: Books, owner_id: int, customer: Record) -> bool:
    """A payment reaches the customer's own documents and those of its jobs that are billed with it."""
    if owner_id == customer.id:
        return True
    owner = books.get(ENTITIES["Customer"], owner_id)
    child, parent = (owner, customer) if owner.document.get("ParentRef") else (customer, owner)
    reference = child.document.get("ParentRef", {}).get("value")
    return reference == str(parent.id) and bool(child.document.get("BillWithParent"))


def _printed_line(books: Books, target: Target, amount: Decimal | int, before: Decimal) -> Json:
    """A line with what was open before this payment, which itself had taken ``before`` of it until now."""
    kind, target_id, line_id = target
    record = books.get(openlines.entity_of(kind), target_id)
    left = openlines.open_amount(books, record, line_id) if kind in openlines.KINDS else record.document["Balance"]
    pairs = [("txnId", str(target_id)), ("txnOpenBalance", f"{left + before:.2f}")]
    if "DocNumber" in record.document:
        pairs.append(("txnReferenceNumber", record.document["DocNumber"]))
    return {
        "Amount": amount,
        "LinkedTxn": [_printed_link(target)],
        "LineEx": {"any": [_name_value(*pair) for pair in pairs]},
    }


def _printed_link(target: Target) -> Json:
    kind, target_id, line_id = target
    link = {"TxnId": str(target_id), "TxnType": kind}
    return {**link, "TxnLineId": line_id} if line_id else link


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
        target = target_of(line)
        applied[target] = applied.get(target, Decimal(0)) + line["Amount"]
    return applied
