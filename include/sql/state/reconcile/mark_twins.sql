-- Names, for what belongs to no document of billing, the one beside which it is too much: another one of its number
-- (a matched one, a linked one, an older one), or what is linked to the document whose sending made it, or whose
-- mark it bears.
-- Grain: one document of QuickBooks. Parameters: realm, source, kind.
with candidates as (
    select
        held.entity,
        held.qbo_id,
        other.qbo_id as twin,
        other.billing_id as twin_of,
        false as is_strayed,
        other.billing_id is null as is_stray
    from reconcile_held as held
    inner join reconcile_held as other
        on
            held.entity = other.entity
            and lower(held.doc_number) = lower(other.doc_number)
            and held.qbo_id <> other.qbo_id
    where
        held.billing_id is null
        and not other.is_void
        and (
            other.billing_id is not null
            or (length(other.qbo_id), other.qbo_id) < (length(held.qbo_id), held.qbo_id)
        )
    union all
    select
        held.entity,
        held.qbo_id,
        link.qbo_id as twin,
        link.billing_id as twin_of,
        false as is_strayed,
        false as is_stray
    from reconcile_held as held
    inner join qbo_sync.links as link
        on
            held.entity = link.entity
            and held.doc_number = link.doc_number
            and held.qbo_id <> link.qbo_id
            and link.realm = %(realm)s
            and link.kind = %(kind)s
    left join reconcile_billed as billed on link.billing_id = billed.billing_id
    -- A link of the period is compared itself; only QuickBooks' word counts for it.
    where
        held.billing_id is null
        and billed.billing_id is null
    union all
    select
        held.entity,
        held.qbo_id,
        link.qbo_id as twin,
        link.billing_id as twin_of,
        true as is_strayed,
        false as is_stray
    from reconcile_held as held
    inner join qbo_sync.attempts as event
        on
            held.entity = event.entity
            and event.realm = %(realm)s
            and event.source = %(source)s
            and event.kind = %(kind)s
            and event.action = 'create'
            and (
                -- Our sending says number and amount, whatever billing calls the document now; a late answer says the id.
                (event.event = 'sent' and held.doc_number = event.doc_number and abs(held.total) = abs(event.total))
                or (event.outcome = 'late' and held.qbo_id = event.qbo_id)
            )
    inner join qbo_sync.links as link
        on
            event.realm = link.realm
            and event.source = link.source
            and event.kind = link.kind
            and event.billing_id = link.billing_id
            and held.entity = link.entity
            and held.qbo_id <> link.qbo_id
    where held.billing_id is null
    union all
    select
        held.entity,
        held.qbo_id,
        link.qbo_id as twin,
        link.billing_id as twin_of,
        true as is_strayed,
        false as is_stray
    from reconcile_held as held
    inner join qbo_sync.links as link
        on
            held.marked = link.billing_id
            and held.entity = link.entity
            and held.qbo_id <> link.qbo_id
            and link.realm = %(realm)s
            and link.source = %(source)s
            and link.kind = %(kind)s
    where held.billing_id is null
),

final as (
    select distinct on (candidates.entity, candidates.qbo_id)
        candidates.entity,
        candidates.qbo_id,
        candidates.twin,
        candidates.twin_of,
        candidates.is_strayed
    from candidates
    order by
        candidates.entity,
        candidates.qbo_id,
        candidates.is_stray,
        candidates.is_strayed,
        length(candidates.twin),
        candidates.twin
)

update reconcile_held as held
set
    twin = final.twin,
    twin_of = final.twin_of,
    is_strayed = final.is_strayed
from final
where
    held.entity = final.entity
    and held.qbo_id = final.qbo_id
