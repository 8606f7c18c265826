-- How many candidates a plan has, how many of them are stopped, and their money.
-- Grain: one currency. Parameters: plan_id.
select
    currency,
    count(*) as documents,
    count(*) filter (where is_stopped) as stopped,
    coalesce(sum(total), 0) as total
from qbo_sync.candidates
where plan_id = %(plan_id)s
group by currency
order by currency
