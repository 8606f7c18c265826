-- Both sides of each document, with what our own state knows of it.
-- Grain: one document; either side may be missing. Parameters: realm, source, kind, started_at.
with in_flight as (
    select distinct item.billing_id
    from qbo_sync.plan_items as item
    where
        item.realm = %(realm)s
        and item.source = %(source)s
        and item.kind = %(kind)s
        and item.state in ('sending', 'unknown')
),

sides as (
    select
        billed.entity,
        billed.doc_number,
        billed.doc_date,
        billed.customer_name,
        billed.currency,
        billed.total,
        billed.tax,
        billed.balance,
        billed.state,
        billed.is_opted_out,
        billed.origin,
        billed.fingerprint,
        billed.updated_at,
        billed.is_ours,
        mapping.qbo_id as mapped_ref,
        coalesce(not customer.is_active, false) as is_customer_retired,
        held.entity as held_entity,
        held.qbo_id as held_id,
        held.doc_number as held_number,
        held.doc_date as held_date,
        held.customer_ref as held_customer_ref,
        held.customer_name as held_customer_name,
        held.currency as held_currency,
        held.total as held_total,
        held.tax as held_tax,
        held.balance as held_balance,
        held.is_void,
        held.edits,
        held.twin,
        held.twin_of,
        coalesce(held.is_strayed, false) as is_strayed,
        billed.billing_id is not null as is_billed,
        coalesce(billed.billing_id, held.billing_id) as billing_id
    from reconcile_billed as billed
    full outer join reconcile_held as held on billed.billing_id = held.billing_id
    left join qbo_sync.mappings as mapping
        on
            billed.customer_id = mapping.billing_key
            and mapping.realm = %(realm)s
            and mapping.kind = 'customer'
            and not mapping.is_excluded
    left join qbo_sync.reference as customer
        on
            mapping.realm = customer.realm
            and mapping.qbo_id = customer.qbo_id
            and customer.entity = 'Customer'
),

final as (
    select
        sides.*,
        link.qbo_id as link_id,
        link.fingerprint as link_fingerprint,
        case when item.fingerprint = sides.fingerprint then item.meant end as meant,
        -- While billing's date is the one of our last write, that write says the day, be it moved behind closing or not.
        case when item.doc_date = sides.doc_date then item.meant ->> 'date' end as written_day,
        in_flight.billing_id is not null or coalesce(link.written_at >= %(started_at)s, false) as is_in_motion,
        status.status,
        status.reason,
        status.reasons
    from sides
    left join qbo_sync.links as link
        on
            sides.billing_id = link.billing_id
            and link.realm = %(realm)s
            and link.source = %(source)s
            and link.kind = %(kind)s
    left join qbo_sync.plan_items as item on link.plan_item = item.id
    left join qbo_sync.statuses as status
        on
            sides.billing_id = status.billing_id
            and status.source = %(source)s
            and status.kind = %(kind)s
    left join in_flight on sides.billing_id = in_flight.billing_id
)

select *
from final
order by coalesce(doc_date, held_date), coalesce(doc_number, held_number), billing_id, held_id
