-- Purpose: how long the realm's sign-on lasts. No token is read.
-- Grain: one realm that has tokens. Parameters: realm.
select
    needs_reconnect,
    refresh_expires_at,
    hard_expires_at
from qbo_sync.tokens
where realm = %(realm)s
