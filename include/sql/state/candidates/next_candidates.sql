-- The next candidates of a plan, in the order of their key.
-- Grain: one document. Parameters: plan_id, kind and billing_id of the last one read (null = from the start), most.
select
    kind,
    billing_id,
    doc_number,
    doc_date,
    customer_id,
    currency,
    total,
    content,
    fingerprint,
    canon_version,
    changed_at,
    facts,
    reasons,
    is_stopped
from qbo_sync.candidates
where
    plan_id = %(plan_id)s
    and (%(kind)s::text is null or (kind, billing_id) > (%(kind)s::text, %(billing_id)s::text))
order by kind, billing_id
limit %(most)s
