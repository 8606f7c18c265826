-- Takes the findings of a run and realm for mailing, and says whether any try of this run was mailed before.
-- Grain: one row per plan of the run and realm, the asked one among them. Parameters: plan_id.
select
    finding.plan_id,
    finding.totals,
    finding.mailed_at
from qbo_sync.findings as finding
inner join qbo_sync.plans as plan on finding.plan_id = plan.id
inner join qbo_sync.plans as asked
    on
        plan.dag_id = asked.dag_id
        and plan.run_id = asked.run_id
        and plan.realm = asked.realm
where asked.id = %(plan_id)s
order by finding.plan_id
for update of finding
