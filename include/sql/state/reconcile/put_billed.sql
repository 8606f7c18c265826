-- Lays out documents of billing; one that is read again replaces what was read before.
-- Grain: one document. Parameters: rows (JSON).
insert into reconcile_billed (
    billing_id, entity, doc_number, doc_date, customer_id, customer_name, currency, total, tax, balance, state, is_opted_out,
    origin, fingerprint, updated_at, is_ours
)
select
    given.billing_id,
    given.entity,
    given.doc_number,
    given.doc_date,
    given.customer_id,
    given.customer_name,
    given.currency,
    given.total,
    given.tax,
    given.balance,
    given.state,
    given.is_opted_out,
    given.origin,
    given.fingerprint,
    given.updated_at,
    given.is_ours
from jsonb_to_recordset(%(rows)s::jsonb) as given (
    billing_id text,
    entity text,
    doc_number text,
    doc_date date,
    customer_id text,
    customer_name text,
    currency text,
    total numeric,
    tax numeric,
    balance numeric,
    state text,
    is_opted_out boolean,
    origin text,
    fingerprint text,
    updated_at timestamptz,
    is_ours boolean
)
on conflict (billing_id) do nothing
