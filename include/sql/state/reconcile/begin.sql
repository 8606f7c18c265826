-- Opens a reconciliation.
-- Grain: one run and realm. Parameters: realm, run_id, from_date, to_date.
insert into qbo_sync.reconciliations (realm, run_id, from_date, to_date, started_at)
values (%(realm)s, %(run_id)s, %(from_date)s, %(to_date)s, clock_timestamp())
returning id, started_at
