"""Rules of list entities: names, items, accounts, terms and payment methods. They are made inactive, never deleted."""

from decimal import Decimal

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, bad_reference, business, missing
from qbo_simulator.rules.base import SERVER_MADE, Rules, is_sparse, merged
from qbo_simulator.rules.renames import rename_in_references
from qbo_simulator.wire import Json

DELETED = " (deleted)"
FORBIDDEN_IN_NAMES = (":", "\t", "\n")
DEEPEST_LEVEL = 4


class ListRules(Rules):
    """Name, hierarchy and activity, common to all list entities."""

    kept_on_full_update: tuple[str, ...] = ("CurrencyRef",)
    forbidden_in_names: tuple[str, ...] = FORBIDDEN_IN_NAMES

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """Defaults and checks of one entity type, in place."""

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """Store a new list object under a name that is free."""
        document = self.entity.shape.read(raw)
        document["Active"] = True
        self.prepare(books, document, None)
        self._place(books, document, None)
        self._check_name(books, document, None)
        record = books.insert(self.entity, document)
        self._claim_name(books, record)
        self.created(books, record)
        return record

    def created(self, books: Books, record: Record) -> None:
        """What else a new object brings about."""

    def update(self, books: Books, record: Record, raw: Json, flags: frozenset[str]) -> Record:
        """Store a new version, move its name, and make it inactive or active again."""
        old = record.document
        document = merged(self.entity, old, raw, self.kept_on_full_update)
        document.setdefault("Active", record.is_active if is_sparse(raw) or "Active" not in raw else True)
        self._rename_for_activity(record, document)
        self.prepare(books, document, old)
        self._place(books, document, record.id)
        self._check_name(books, document, record)
        if not _differs(self.entity, old, document):
            return record
        self._release_name(books, record)
        changed = books.replace(record, document)
        self._claim_name(books, changed)
        if changed.name != record.name:
            rename_in_references(books, changed)
        return changed

    def _rename_for_activity(self, record: Record, document: Json) -> None:
        field = self.entity.name_field
        name = document.get(field)
        if not name:
            return
        if not document["Active"] and record.is_active and not name.endswith(DELETED):
            document[field] = name + DELETED
            if field == "DisplayName":
                document.setdefault("PrintOnCheckName", record.document.get("PrintOnCheckName", name))
        elif document["Active"] and not record.is_active and name.endswith(DELETED):
            document[field] = name.removesuffix(DELETED)

    def _place(self, books: Books, document: Json, id: int | None) -> None:
        """Give the object its place in the hierarchy: FullyQualifiedName and Level."""
        name = document[self.entity.name_field]
        parent_reference = document.get("ParentRef")
        document.pop("Level", None)
        if not parent_reference:
            document["FullyQualifiedName"] = name
            return
        value = parent_reference["value"]
        parent = books.find(self.entity, int(value)) if value.isdecimal() else None
        if parent is None:
            raise bad_reference(self.entity.reference_kind, value)
        level = 1 + int(parent.document.get("Level", 0))
        if level > DEEPEST_LEVEL or parent.id == id:
            raise Fault("6180", "The hierarchy can have five levels only, and nothing can be its own parent.")
        document["ParentRef"] = {"value": value} if self.entity.name == "Customer" else {"value": value, "name": parent.name}
        document["Level"] = level
        document["FullyQualifiedName"] = f"{parent.document['FullyQualifiedName']}:{name}"

    def _check_name(self, books: Books, document: Json, record: Record | None) -> None:
        field = self.entity.name_field
        name = document[field]
        if any(character in name for character in self.forbidden_in_names):
            raise Fault(
                "2040",
                f"Invalid String : {name}. The name contains a character that is not allowed (colon, tab or new line).",
                element=field,
            )
        taken = books.database.execute(
            "select entity, id from names where company = ? and space = ? and folded = ?",
            (books.company.key, self.entity.name_space, document.get("FullyQualifiedName", name).casefold()),
        ).fetchone()
        if taken and not (record and taken == (self.entity.name, record.id)):
            raise self._duplicate(ENTITIES[taken[0]])

    def _duplicate(self, taken_by: EntityType) -> Fault:
        text = f"Another {taken_by.label} is already using this name. Please use a different name."
        return Fault("6240", f"The name supplied already exists. : {text}")

    def _claim_name(self, books: Books, record: Record) -> None:
        if self.entity.name_space:
            books.database.execute(
                "insert into names (company, space, folded, entity, id) values (?, ?, ?, ?, ?)",
                (
                    books.company.key,
                    self.entity.name_space,
                    record.document.get("FullyQualifiedName", record.name).casefold(),
                    self.entity.name,
                    record.id,
                ),
            )

    def _release_name(self, books: Books, record: Record) -> None:
        books.database.execute(
            "delete from names where company = ? and space = ? and entity = ? and id = ? and folded = ?",
            (
                books.company.key,
                self.entity.name_space,
                self.entity.name,
                record.id,
                record.document.get("FullyQualifiedName", record.name).casefold(),
            ),
        )


