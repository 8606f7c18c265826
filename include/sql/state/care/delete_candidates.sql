-- Deletes the candidates of old plans; what was pushed stands in the audit.
-- Grain: one candidate. Parameters: before.
delete from qbo_sync.candidates
using qbo_sync.plans
where candidates.plan_id = plans.id and plans.created_at < %(before)s
