-- What of a realm stands still: sendings without an outcome, documents that are Pending, a throttled company, old lists,
-- and schedules that left nothing for long.
-- Grain: one row. Parameters: realm, sync_stream (the watermark that each run of the sync moves).
with unsettled as (
    select
        count(*) as items,
        min(claimed_at) as since
    from qbo_sync.plan_items
    where realm = %(realm)s and state in ('sending', 'unknown')
),

pending as (
    select
        count(*) as documents,
        min(since_at) as since,
        (array_agg(reason order by since_at))[1] as reason
    from qbo_sync.statuses
    where realm = %(realm)s and status = 'Pending'
),

final as (
    select
        unsettled.items as unsettled,
        unsettled.since as unsettled_since,
        pending.documents as pending,
        coalesce(pending.reason, '') as pending_reason,
        pending.since as pending_since,
        throttle.throttled_since,
        throttle.last_throttled_at as throttled_until,
        (
            select min(mark.value)
            from qbo_sync.watermarks as mark
            where mark.realm = %(realm)s and starts_with(mark.stream, 'reference/')
        ) as lists_read_at,
        (
            select mark.moved_at
            from qbo_sync.watermarks as mark
            where mark.realm = %(realm)s and mark.stream = %(sync_stream)s
        ) as synced_at,
        (
            select max(night.ended_at)
            from qbo_sync.reconciliations as night
            where night.realm = %(realm)s
        ) as reconciled_at,
        (
            select realms.connected_at
            from qbo_sync.realms
            where realms.id = %(realm)s
        ) as connected_at
    from unsettled
    cross join pending
    left join qbo_sync.throttle on throttle.realm = %(realm)s
)

select * from final
