"""The books of one company during one unit of work: reading, writing and looking up its objects.

Rows of ``objects`` hold the printed document and, beside it, the columns that queries use. What changes without an edit of the
object itself (a customer's balance, LastUpdatedTime) lives in columns alone and is put into the text when it is printed.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any

from qbo_simulator import wire
from qbo_simulator.clock import meta_time, parse_moment
from qbo_simulator.company import Company
from qbo_simulator.entities.fields import object_id
from qbo_simulator.entities.kinds import EntityType, body_of
from qbo_simulator.entities.recurring import made_on
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.entities.usual_line import print_document
from qbo_simulator.errors import bad_reference, not_found
from qbo_simulator.settings import Settings
from qbo_simulator.wire import Json

_UPDATED = '"LastUpdatedTime":""'
# Lists whose references print the whole path of a name.
PATHS = ("Account", "Class", "Department")
ROW = "id, sync_token, created, updated, active, deleted, balance, last_line, body"


@dataclass(slots=True)
class Record:
    """One object as stored: ``document`` is its parsed form, in QBO's order of properties."""

    entity: EntityType
    id: int
    sync_token: int
    created: int
    updated: int
    is_active: bool
    document: Json
    # Highest line id ever given in this document: ids of removed lines are not used again.
    last_line: int = 0
    # The printed document, once it is stored.
    text: str = ""

    @property
    def name(self) -> str:
        """DisplayName or Name."""
        return str(self.document.get(self.entity.name_field, ""))

    @property
    def shown(self) -> str:
        """The name as references print it: of accounts, classes and locations the whole path."""
        return str(self.document.get("FullyQualifiedName", self.name)) if self.entity.name in PATHS else self.name


class ReferenceCache:
    """Parsed list objects by company, entity and id; what a rolled-back unit of work touched is forgotten."""

    def __init__(self, largest: int = 20_000) -> None:
        self._records: dict[tuple[int, str, int], Record] = {}
        # Active records by company, entity and reference value, with their names: the shortest way to check a reference.
        self.referred: dict[tuple[int, str, str], tuple[Record, str]] = {}
        self._largest = largest

    def get(self, key: tuple[int, str, int]) -> Record | None:
        """The cached record, if any."""
        return self._records.get(key)

    def put(self, key: tuple[int, str, int], record: Record) -> None:
        """Remember; starts anew when full, so that memory stays flat."""
        if len(self._records) >= self._largest:
            self.clear()
        self._records[key] = record

    def forget(self, key: tuple[int, str, int]) -> None:
        """Drop one."""
        self._records.pop(key, None)
        self.referred.clear()

    def clear(self) -> None:
        """Drop all."""
        self._records.clear()
        self.referred.clear()


