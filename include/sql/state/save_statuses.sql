-- Purpose: what the user sees of a document. since_at moves only when status or reason changes; what was planned and is stopped
-- again for the reason of before stands since then.
-- In the order of the key, as all do that write statuses: so planners and pushes at once wait for one another and never deadlock.
-- Grain: one billing document. Parameters: rows (JSON), realm, run_id.
insert into qbo_sync.statuses as kept (
    source, kind, billing_id, entity, doc_number, realm, status, reason, reasons, detail, doc_date, customer_id, customer_name,
    currency, billing_total, fingerprint, qbo_id, qbo_total, plan_id, run_id
)
select
    given.source,
    given.kind,
    given.billing_id,
    given.entity,
    given.doc_number,
    %(realm)s,
    given.status,
    given.reason,
    given.reasons,
    given.detail,
    given.doc_date,
    given.customer_id,
    given.customer_name,
    given.currency,
    given.billing_total,
    given.fingerprint,
    given.qbo_id,
    given.qbo_total,
    given.plan_id,
    %(run_id)s
from json_to_recordset(%(rows)s::json) as given (
    source text,
    kind text,
    billing_id text,
    entity text,
    doc_number text,
    status text,
    reason text,
    reasons jsonb,
    detail text,
    doc_date date,
    customer_id text,
    customer_name text,
    currency text,
    billing_total numeric,
    fingerprint text,
    qbo_id text,
    qbo_total numeric,
    plan_id bigint
)
order by given.source, given.kind, given.billing_id
on conflict (source, kind, billing_id) do update
set
    entity = excluded.entity,
    doc_number = coalesce(excluded.doc_number, kept.doc_number),
    realm = excluded.realm,
    status = excluded.status,
    reason = excluded.reason,
    reasons = excluded.reasons,
    detail = excluded.detail,
    doc_date = coalesce(excluded.doc_date, kept.doc_date),
    customer_id = coalesce(excluded.customer_id, kept.customer_id),
    customer_name = coalesce(excluded.customer_name, kept.customer_name),
    currency = coalesce(excluded.currency, kept.currency),
    billing_total = coalesce(excluded.billing_total, kept.billing_total),
    fingerprint = coalesce(excluded.fingerprint, kept.fingerprint),
    qbo_id = coalesce(excluded.qbo_id, kept.qbo_id),
    qbo_total = coalesce(excluded.qbo_total, kept.qbo_total),
    since_at = case
        when (kept.status, kept.reason) is not distinct from (excluded.status, excluded.reason) then kept.since_at
        when
            kept.status in ('Pending', 'Unknown')
            and excluded.status in ('Skipped', 'Error')
            and (kept.ended_status, kept.ended_reason) is not distinct from (excluded.status, excluded.reason)
            then kept.ended_since_at
        else clock_timestamp()
    end,
    ended_status = case when kept.status in ('Pending', 'Unknown') then kept.ended_status else kept.status end,
    ended_reason = case when kept.status in ('Pending', 'Unknown') then kept.ended_reason else kept.reason end,
    ended_since_at = case when kept.status in ('Pending', 'Unknown') then kept.ended_since_at else kept.since_at end,
    plan_id = excluded.plan_id,
    run_id = excluded.run_id
