-- Purpose: one answered event for each result of a sending or of a look, or for each answer that came too late to settle.
-- Grain: one event. Parameters: rows (JSON), answers (QuickBooks' words, by the rows' number), realm, epoch, run_id.
-- The answers go in binary form (b), which spares escaping long texts; the linter does not know that form.
insert into qbo_sync.attempts (
    at, realm, plan_id, plan_item, run_id, source, kind, billing_id, doc_number, entity, action, event,
    batch_id, b_id, request_id, push_epoch, answer, http_status, outcome, status, reason, qbo_id, total,
    intuit_tid, duration_ms, detail
)
select
    clock_timestamp(),
    %(realm)s,
    answered.plan_id,
    answered.item_id,
    %(run_id)s,
    answered.source,
    answered.kind,
    answered.billing_id,
    answered.doc_number,
    answered.entity,
    answered.action,
    'answered',
    answered.batch_id,
    answered.b_id,
    answered.request_id,
    %(epoch)s,
    (%(answers)b::text [])[answered.number], -- noqa: PRS
    answered.http_status,
    answered.outcome,
    answered.status,
    answered.reason,
    answered.qbo_id,
    answered.total,
    answered.intuit_tid,
    answered.duration_ms,
    answered.detail
from json_to_recordset(%(rows)s::json) as answered (
    number integer, -- noqa: RF04
    plan_id bigint,
    item_id bigint,
    source text,
    kind text,
    billing_id text,
    doc_number text,
    entity text,
    action text,
    batch_id text,
    b_id text,
    request_id text,
    http_status integer,
    outcome text,
    status text,
    reason text,
    qbo_id text,
    total numeric,
    intuit_tid text,
    duration_ms integer,
    detail text
)
