-- Fails when it returns rows: one document number linked more than once in a company.
-- Grain: realm, entity, document number. Parameters: none.
select
    realms.realm_key,
    links.doc_number,
    min(links.billing_id) as billing_id,
    'linked ' || count(*) || ' times, to QuickBooks ids ' || string_agg(links.qbo_id, ', ' order by links.qbo_id) as problem
from qbo_sync.links
inner join qbo_sync.realms on links.realm = realms.id
where links.doc_number is not null and links.kind not in ('account', 'customer', 'item')
group by realms.realm_key, links.entity, links.doc_number
having count(*) > 1
order by realms.realm_key, links.doc_number
