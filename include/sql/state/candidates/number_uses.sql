-- The candidates whose document number another document has: one of the same plan, or one that is linked in the same company.
-- Drafts, voids and deletions neither use a number nor miss one.
-- ``others`` names the first few of them. Grain: one document. Parameters: plan_id.
with numbered as (
    select
        kind,
        billing_id,
        doc_number
    from qbo_sync.candidates
    where
        plan_id = %(plan_id)s
        and btrim(doc_number) <> ''
        and lower(coalesce(content ->> 'status', '')) not in ('draft', 'void', 'voided', 'deleted')
),

in_run as (
    select
        doc_number,
        count(*) as documents,
        (array_agg(billing_id order by billing_id))[1:4] as billing_ids
    from numbered
    group by doc_number
    having count(*) > 1
),

linked as (
    select
        numbered.kind,
        numbered.billing_id,
        count(*) as documents,
        (array_agg(links.billing_id order by links.billing_id))[1:3] as billing_ids
    from numbered
    inner join qbo_sync.plans as plans on plans.id = %(plan_id)s
    inner join qbo_sync.links as links
        on
            plans.realm = links.realm
            and numbered.doc_number = links.doc_number
            and numbered.kind = links.kind
            and (links.source, links.billing_id) is distinct from (plans.source, numbered.billing_id)
    group by numbered.kind, numbered.billing_id
),

final as (
    select
        numbered.kind,
        numbered.billing_id,
        numbered.doc_number,
        coalesce(in_run.documents - 1, 0) as others_in_run,
        coalesce(linked.documents, 0) as others_linked,
        coalesce(array_remove(in_run.billing_ids, numbered.billing_id), '{}')
        || coalesce(linked.billing_ids, '{}') as others
    from numbered
    left join in_run on numbered.doc_number = in_run.doc_number
    left join linked on numbered.kind = linked.kind and numbered.billing_id = linked.billing_id
)

select
    kind,
    billing_id,
    doc_number,
    others_in_run,
    others_linked,
    others
from final
where others_in_run > 0 or others_linked > 0
order by kind, billing_id
