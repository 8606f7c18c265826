-- What QuickBooks answered our last write of these documents with.
-- Grain: one linked document. Parameters: realm, kind, entity, ids.
select
    link.qbo_id,
    link.answer,
    link.fingerprint
from qbo_sync.links as link
where
    link.realm = %(realm)s
    and link.kind = %(kind)s
    and link.entity = %(entity)s
    and link.qbo_id = any(%(ids)s)
order by link.qbo_id
