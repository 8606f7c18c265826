-- Purpose: how soon new documents go out: from the first plan of the run that saw them to the first sending of each.
-- Grain: one company. Parameters: dag_id, days.
with seen as (
    select
        plan.id,
        plan.realm,
        min(plan.created_at) over (partition by plan.realm, plan.run_id) as seen_at
    from qbo_sync.plans as plan
    where
        plan.dag_id = %(dag_id)s
        and plan.created_at > clock_timestamp() - make_interval(days => %(days)s)
),

waited as (
    select
        seen.realm,
        extract(epoch from min(attempt.at) - seen.seen_at) as seconds
    from seen
    inner join qbo_sync.plan_items as item on seen.id = item.plan_id
    inner join qbo_sync.attempts as attempt on item.id = attempt.plan_item
    where
        item.kind = 'invoice'
        and item.action = 'create'
        and attempt.event = 'sent'
        and attempt.at > clock_timestamp() - make_interval(days => %(days)s)
    group by seen.realm, item.id, seen.seen_at
)

select
    realm.realm_key,
    count(*) as documents,
    percentile_disc(0.5) within group (order by waited.seconds) as median_seconds,
    percentile_disc(0.95) within group (order by waited.seconds) as p95_seconds
from waited
inner join qbo_sync.realms as realm on waited.realm = realm.id
group by realm.realm_key
order by realm.realm_key
