-- The findings that a run kept: one per realm, of the realm's last plan in that run.
-- Grain: one row per realm. Parameters: dag_id, run_id.
with final as (
    select distinct on (plan.realm)
        finding.plan_id,
        finding.totals,
        finding.made_at,
        finding.mailed_at,
        realm.realm_key,
        realm.base_url,
        realm.environment,
        realm.company_name
    from qbo_sync.findings as finding
    inner join qbo_sync.plans as plan on finding.plan_id = plan.id
    inner join qbo_sync.realms as realm on plan.realm = realm.id
    where
        (finding.dag_id = %(dag_id)s and finding.run_id = %(run_id)s)
        -- The run that made a stored plan shows what became of it.
        or (plan.dag_id = %(dag_id)s and plan.run_id = %(run_id)s)
    order by plan.realm asc, finding.plan_id desc
)

select *
from final
order by realm_key
