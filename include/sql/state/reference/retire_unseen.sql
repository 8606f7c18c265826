-- Purpose: what a whole reading of a list did not show is not to be used any more (merged away in QuickBooks).
-- Grain: one entry. Parameters: realm, entity, read_at (when the reading began).
update qbo_sync.reference
set is_active = false
where
    realm = %(realm)s
    and entity = %(entity)s
    and is_active
    and refreshed_at < %(read_at)s
