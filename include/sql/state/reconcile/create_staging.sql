-- Two tables of this session alone, in which both sides of a comparison are laid out. They end with the connection.
-- Grain: one document of billing; one document of QuickBooks. Parameters: none.
drop table if exists pg_temp.reconcile_billed;
create temporary table reconcile_billed (
    billing_id text primary key,
    entity text not null,
    doc_number text,
    doc_date date,
    customer_id text,
    customer_name text,
    currency text not null,
    total numeric not null,
    tax numeric,
    balance numeric,
    state text not null,
    is_opted_out boolean not null,
    origin text,
    fingerprint text,
    updated_at timestamptz,
    is_ours boolean not null
);

drop table if exists pg_temp.reconcile_held;
create temporary table reconcile_held (
    qbo_id text not null,
    entity text not null,
    doc_number text,
    doc_date date,
    customer_ref text,
    customer_name text,
    currency text not null,
    total numeric not null,
    tax numeric not null,
    balance numeric not null,
    is_void boolean not null,
    marked text,
    edits jsonb not null,
    billing_id text,
    is_linked boolean not null default false,
    twin text,
    twin_of text,
    is_strayed boolean not null default false,
    primary key (entity, qbo_id)
);
create index reconcile_held_document on reconcile_held (billing_id);
create index reconcile_held_number on reconcile_held (entity, lower(doc_number))
