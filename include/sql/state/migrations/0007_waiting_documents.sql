-- The hourly sync asks for the documents that wait; among millions that are Synced they are few, and have an index of their own.
-- Purpose: schema version 0007. Grain: one statement each. Parameters: none.

create index statuses_waiting on qbo_sync.statuses (realm)
where status in ('Pending', 'Unknown') or reasons @> '[{"reason": "not_yet_sent"}]';
