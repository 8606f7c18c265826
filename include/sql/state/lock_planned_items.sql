-- Purpose: take the rows that are about to be claimed, if they are still planned and nothing of their document is in flight.
-- Grain: one plan item, its payload as the text that was stored. Parameters: ids, names (kinds that are no documents), known (ids
-- whose payload was read before: nothing changes it).
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
    case when not item.id = any(%(known)s::bigint []) then item.payload::text end as payload
from qbo_sync.plan_items as item
where
    item.id = any(%(ids)s::bigint [])
    -- Written so, the index of what is planned, of which there may be any number, is no use beside that of the ids.
    and item.state || '' = 'planned'
    and not exists (
        select 1
        from qbo_sync.plan_items as other
        where
            other.source = item.source
            and other.kind = item.kind
            and other.billing_id = item.billing_id
            and (other.environment = item.environment and not item.kind = any(%(names)s) or other.realm = item.realm)
            and other.state in ('sending', 'unknown')
    )
order by item.source, item.kind, item.billing_id, item.step
for update
