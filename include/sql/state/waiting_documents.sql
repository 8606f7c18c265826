-- Purpose: documents to try again although billing did not change them. Pending and unsettled ones and those that wait for their
-- mail, always; skipped and refused ones when their cause may have changed; and those that a run had read which ended before it
-- had planned them, since the watermark has moved past them. What a person or billing decided against is left alone.
-- Grain: one billing document. Parameters: realm, source, kind, is_every.
with last_planned as (
    select coalesce(max(plan.id), 0) as plan_id
    from qbo_sync.plans as plan
    where plan.realm = %(realm)s and plan.source = %(source)s and plan.choices ? 'cause' and plan.planned_at is not null
)

select status.billing_id
from qbo_sync.statuses as status
where
    -- What one company let go may be another one's by now: whose it is, billing says.
    (status.realm = %(realm)s or (status.status = 'Pending' and status.reason = 'stale_plan'))
    and status.source = %(source)s
    and status.kind = %(kind)s
    -- The first two lines in the words of the index statuses_waiting, which serves them.
    and (
        status.status in ('Pending', 'Unknown')
        or status.reasons @> '[{"reason": "not_yet_sent"}]'
        or (
            %(is_every)s
            and status.status in ('Skipped', 'Error')
            and status.reason not in ('qbo_origin', 'before_start_date', 'total_differs')
        )
    )
union distinct
select candidate.billing_id
from qbo_sync.plans as plan
cross join last_planned
inner join qbo_sync.candidates as candidate on plan.id = candidate.plan_id and candidate.kind = %(kind)s
where
    plan.realm = %(realm)s
    and plan.source = %(source)s
    and plan.choices ? 'cause'
    and plan.id > last_planned.plan_id
    and plan.planned_at is null
order by billing_id
