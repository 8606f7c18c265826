-- Puts what the checks found beside the candidates, in place of what they found before; what the extract found stays.
-- Grain: one document.
-- Parameters: plan_id, kind, billing_ids, and for each of them findings (a jsonb array), stops, facts (jsonb or null).
with found as (
    select
        given.billing_id,
        given.findings,
        given.stops,
        given.facts
    from unnest(%(billing_ids)s::text[], %(findings)s::jsonb[], %(stops)s::boolean[], %(facts)s::jsonb[])
        as given (billing_id, findings, stops, facts)
),

kept as (
    select
        candidates.billing_id,
        coalesce(jsonb_agg(reason.finding) filter (where reason.finding ->> 'found_by' = 'extract'), '[]') as findings
    from qbo_sync.candidates as candidates
    inner join found on candidates.billing_id = found.billing_id
    left join lateral jsonb_array_elements(candidates.reasons) as reason (finding) on true
    where candidates.plan_id = %(plan_id)s and candidates.kind = %(kind)s
    group by candidates.billing_id
)

update qbo_sync.candidates as candidates
set
    reasons = kept.findings || found.findings,
    is_stopped = found.stops or jsonb_array_length(kept.findings) > 0,
    facts = coalesce(found.facts, candidates.facts)
from found, kept
where
    candidates.plan_id = %(plan_id)s
    and candidates.kind = %(kind)s
    and candidates.billing_id = found.billing_id
    and kept.billing_id = found.billing_id
