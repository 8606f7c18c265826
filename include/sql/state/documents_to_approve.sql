-- The documents of a plan as a person is shown them before they are pushed; customers and items of their own are left out.
-- Grain: one row per plan item. Parameters: plan_id, names (kinds that are no documents), row_limit.
with final as (
    select
        item.step,
        item.doc_number,
        item.doc_date,
        item.action,
        item.total,
        item.state,
        item.explanation,
        item.changes,
        candidate.currency,
        coalesce(candidate.content -> 'customer' ->> 'name', candidate.customer_id) as customer
    from qbo_sync.plan_items as item
    left join qbo_sync.candidates as candidate
        on
            item.plan_id = candidate.plan_id
            and item.kind = candidate.kind
            and item.billing_id = candidate.billing_id
    where
        item.plan_id = %(plan_id)s
        and not item.kind = any(%(names)s)
)

select *
from final
order by step
limit %(row_limit)s
