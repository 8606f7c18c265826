-- What a person may know of each stored sign-on: no token, not even an encrypted one.
-- Grain: one realm with tokens. Parameters: none.
select
    realm,
    scope,
    refresh_expires_at,
    hard_expires_at,
    refreshed_at,
    needs_reconnect,
    needs_reconnect_at
from qbo_sync.tokens
order by realm