def _differs(entity: EntityType, old: Json, new: Json) -> bool:
    before = {name: value for name, value in old.items() if name not in SERVER_MADE}
    after = {name: value for name, value in entity.shape.arrange(new).items() if name not in SERVER_MADE}
    return before != after


class NameRules(ListRules):
    """Customer, Vendor and Employee: one namespace, people's names, addresses."""

    address_fields: tuple[str, ...] = ("BillAddr", "ShipAddr")

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """DisplayName is given or built from the parts of a person's name."""
        parts = [document[part] for part in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix") if part in document]
        if not document.get("DisplayName"):
            if not parts:
                raise Fault("6080", "At least one of Title, GivenName, MiddleName, FamilyName, Suffix or DisplayName is required.")
            document["DisplayName"] = " ".join(parts)
        for part in ("GivenName", "MiddleName", "FamilyName"):
            if any(character in document.get(part, "") for character in FORBIDDEN_IN_NAMES):
                raise Fault("2040", f"Invalid String : {document[part]}", element=part)
        document["DisplayName"] = document["DisplayName"].strip()
        document.setdefault("PrintOnCheckName", document["DisplayName"][:110])
        mail = document.get("PrimaryEmailAddr", {}).get("Address")
        if mail and ("@" not in mail or "." not in mail):
            raise Fault("2210", f"Email Address does not conform to the syntax rules of RFC 822. Supplied value:{mail}", element="PrimaryEmailAddr")
        for field in self.address_fields:
            number_address(books, document, old, field)


def number_address(books: Books, document: Json, old: Json | None, field: str) -> None:
    """An address gets an Id of its own and, not being looked up on a map, the coordinates INVALID."""
    address = document.get(field)
    if not address or "Id" in address:
        return
    before = (old or {}).get(field, {})
    if {name: value for name, value in before.items() if name not in ("Id", "Lat", "Long")} == address:
        document[field] = before
        return
    document[field] = {"Id": str(books.next_id("addresses")), **address, "Lat": "INVALID", "Long": "INVALID"}


class CustomerRules(NameRules):
    """Customers and their jobs."""

    kept_on_full_update = ("CurrencyRef", "Balance", "BalanceWithJobs")

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """Defaults of a new customer, currency for life, jobs under a parent."""
        super().prepare(books, document, old)
        company = books.company
        document["Taxable"] = document.get("Taxable", company.is_us)
        document.setdefault("Job", bool(document.get("ParentRef")))
        if document["Job"] and not document.get("ParentRef"):
            raise Fault("6150", "ParentRef is required when Job is true.", element="ParentRef")
        document.setdefault("BillWithParent", False)
        document.setdefault("PreferredDeliveryMethod", "Print")
        if not company.has_automated_tax and company.is_us and company.default_tax_code:
            document.setdefault("DefaultTaxCodeRef", {"value": company.default_tax_code})
        elif company.has_automated_tax:
            document.pop("DefaultTaxCodeRef", None)
        set_currency(books, document, old)
        for field, entity_name in (("SalesTermRef", "Term"), ("PaymentMethodRef", "PaymentMethod")):
            if field in document:
                books.refer(entity_name, document[field], was=(old or {}).get(field))
        if old is not None and not document["Active"] and old.get("Active"):
            self._refuse_with_balance(books, int(old["Id"]))
        document["Balance"], document["BalanceWithJobs"] = -1, -1

    def _refuse_with_balance(self, books: Books, id: int) -> None:
        row = books.row(self.entity, id)
        if row and row[6]:
            raise Fault("6220", "Customers with an open balance cannot be made inactive.")


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

    kept_on_full_update = ("CurrencyRef", "Balance")

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """Defaults of a new vendor; the tax identifier is masked."""
        super().prepare(books, document, old)
        document.setdefault("Vendor1099", False)
        set_currency(books, document, old)
        if "TermRef" in document:
            books.refer("Term", document["TermRef"], was=(old or {}).get("TermRef"))
        identifier = document.get("TaxIdentifier")
        if identifier and not identifier.startswith("XX"):
            document["TaxIdentifier"] = "XXXXXX" + identifier[-4:]
        if old is not None and not document["Active"] and old.get("Active"):
            row = books.row(self.entity, int(old["Id"]))
            if row and row[6]:
                raise Fault("6220", "Vendors with an open balance cannot be made inactive.")
        document["Balance"] = -1

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


class ItemRules(ListRules):
    """Products and services."""

    kept_on_full_update = ("TrackQtyOnHand", "Type")

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """Types, accounts and what inventory needs."""
        if not document.get("Name"):
            raise missing("Name")
        document["Name"] = document["Name"].strip()
        kind = document.get("Type") or (old or {}).get("Type") or "Service"
        if kind == "Group" and old is None:
            raise business("Group items cannot be created through the API.", "Type")
        document["Type"] = kind
        if document.get("SubItem") and not document.get("ParentRef"):
            raise Fault("6150", "ParentRef is required when SubItem is true.", element="ParentRef")
        if document.get("ParentRef"):
            document["SubItem"] = True
            parent = books.refer("Item", document["ParentRef"], was=(old or {}).get("ParentRef"))
            if parent.document.get("Type") != "Category":
                raise business("Only a category can be the parent of a product or service.", "ParentRef")
        if kind == "Category":
            if not document["Active"]:
                raise business("A category cannot be made inactive.", "Active")
            return
        document.setdefault("Taxable", False)
        document.setdefault("UnitPrice", 0)
        document.setdefault("PurchaseCost", 0)
        self._check_accounts(books, document, old, kind)
        if (old or {}).get("TrackQtyOnHand") and document.get("TrackQtyOnHand") is False:
            raise business("TrackQtyOnHand cannot be set back to false.", "TrackQtyOnHand")
        document.setdefault("TrackQtyOnHand", kind == "Inventory")

    def _check_accounts(self, books: Books, document: Json, old: Json | None, kind: str) -> None:
        before = old or {}
        if kind in ("Service", "Inventory") and "IncomeAccountRef" not in document:
            raise missing("IncomeAccountRef")
        if kind == "NonInventory" and "IncomeAccountRef" not in document and "ExpenseAccountRef" not in document:
            raise missing("IncomeAccountRef")
        if kind == "Inventory":
            for field in ("AssetAccountRef", "ExpenseAccountRef", "InvStartDate", "QtyOnHand"):
                if field not in document and field not in before:
                    raise missing(field)
            if not document.get("TrackQtyOnHand", before.get("TrackQtyOnHand")):
                raise missing("TrackQtyOnHand")
            for field in ("AssetAccountRef", "InvStartDate", "QtyOnHand"):
                document.setdefault(field, before.get(field))
        elif any(document.get(field) for field in ("AssetAccountRef", "InvStartDate", "QtyOnHand", "TrackQtyOnHand")):
            raise business("Quantities and an asset account belong to inventory items only.", "Type")
        for field in ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef"):
            if field in document:
                books.refer("Account", document[field], was=before.get(field))
        if "IncomeAccountRef" in document:
            account = books.get(ENTITIES["Account"], int(document["IncomeAccountRef"]["value"]))
            if kind == "Inventory" and account.document["AccountType"] != "Income":
                raise Fault("6430", f"Invalid Account Type used : {account.name}", element="IncomeAccountRef")


CLASSIFICATIONS = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
    "Non-Posting": "Equity",
}
SUBTYPE_DEFAULTS = {
    "Bank": "Checking",
    "Accounts Receivable": "AccountsReceivable",
    "Other Current Asset": "OtherCurrentAssets",
    "Fixed Asset": "OtherFixedAssets",
    "Other Asset": "OtherLongTermAssets",
    "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard",
    "Other Current Liability": "OtherCurrentLiabilities",
    "Long Term Liability": "OtherLongTermLiabilities",
    "Equity": "RetainedEarnings",
    "Income": "SalesOfProductIncome",
    "Other Income": "OtherMiscellaneousIncome",
    "Cost of Goods Sold": "SuppliesMaterialsCogs",
    "Expense": "OtherMiscellaneousServiceCost",
    "Other Expense": "OtherMiscellaneousExpense",
    "Non-Posting": "RetainedEarnings",
}
TYPES_BY_SUBTYPE = {subtype: kind for kind, subtype in SUBTYPE_DEFAULTS.items() if kind != "Non-Posting"} | {
    "ServiceFeeIncome": "Income",
    "DiscountsRefundsGiven": "Income",
    "NonProfitIncome": "Income",
    "OtherPrimaryIncome": "Income",
    "UnappliedCashPaymentIncome": "Income",
    "UndepositedFunds": "Other Current Asset",
    "Inventory": "Other Current Asset",
    "Savings": "Bank",
    "SalesTaxPayable": "Other Current Liability",
    "GlobalTaxPayable": "Other Current Liability",
    "BadDebts": "Expense",
    "OfficeGeneralAdministrativeExpenses": "Expense",
    "OpeningBalanceEquity": "Equity",
}


