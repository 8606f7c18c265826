-- What these documents are linked to in this realm now.
-- Grain: one linked document. Parameters: realm, sources, kinds, billing_ids (arrays of equal length).
select
    link.source,
    link.kind,
    link.billing_id,
    link.qbo_id
from qbo_sync.links as link
inner join unnest(%(sources)s::text [], %(kinds)s::text [], %(billing_ids)s::text []) as wanted (source, kind, billing_id)
    on
        link.source = wanted.source
        and link.kind = wanted.kind
        and link.billing_id = wanted.billing_id
where link.realm = %(realm)s
order by link.id
