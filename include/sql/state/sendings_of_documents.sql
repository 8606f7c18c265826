-- Purpose: when creates of these documents were sent, and as what, except where an answer proved that the sending did nothing.
-- Grain: one sent event. Parameters: realm, sources, kinds, billing_ids (arrays of equal length).
select
    sent.kind,
    sent.billing_id,
    sent.at,
    sent.request
from qbo_sync.attempts as sent
inner join unnest(%(sources)s::text [], %(kinds)s::text [], %(billing_ids)s::text []) as wanted (source, kind, billing_id)
    on
        sent.source = wanted.source
        and sent.kind = wanted.kind
        and sent.billing_id = wanted.billing_id
where
    sent.realm = %(realm)s
    and sent.event = 'sent'
    and sent.action = 'create'
    and not exists (
        select 1
        from qbo_sync.attempts as answered
        where
            answered.source = sent.source
            and answered.kind = sent.kind
            and answered.billing_id = sent.billing_id
            and answered.event = 'answered'
            and answered.plan_item = sent.plan_item
            and answered.at >= sent.at
            and answered.at < coalesce((
                select min(later.at)
                from qbo_sync.attempts as later
                where later.plan_item = sent.plan_item and later.event = 'sent' and later.at > sent.at
            ), 'infinity')
            and answered.outcome in (
                'refused', 'returned', 'not_executed', 'duplicate_number', 'duplicate_name', 'stale_object', 'not_found',
                'fault_on_repeat', 'repeat_not_executed'
            )
    )
order by sent.at