class AccountRules(ListRules):
    """The chart of accounts."""

    kept_on_full_update = ("CurrencyRef", "CurrentBalance", "AccountType", "AccountSubType")
    forbidden_in_names = (":", '"')

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """Type from subtype or the other way round; classification from type."""
        if not document.get("Name"):
            raise missing("Name")
        before = old or {}
        kind = document.get("AccountType") or before.get("AccountType")
        subtype = document.get("AccountSubType") or before.get("AccountSubType")
        if not kind and not subtype:
            raise Fault("6010", "AccountType or AccountSubType is required.", element="AccountType")
        kind = kind or TYPES_BY_SUBTYPE.get(str(subtype))
        if kind not in CLASSIFICATIONS:
            raise Fault("6010", f"Invalid Account Type : {subtype}", element="AccountSubType")
        if document.get("OpeningBalance") and "OpeningBalanceDate" not in document:
            raise missing("OpeningBalanceDate")
        number = document.get("AcctNum", "")
        if ":" in number:
            raise Fault("2040", f"Invalid String : {number}", element="AcctNum")
        document["AccountType"] = kind
        document["AccountSubType"] = subtype or SUBTYPE_DEFAULTS[kind]
        document["Classification"] = CLASSIFICATIONS[kind]
        document["SubAccount"] = bool(document.get("ParentRef"))
        document.setdefault("CurrentBalance", wire.money(Decimal(document.pop("OpeningBalance", 0))))
        document["CurrentBalanceWithSubAccounts"] = document["CurrentBalance"]
        set_currency(books, document, old)


class SimpleListRules(ListRules):
    """Term and PaymentMethod: a name and a few values."""

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """Name is required; a term says when it is due in one of two ways."""
        if not document.get("Name"):
            raise missing("Name")
        if self.entity.name == "Term":
            standard, by_date = "DueDays" in document, "DayOfMonthDue" in document
            if standard == by_date and old is None:
                raise business("A term needs either DueDays or DayOfMonthDue.")
            document["Type"] = "STANDARD" if standard else "DATE_DRIVEN"
        else:
            document.setdefault("Type", "NON_CREDIT_CARD")

    def _place(self, books: Books, document: Json, id: int | None) -> None:
        document.pop("FullyQualifiedName", None)
