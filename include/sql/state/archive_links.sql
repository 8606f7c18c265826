-- Purpose: end active links, keeping each in the archive with the reason.
-- Grain: one link. Parameters: rows (JSON: source, kind, billing_id, why), realm, archived_by.
with given as (
    select ended.*
    from jsonb_to_recordset(%(rows)s::jsonb) as ended (source text, kind text, billing_id text, why text)
),

ended as (
    delete from qbo_sync.links as link
    using given
    where
        link.realm = %(realm)s
        and link.source = given.source
        and link.kind = given.kind
        and link.billing_id = given.billing_id
    returning link.*, given.why
)

insert into qbo_sync.link_archive (archived_why, archived_by, link, realm, source, kind, billing_id, entity, qbo_id, doc_number)
select
    ended.why,
    %(archived_by)s,
    to_jsonb(ended) - 'why',
    ended.realm,
    ended.source,
    ended.kind,
    ended.billing_id,
    ended.entity,
    ended.qbo_id,
    ended.doc_number
from ended
