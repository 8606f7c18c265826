-- Purpose: the customers of billing; customer_name becomes the display name in QuickBooks.
-- Grain: one customer.
-- Parameters (null = all): changed_since timestamptz, ids text[] (customer ids).
with final as (
    select
        customers.customer_id,
        customers.customer_name as name,
        customers.currency,
        customers.company_name,
        customers.given_name,
        customers.family_name,
        customers.email,
        customers.phone,
        customers.address_line1 as line1,
        customers.address_line2 as line2,
        customers.city,
        customers.region,
        customers.postal_code,
        customers.country,
        customers.is_test,
        customers.updated_at
    from billing.customers as customers
    where
        (%(ids)s::text[] is null or customers.customer_id = any(%(ids)s::text[]))
        and (%(changed_since)s::timestamptz is null or customers.updated_at >= %(changed_since)s::timestamptz)
)

select
    customer_id,
    name,
    currency,
    company_name,
    given_name,
    family_name,
    email,
    phone,
    line1,
    line2,
    city,
    region,
    postal_code,
    country,
    is_test,
    updated_at
from final
order by customer_id
