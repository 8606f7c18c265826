"""Rules of names: Customer, Vendor and Employee share one namespace."""

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.errors import Fault, NotSimulated, business, missing
from qbo_simulator.ledger import system_account
from qbo_simulator.rules.addresses import number_address
from qbo_simulator.rules.lists import FORBIDDEN_IN_NAMES, ListRules
from qbo_simulator.rules.opening import post_opening_balance
from qbo_simulator.wire import Json

NOT_SIMULATED = (
    "PriceLevelRef",
    "TaxGroupCodeRef",
    "TaxRateRef",
    "APAccountRef",
    "PrefillAccountRef",
)

CUSTOMER_REFERENCES = (
    ("SalesTermRef", "Term"),
    ("PaymentMethodRef", "PaymentMethod"),
    ("CustomerTypeRef", "CustomerType"),
)


class NameRules(ListRules):
    """Customer, Vendor and Employee: one namespace, people's names, addresses."""

    address_fields: tuple[str, ...] = ("BillAddr", "ShipAddr")
    # Where an opening balance stands: the purpose of the account, and the side of a positive balance.
    opens_on = ("", "")

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """An opening balance is a journal entry of its own, in the new name."""
        record = super().create(books, raw, flags)
        if raw.get("Balance"):
            given = self.entity.shape.read(raw)
            if given.get("Balance"):
                self._open(books, record, given)
        return record

    def _open(self, books: Books, record: Record, given: Json) -> None:
        purpose, side = self.opens_on
        detail = {
            "AccountRef": {"value": str(system_account(books, purpose))},
            "Entity": {"Type": self.entity.name, "EntityRef": {"value": str(record.id)}},
        }
        currency = record.document["CurrencyRef"]["value"]
        post_opening_balance(books, detail, side, given["Balance"], given.get("OpenBalanceDate"), currency)

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """DisplayName is given or built from the parts of a person's name."""
        parts = [
            document[part] for part in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix") if part in document
        ]
        if not document.get("DisplayName"):
            if not parts:
                raise Fault(
                    "6080",
                    "At least one of Title, GivenName, MiddleName, FamilyName, Suffix or DisplayName is required.",
                )
            document["DisplayName"] = " ".join(parts)
        for part in ("GivenName", "MiddleName", "FamilyName"):
            if any(character in document.get(part, "") for character in FORBIDDEN_IN_NAMES):
                raise Fault("2040", f"Invalid String : {document[part]}", element=part)
        document["DisplayName"] = document["DisplayName"].strip()
        document.setdefault("PrintOnCheckName", document["DisplayName"][:110])
        mail = document.get("PrimaryEmailAddr", {}).get("Address")
        if mail and ("@" not in mail or "." not in mail):
            raise Fault(
                "2210",
                f"Email Address does not conform to the syntax rules of RFC 822. Supplied value:{mail}",
                element="PrimaryEmailAddr",
            )
        for field in self.address_fields:
            number_address(books, document, old, field)


def refuse_gaps(entity_name: str, document: Json) -> None:
    """Properties that QuickBooks knows and the simulator does not."""
    for field in NOT_SIMULATED:
        if field in document:
            raise NotSimulated(f"{field} on {entity_name}")


def mask(document: Json, field: str) -> None:
    """Of a tax number only the last four characters are ever shown."""
    value = document.get(field)
    if value and not value.startswith("XX"):
        document[field] = "XXXXXX" + value[-4:]


