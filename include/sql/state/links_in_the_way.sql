-- Purpose: which links keep a document from being linked to what QuickBooks shows.
-- Grain: one link. Parameters: realm, environment, source, kind, billing_id, entity, qbo_id.
select
    link.billing_id,
    link.qbo_id
from qbo_sync.links as link
where
    (
        link.realm = %(realm)s
        and link.entity = %(entity)s
        and link.qbo_id = %(qbo_id)s
        and (link.source, link.kind, link.billing_id) <> (%(source)s, %(kind)s, %(billing_id)s)
    )
    or (
        link.environment = %(environment)s
        and link.source = %(source)s
        and link.kind = %(kind)s
        and link.billing_id = %(billing_id)s
        and (link.realm <> %(realm)s or link.qbo_id <> %(qbo_id)s)
    )
order by link.id
