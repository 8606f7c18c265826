"""Rules of sales forms: Invoice, CreditMemo, SalesReceipt, RefundReceipt and Estimate."""

from decimal import Decimal

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.clock import meta_time
from qbo_simulator.errors import Fault, NotSimulated, business, missing
from qbo_simulator.rules import links
from qbo_simulator.rules.addresses import number_address
from qbo_simulator.rules.base import Rules, is_sparse, merged
from qbo_simulator.rules.currencies import check_accounts
from qbo_simulator.rules.groups import GROUP, members_of
from qbo_simulator.rules.lines import read_lines
from qbo_simulator.rules.numbers import settle_doc_number
from qbo_simulator.rules.tax import apply_tax
from qbo_simulator.rules.terms import due_date
from qbo_simulator.rules.tracking import settle_tracking
from qbo_simulator.rules.transactions import (
    check_closed_books,
    custom_fields,
    name_ship_method,
    refuse_deposited,
    settle_currency,
    void_note,
)
from qbo_simulator.wire import Json

REFERENCES = (
    ("SalesTermRef", "Term"),
    ("PaymentMethodRef", "PaymentMethod"),
    ("DepositToAccountRef", "Account"),
    ("ARAccountRef", "Account"),
)
NOT_SIMULATED = ("ProjectRef", "TaxExemptionRef", "SalesRepRef", "RemitToRef", "TemplateRef", "InvoiceRef")


