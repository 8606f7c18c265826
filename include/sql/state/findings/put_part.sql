-- Adds the next part to the CSV of a plan's findings.
-- Grain: one part. Parameters: plan_id, csv.
insert into qbo_sync.findings_parts (plan_id, part, csv)
select
    %(plan_id)s,
    coalesce(max(kept.part), 0) + 1 as part,
    %(csv)s
from qbo_sync.findings_parts as kept
where kept.plan_id = %(plan_id)s
