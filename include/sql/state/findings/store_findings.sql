-- Keeps the findings of a run; a repeated report replaces them and never forgets that this run has mailed.
-- A stored plan that a later run pushes brings its findings along to that run.
-- Grain: one row, the plan. Parameters: plan_id, run_id, dag_id, page, totals.
insert into qbo_sync.findings as kept (plan_id, run_id, dag_id, page, totals)
values (%(plan_id)s, %(run_id)s, %(dag_id)s, %(page)s, %(totals)s)
on conflict (plan_id) do update
    set
        mailed_at = case when (kept.dag_id, kept.run_id) = (excluded.dag_id, excluded.run_id) then kept.mailed_at end,
        run_id = excluded.run_id,
        dag_id = excluded.dag_id,
        page = excluded.page,
        totals = excluded.totals,
        made_at = now()
