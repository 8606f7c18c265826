-- Purpose: a list was read as a whole.
-- Grain: one list. Parameters: realm, entity, read_at (when the reading began).
insert into qbo_sync.watermarks as kept (realm, stream, value)
values (%(realm)s, 'reference/' || %(entity)s::text, %(read_at)s)
on conflict (realm, stream) do update
set
    value = greatest(kept.value, excluded.value),
    moved_at = clock_timestamp()
