-- The tokens of one company, locked until the end of the transaction, so that one process at a time buys a new pair.
-- Grain: one row, or none before the first sign-on. Parameters: realm.
select
    tokens.access_token,
    tokens.refresh_token,
    tokens.access_expires_at,
    tokens.refresh_expires_at,
    tokens.hard_expires_at,
    tokens.version,
    tokens.needs_reconnect,
    realms.realm_id,
    coalesce(tokens.scope, '') as scope
from qbo_sync.tokens
inner join qbo_sync.realms on tokens.realm = realms.id
where tokens.realm = %(realm)s
for update of tokens
