-- Keeps the pair of a new sign-on and forgets a wish to reconnect. Refuses, by storing nothing, the tokens of another company.
-- Grain: one row. Parameters: realm, realm_id that the tokens open, the pair.
insert into qbo_sync.tokens as own (
    realm, access_token, refresh_token, access_expires_at, refresh_expires_at, hard_expires_at, scope
)
select
    realms.id,
    %(access_token)s,
    %(refresh_token)s,
    %(access_expires_at)s,
    %(refresh_expires_at)s,
    %(hard_expires_at)s,
    %(scope)s
from qbo_sync.realms
where realms.id = %(realm)s and realms.realm_id = %(realm_id)s
on conflict (realm) do update
set
    access_token = excluded.access_token,
    refresh_token = excluded.refresh_token,
    access_expires_at = excluded.access_expires_at,
    refresh_expires_at = excluded.refresh_expires_at,
    hard_expires_at = excluded.hard_expires_at,
    scope = excluded.scope,
    version = own.version + 1,
    refreshed_at = clock_timestamp(),
    needs_reconnect = null,
    needs_reconnect_at = null
returning own.version
