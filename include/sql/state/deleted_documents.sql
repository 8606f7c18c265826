-- Purpose: documents whose last link was archived because QuickBooks had deleted them.
-- Grain: one billing document. Parameters: realm, source, kind, ids.
with latest as (
    select distinct on (archive.billing_id)
        archive.billing_id,
        archive.archived_why
    from qbo_sync.link_archive as archive
    where
        archive.realm = %(realm)s
        and archive.source = %(source)s
        and archive.kind = %(kind)s
        and archive.billing_id = any(%(ids)s)
    order by archive.billing_id asc, archive.archived_at desc, archive.id desc
)

select latest.billing_id
from latest
where latest.archived_why like '%%deleted in QuickBooks%%'
order by latest.billing_id
