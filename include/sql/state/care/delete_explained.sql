-- Deletes the explained differences of old reconciliations: one for each document that a check holds back, every night anew.
-- What nothing explained is kept for good, and so are the totals.
-- Grain: one difference. Parameters: before.
delete from qbo_sync.differences
using qbo_sync.reconciliations as night
where
    differences.reconciliation_id = night.id
    and night.started_at < %(before)s
    and differences.resolution is not null