class SalesRules(Rules):
    """One sales form. ``sign`` says how its balance moves the customer's."""

    gaps: tuple[str, ...] = (f"the properties {', '.join(NOT_SIMULATED)}",)
    sign = 0
    needs_customer = True
    has_due_date = False
    kept_on_full_update = (
        "DocNumber",
        "CurrencyRef",
        "DepositToAccountRef",
        "CustomField",
        "LinkedTxn",
        "AllowOnlinePayment",
        "ExchangeRate",
        "RecurDataRef",
    )

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """Check and store a new form and move its customer's balance."""
        form = self.entity.shape.read(raw)
        last_line = self.settle(books, form, None, flags)
        record = books.insert(self.entity, form, last_line=last_line)
        self._follow_sources(books, record.id, None, record.document)
        self._move_customer(books, None, record.document)
        return record

    def update(self, books: Books, record: Record, raw: Json, flags: frozenset[str]) -> Record:
        """Check and store a new version; lines are replaced as a whole, what is applied stays applied."""
        old = record.document
        check_closed_books(books, old["TxnDate"])
        form = merged(self.entity, old, raw, self.kept_on_full_update)
        if is_sparse(raw):
            self._drop_derived(form, old, raw)
        last_line = self.settle(books, form, record, flags)
        changed = books.replace(record, form, last_line=last_line)
        self._follow_sources(books, record.id, old, changed.document)
        self._move_customer(books, old, changed.document)
        return changed

    def _follow_sources(self, books: Books, id: int, old: Json | None, new: Json | None) -> None:
        """Only invoices are made from something else."""

    def _drop_derived(self, form: Json, old: Json, raw: Json) -> None:
        """What followed from a value that a sparse update changes is computed anew."""
        if "TxnTaxDetail" not in raw and "Line" in raw:
            detail = form.pop("TxnTaxDetail", {})
            if "TxnTaxCodeRef" in detail:
                form["TxnTaxDetail"] = {"TxnTaxCodeRef": detail["TxnTaxCodeRef"]}
        elif "TxnTaxDetail" not in raw:
            form["TxnTaxDetail"] = dict(old.get("TxnTaxDetail", {}))
        term, term_before = (one.get("SalesTermRef", {}).get("value") for one in (form, old))
        is_moved = form.get("TxnDate") != old["TxnDate"] or term != term_before
        if self.has_due_date and "DueDate" not in raw and is_moved:
            form.pop("DueDate", None)

    def settle(self, books: Books, form: Json, record: Record | None, flags: frozenset[str]) -> int:
        """Fill in what the server makes and check everything; returns the highest line id."""
        old = record.document if record else None
        customer = self._settle_customer(books, form, old)
        self._refuse_gaps(form)
        given = form.get("Line")
        if not given:
            raise missing("Line")
        form.setdefault("TxnDate", books.today)
        check_closed_books(books, form["TxnDate"])
        before = (old or {}).get("Line", ())
        lines = read_lines(books, given, before, record.last_line if record else 0, form["TxnDate"])
        settle_doc_number(books, self.entity, form, record, flags)
        settle_currency(books, form, customer)
        for field, entity_name in REFERENCES:
            if field in form:
                books.refer(entity_name, form[field], was=(old or {}).get(field))
        settle_tracking(books, form, old)
        name_ship_method(form)
        self._settle_addresses(books, form, old, customer)
        if self.has_due_date and "DueDate" not in form:
            form["DueDate"] = due_date(books, form)
        custom_fields(books, form)
        tax = apply_tax(books, form, lines, old, customer)
        inclusive_total = lines.subtotal - lines.discount_amount + tax
        if inclusive_total < 0:
            raise business(books.settings.negative_total_text)
        form["Line"] = lines.printed()
        form["TotalAmt"] = inclusive_total or 0
        form["ApplyTaxAfterDiscount"] = bool(form.get("ApplyTaxAfterDiscount", False))
        form.setdefault("PrintStatus", "NeedToPrint")
        self._settle_email(form)
        self._settle_balance(books, form, old)
        check_accounts(books, {name: form[name] for name in ("CurrencyRef", "DepositToAccountRef") if name in form})
        return lines.last_id

    def _settle_customer(self, books: Books, form: Json, old: Json | None) -> Record | None:
        reference = form.get("CustomerRef")
        if reference is None:
            if self.needs_customer:
                raise missing("CustomerRef")
            return None
        return books.refer("Customer", reference, was=(old or {}).get("CustomerRef"))

    def _refuse_gaps(self, form: Json) -> None:
        for field in NOT_SIMULATED:
            if field in form:
                raise NotSimulated(f"{field} on {self.entity.name}")

    def _settle_addresses(self, books: Books, form: Json, old: Json | None, customer: Record | None) -> None:
        for field in ("BillAddr", "ShipAddr"):
            if field in form:
                number_address(books, form, old, field)
            elif customer is not None and old is None and field in customer.document:
                form[field] = customer.document[field]

    def _settle_email(self, form: Json) -> None:
        status = form.setdefault("EmailStatus", "NotSet")
        address = form.get("BillEmail", {}).get("Address")
        if address and ("@" not in address or "." not in address):
            raise Fault(
                "2210",
                f"Email Address does not conform to the syntax rules of RFC 822. Supplied value:{address}",
                element="BillEmail",
            )
        if status == "NeedToSend":
            if not address:
                raise Fault("6420", "BillEmail is required when EmailStatus is NeedToSend.", element="BillEmail")
            form.setdefault("DeliveryInfo", {"DeliveryType": "Email"})

    def _settle_balance(self, books: Books, form: Json, old: Json | None) -> None:
        """SalesReceipt, RefundReceipt and Estimate have nothing to pay."""
        form["Balance"] = 0

    def _settle_links(self, books: Books, form: Json, old: Json | None) -> None:
        given, before = form.get("LinkedTxn", []), (old or {}).get("LinkedTxn", [])
        form["LinkedTxn"] = links.settle_links(books, self.entity.name, given, before)

    def _move_customer(self, books: Books, old: Json | None, new: Json | None) -> None:
        """Balances follow; LastUpdatedTime of the customer moves with every write, its SyncToken never."""
        deltas: dict[int, int] = {}
        for document, sign in ((old, -self.sign), (new, self.sign)):
            if document and "CustomerRef" in document:
                customer_id = int(document["CustomerRef"]["value"])
                deltas[customer_id] = deltas.get(customer_id, 0) + sign * wire.cents(document.get("Balance", 0))
        for customer_id, delta in deltas.items():
            books.touch("Customer", customer_id, delta)

    def delete(self, books: Books, record: Record) -> None:
        """Remove the form; what is linked to it must be unlinked first."""
        check_closed_books(books, record.document["TxnDate"])
        links.refuse_when_paid(record)
        self._follow_sources(books, record.id, record.document, None)
        books.delete(record)
        self._move_customer(books, record.document, None)

    def void(self, books: Books, record: Record) -> Record:
        """All amounts to zero, links undone, the number kept."""
        old = record.document
        check_closed_books(books, old["TxnDate"])
        links.detach_payments(books, record)
        form = {name: value for name, value in old.items() if name not in ("ExchangeRate",)}
        form["Line"] = [_voided_line(line) for line in old["Line"]]
        form["TxnTaxDetail"] = {"TotalTax": 0}
        form["TotalAmt"] = 0
        form["LinkedTxn"] = []
        for field in ("Balance", "HomeTotalAmt", "HomeBalance", "RemainingCredit", "Deposit"):
            if field in form:
                form[field] = 0
        form["PrivateNote"] = void_note(old.get("PrivateNote"))
        changed = books.replace(record, form)
        self._follow_sources(books, record.id, old, changed.document)
        self._move_customer(books, old, changed.document)
        return changed

    def send(self, books: Books, record: Record, send_to: str | None) -> Record:
        """Mark as mailed to ``send_to`` or to the form's own address."""
        form = dict(record.document)
        address = send_to or form.get("BillEmail", {}).get("Address")
        if not address:
            raise Fault("6420", "An e-mail address is required to send the transaction.", element="BillEmail")
        if "@" not in address:
            raise Fault(
                "2210",
                f"Email Address does not conform to the syntax rules of RFC 822. Supplied value:{address}",
                element="BillEmail",
            )
        form["BillEmail"] = {"Address": address}
        form["EmailStatus"] = "EmailSent"
        form["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": meta_time(books.now)}
        return books.replace(record, form)


