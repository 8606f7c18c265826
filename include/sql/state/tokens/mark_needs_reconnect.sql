-- Remembers that only a person can help now; the first reason and its time stay.
-- Grain: one row. Parameters: realm, why, version of the pair that proved dead (null: whichever is stored).
update qbo_sync.tokens set
    needs_reconnect = coalesce(needs_reconnect, %(why)s),
    needs_reconnect_at = coalesce(needs_reconnect_at, clock_timestamp())
where realm = %(realm)s and version = coalesce(%(version)s, version)
returning version
