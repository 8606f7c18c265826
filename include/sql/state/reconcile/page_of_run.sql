-- The kept page of a reconciliation, if it belongs to that run.
-- Grain: one reconciliation. Parameters: id, dag_id, run_id.
select
    night.report,
    realms.realm_key
from qbo_sync.reconciliations as night
inner join qbo_sync.realms as realms on night.realm = realms.id
where
    night.id = %(id)s
    and night.dag_id = %(dag_id)s
    and night.run_id = %(run_id)s
    and night.report is not null
