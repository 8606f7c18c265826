-- Purpose: documents whose last event of an action says that a person must tell what became of it.
-- Grain: one billing document. Parameters: realm, outcome, sources, kinds, billing_ids, actions (arrays of equal length).
with wanted as (
    select asked.*
    from unnest(
        %(sources)s::text [], %(kinds)s::text [], %(billing_ids)s::text [], %(actions)s::text []
    ) as asked (source, kind, billing_id, action)
)

select
    wanted.kind,
    wanted.billing_id
from wanted
where
    %(outcome)s = (
        select attempts.outcome
        from qbo_sync.attempts
        where
            attempts.realm = %(realm)s
            and attempts.source = wanted.source
            and attempts.kind = wanted.kind
            and attempts.billing_id = wanted.billing_id
            and attempts.action = wanted.action
            and attempts.event = 'answered'
            and attempts.outcome not in ('stale', 'waits', 'blocked', 'late')
        order by attempts.at desc, attempts.id desc
        limit 1
    )
order by wanted.kind, wanted.billing_id
