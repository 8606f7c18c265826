-- Takes the findings of a run and realm for mailing, and says whether any try of this run was mailed before.
-- Grain: one row per plan of the run and realm, the asked one among them. Parameters: plan_id.
select
    finding.plan_id,
    finding.totals,
    finding.mailed_at
from qbo_sync.findings as finding
inner join qbo_sync.plans as plan on finding.plan_id = plan.id
inner join qbo_sync.findings as asked
    on
        finding.dag_id = asked.dag_id
        and finding.run_id = asked.run_id
inner join qbo_sync.plans as asked_plan
    on
        asked.plan_id = asked_plan.id
        and plan.realm = asked_plan.realm
where asked.plan_id = %(plan_id)s
order by finding.plan_id
for update of finding
