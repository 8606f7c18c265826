-- Purpose: the subscriptions, for mappings that override those of their service.
-- Grain: one subscription.
-- Parameters (null = all): changed_since timestamptz, ids text[] (subscription ids).
with final as (
    select
        subscriptions.subscription_id,
        subscriptions.subscription_name as name,
        subscriptions.customer_id,
        subscriptions.service_id,
        subscriptions.updated_at,
        subscriptions.ended_date is null as is_active
    from billing.subscriptions as subscriptions
    where
        (%(ids)s::text[] is null or subscriptions.subscription_id = any(%(ids)s::text[]))
        and (%(changed_since)s::timestamptz is null or subscriptions.updated_at >= %(changed_since)s::timestamptz)
)

select
    subscription_id,
    name,
    customer_id,
    service_id,
    is_active,
    updated_at
from final
order by subscription_id
