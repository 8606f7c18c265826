-- Fails when it returns rows: a sending that nobody settled for a day.
-- Grain: one plan item. Parameters: none.
select
    realms.realm_key,
    plan_items.doc_number,
    plan_items.billing_id,
    plan_items.state || ' since ' || to_char(plan_items.claimed_at, 'YYYY-MM-DD HH24:MI') as problem
from qbo_sync.plan_items
inner join qbo_sync.realms on plan_items.realm = realms.id
where
    plan_items.state in ('sending', 'unknown')
    and plan_items.claimed_at < now() - interval '1 day'
    -- What a disconnected company has in flight waits for its return.
    and realms.disconnected_at is null
order by plan_items.id
