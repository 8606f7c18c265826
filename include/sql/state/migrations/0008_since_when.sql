-- A document that every night plans and refuses again stands since the first night: what it was before it was planned is kept.
-- And the documents that a plan looked at are found by the plan, among however many there are.
-- Purpose: schema version 0008. Grain: one statement each. Parameters: none.

alter table qbo_sync.statuses add column ended_status text;
alter table qbo_sync.statuses add column ended_reason text;
alter table qbo_sync.statuses add column ended_since_at timestamptz;
comment on column qbo_sync.statuses.ended_status is
'Of a document that is Pending or Unknown, with the two beside it: what it was before, and since when.';
comment on table qbo_sync.statuses is
'One billing document: what the user sees. since_at moves when status or reason changes; to be Pending in between is no change.';

create index statuses_plan on qbo_sync.statuses (plan_id);
