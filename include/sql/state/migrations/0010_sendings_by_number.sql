-- What QuickBooks holds too much is explained by the sending that bore its number, or by a late answer that named its id:
-- both are found without reading the attempts of all years. Only creates, and what answered late, stand in these indexes.
-- Purpose: schema version 0010. Grain: one statement each. Parameters: none.

create index attempts_number on qbo_sync.attempts (realm, doc_number) where event = 'sent' and action = 'create';
create index attempts_late on qbo_sync.attempts (realm, qbo_id) where outcome = 'late';
