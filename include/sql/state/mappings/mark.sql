-- Purpose: from now on the files of these kinds and the book are equal.
-- Grain: one kind. Parameters: realm, kinds.
insert into qbo_sync.watermarks (realm, stream, value)
select
    %(realm)s,
    'mappings/' || given.kind,
    clock_timestamp()
from unnest(%(kinds)s::text[]) as given (kind)
on conflict (realm, stream) do update
set
    value = excluded.value,
    moved_at = excluded.value
