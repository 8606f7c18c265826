-- The DAGs that have made a plan.
-- Grain: one row per DAG. Parameters: none.
select distinct plan.dag_id
from qbo_sync.plans as plan
order by plan.dag_id
