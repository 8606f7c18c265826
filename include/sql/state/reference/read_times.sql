-- Purpose: when each list was last read as a whole.
-- Grain: one list. Parameters: realm.
select
    substr(stream, length('reference/') + 1) as entity,
    value as read_at
from qbo_sync.watermarks
where
    realm = %(realm)s
    and stream like 'reference/%%'
order by stream
