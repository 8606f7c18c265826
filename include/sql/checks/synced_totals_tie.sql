-- Fails when it returns rows: a document called Synced whose totals differ, while no reason of it names the difference.
-- Grain: one document. Parameters: none.
select
    realms.realm_key,
    statuses.doc_number,
    statuses.billing_id,
    'Synced with ' || statuses.qbo_total || ' in QuickBooks and ' || statuses.billing_total || ' in billing' as problem
from qbo_sync.statuses
left join qbo_sync.realms on statuses.realm = realms.id
where
    statuses.status = 'Synced'
    and statuses.qbo_total <> statuses.billing_total
    and statuses.reasons::text not like '%"tax_variance"%'
    and statuses.reason <> 'tax_variance'
order by statuses.source, statuses.kind, statuses.billing_id
