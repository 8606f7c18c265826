-- Purpose: when the file of each kind and the book were last known to be equal.
-- Grain: one kind. Parameters: realm.
select
    substr(stream, length('mappings/') + 1) as kind,
    value as equal_at
from qbo_sync.watermarks
where
    realm = %(realm)s
    and stream like 'mappings/%%'
order by stream
