-- Ends the plans that nobody pushed in time. Their items are withdrawn; a plan with something in flight is left to be settled.
-- Grain: one plan. Parameters: now.
with expired as (
    update qbo_sync.plans set state = 'expired'
    where
        state in ('open', 'planned')
        and expires_at < %(now)s
        and not exists (
            select 1 from qbo_sync.plan_items
            where plan_items.plan_id = plans.id and plan_items.state in ('sending', 'unknown')
        )
    returning id
),

withdrawn as (
    update qbo_sync.plan_items set state = 'stale', detail = 'the plan expired', settled_at = %(now)s
    from expired
    where plan_items.plan_id = expired.id and plan_items.state in ('planned', 'held')
)

select count(*) as ended from expired
