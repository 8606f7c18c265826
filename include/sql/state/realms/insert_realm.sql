-- A company that is connected for the first time; one that is known already keeps its row and takes the label.
-- It counts as connected only when `mark_connected` says so.
-- Grain: one realm. Parameters: realm_key, base_url, realm_id, environment.
insert into qbo_sync.realms as own (realm_key, base_url, realm_id, environment)
values (%(realm_key)s, %(base_url)s, %(realm_id)s, %(environment)s)
on conflict (base_url, realm_id) do update
set
    realm_key = excluded.realm_key,
    environment = excluded.environment
returning own.id
