-- Fails when it returns rows: a document called Synced that no link leads to QuickBooks.
-- Grain: one document. Parameters: none.
select
    realms.realm_key,
    statuses.doc_number,
    statuses.billing_id,
    'Synced (' || statuses.reason || '), and not linked to QuickBooks' as problem
from qbo_sync.statuses
inner join qbo_sync.realms on statuses.realm = realms.id
left join qbo_sync.links
    on
        statuses.source = links.source
        and statuses.kind = links.kind
        and statuses.billing_id = links.billing_id
        and statuses.realm = links.realm
-- A disconnect archives the links of a company; its documents wait for their return.
where statuses.status = 'Synced' and realms.disconnected_at is null and links.id is null
order by statuses.source, statuses.kind, statuses.billing_id
