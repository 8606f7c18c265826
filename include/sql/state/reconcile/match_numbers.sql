-- Pairs by number what no link explains: each number once, what billing still owes first, the oldest in QuickBooks first.
-- Grain: one document of QuickBooks. Parameters: realm, source, kind.
with billed_free as (
    select
        billed.billing_id,
        billed.entity,
        lower(billed.doc_number) as number_key,
        row_number() over (
            partition by billed.entity, lower(billed.doc_number)
            order by lower(billed.state) in ('void', 'deleted'), billed.billing_id
        ) as place
    from reconcile_billed as billed
    where
        billed.is_ours
        and billed.doc_number <> ''
        and not exists (
            select 1
            from qbo_sync.links as link
            where
                link.realm = %(realm)s
                and link.source = %(source)s
                and link.kind = %(kind)s
                and link.billing_id = billed.billing_id
        )
),

held_free as (
    select
        held.entity,
        held.qbo_id,
        lower(held.doc_number) as number_key,
        row_number() over (
            partition by held.entity, lower(held.doc_number)
            order by held.is_void, length(held.qbo_id), held.qbo_id
        ) as place
    from reconcile_held as held
    where
        held.billing_id is null
        and held.doc_number <> ''
)

update reconcile_held as held
set billing_id = billed_free.billing_id
from held_free
inner join billed_free
    on
        held_free.entity = billed_free.entity
        and held_free.number_key = billed_free.number_key
        and held_free.place = billed_free.place
where
    held.entity = held_free.entity
    and held.qbo_id = held_free.qbo_id
    -- One number of several in billing is stopped by the checks; only its first document can be what QuickBooks holds.
    and held_free.place = 1
