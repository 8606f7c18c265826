-- Fails when it returns rows: something was sent of a plan that a person had rejected.
-- Grain: one sending. Parameters: none.
select
    realms.realm_key,
    attempts.doc_number,
    attempts.billing_id,
    'sent of plan ' || plans.id || ' after ' || coalesce(plans.decided_by, 'somebody') || ' had rejected it' as problem
from qbo_sync.plans
inner join qbo_sync.plan_items on plans.id = plan_items.plan_id
inner join qbo_sync.attempts on plan_items.id = attempts.plan_item and attempts.event = 'sent'
inner join qbo_sync.realms on plans.realm = realms.id
where plans.decision = 'rejected' and attempts.at > plans.decided_at
order by attempts.at, attempts.id
