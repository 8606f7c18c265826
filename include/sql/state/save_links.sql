-- Purpose: link documents to what QBO answered our last write with.
-- Grain: one link. Parameters: rows (JSON), realm, environment.
with given as (
    select settled.*
    from jsonb_to_recordset(%(rows)s::jsonb) as settled (
        item_id bigint,
        source text,
        kind text,
        billing_id text,
        entity text,
        qbo_id text,
        doc_number text,
        sync_token text,
        fingerprint text,
        canon_version integer,
        total numeric,
        owned jsonb,
        email_status text,
        origin text
    )
),

kept as (
    update qbo_sync.links as link
    set
        sync_token = given.sync_token,
        doc_number = given.doc_number,
        fingerprint = given.fingerprint,
        canon_version = given.canon_version,
        total = given.total,
        answer = given.owned,
        email_status = given.email_status,
        origin = given.origin,
        plan_item = given.item_id,
        written_at = clock_timestamp()
    from given
    where
        link.realm = %(realm)s
        and link.source = given.source
        and link.kind = given.kind
        and link.billing_id = given.billing_id
        and link.qbo_id = given.qbo_id
    returning link.source, link.kind, link.billing_id
)

insert into qbo_sync.links (
    realm, environment, source, kind, billing_id, entity, qbo_id, doc_number, sync_token, fingerprint, canon_version,
    total, answer, email_status, origin, plan_item, written_at
)
select
    %(realm)s,
    %(environment)s,
    given.source,
    given.kind,
    given.billing_id,
    given.entity,
    given.qbo_id,
    given.doc_number,
    given.sync_token,
    given.fingerprint,
    given.canon_version,
    given.total,
    given.owned,
    given.email_status,
    given.origin,
    given.item_id,
    clock_timestamp()
from given
where not exists (
    select 1
    from kept
    where kept.source = given.source and kept.kind = given.kind and kept.billing_id = given.billing_id
)
