-- The last runs with the totals of their documents; a run that found none is a row like any other.
-- Grain: one row per plan. Parameters: dag_ids, row_limit.
select
    plan.id as plan_id,
    plan.mode,
    plan.state,
    plan.decision,
    plan.created_at,
    plan.pushed_at,
    realm.realm_key,
    realm.base_url,
    realm.environment,
    finding.totals,
    coalesce(finding.dag_id, plan.dag_id) as dag_id,
    coalesce(finding.run_id, plan.run_id) as run_id
from qbo_sync.plans as plan
inner join qbo_sync.realms as realm on plan.realm = realm.id
left join qbo_sync.findings as finding on plan.id = finding.plan_id
where plan.dag_id = any(%(dag_ids)s)
order by plan.created_at desc, plan.id desc
limit %(row_limit)s
