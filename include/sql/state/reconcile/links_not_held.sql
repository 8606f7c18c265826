-- Linked documents of billing that QuickBooks did not show in the period: moved to another date there, or deleted.
-- Grain: one linked document. Parameters: realm, source, kind.
select
    link.entity,
    link.qbo_id
from reconcile_billed as billed
inner join qbo_sync.links as link
    on
        billed.billing_id = link.billing_id
        and link.realm = %(realm)s
        and link.source = %(source)s
        and link.kind = %(kind)s
left join reconcile_held as held
    on
        link.entity = held.entity
        and link.qbo_id = held.qbo_id
where held.qbo_id is null
order by link.entity, link.qbo_id
