-- Purpose: what is sold, for the mapping of services and of their categories.
-- Grain: one service.
-- Parameters (null = all): changed_since timestamptz, ids text[] (service ids).
with final as (
    select
        services.service_id,
        services.service_name as name,
        services.sku,
        services.category,
        services.is_active,
        services.updated_at
    from billing.services as services
    where
        (%(ids)s::text[] is null or services.service_id = any(%(ids)s::text[]))
        and (%(changed_since)s::timestamptz is null or services.updated_at >= %(changed_since)s::timestamptz)
)

select
    service_id,
    name,
    sku,
    category,
    is_active,
    updated_at
from final
order by service_id
