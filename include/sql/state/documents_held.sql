-- Purpose: documents that are linked in a realm, by the number that billing or QuickBooks knew them under last.
-- Grain: one billing document. Parameters: realm, source, kind, numbers (in lower case).
select link.billing_id
from qbo_sync.links as link
left join qbo_sync.statuses as status
    on
        link.source = status.source
        and link.kind = status.kind
        and link.billing_id = status.billing_id
where
    link.realm = %(realm)s
    and link.source = %(source)s
    and link.kind = %(kind)s
    and (lower(link.doc_number) = any(%(numbers)s) or lower(status.doc_number) = any(%(numbers)s))
order by link.billing_id
