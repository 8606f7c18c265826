-- Removes what an earlier try of the same run has kept, its differences included.
-- Grain: one reconciliation. Parameters: realm, run_id.
delete from qbo_sync.reconciliations
where
    realm = %(realm)s
    and run_id = %(run_id)s
