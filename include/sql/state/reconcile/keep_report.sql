-- Keeps the page of a reconciliation; a repeated report replaces it.
-- Grain: one reconciliation. Parameters: id, report.
update qbo_sync.reconciliations
set report = %(report)s
where id = %(id)s
