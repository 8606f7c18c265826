-- Purpose: the active links of these documents.
-- Grain: one link. Parameters: realm, environment, names (kinds that are no documents), sources, kinds, billing_ids.
select link.*
from unnest(%(sources)s::text [], %(kinds)s::text [], %(billing_ids)s::text []) as wanted (source, kind, billing_id)
cross join lateral (
    select links.*
    from qbo_sync.links
    where
        links.source = wanted.source
        and links.kind = wanted.kind
        and links.billing_id = wanted.billing_id
    order by links.id
    -- Behind an offset each document is looked up by itself, and not among all links of the company.
    offset 0
) as link
where
    (link.environment = %(environment)s and not link.kind = any(%(names)s))
    or link.realm = %(realm)s
order by link.id
