-- Notes that the findings of a plan were mailed.
-- Grain: one row, the plan. Parameters: plan_id.
update qbo_sync.findings
set mailed_at = now()
where plan_id = %(plan_id)s
