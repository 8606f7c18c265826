-- Puts what the checks found beside the candidates, in place of what they found before; what the extract found stays.
-- One look-up by key for each document, whatever PostgreSQL knows of a table that was filled a moment ago.
-- Grain: one document.
-- Parameters: plan_id, kind, billing_ids, and for each of them findings (a jsonb array), stops, facts (jsonb or null).
update qbo_sync.candidates as candidates
set
    reasons = jsonb_path_query_array(candidates.reasons, '$[*] ? (@.found_by == "extract")') || given.findings,
    is_stopped = given.stops or jsonb_path_exists(candidates.reasons, '$[*] ? (@.found_by == "extract")'),
    facts = coalesce(given.facts, candidates.facts)
from unnest(%(billing_ids)s::text[], %(findings)s::jsonb[], %(stops)s::boolean[], %(facts)s::jsonb[])
    as given (billing_id, findings, stops, facts)
where
    candidates.plan_id = %(plan_id)s
    and candidates.kind = %(kind)s
    and candidates.billing_id = given.billing_id
