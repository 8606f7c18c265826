-- All differences of a reconciliation, if it belongs to that run, in the order in which they were found.
-- Grain: one difference. Parameters: id, dag_id, run_id.
select
    found.class,
    found.field,
    found.billing_value,
    found.qbo_value,
    found.amount,
    found.currency,
    found.customer_name,
    found.doc_date,
    found.doc_number,
    found.billing_id,
    found.entity,
    found.qbo_id,
    found.proposed_repair,
    coalesce(found.resolution, '') as explained
from qbo_sync.differences as found
inner join qbo_sync.reconciliations as night on found.reconciliation_id = night.id
where
    night.id = %(id)s
    and night.dag_id = %(dag_id)s
    and night.run_id = %(run_id)s
order by found.id
