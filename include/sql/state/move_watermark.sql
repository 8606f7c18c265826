-- Purpose: how far a stream of a realm has been read, by billing's clock. It never moves back.
-- Grain: one stream. Parameters: realm, stream, value, run_id.
insert into qbo_sync.watermarks as kept (realm, stream, value, run_id) -- noqa: RF04
values (%(realm)s, %(stream)s, %(value)s, %(run_id)s)
on conflict (realm, stream) do update
set
    value = greatest(kept.value, excluded.value),
    moved_at = clock_timestamp(),
    run_id = excluded.run_id
