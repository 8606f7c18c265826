-- Purpose: take keys out of the book; the trigger keeps them in the history under the name that set_changed_by.sql set.
-- Grain: one mapping. Parameters: realm, kind, billing_keys.
delete from qbo_sync.mappings
where
    realm = %(realm)s
    and kind = %(kind)s
    and billing_key = any(%(billing_keys)s)
