-- Reports that say for themselves what they are about: a reconciliation its DAG, a difference its currency and customer;
-- and the CSV of a run's findings in parts, so that no process ever holds a whole one.
-- Purpose: schema version 0002. Grain: one statement each. Parameters: none.

alter table qbo_sync.reconciliations add column dag_id text not null default 'qbo_reconcile';
alter table qbo_sync.reconciliations alter column dag_id drop default;

alter table qbo_sync.differences add column currency text;
alter table qbo_sync.differences add column customer_name text;

create table qbo_sync.findings_parts (
    -- The parts are written while the documents are read; what they add up to is known at the end.
    plan_id bigint not null references qbo_sync.findings (plan_id) on delete cascade deferrable initially deferred,
    part integer not null,
    csv text not null,
    primary key (plan_id, part)
);
comment on table qbo_sync.findings_parts is
'The CSV of a run''s findings, in parts of some thousand rows; the first one begins with the heading.';

insert into qbo_sync.findings_parts (plan_id, part, csv)
select
    kept.plan_id,
    1 as part,
    kept.csv
from qbo_sync.findings as kept;

alter table qbo_sync.findings drop column csv;
