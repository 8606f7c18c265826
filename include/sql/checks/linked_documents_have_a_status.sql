-- Fails when it returns rows: a document that is linked to QuickBooks and has no status.
-- Grain: one document. Parameters: none.
select
    realms.realm_key,
    links.doc_number,
    links.billing_id,
    'linked to QuickBooks id ' || links.qbo_id || ', and without a status' as problem
from qbo_sync.links
inner join qbo_sync.realms on links.realm = realms.id
left join qbo_sync.statuses
    on links.source = statuses.source and links.kind = statuses.kind and links.billing_id = statuses.billing_id
where links.kind not in ('account', 'customer', 'item') and statuses.billing_id is null
order by links.id
