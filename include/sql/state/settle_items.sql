-- Purpose: store how plan items ended, or that they are open again.
-- Grain: one plan item. Parameters: rows (JSON), ids (of the same items).
update qbo_sync.plan_items as item
set
    state = settled.state,
    outcome = settled.outcome,
    detail = settled.detail,
    settled_at = case when settled.state in ('done', 'refused', 'stale') then clock_timestamp() end,
    unknown_times = coalesce(settled.unknown_times, item.unknown_times),
    looked_at = case when settled.outcome = 'absent' then clock_timestamp() else item.looked_at end,
    is_single = coalesce(settled.is_single, item.is_single),
    qbo_id = coalesce(settled.qbo_id, item.qbo_id),
    sync_token = coalesce(settled.sync_token, item.sync_token),
    batch_id = case when settled.state = 'planned' and not settled.keeps_ids then null else item.batch_id end,
    b_id = case when settled.state = 'planned' and not settled.keeps_ids then null else item.b_id end,
    request_id = case when settled.state = 'planned' and not settled.keeps_ids then null else item.request_id end
from json_to_recordset(%(rows)s::json) as settled (
    item_id bigint,
    state text,
    outcome text,
    detail text,
    is_single boolean,
    qbo_id text,
    sync_token text,
    keeps_ids boolean,
    unknown_times integer
)
where
    item.id = settled.item_id
    -- Said once more, PostgreSQL knows how few they are and finds them by their ids.
    and item.id = any(%(ids)s::bigint [])
