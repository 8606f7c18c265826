-- A difference that no comparison found: what a late answer left in QuickBooks beside what is linked.
-- Purpose: schema version 0004. Grain: one statement each. Parameters: none.

alter table qbo_sync.differences alter column reconciliation_id drop not null;
comment on column qbo_sync.differences.reconciliation_id is
'The comparison that found it; null for what a late answer left, until the next comparison takes it up.';
create index differences_of_late_answers on qbo_sync.differences (realm) where reconciliation_id is null;
