-- Purpose: who takes keys out of the book in this transaction; a deleted row cannot say it.
-- Grain: one row. Parameters: changed_by.
select set_config('qbo_sync.changed_by', %(changed_by)s, true) as changed_by
