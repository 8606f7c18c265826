-- Plans of a realm that wait for an approval, and can still get it.
-- Grain: one plan. Parameters: realm, now.
select
    plan.id as plan_id,
    plan.run_id,
    plan.created_at as since,
    plan.expires_at,
    count(*) as documents
from qbo_sync.plans as plan
inner join qbo_sync.plan_items as item on plan.id = item.plan_id
where
    plan.realm = %(realm)s
    and plan.state = 'planned'
    and plan.expires_at > %(now)s
    and (item.state = 'held' or (plan.decision is null and item.state = 'planned'))
group by plan.id
order by plan.id
