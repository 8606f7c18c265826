-- Fails when it returns rows: audit events outside the monthly partitions, which cannot be dropped by the month later.
-- Grain: one month. Parameters: none.
select
    null as realm_key,
    null as doc_number,
    null as billing_id,
    count(*) || ' audit events of ' || to_char(date_trunc('month', at), 'YYYY-MM') || ' lie in the default partition' as problem
from qbo_sync.attempts_default
group by date_trunc('month', at)
order by date_trunc('month', at)
