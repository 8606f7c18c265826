-- Purpose: the tax codes of billing, both treatments of a charge and jurisdictions that levy a tax, for their mapping.
-- Grain: one tax code.
-- Parameters (null = all): changed_since timestamptz, ids text[] (tax codes).
with final as (
    select
        jurisdictions.tax_code,
        jurisdictions.tax_name as name,
        jurisdictions.jurisdiction,
        jurisdictions.rate_percent,
        jurisdictions.updated_at
    from billing.tax_jurisdictions as jurisdictions
    where
        (%(ids)s::text[] is null or jurisdictions.tax_code = any(%(ids)s::text[]))
        and (%(changed_since)s::timestamptz is null or jurisdictions.updated_at >= %(changed_since)s::timestamptz)
)

select
    tax_code,
    name,
    jurisdiction,
    rate_percent,
    updated_at
from final
order by tax_code
