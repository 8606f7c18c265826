-- Purpose: what QuickBooks says of the company, as just read. The columns are for views and pages, the JSON is the whole.
-- Country and home currency of a company never change, so the first reading stays: another one is another company.
-- Grain: one realm. Parameters: realm, company_name, country, home_currency, is_multi_currency, has_custom_numbers,
-- closing_date, preferences (JSON).
update qbo_sync.realms
set
    company_name = %(company_name)s,
    country = coalesce(country, %(country)s),
    home_currency = coalesce(home_currency, %(home_currency)s),
    is_multi_currency = %(is_multi_currency)s,
    has_custom_numbers = %(has_custom_numbers)s,
    closing_date = %(closing_date)s,
    preferences = %(preferences)s::jsonb,
    preferences_at = clock_timestamp()
where id = %(realm)s
