-- Purpose: the updates and voids of a plan wait for a person, because there are more of them than the settings let through.
-- An item keeps its own reason, which says what is done once they are approved: a moved document is let go after its void.
-- Grain: one plan item and its document's status. Parameters: plan_id.
with held as (
    update qbo_sync.plan_items as item
    set state = 'held'
    where item.plan_id = %(plan_id)s and item.state = 'planned' and item.action in ('update', 'void')
    returning item.source, item.kind, item.billing_id
),

shown as (
    select
        status.source,
        status.kind,
        status.billing_id
    from qbo_sync.statuses as status
    inner join held
        on
            status.source = held.source
            and status.kind = held.kind
            and status.billing_id = held.billing_id
    order by status.source, status.kind, status.billing_id
    for update of status
)

update qbo_sync.statuses as status
set
    status = 'Skipped',
    reason = 'needs_approval',
    reasons = jsonb_build_array(jsonb_build_object('reason', 'needs_approval', 'detail', '', 'severity', 'approve')),
    since_at = case
        when
            status.status = 'Pending'
            and (status.ended_status, status.ended_reason) is not distinct from ('Skipped', 'needs_approval')
            then status.ended_since_at
        else clock_timestamp()
    end
from shown
where status.source = shown.source and status.kind = shown.kind and status.billing_id = shown.billing_id
