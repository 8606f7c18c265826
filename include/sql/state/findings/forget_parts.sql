-- Removes the CSV that an earlier report of the plan has kept.
-- Grain: one part. Parameters: plan_id.
delete from qbo_sync.findings_parts
where plan_id = %(plan_id)s
