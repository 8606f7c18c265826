"""Everything the running simulator holds: the state file, the clock, settings, companies and caches."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qbo_simulator.books import Books, ReferenceCache
from qbo_simulator.clock import Clock
from qbo_simulator.company import Company
from qbo_simulator.database import connect
from qbo_simulator.settings import Settings

# Tables whose rows belong to one company.
OF_A_COMPANY = ("objects", "postings", "stock", "files", "names", "sequences", "remembered")
TABLES = (
    "companies",
    "sequences",
    "objects",
    "postings",
    "stock",
    "files",
    "events",
    "names",
    "remembered",
    "apps",
    "grants",
    "tokens",
    "settings",
    "meters",
    "journal",
)


class World:
    """One simulator. All its writes go through one connection of one thread."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.database: sqlite3.Connection = connect(path)
        self.cache = ReferenceCache()
        self.companies: dict[str, Company] = {}
        self.clock = Clock()
        self.settings = Settings()
        # Whether anybody wants to hear of changes.
        self.listens = False
        self._load()

    def _load(self) -> None:
        self.companies.clear()
        self.cache.clear()
        for key, realm_id, document in self.database.execute("select key, realm_id, document from companies"):
            self.companies[realm_id] = Company.from_document(key, realm_id, document)
        saved = self.recall("clock")
        self.clock = Clock(saved["offset"], saved["frozen_at"]) if saved else Clock()
        self.settings = Settings()
        self.settings.change(self.recall("settings") or {})

    @property
    def is_empty(self) -> bool:
        """Whether no company exists yet."""
        return not self.companies

    def remember(self, name: str, value: Any) -> None:
        """Keep a value of the control plane in the state file."""
        self.database.execute(
            "insert or replace into settings (name, document) values (?, ?)", (name, json.dumps(value))
        )

    def recall(self, name: str) -> Any:
        """A value kept earlier, or None."""
        row = self.database.execute("select document from settings where name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def save_clock(self) -> None:
        """Keep the clock across restarts."""
        self.remember("clock", {"offset": self.clock.offset, "frozen_at": self.clock.frozen_at})

    def change_settings(self, values: dict[str, Any]) -> None:
        """Change settings and keep them; raises ``ValueError``."""
        self.settings.change(values)
        self.remember("settings", self.settings.as_dict())

    def wipe(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in TABLES:
                self.database.execute(f"delete from {table}")  # noqa: S608 - a constant list of tables
        self._load()

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row but the journal's, by table."""
        tables = [table for table in TABLES if table != "journal"]
        return {table: self.database.execute(f"select * from {table}").fetchall() for table in tables}  # noqa: S608 - constants

    def put_rows(self, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        """Fill an empty state file with rows taken before; limits that were kept since are replaced."""
        with self.transaction():
            for table, values in rows.items():
                if values:
                    marks = ", ".join("?" * len(values[0]))
                    self.database.executemany(f"insert or replace into {table} values ({marks})", values)  # noqa: S608 - constants
        self._load()

    def add_company(self, company: Company) -> Company:
        """Store a new company."""
        cursor = self.database.execute(
            "insert into companies (realm_id, document) values (?, ?)", (company.realm_id, company.document())
        )
        company.key = int(cursor.lastrowid or 0)
        self.companies[company.realm_id] = company
        return company

    def save_company(self, company: Company) -> None:
        """Store what changed in a company."""
        self.database.execute("update companies set document = ? where key = ?", (company.document(), company.key))

    def remove_company(self, realm_id: str) -> None:
        """Forget one company and all its objects."""
        company = self.companies.pop(realm_id, None)
        if company is None:
            return
        for table in (*OF_A_COMPANY, "events"):
            self.database.execute(f"delete from {table} where company = ?", (company.key,))  # noqa: S608 - constants
        self.database.execute("delete from companies where key = ?", (company.key,))
        self.cache.clear()

    def books(self, company: Company) -> Books:
        """The books of a company, now."""
        now = self.clock.now()
        books = Books(self.database, company, self.cache, self.settings, now, self.clock.today().isoformat())
        books.listens = self.listens
        return books

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; caches forget what was rolled back."""
        self.database.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.database.execute("rollback")
            self.cache.clear()
            raise
        self.database.execute("commit")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """All or nothing inside a transaction: one batch item."""
        self.database.execute("savepoint part")
        try:
            yield
        except BaseException:
            self.database.execute("rollback to part")
            self.database.execute("release part")
            self.cache.clear()
            raise
        self.database.execute("release part")
