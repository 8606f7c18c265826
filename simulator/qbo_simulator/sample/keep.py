"""A company in a file of its own: saved from one simulator, loaded into another."""

import sqlite3
from pathlib import Path

from qbo_simulator.company import Company
from qbo_simulator.database import SCHEMA_VERSION, connect
from qbo_simulator.world import OF_A_COMPANY, World


class UnusableFile(ValueError):
    """The file holds no company of this version, or cannot be written."""


def save(world: World, company: Company, path: Path) -> int:
    """Write a company with all its objects into a new file; returns the number of objects."""
    if path.exists():
        raise UnusableFile(f"{path} exists already")
    if not path.parent.is_dir():
        raise UnusableFile(f"there is no folder {path.parent}")
    target = connect(path)
    try:
        target.execute("attach database ? as source", (str(world.path),))
        target.execute("begin")
        for table in OF_A_COMPANY:
            target.execute(f"insert into main.{table} select * from source.{table} where company = ?", (company.key,))  # noqa: S608 - constants
        target.execute("insert into main.companies select * from source.companies where key = ?", (company.key,))
        target.execute("commit")
        target.execute("detach database source")
        # One file, without a log beside it, is what can be copied and kept.
        target.execute("pragma journal_mode = delete")
        return int(target.execute("select count(*) from objects").fetchone()[0])
    finally:
        target.close()


def load(world: World, path: Path) -> Company:
    """Take the company of a file in, in place of the one with the same realm id; raises ``UnusableFile``."""
    if not path.is_file():
        raise UnusableFile(f"there is no file {path}")
    try:
        world.database.execute("attach database ? as saved", (str(path),))
    except sqlite3.DatabaseError as error:
        raise UnusableFile(f"{path}: {error}") from error
    try:
        return _taken(world, path)
    except sqlite3.DatabaseError as error:
        raise UnusableFile(f"{path}: {error}") from error
    finally:
        world.database.execute("detach database saved")


def _taken(world: World, path: Path) -> Company:
    version = world.database.execute("pragma saved.user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        raise UnusableFile(f"{path} was written by another version of the simulator (schema {version})")
    rows = world.database.execute("select key, realm_id, document from saved.companies").fetchall()
    if len(rows) != 1:
        raise UnusableFile(f"{path} holds {len(rows)} companies; a saved one has one")
    key, realm_id, document = rows[0]
    with world.transaction():
        world.remove_company(realm_id)
        company = world.add_company(Company.from_document(0, realm_id, document))
        for table in OF_A_COMPANY:
            names = [row[1] for row in world.database.execute(f"pragma saved.table_info({table})")]
            others = ", ".join(name for name in names if name != "company")
            world.database.execute(
                f"insert into main.{table} (company, {others}) select ?, {others} from saved.{table} where company = ?",  # noqa: S608 - constants
                (company.key, key),
            )
    return company
