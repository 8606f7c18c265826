-- Moves every link of a realm into the archive, as it was.
-- Grain: one link. Parameters: realm, why, who.
with moved as (
    delete from qbo_sync.links
    where realm = %(realm)s
    returning *
)

insert into qbo_sync.link_archive (
    archived_why, archived_by, link, realm, source, kind, billing_id, entity, qbo_id, doc_number
)
select
    %(why)s as archived_why,
    %(who)s as archived_by,
    to_jsonb(moved) as link,
    moved.realm,
    moved.source,
    moved.kind,
    moved.billing_id,
    moved.entity,
    moved.qbo_id,
    moved.doc_number
from moved
