-- Removes what an earlier try of the same run has kept, its differences included.
-- Grain: one reconciliation. Parameters: realm, dag_id, run_id.
delete from qbo_sync.reconciliations
where
    realm = %(realm)s
    and dag_id = %(dag_id)s
    and run_id = %(run_id)s
