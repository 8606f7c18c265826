-- Billing's clock up to which a sync has looked, if one did so lately.
-- Grain: one stream. Parameters: realm, stream, since.
select mark.value
from qbo_sync.watermarks as mark
where
    mark.realm = %(realm)s
    and mark.stream = %(stream)s
    and mark.moved_at >= %(since)s
