-- What a findings page says above its tables.
-- Grain: one row, the plan. Parameters: plan_id.
select
    plan.id as plan_id,
    plan.dag_id,
    plan.run_id,
    plan.mode,
    plan.state,
    plan.decision,
    plan.decided_by,
    plan.choices,
    plan.created_at,
    realm.realm_key,
    realm.realm_id,
    realm.base_url,
    realm.environment,
    realm.company_name
from qbo_sync.plans as plan
inner join qbo_sync.realms as realm on plan.realm = realm.id
where plan.id = %(plan_id)s
