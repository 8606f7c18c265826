-- Purpose: the next mail that QBO is to send, once its document is in QBO and nothing of it is in flight.
-- Grain: one plan item. Parameters: plan_id, without (ids to leave alone).
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
    item.payload,
    item.meant,
    item.warnings,
    item.total,
    item.fingerprint,
    item.canon_version,
    item.customer_id,
    item.rows_digest,
    link.qbo_id,
    link.sync_token,
    item.link_token,
    item.is_single,
    item.batch_id,
    item.b_id,
    item.request_id,
    item.push_epoch,
    item.claimed_at,
    item.sent_at,
    item.unknown_times,
    item.outcome
from qbo_sync.plan_items as item
inner join qbo_sync.links as link
    on
        item.environment = link.environment
        and item.source = link.source
        and item.kind = link.kind
        and item.billing_id = link.billing_id
where
    item.plan_id = %(plan_id)s
    and item.action = 'send'
    and item.state = 'planned'
    and not item.id = any(%(without)s::bigint [])
    and not exists (
        select 1
        from qbo_sync.plan_items as other
        where
            other.source = item.source
            and other.kind = item.kind
            and other.billing_id = item.billing_id
            and other.environment = item.environment
            and other.id <> item.id
            and (
                other.state in ('sending', 'unknown')
                or (other.plan_id = item.plan_id and other.state = 'planned' and other.step < item.step)
            )
    )
order by item.step
limit 1