class CustomerRules(NameRules):
    """Customers and their jobs."""

    gaps = (f"the properties {', '.join(NOT_SIMULATED)}",)
    opens_on = ("AccountsReceivable", "Debit")
    kept_on_full_update = ("CurrencyRef", "Balance", "BalanceWithJobs")

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """Defaults of a new customer, currency for life, jobs under a parent."""
        super().prepare(books, document, old)
        refuse_gaps("Customer", document)
        company = books.company
        mask(document, "PrimaryTaxIdentifier")
        document["Taxable"] = document.get("Taxable", company.is_us)
        document.setdefault("Job", bool(document.get("ParentRef")))
        if document["Job"] and not document.get("ParentRef"):
            raise Fault("6150", "ParentRef is required when Job is true.", element="ParentRef")
        self._settle_billing(books, document, old)
        document.setdefault("PreferredDeliveryMethod", "Print")
        if not company.has_automated_tax and company.is_us and company.default_tax_code:
            document.setdefault("DefaultTaxCodeRef", {"value": company.default_tax_code})
        elif company.has_automated_tax:
            document.pop("DefaultTaxCodeRef", None)
        set_currency(books, document, old)
        for field, entity_name in CUSTOMER_REFERENCES:
            if field in document:
                books.refer(entity_name, document[field], was=(old or {}).get(field))
        if old is not None and not document["Active"] and old.get("Active"):
            self._refuse_with_open_business(books, int(old["Id"]))
        document["Balance"], document["BalanceWithJobs"] = -1, -1
        document.pop("OpenBalanceDate", None)

    def _settle_billing(self, books: Books, document: Json, old: Json | None) -> None:
        """Who is billed stays who was billed once there is an invoice."""
        was, given = bool((old or {}).get("BillWithParent")), document.get("BillWithParent")
        document["BillWithParent"] = bool(given)
        if old is None or bool(given) == was:
            return
        found = books.database.execute(
            "select 1 from objects where company = ? and entity = 'Invoice' and deleted = 0 and customer = ? limit 1",
            (books.company.key, int(old["Id"])),
        ).fetchone()
        if found and given is not None:
            raise Fault("6130", "BillWithParent cannot be changed: there are invoices.", element="BillWithParent")
        if found:
            document["BillWithParent"] = was

    def _refuse_with_open_business(self, books: Books, id: int) -> None:
        row = books.row(self.entity, id)
        if row and row[6]:
            raise Fault("6220", "Customers with an open balance cannot be made inactive.")
        if _has_unbilled_charges(books, id):
            raise Fault("6280", "Customers with unbilled charges cannot be made inactive.")


def _has_unbilled_charges(books: Books, customer: int) -> bool:
    """Whether time, or a line of something bought, waits to be billed to a customer."""
    rows = books.database.execute(
        'select body from objects where company = ? and deleted = 0 and body like \'%"BillableStatus":"Billable"%\' and '
        "entity in ('TimeActivity', 'Bill', 'Purchase', 'VendorCredit') and body like ?",
        (books.company.key, f'%"CustomerRef":{{"value":"{customer}"%'),
    )
    for document in (wire.parse(body) for (body,) in rows):
        details = [line.get(line["DetailType"], {}) for line in document.get("Line", ())]
        for charge in (document, *details):
            if charge.get("BillableStatus") == "Billable" and charge.get("CustomerRef", {}).get("value") == str(
                customer
            ):
                return True
    return False


def set_currency(books: Books, document: Json, old: Json | None) -> None:
    """A name's currency is fixed at its creation; without multicurrency only the home currency exists."""
    company = books.company
    fixed = (old or {}).get("CurrencyRef")
    wanted = document.get("CurrencyRef", {}).get("value")
    if fixed:
        if wanted and wanted != fixed["value"]:
            raise business("The currency of a name cannot be changed once it exists.", "CurrencyRef")
        document["CurrencyRef"] = fixed
        return
    wanted = wanted or company.home_currency
    if len(wanted) != 3 or not wanted.isalpha() or not wanted.isupper():
        raise Fault("2220", f"Currency code is not valid. Supplied value:{wanted}", element="CurrencyRef")
    if wanted != company.home_currency and not company.is_multicurrency:
        raise Fault("5030", "Feature Not Supported Error : Multi-currency is not enabled for this company.")
    document["CurrencyRef"] = company.currency(wanted)


class VendorRules(NameRules):
    """Vendors."""

    gaps = CustomerRules.gaps
    opens_on = ("AccountsPayable", "Credit")
    kept_on_full_update = ("CurrencyRef", "Balance")

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """Defaults of a new vendor; the tax identifier is masked."""
        super().prepare(books, document, old)
        refuse_gaps("Vendor", document)
        document.setdefault("Vendor1099", False)
        set_currency(books, document, old)
        if "TermRef" in document:
            books.refer("Term", document["TermRef"], was=(old or {}).get("TermRef"))
        mask(document, "TaxIdentifier")
        if old is not None and not document["Active"] and old.get("Active"):
            row = books.row(self.entity, int(old["Id"]))
            if row and row[6]:
                raise Fault("6220", "Vendors with an open balance cannot be made inactive.")
        document["Balance"] = -1
        document.pop("OpenBalanceDate", None)

    def _place(self, books: Books, document: Json, id: int | None) -> None:
        document.pop("FullyQualifiedName", None)


class EmployeeRules(NameRules):
    """Employees."""

    address_fields = ("PrimaryAddr",)

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """GivenName or FamilyName is required; the social security number is masked."""
        if not document.get("GivenName") and not document.get("FamilyName"):
            raise missing("GivenName or FamilyName")
        super().prepare(books, document, old)
        if "SSN" in document:
            document["SSN"] = "XXX-XX-XXXX"
        document.setdefault("BillableTime", False)

    def _place(self, books: Books, document: Json, id: int | None) -> None:
        document.pop("FullyQualifiedName", None)
