-- Purpose: the active links of these documents.
-- Grain: one link. Parameters: realm, environment, names (kinds that are no documents), sources, kinds, billing_ids.
select link.*
from qbo_sync.links as link
inner join unnest(%(sources)s::text [], %(kinds)s::text [], %(billing_ids)s::text []) as wanted (source, kind, billing_id)
    on
        link.source = wanted.source
        and link.kind = wanted.kind
        and link.billing_id = wanted.billing_id
where
    -- Written so, no index leads there: each document is found by itself, not among all links of a company.
    (
        (link.environment = %(environment)s and not link.kind = any(%(names)s))
        or link.realm = %(realm)s
    ) is true
order by link.id
