-- Purpose: what QuickBooks said of the company when it was last asked.
-- Grain: one realm. Parameters: realm.
select
    preferences -> 'facts' as facts,
    (preferences -> 'company_info')::text as company_info,
    (preferences ->> 'company_info_at')::timestamptz as company_info_at,
    preferences_at
from qbo_sync.realms
where id = %(realm)s
