-- Purpose: QBO mailed documents. Of their content a mail changes nothing, so the link keeps what our last write left there;
-- the version moves only where nothing else stands in between.
-- Grain: one link. Parameters: rows (JSON), realm.
with given as (
    select mailed.*
    from jsonb_to_recordset(%(rows)s::jsonb) as mailed (
        source text,
        kind text,
        billing_id text,
        qbo_id text,
        sync_token text,
        owned jsonb,
        email_status text
    )
)

update qbo_sync.links as link
set
    email_status = given.email_status,
    sync_token = case
        when link.answer::jsonb - 'SyncToken' = given.owned - 'SyncToken' then given.sync_token
        else link.sync_token
    end,
    answer = case
        when link.answer::jsonb - 'SyncToken' = given.owned - 'SyncToken' then given.owned::json
        else link.answer
    end
from given
where
    link.realm = %(realm)s
    and link.source = given.source
    and link.kind = given.kind
    and link.billing_id = given.billing_id
    and link.qbo_id = given.qbo_id
