-- Purpose: link documents to what QuickBooks answered our last write with. A link that points at something else is no link to
-- write over: the trigger links_identity refuses it, as the index links_qbo refuses what another document is linked to.
-- Grain: one link. Parameters: rows (JSON), owned (what is ours in each answer as JSON, by the rows' number), realm, environment.
-- What is ours goes in binary form (b), which spares escaping long texts; the linter does not know that form.
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
    (%(owned)b::text [])[given.number]::json, -- noqa: PRS
    given.email_status,
    given.origin,
    given.item_id,
    clock_timestamp()
from json_to_recordset(%(rows)s::json) as given (
    number integer, -- noqa: RF04
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
    email_status text,
    origin text
)
on conflict (source, kind, billing_id, environment, (case when kind in ('account', 'customer', 'item') then realm else 0 end))
do update
set
    realm = excluded.realm,
    entity = excluded.entity,
    qbo_id = excluded.qbo_id,
    doc_number = excluded.doc_number,
    sync_token = excluded.sync_token,
    fingerprint = excluded.fingerprint,
    canon_version = excluded.canon_version,
    total = excluded.total,
    answer = excluded.answer,
    email_status = excluded.email_status,
    origin = excluded.origin,
    plan_item = excluded.plan_item,
    written_at = excluded.written_at
