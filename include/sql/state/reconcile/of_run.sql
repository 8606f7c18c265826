-- What a run compared: the finished reconciliations, without their pages.
-- Grain: one realm. Parameters: dag_id, run_id, realm (null: all).
select
    night.id,
    night.realm,
    night.dag_id,
    night.run_id,
    night.from_date,
    night.to_date,
    night.started_at,
    night.ended_at,
    night.totals,
    realms.realm_key,
    realms.base_url,
    realms.environment,
    realms.company_name
from qbo_sync.reconciliations as night
inner join qbo_sync.realms as realms on night.realm = realms.id
where
    night.dag_id = %(dag_id)s
    and night.run_id = %(run_id)s
    and night.ended_at is not null
    and (%(realm)s::bigint is null or night.realm = %(realm)s::bigint)
order by realms.realm_key, night.id
