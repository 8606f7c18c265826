"""The one SQLite file: its tables and its connection.

A committed write survives ``kill -9``: WAL with ``synchronous = normal`` loses nothing when the process dies.
"""

import sqlite3
from pathlib import Path

SCHEMA_VERSION = 6

SCHEMA = """
create table if not exists companies (
    key integer primary key,
    realm_id text not null unique,
    document text not null
);
create table if not exists sequences (
    company integer not null,
    name text not null,
    last integer not null,
    primary key (company, name)
) without rowid;
create table if not exists objects (
    company integer not null,
    entity text not null,
    id integer not null,
    sync_token integer not null,
    created integer not null,
    updated integer not null,
    active integer not null default 1,
    deleted integer not null default 0,
    name text collate nocase,
    full_name text collate nocase,
    doc_number text collate nocase,
    txn_date text,
    due_date text,
    -- The customer; of purchases the vendor. All names share one sequence.
    customer integer,
    parent integer,
    total integer,
    balance integer,
    last_line integer not null default 0,
    -- Whether the ledger knows this version of a document that posts; everything else counts as posted.
    posted integer not null default 1,
    body text not null,
    primary key (company, entity, id)
);
create index if not exists objects_by_name on objects (company, entity, deleted, name, id) where name is not null;
create index if not exists objects_by_full_name on objects (company, entity, deleted, full_name, id) where full_name is not null;
create index if not exists objects_by_number on objects (company, entity, deleted, doc_number, id);
create index if not exists objects_by_date on objects (company, entity, deleted, txn_date, id);
create index if not exists objects_by_customer on objects (company, entity, deleted, customer, id);
create index if not exists objects_by_update on objects (company, entity, deleted, updated, id);
-- What is open is many rows, put in order by their dates: the index alone must do.
create index if not exists objects_by_balance on objects (company, entity, deleted, balance, txn_date, due_date, id);
create index if not exists objects_by_total on objects (company, entity, deleted, total, txn_date, id);
create index if not exists objects_by_parent on objects (company, entity, deleted, parent) where parent is not null;
create index if not exists objects_in_stock on objects (company, id)
    where entity = 'Item' and json_extract(body, '$.Type') = 'Inventory';
create index if not exists objects_to_post on objects (company, entity, id) where posted = 0;
create table if not exists postings (
    company integer not null,
    entity text not null,
    id integer not null,
    account integer not null,
    txn_date text not null,
    -- Cents of the home currency; debits are positive.
    amount integer not null
);
create index if not exists postings_by_account on postings (company, account, txn_date, amount);
create index if not exists postings_by_transaction on postings (company, entity, id);
-- What came in and went out of each inventory item, by document.
create table if not exists stock (
    company integer not null,
    entity text not null,
    id integer not null,
    item integer not null,
    txn_date text not null,
    -- Exact, as text; what goes out is negative.
    quantity text not null,
    -- What was paid for it; null for what customers buy and bring back.
    cents integer
);
create index if not exists stock_by_item on stock (company, item, txn_date);
create index if not exists stock_by_document on stock (company, entity, id);
create table if not exists files (
    company integer not null,
    id integer not null,
    content blob not null,
    primary key (company, id)
);
create table if not exists events (
    number integer primary key,
    company integer not null,
    entity text not null,
    id integer not null,
    operation text not null,
    at real not null,
    deleted_id integer
);
create table if not exists names (
    company integer not null,
    space text not null,
    folded text not null,
    entity text not null,
    id integer not null,
    primary key (company, space, folded)
) without rowid;
create table if not exists remembered (
    company integer not null,
    request_id text not null,
    at real not null,
    entity text,
    id integer,
    answer text,
    digest text,
    primary key (company, request_id)
) without rowid;
create index if not exists remembered_by_object on remembered (company, entity, id) where answer is null;
create table if not exists apps (
    client_id text primary key,
    client_secret text not null,
    name text not null,
    redirect_uris text not null
) without rowid;
create table if not exists grants (
    key integer primary key,
    client_id text not null,
    realm_id text not null,
    document text not null
);
create table if not exists tokens (
    value text primary key,
    kind text not null,
    grant_key integer not null,
    issued real not null,
    expires real not null,
    state text not null
) without rowid;
create table if not exists settings (
    name text primary key,
    document text not null
) without rowid;
create table if not exists meters (
    client_id text not null,
    month text not null,
    used integer not null,
    primary key (client_id, month)
) without rowid;
create table if not exists journal (
    number integer primary key,
    at real not null,
    realm_id text,
    method text not null,
    path text not null,
    query text not null,
    request_headers text not null,
    request_body blob not null,
    status integer,
    answer_headers text not null,
    answer_body blob not null,
    milliseconds real not null,
    tid text not null,
    mishap text
);
"""


def connect(path: str | Path) -> sqlite3.Connection:
    """Open (and where needed create) the state file; transactions are begun and ended by hand."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    try:
        _prepare(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise SystemExit(f"cannot use {path} as the state file: {error}") from error
    return connection


def _prepare(connection: sqlite3.Connection, path: str | Path) -> None:
    # Documents of many kilobytes would spill over a chain of small pages; takes effect in a new file only.
    connection.execute("pragma page_size = 16384")
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    connection.execute("pragma temp_store = memory")
    connection.execute("pragma cache_size = -65536")
    connection.execute("pragma foreign_keys = on")
    version = connection.execute("pragma user_version").fetchone()[0]
    if version not in (0, SCHEMA_VERSION):
        raise SystemExit(
            f"{path} was written by another version of the simulator (schema {version}): choose another --db"
        )
    connection.executescript(SCHEMA)
    connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
