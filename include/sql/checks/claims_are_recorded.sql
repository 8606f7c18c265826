-- Fails when it returns rows: an item that was claimed although no sending stands in the audit.
-- Grain: one plan item. Parameters: none.
select
    realms.realm_key,
    plan_items.doc_number,
    plan_items.billing_id,
    'claimed on ' || to_char(plan_items.claimed_at, 'YYYY-MM-DD HH24:MI') || ', and no sending stands in the audit' as problem
from qbo_sync.plan_items
inner join qbo_sync.realms on plan_items.realm = realms.id
where
    plan_items.claimed_at is not null
    and not exists (
        select 1 from qbo_sync.attempts
        where attempts.plan_item = plan_items.id and attempts.event = 'sent'
    )
order by plan_items.id
