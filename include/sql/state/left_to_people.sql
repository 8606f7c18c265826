-- Purpose: documents that no schedule writes, because a person is being asked about them in another plan, or said no to just this
-- content. A question can be answered for a day; whatever became of it then, the schedules go on.
-- Grain: one billing document and what was to be done with it.
-- Parameters: realm, source, kind, plan_id (the one that is being made), billing_ids, fingerprints (of what billing says of each
-- now), nobody (who decided where the time for an answer was over).
with given as (
    select
        document.billing_id,
        document.fingerprint
    from unnest(%(billing_ids)s::text[], %(fingerprints)s::text[]) as document (billing_id, fingerprint)
)

select
    given.billing_id,
    item.action
from given
inner join qbo_sync.plan_items as item
    on
        given.billing_id = item.billing_id
        and item.source = %(source)s
        and item.kind = %(kind)s
inner join qbo_sync.plans as plan on item.plan_id = plan.id
where
    plan.id <> %(plan_id)s
    and plan.realm = %(realm)s
    and item.state in ('planned', 'held')
    and plan.state = 'planned'
    and plan.decision is null
    and plan.expires_at > clock_timestamp()
    and plan.planned_at > clock_timestamp() - interval '25 hours'
union distinct
select
    given.billing_id,
    item.action
from given
inner join qbo_sync.statuses as status
    on
        given.billing_id = status.billing_id
        and given.fingerprint = status.fingerprint
        and status.source = %(source)s
        and status.kind = %(kind)s
inner join qbo_sync.plans as plan on status.plan_id = plan.id
inner join qbo_sync.plan_items as item
    on
        plan.id = item.plan_id
        and item.source = %(source)s
        and item.kind = %(kind)s
        and given.billing_id = item.billing_id
where
    status.realm = %(realm)s
    and (status.reason = 'needs_approval' or (item.action = 'send' and status.reason = 'not_yet_sent'))
    and plan.decision = 'rejected'
    and plan.decided_by <> %(nobody)s
order by billing_id, action
