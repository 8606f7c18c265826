-- How old each company's sign-on is and how long it lasts. No token is read.
-- Grain: one realm that has tokens. Parameters: realm.
select
    refreshed_at,
    refresh_expires_at,
    hard_expires_at,
    needs_reconnect
from qbo_sync.tokens
where realm = %(realm)s
