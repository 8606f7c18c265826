-- The first differences of each class and explanation, for the page. All of them stand in the table.
-- Grain: one difference. Parameters: id, row_limit.
with numbered as (
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
        coalesce(found.resolution, '') as explained,
        row_number() over (partition by found.class, found.resolution order by found.id) as place
    from qbo_sync.differences as found
    where found.reconciliation_id = %(id)s
)

select *
from numbered
where place <= %(row_limit)s
order by class, explained, place
