-- Fails when it returns rows: an item that was sent and has ended, without the answer in the audit.
-- Grain: one plan item. Parameters: none.
select
    realms.realm_key,
    plan_items.doc_number,
    plan_items.billing_id,
    'sent, ended as ' || plan_items.state || ', and no answer stands in the audit' as problem
from qbo_sync.plan_items
inner join qbo_sync.realms on plan_items.realm = realms.id
where
    plan_items.state in ('done', 'refused')
    and plan_items.claimed_at is not null
    and not exists (
        select 1 from qbo_sync.attempts
        where attempts.plan_item = plan_items.id and attempts.event = 'answered'
    )
order by plan_items.id