def _voided_line(line: Json) -> Json:
    voided = {name: value for name, value in line.items() if name != "LinkedTxn"}
    if "Amount" in voided:
        voided["Amount"] = 0
    detail = voided.get("SalesItemLineDetail")
    if detail is not None:
        detail = {name: value for name, value in detail.items() if name not in ("UnitPrice", "TaxInclusiveAmt")}
        if "Qty" in detail:
            detail["Qty"] = 0
        voided["SalesItemLineDetail"] = detail
    if members := members_of(voided):
        voided[GROUP] = {**voided[GROUP], "Quantity": 0, "Line": [_voided_line(member) for member in members]}
    return voided


class InvoiceRules(SalesRules):
    """Invoices: due, paid through Payments."""

    gaps = (
        *SalesRules.gaps,
        "links to anything but payments, credit memos, estimates, time activities and charges of expenses",
    )
    sign = 1
    has_due_date = True

    def _follow_sources(self, books: Books, id: int, old: Json | None, new: Json | None) -> None:
        """Estimates and time activities."""
        links.follow_sources(books, self.entity.name, id, old, new)

    def _settle_balance(self, books: Books, form: Json, old: Json | None) -> None:
        """What is not applied yet; a total below what is applied is refused."""
        for flag in ("AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment"):
            form.setdefault(flag, False)
        if "Deposit" in form and not books.company.preferences["AllowDeposit"]:
            raise Fault(
                "5030", "Feature Not Supported Error : Deposits on sales forms are not enabled for this company."
            )
        self._settle_links(books, form, old)
        links.check_line_links(books, self.entity.name, form["Line"], (old or {}).get("Line", []))
        applied = old["TotalAmt"] - old.get("Deposit", 0) - old["Balance"] if old else 0
        balance = form["TotalAmt"] - form.get("Deposit", 0) - applied
        if balance < 0:
            raise business("The amount of the invoice cannot be less than what has been paid or applied to it.")
        form["Balance"] = balance or 0
        if books.company.is_multicurrency:
            rate = Decimal(form["ExchangeRate"])
            form["HomeTotalAmt"] = wire.money(form["TotalAmt"] * rate)
            form["HomeBalance"] = wire.money(form["Balance"] * rate)


class CreditMemoRules(SalesRules):
    """Credit memos: applied through Payments."""

    sign = -1

    def _settle_balance(self, books: Books, form: Json, old: Json | None) -> None:
        """RemainingCredit is what no payment has used yet."""
        applied = old["TotalAmt"] - old["Balance"] if old else 0
        balance = form["TotalAmt"] - applied
        if balance < 0:
            raise business("The amount of the credit memo cannot be less than what has been applied.")
        self._settle_links(books, form, old)
        form["RemainingCredit"] = form["Balance"] = balance or 0
        if books.company.is_multicurrency:
            form["HomeTotalAmt"] = wire.money(form["TotalAmt"] * Decimal(form["ExchangeRate"]))
            form["HomeBalance"] = wire.money(form["Balance"] * Decimal(form["ExchangeRate"]))


class ReceiptRules(SalesRules):
    """SalesReceipt and RefundReceipt: money moves at once."""

    needs_customer = False

    def update(self, books: Books, record: Record, raw: Json, flags: frozenset[str]) -> Record:
        """As any form, unless it lies in a deposit."""
        refuse_deposited(record.document)
        return super().update(books, record, raw, flags)

    def delete(self, books: Books, record: Record) -> None:
        """As any form, unless it lies in a deposit."""
        refuse_deposited(record.document)
        super().delete(books, record)

    def void(self, books: Books, record: Record) -> Record:
        """As any form, unless it lies in a deposit."""
        refuse_deposited(record.document)
        return super().void(books, record)

    def _settle_balance(self, books: Books, form: Json, old: Json | None) -> None:
        """The account that the money goes to (or comes from)."""
        if "DepositToAccountRef" not in form:
            if self.entity.name == "RefundReceipt":
                raise missing("DepositToAccountRef")
            account = links.undeposited_funds(books)
            if account:
                form["DepositToAccountRef"] = account
        self._settle_links(books, form, old)
        if not form["LinkedTxn"]:
            del form["LinkedTxn"]
        form["Balance"] = 0


class EstimateRules(SalesRules):
    """Estimates post nothing."""

    def _settle_balance(self, books: Books, form: Json, old: Json | None) -> None:
        """Status in place of a balance."""
        status = form.setdefault("TxnStatus", "Closed" if (old or {}).get("LinkedTxn") else "Pending")
        if status not in ("Pending", "Accepted", "Closed", "Rejected"):
            raise Fault("2170", f"Invalid Enumeration : {status}", element="TxnStatus")
        self._settle_links(books, form, old)
        form.pop("Balance", None)
