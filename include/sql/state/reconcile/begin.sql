-- Opens a reconciliation.
-- Grain: one run and realm. Parameters: realm, dag_id, run_id, from_date, to_date.
insert into qbo_sync.reconciliations (realm, dag_id, run_id, from_date, to_date, started_at)
values (%(realm)s, %(dag_id)s, %(run_id)s, %(from_date)s, %(to_date)s, clock_timestamp())
returning id, started_at
