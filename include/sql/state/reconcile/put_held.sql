-- Lays out documents of QuickBooks; one that paging shows twice is one.
-- Grain: one document. Parameters: rows (JSON).
insert into reconcile_held (
    qbo_id, entity, doc_number, doc_date, customer_ref, customer_name, currency, total, tax, balance, is_void, marked, edits
)
select
    given.qbo_id,
    given.entity,
    given.doc_number,
    given.doc_date,
    given.customer_ref,
    given.customer_name,
    given.currency,
    given.total,
    given.tax,
    given.balance,
    given.is_void,
    given.marked,
    given.edits
from jsonb_to_recordset(%(rows)s::jsonb) as given (
    qbo_id text,
    entity text,
    doc_number text,
    doc_date date,
    customer_ref text,
    customer_name text,
    currency text,
    total numeric,
    tax numeric,
    balance numeric,
    is_void boolean,
    marked text,
    edits jsonb
)
on conflict (entity, qbo_id) do nothing
