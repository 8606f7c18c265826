-- The documents of one run and realm as they stand now, for its findings.
-- Grain: one row per billing document. Parameters: plan_id.
with this_plan as (
    select
        plan.id,
        plan.realm,
        plan.source,
        (
            select min(earlier.created_at)
            from qbo_sync.plans as earlier
            where
                earlier.dag_id = plan.dag_id
                and earlier.run_id = plan.run_id
                and earlier.realm = plan.realm
        ) as began_at
    from qbo_sync.plans as plan
    where plan.id = %(plan_id)s
),

documents as (
    select
        this_plan.source,
        candidate.kind,
        candidate.billing_id
    from qbo_sync.candidates as candidate
    inner join this_plan on candidate.plan_id = this_plan.id
    union
    select
        status.source,
        status.kind,
        status.billing_id
    from qbo_sync.statuses as status
    inner join this_plan on status.plan_id = this_plan.id
),

final as (
    select
        found.kind,
        found.billing_id,
        status.detail,
        status.qbo_id,
        coalesce(status.entity, '') as entity,
        -- QuickBooks states a credit memo without the sign that billing gives it, and of a deleted document it holds nothing.
        case
            when status.reason = 'deleted_in_qbo' then 0
            when status.entity = 'CreditMemo' then -status.qbo_total
            else status.qbo_total
        end as qbo_total,
        coalesce(status.doc_number, candidate.doc_number) as doc_number,
        coalesce(status.doc_date, candidate.doc_date) as doc_date,
        coalesce(status.customer_name, candidate.content -> 'customer' ->> 'name', candidate.customer_id) as customer,
        coalesce(status.currency, candidate.currency) as currency,
        coalesce(status.billing_total, candidate.total) as billing_total,
        coalesce(status.status, 'Pending') as status,
        coalesce(status.reason, 'planned') as reason,
        coalesce(status.reasons, '[]') as reasons,
        coalesce(status.since_at >= this_plan.began_at, true) as is_new
    from documents as found
    cross join this_plan
    left join qbo_sync.statuses as status
        on
            found.source = status.source
            and found.kind = status.kind
            and found.billing_id = status.billing_id
    left join qbo_sync.candidates as candidate
        on
            this_plan.id = candidate.plan_id
            and found.kind = candidate.kind
            and found.billing_id = candidate.billing_id
)

select *
from final
order by kind, doc_number, billing_id
