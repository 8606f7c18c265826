-- Deletes the pages and CSV files of old runs.
-- Grain: one run and realm. Parameters: before.
delete from qbo_sync.findings
where made_at < %(before)s
