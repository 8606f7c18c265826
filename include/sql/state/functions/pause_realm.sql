-- QuickBooks asked for a pause: no permit of this realm is given before its end, to no worker. A longer pause stays.
-- Grain: one realm. Parameters: p_realm; p_seconds from now; p_why, for those who watch; p_now, the clock (null: the server's).
-- throttled_since is the beginning of a series of pauses with less than a quarter of an hour between two.
create or replace function qbo_sync.pause_realm(
    p_realm bigint,
    p_seconds double precision,
    p_why text,
    p_now timestamptz default null
) returns timestamptz language sql as $$
    insert into qbo_sync.throttle as own (realm, paused_until, paused_why, throttled_since, last_throttled_at)
    select p_realm, clock.now + make_interval(secs => p_seconds), p_why, clock.now, clock.now
    from (select coalesce(p_now, clock_timestamp()) as now) as clock
    on conflict (realm) do update set
        paused_why = case when own.paused_until >= excluded.paused_until then own.paused_why else excluded.paused_why end,
        paused_until = greatest(own.paused_until, excluded.paused_until),
        throttled_since = case
            when own.last_throttled_at >= excluded.last_throttled_at - interval '15 minutes' then own.throttled_since
            else excluded.throttled_since
        end,
        last_throttled_at = excluded.last_throttled_at
    returning own.paused_until;
$$;
