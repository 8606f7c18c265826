-- Purpose: which of these documents wait for a push, with nothing of them in flight, and what QuickBooks holds of each.
-- Grain: one billing document. Parameters: source, kind, billing_ids.
select
    status.billing_id,
    status.entity,
    link.qbo_id
from qbo_sync.statuses as status
left join qbo_sync.links as link
    on
        status.source = link.source
        and status.kind = link.kind
        and status.billing_id = link.billing_id
        and status.realm = link.realm
where
    status.source = %(source)s
    and status.kind = %(kind)s
    and status.billing_id = any(%(billing_ids)s)
    and status.status = 'Pending'
    and not exists (
        select 1
        from qbo_sync.plan_items as item
        where
            item.source = status.source
            and item.kind = status.kind
            and item.billing_id = status.billing_id
            and item.state in ('sending', 'unknown')
    )
order by status.billing_id
