-- Purpose: what links of these documents were archived in this realm (disconnect, deletion, merge).
-- Grain: one archived link. Parameters: realm, sources, kinds, billing_ids (arrays of equal length).
select
    archive.kind,
    archive.billing_id,
    archive.link
from qbo_sync.link_archive as archive
inner join unnest(%(sources)s::text [], %(kinds)s::text [], %(billing_ids)s::text []) as wanted (source, kind, billing_id)
    on
        archive.source = wanted.source
        and archive.kind = wanted.kind
        and archive.billing_id = wanted.billing_id
where archive.realm = %(realm)s
order by archive.archived_at desc, archive.id desc
