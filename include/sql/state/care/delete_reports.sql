-- Takes the pages out of old reconciliations; their totals stay.
-- Grain: one reconciliation. Parameters: before.
update qbo_sync.reconciliations set report = null
where started_at < %(before)s and report is not null
