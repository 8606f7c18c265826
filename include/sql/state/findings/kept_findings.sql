-- The page of one plan, if they belong to that run.
-- Grain: one row, the plan. Parameters: plan_id, dag_id, run_id.
select
    finding.page,
    realm.realm_key,
    finding.made_at
from qbo_sync.findings as finding
inner join qbo_sync.plans as plan on finding.plan_id = plan.id
inner join qbo_sync.realms as realm on plan.realm = realm.id
where
    finding.plan_id = %(plan_id)s
    and (
        (finding.dag_id = %(dag_id)s and finding.run_id = %(run_id)s)
        or (plan.dag_id = %(dag_id)s and plan.run_id = %(run_id)s)
    )
