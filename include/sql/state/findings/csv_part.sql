-- The next part of a plan's CSV.
-- Grain: one part. Parameters: plan_id, after (number of the part that was read last).
select
    kept.part,
    kept.csv
from qbo_sync.findings_parts as kept
where
    kept.plan_id = %(plan_id)s
    and kept.part > %(after)s
order by kept.part
limit 1
