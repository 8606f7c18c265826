-- Puts a refreshed pair in the place of the pair that was read.
-- Grain: one row; none when another process has replaced that pair.
-- Parameters: realm, version of the pair that was read, the new pair.
update qbo_sync.tokens set
    access_token = %(access_token)s,
    refresh_token = %(refresh_token)s,
    access_expires_at = %(access_expires_at)s,
    refresh_expires_at = %(refresh_expires_at)s,
    hard_expires_at = %(hard_expires_at)s,
    scope = %(scope)s,
    version = version + 1,
    refreshed_at = clock_timestamp(),
    needs_reconnect = null,
    needs_reconnect_at = null
where realm = %(realm)s and version = %(version)s
returning version
