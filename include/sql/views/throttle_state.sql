-- How fast each company may be asked right now, as the rate governor sees it.
-- Grain: one realm that was ever called. Parameters: none. The limits are those of the latest permit.
create or replace view qbo_sync.throttle_state as
with used as (
    select
        realm,
        sum(operations) filter (where taken_at > clock_timestamp() - interval '60 seconds') as operations_this_minute,
        count(*) filter (where taken_at > clock_timestamp() - interval '60 seconds') as requests_this_minute,
        count(*) filter (where kind = 'batch' and taken_at > clock_timestamp() - interval '60 seconds') as batches_this_minute,
        count(*) filter (where returned_at is null and expires_at > clock_timestamp()) as in_flight
    from qbo_sync.permits
    group by realm
),

final as (
    select
        realms.realm_key,
        greatest(
            (throttle.limits ->> 'requests_per_minute')::integer - case
                when (throttle.limits ->> 'items_counted')::boolean then coalesce(used.operations_this_minute, 0)
                else coalesce(used.requests_this_minute, 0)
            end,
            0
        ) as tokens_left,
        greatest((throttle.limits ->> 'batches_per_minute')::integer - coalesce(used.batches_this_minute, 0), 0) as batches_left,
        coalesce(used.in_flight, 0) as in_flight,
        greatest(throttle.next_request_at, throttle.paused_until, clock_timestamp()) as next_slot_at,
        throttle.last_throttled_at as last_429_at,
        throttle.throttled_since,
        case when throttle.paused_until > clock_timestamp() then throttle.paused_until end as paused_until,
        case when throttle.paused_until > clock_timestamp() then throttle.paused_why end as paused_why,
        case
            when throttle.reads_month = date_trunc('month', clock_timestamp() at time zone 'UTC')::date then throttle.reads_used
            else 0
        end as reads_this_month
    from qbo_sync.throttle
    inner join qbo_sync.realms on throttle.realm = realms.id
    left join used on throttle.realm = used.realm
)

select * from final;
comment on view qbo_sync.throttle_state is 'One realm: calls left this minute, next slot, last 429, pause, reads of this month.';