class Books:
    """One company seen through one transaction of the state file."""

    def __init__(
        self,
        database: sqlite3.Connection,
        company: Company,
        cache: ReferenceCache,
        settings: Settings,
        now: float,
        today: str,
    ) -> None:
        self.database = database
        self.company = company
        self.cache = cache
        self.settings = settings
        self.now = int(now)
        self.today = today
        self.time_text = meta_time(self.now)
        # Whether changes are noted for webhooks.
        self.listens = False
        self._parents: dict[str, set[int]] = {}

    # -- reading ------------------------------------------------------------------------------------------------------

    def row(self, entity: EntityType, id: int) -> tuple[Any, ...] | None:
        """The stored row (columns ``ROW``), deleted ones included."""
        found: tuple[Any, ...] | None = self.database.execute(
            f"select {ROW} from objects where company = ? and entity = ? and id = ?",  # noqa: S608 - a constant list of columns
            (self.company.key, entity.name, id),
        ).fetchone()
        return found

    def find(self, entity: EntityType, id: int) -> Record | None:
        """The live object with this id, or None."""
        key = (self.company.key, entity.name, id)
        record = self.cache.get(key)
        if record is None:
            row = self.row(entity, id)
            if row is None or row[5]:
                return None
            record = Record(entity, row[0], row[1], row[2], row[3], bool(row[4]), wire.parse(row[8]), row[7])
            if not entity.is_transaction:
                self.cache.put(key, record)
        return record

    def get(self, entity: EntityType, id: int) -> Record:
        """The live object with this id; raises 610."""
        record = self.find(entity, id)
        if record is None:
            raise not_found()
        return record

    def refer(self, entity_name: str, reference: Json, *, was: Json | None = None) -> Record:
        """Resolve a reference and write the name into it; raises 2500 when missing, 610 when inactive.

        :param was: the reference that the stored object already holds; an inactive object stays usable there.
        """
        value = reference["value"]
        key = (self.company.key, entity_name, value)
        hit = self.cache.referred.get(key)
        if hit is not None:
            record, reference["name"] = hit
            return record
        entity = ENTITIES[entity_name]
        number = object_id(value)
        found = None if number is None else self.find(entity, number)
        if found is None:
            raise bad_reference(entity.reference_kind, value)
        if found.is_active:
            self.cache.referred[key] = (found, found.shown)
        elif was is None or was.get("value") != value:
            raise not_found()
        reference["name"] = found.shown
        return found

    def printed(self, entity: EntityType, row: tuple[Any, ...]) -> str:
        """JSON text of a row (columns ``ROW``) as QBO answers it."""
        body: str = row[8]
        if not entity.is_volatile:
            return body
        balance = row[6] or 0
        text = body.replace(_UPDATED, f'"LastUpdatedTime":"{meta_time(row[3])}"', 1)
        text = text.replace(f'"{entity.balance_field}":-1', f'"{entity.balance_field}":{wire.print_cents(balance)}', 1)
        if not entity.family_field:
            return text
        family = wire.print_cents(balance + self._balance_below(entity.name, row[0]))
        return text.replace(f'"{entity.family_field}":-1', f'"{entity.family_field}":{family}', 1)

    def _balance_below(self, entity_name: str, id: int) -> int:
        """What jobs of a customer owe, or what stands on sub-accounts."""
        if entity_name not in self._parents:
            found = self.database.execute(
                "select distinct parent from objects where company = ? and entity = ? and deleted = 0 "
                "and parent is not null",
                (self.company.key, entity_name),
            )
            self._parents[entity_name] = {parent for (parent,) in found}
        if id not in self._parents[entity_name]:
            return 0
        children = self.database.execute(
            "select id, balance from objects where company = ? and entity = ? and deleted = 0 and parent = ?",
            (self.company.key, entity_name, id),
        ).fetchall()
        return sum((balance or 0) + self._balance_below(entity_name, child) for child, balance in children)

    def text(self, entity: EntityType, id: int) -> str:
        """JSON text of one live object; raises 610."""
        row = self.row(entity, id)
        if row is None or row[5]:
            raise not_found()
        return self.printed(entity, row)

    # -- writing ------------------------------------------------------------------------------------------------------

    def next_id(self, sequence: str, count: int = 1) -> int:
        """Take the next number (or the first of ``count``) of one of the company's sequences."""
        last: int = self.database.execute(
            "insert into sequences (company, name, last) values (?, ?, ?) "
            "on conflict (company, name) do update set last = last + excluded.last returning last",
            (self.company.key, sequence, count),
        ).fetchone()[0]
        return last - count + 1

    def insert(
        self,
        entity: EntityType,
        document: Json,
        *,
        last_line: int = 0,
        id: int | None = None,
        created: int | None = None,
    ) -> Record:
        """Store a new object and give it its Id, SyncToken and MetaData."""
        own_id = self.next_id(entity.sequence) if id is None else id
        moment = created or self.now
        is_active = document.get("Active", True) is not False
        record = Record(entity, own_id, 0, moment, moment, is_active, document, last_line)
        self.finish(record)
        self._write(record, "insert into")
        return record

    def load(self, entity: EntityType, document: Json) -> Record:
        """Store an object exactly as QBO printed it, with its Id, SyncToken and times; raises ``ValueError``.

        No rule is applied: this brings a company to a state that is known from outside.
        """
        if entity.wraps:
            raise ValueError(f"{entity.name} is created, not loaded")
        if unknown := [name for name in document if name not in entity.shape.fields]:
            raise ValueError(f"{entity.name} has no property {unknown[0]!r}")
        times = document["MetaData"]
        created, updated = (int(parse_moment(times[name])) for name in ("CreateTime", "LastUpdatedTime"))
        lines = [int(line["Id"]) for line in document.get("Line", ()) if "Id" in line]
        is_active = document.get("Active", True) is not False
        own_id, token = int(document["Id"]), int(document["SyncToken"])
        balance = document.get(entity.balance_field, 0)
        if entity.is_volatile:
            computed = (entity.balance_field, entity.family_field)
            document = {name: -1 if name in computed else value for name, value in document.items()}
        record = Record(entity, own_id, token, created, updated, is_active, document, max(lines, default=0))
        self.finish(record)
        self._write(record, "insert or replace into")
        if entity.is_volatile:
            self.database.execute(
                "update objects set balance = ? where company = ? and entity = ? and id = ?",
                (wire.cents(balance), self.company.key, entity.name, own_id),
            )
        self.database.execute(
            "insert into sequences (company, name, last) values (?, ?, ?) "
            "on conflict (company, name) do update set last = max(last, excluded.last)",
            (self.company.key, entity.sequence, own_id),
        )
        if entity.name_space:
            self.database.execute(
                "insert or replace into names (company, space, folded, entity, id) values (?, ?, ?, ?, ?)",
                (
                    self.company.key,
                    entity.name_space,
                    str(document.get("FullyQualifiedName", record.name)).casefold(),
                    entity.name,
                    own_id,
                ),
            )
        return record

    def replace(self, record: Record, document: Json, *, last_line: int | None = None, bump: bool = True) -> Record:
        """Store a new version of an object; its SyncToken rises by one."""
        changed = Record(
            record.entity,
            record.id,
            record.sync_token + 1 if bump else record.sync_token,
            record.created,
            self.now,
            document.get("Active", True) is not False,
            document,
            record.last_line if last_line is None else last_line,
        )
        self.finish(changed)
        self.keep_answers(record)
        self._write(changed, "replace into")
        return changed

    def keep_answers(self, record: Record) -> None:
        """Answers remembered for a ``requestid`` point to the object as long as it is unchanged; now they need a copy."""
        self.database.execute(
            "update remembered set answer = (select ? || o.body || '}' from objects o "
            "where o.company = remembered.company and o.entity = remembered.entity and o.id = remembered.id) "
            "where company = ? and entity = ? and id = ? and answer is null",
            (f'{{"{record.entity.shown_as}":', self.company.key, record.entity.name, record.id),
        )

    def finish(self, record: Record) -> None:
        """Put the server's own properties into the document, and all of them into QBO's order."""
        entity, document = record.entity, body_of(record.entity, record.document)
        document["domain"] = "QBO"
        document["sparse"] = False
        document["Id"] = str(record.id)
        document["SyncToken"] = str(record.sync_token)
        created = self.time_text if record.created == self.now else meta_time(record.created)
        updated = (
            "" if entity.is_volatile else self.time_text if record.updated == self.now else meta_time(record.updated)
        )
        document["MetaData"] = {"CreateTime": created, "LastUpdatedTime": updated}
        if entity.wraps:
            (name,) = record.document
            record.document = {name: ENTITIES[name].shape.arrange(document)}
        else:
            record.document = entity.shape.arrange(document)

    def _write(self, record: Record, verb: str) -> None:
        entity, document = record.entity, body_of(record.entity, record.document)
        key = (self.company.key, entity.name, record.id)
        balance = None
        if entity.is_volatile and verb == "replace into":
            balance = self.database.execute(
                "select balance from objects where company = ? and entity = ? and id = ?", key
            ).fetchone()[0]
        elif not entity.is_volatile and "Balance" in document:
            balance = wire.cents(document["Balance"])
        elif entity.is_volatile:
            balance = 0
        party = document.get("CustomerRef") or document.get("VendorRef") or document.get("EntityRef")
        parent = document.get("ParentRef")
        total = document.get("TotalAmt", document.get("Amount"))
        due = made_on(document["RecurringInfo"]) if entity.wraps else document.get("DueDate")
        record.text = print_document(record.document)
        self.database.execute(
            f"{verb} objects (company, entity, id, sync_token, created, updated, active, deleted, name, full_name, doc_number, "
            "txn_date, due_date, customer, parent, total, balance, last_line, posted, body) "
            "values (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *key,
                record.sync_token,
                record.created,
                record.updated,
                record.is_active,
                record.name if entity.name_field else None,
                document.get("FullyQualifiedName"),
                document.get("DocNumber"),
                document.get("TxnDate"),
                due,
                int(party["value"]) if party else None,
                int(parent["value"]) if parent else None,
                None if total is None else wire.cents(total),
                balance,
                record.last_line,
                not entity.posts,
                record.text,
            ),
        )
        if not entity.is_transaction:
            self.cache.forget(key)
            self._parents.clear()

    def delete(self, record: Record) -> None:
        """Mark a transaction deleted: it answers 610 from now on and CDC reports it."""
        self.keep_answers(record)
        self.database.execute(
            "update objects set deleted = 1, posted = 0, updated = ?, sync_token = sync_token + 1, doc_number = null, "
            "balance = null where company = ? and entity = ? and id = ?",
            (self.now, self.company.key, record.entity.name, record.id),
        )

    def note(self, entity_name: str, id: int, operation: str, deleted_id: int | None = None) -> None:
        """Tell webhooks of a change, where anybody listens."""
        if self.listens:
            self.database.execute(
                "insert into events (company, entity, id, operation, at, deleted_id) values (?, ?, ?, ?, ?, ?)",
                (self.company.key, entity_name, id, operation, self.now, deleted_id),
            )

    def touch(self, entity_name: str, id: int, delta: int = 0) -> None:
        """A transaction of this name was written: its balance and LastUpdatedTime move, its SyncToken does not."""
        self.database.execute(
            "update objects set balance = coalesce(balance, 0) + ?, updated = ? where company = ? and entity = ? and id = ?",
            (delta, self.now, self.company.key, entity_name, id),
        )
