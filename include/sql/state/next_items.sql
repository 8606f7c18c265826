-- Purpose: what a push may claim next: planned documents of a plan whose document has nothing else in flight.
-- Creates come only after QBO was asked for their number under the present lock.
-- Grain: one plan item, its payload as the text that was stored, which nothing changes any more.
-- Parameters: plan_id, limit, since (when the lock was taken), names, without (ids to leave alone).
select
    item.id,
    item.plan_id,
    item.step,
    item.source,
    item.kind,
    item.billing_id,
    item.entity,
    item.action,
    item.state,
    item.reason,
    item.doc_number,
    item.doc_date,
    item.meant,
    item.warnings,
    item.total,
    item.fingerprint,
    item.canon_version,
    item.customer_id,
    item.rows_digest,
    item.qbo_id,
    item.sync_token,
    item.link_token,
    item.is_single,
    item.batch_id,
    item.b_id,
    item.request_id,
    item.push_epoch,
    item.claimed_at,
    item.sent_at,
    item.unknown_times,
    item.outcome,
    item.payload::text as payload
from qbo_sync.plan_items as item
where
    item.plan_id = %(plan_id)s
    and item.state = 'planned'
    and item.action in ('create', 'update', 'void')
    and not item.kind = any(%(names)s)
    and not item.id = any(%(without)s::bigint [])
    and case item.action when 'create' then item.looked_at >= %(since)s else true end
    and not exists (
        select 1
        from qbo_sync.plan_items as other
        where
            other.source = item.source
            and other.kind = item.kind
            and other.billing_id = item.billing_id
            and other.environment = item.environment
            and other.state in ('sending', 'unknown')
    )
order by item.step
limit %(limit)s
