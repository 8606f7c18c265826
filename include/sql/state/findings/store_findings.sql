-- Keeps the findings of a run; a repeated report replaces them and never forgets that they were mailed.
-- Grain: one row, the plan. Parameters: plan_id, run_id, dag_id, page, csv, totals.
insert into qbo_sync.findings (plan_id, run_id, dag_id, page, csv, totals)
values (%(plan_id)s, %(run_id)s, %(dag_id)s, %(page)s, %(csv)s, %(totals)s)
on conflict (plan_id) do update
    set
        page = excluded.page,
        csv = excluded.csv,
        totals = excluded.totals,
        made_at = now()
