-- Names, for what belongs to no document of billing, another one of its number: a matched one, a linked one, an older one.
-- Grain: one document of QuickBooks. Parameters: realm, kind.
with candidates as (
    select
        held.entity,
        held.qbo_id,
        other.qbo_id as twin,
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
),

final as (
    select distinct on (candidates.entity, candidates.qbo_id)
        candidates.entity,
        candidates.qbo_id,
        candidates.twin
    from candidates
    order by candidates.entity, candidates.qbo_id, candidates.is_stray, length(candidates.twin), candidates.twin
)

update reconcile_held as held
set twin = final.twin
from final
where
    held.entity = final.entity
    and held.qbo_id = final.qbo_id
