-- Keeps differences. One that is explained is resolved at once, by its reason.
-- Grain: one difference. Parameters: reconciliation_id, realm, source, kind, rows (JSON).
insert into qbo_sync.differences (
    reconciliation_id, realm, class, source, kind, billing_id, entity, qbo_id, doc_number, doc_date, field, billing_value,
    qbo_value, amount, currency, customer_name, proposed_repair, resolution, resolved_at
)
select
    %(reconciliation_id)s::bigint,
    %(realm)s,
    given.class,
    %(source)s,
    %(kind)s,
    given.billing_id,
    given.entity,
    given.qbo_id,
    given.doc_number,
    given.doc_date,
    given.field,
    given.billing_value,
    given.qbo_value,
    given.amount,
    given.currency,
    given.customer_name,
    given.proposed_repair,
    given.resolution,
    case when given.resolution is not null then clock_timestamp() end
from jsonb_to_recordset(%(rows)s::jsonb) as given (
    class text,
    billing_id text,
    entity text,
    qbo_id text,
    doc_number text,
    doc_date date,
    field text,
    billing_value text,
    qbo_value text,
    amount numeric,
    currency text,
    customer_name text,
    proposed_repair text,
    resolution text
)
