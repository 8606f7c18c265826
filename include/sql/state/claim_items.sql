-- Purpose: claim plan items: their ids and the exact text to be sent are stored before anything is sent.
-- Grain: one plan item, one sent event. Parameters: rows (JSON), ids (of the same items), requests (the texts, in the order of
-- rows), now, epoch, run_id.
-- The requests go in binary form (b), which spares escaping long texts; the linter does not know that form.
with claims as (
    select claim.*
    from json_to_recordset(%(rows)s::json) as claim (
        id bigint,
        b_id text,
        batch_id text,
        request_id text,
        position integer, -- noqa: RF04
        qbo_id text,
        meant jsonb
    )
),

claimed as (
    update qbo_sync.plan_items as item
    set
        state = 'sending',
        b_id = claims.b_id,
        batch_id = claims.batch_id,
        request_id = claims.request_id,
        position = claims.position,
        qbo_id = coalesce(claims.qbo_id, item.qbo_id),
        meant = coalesce(claims.meant, item.meant),
        push_epoch = %(epoch)s,
        claimed_at = %(now)s,
        sent_at = %(now)s
    from claims
    where
        item.id = claims.id
        -- Said once more, PostgreSQL knows how few they are and finds them by their ids; and written so, what is planned, of
        -- which there may be any number, is no way to find them.
        and item.id = any(%(ids)s::bigint [])
        and item.state || '' = 'planned'
    returning item.*
)

insert into qbo_sync.attempts (
    at, realm, plan_id, plan_item, run_id, source, kind, billing_id, doc_number, entity, action, event,
    batch_id, b_id, request_id, push_epoch, request, total, qbo_id
)
select
    %(now)s,
    claimed.realm,
    claimed.plan_id,
    claimed.id,
    %(run_id)s,
    claimed.source,
    claimed.kind,
    claimed.billing_id,
    claimed.doc_number,
    claimed.entity,
    claimed.action,
    'sent',
    claimed.batch_id,
    claimed.b_id,
    claimed.request_id,
    claimed.push_epoch,
    (%(requests)b::text [])[claims.position + 1], -- noqa: PRS
    claimed.total,
    claimed.qbo_id
from claimed
inner join claims on claimed.id = claims.id
