-- Deletes old plans of which nothing was ever sent, with their items and findings. One that a person rejected stays as long as
-- it is the last word about a document.
-- Grain: one plan. Parameters: before.
delete from qbo_sync.plans
where
    created_at < %(before)s
    and state in ('superseded', 'expired')
    and not exists (
        select 1 from qbo_sync.plan_items
        where plan_items.plan_id = plans.id and plan_items.state in ('sending', 'unknown', 'done', 'refused')
    )
    and not (
        decision is not distinct from 'rejected'
        and exists (
            select 1 from qbo_sync.statuses
            where statuses.plan_id = plans.id and statuses.reason in ('needs_approval', 'not_yet_sent')
        )
    )
