-- Ends a reconciliation with its totals.
-- Grain: one reconciliation. Parameters: id, totals (JSON).
update qbo_sync.reconciliations
set
    totals = %(totals)s::jsonb,
    ended_at = clock_timestamp()
where id = %(id)s
