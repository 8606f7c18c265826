"""Rules of list entities: names, items, accounts, terms and payment methods. They are made inactive, never deleted."""

from qbo_simulator.books import Books, Record
from qbo_simulator.company import CURRENCY_NAMES
from qbo_simulator.entities.fields import object_id
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.entities.usual_line import print_document
from qbo_simulator.errors import Fault, bad_reference, business, missing
from qbo_simulator.rules.addresses import number_address
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
        if changed.shown != record.shown:
            rename_in_references(books, changed)
        if changed.document.get("FullyQualifiedName") != record.document.get("FullyQualifiedName"):
            self._rename_below(books, changed)
        return changed

    def _rename_below(self, books: Books, parent: Record) -> None:
        """The whole names of what is below follow, without an edit: SyncToken and LastUpdatedTime stay."""
        below = books.database.execute(
            "select id from objects where company = ? and entity = ? and deleted = 0 and parent = ?",
            (books.company.key, self.entity.name, parent.id),
        ).fetchall()
        for (child_id,) in below:
            child = books.get(self.entity, child_id)
            self._release_name(books, child)
            path = f"{parent.document['FullyQualifiedName']}:{child.name}"
            document = {**child.document, "FullyQualifiedName": path}
            books.database.execute(
                "update objects set body = ?, full_name = ? where company = ? and entity = ? and id = ?",
                (print_document(document), path, books.company.key, self.entity.name, child_id),
            )
            books.cache.clear()
            moved = books.get(self.entity, child_id)
            self._claim_name(books, moved)
            if moved.shown != child.shown:
                rename_in_references(books, moved)
            self._rename_below(books, moved)

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
        number = object_id(value)
        parent = None if number is None else books.find(self.entity, number)
        if parent is None:
            raise bad_reference(self.entity.reference_kind, value)
        level = 1 + parent.document["FullyQualifiedName"].count(":")
        if level > DEEPEST_LEVEL or parent.id == id:
            raise Fault("6180", "The hierarchy can have five levels only, and nothing can be its own parent.")
        document["ParentRef"] = (
            {"value": value, "name": parent.name} if self.entity.name == "Item" else {"value": value}
        )
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
            (books.company.key, self.entity.name_space, str(document.get("FullyQualifiedName", name)).casefold()),
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


class TreeRules(ListRules):
    """Class and Department: names in a tree, whether or not the company uses them on its documents."""

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """The name is required; what has a parent says so."""
        if not document.get("Name"):
            raise missing("Name")
        document[f"Sub{self.entity.name}"] = "ParentRef" in document
        if "Address" in document:
            number_address(books, document, old, "Address")


class AgencyRules(ListRules):
    """Tax agencies: created and read, never changed."""

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """The name is required; sales tax is what an agency is for unless it says otherwise."""
        if not document.get("DisplayName"):
            raise missing("DisplayName")
        document.setdefault("TaxTrackedOnSales", True)
        document.setdefault("TaxTrackedOnPurchases", False)

    def _place(self, books: Books, document: Json, id: int | None) -> None:
        document.pop("FullyQualifiedName", None)


class CurrencyRules(ListRules):
    """The currencies that a company uses beside its own."""

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """A known code, which stays what it is; the name is QBO's."""
        if not document.get("Code"):
            raise missing("Code")
        if not books.company.is_multicurrency:
            raise Fault("5030", "Feature Not Supported Error : Multi-currency is not enabled for this company.")
        if document["Code"] not in CURRENCY_NAMES:
            raise Fault("2220", f"Currency code is not valid. Supplied value:{document['Code']}", element="Code")
        if old is not None and document["Code"] != old["Code"]:
            raise business("The code of a currency cannot be changed.", "Code")
        document["Name"] = CURRENCY_NAMES[document["Code"]]

    def _rename_for_activity(self, record: Record, document: Json) -> None:
        """A code is never renamed."""

    def _place(self, books: Books, document: Json, id: int | None) -> None:
        document.pop("FullyQualifiedName", None)
