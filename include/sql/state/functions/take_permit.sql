-- The rate governor: gives one permit for a call to QuickBooks, or says how long to wait and for what.
-- Grain: one row per call. Parameters:
--   p_realm       the realm's row in qbo_sync.realms
--   p_kind        request or batch
--   p_operations  items of the batch, else 1
--   p_reads       how many of them count toward the monthly cap on reads
--   p_limits      requests_per_minute, requests_per_second, in_flight, batches_per_minute, items_counted, share_used,
--                 reads_per_month (null: counted, not capped)
--   p_lifetime    seconds after which a permit that nobody gave back counts no longer
--   p_holder      who takes it, for those who watch
--   p_now         the clock; null: the server's
-- One row lock per realm orders all callers. Two rules hold at once: calls are spaced evenly to share_used of each rate, and
-- in no sliding window of a minute or a second are more permits given than the full rate. A late caller may catch up as far
-- as that allows.
create or replace function qbo_sync.take_permit(
    p_realm bigint,
    p_kind text,
    p_operations integer,
    p_reads integer,
    p_limits jsonb,
    p_lifetime double precision,
    p_holder text default null,
    p_now timestamptz default null,
    out permit bigint,
    out taken_at timestamptz,
    out wait_seconds double precision,
    out waits_for text
) language plpgsql as $$
declare
    per_minute constant integer := (p_limits ->> 'requests_per_minute')::integer;
    per_second constant integer := (p_limits ->> 'requests_per_second')::integer;
    batches constant integer := (p_limits ->> 'batches_per_minute')::integer;
    most_in_flight constant integer := (p_limits ->> 'in_flight')::integer;
    are_items_counted constant boolean := (p_limits ->> 'items_counted')::boolean;
    share constant double precision := (p_limits ->> 'share_used')::double precision;
    reads_per_month constant bigint := (p_limits ->> 'reads_per_month')::bigint;
    is_batch constant boolean := p_kind = 'batch';
    cost constant integer := case when are_items_counted then p_operations else 1 end;
    request_gap constant double precision := greatest(60.0 / per_minute, 1.0 / per_second) / share;
    batch_gap constant double precision := 60.0 / batches / share;
    -- How far a late caller's slot may lie back without any window overflowing.
    request_slack constant double precision := greatest(0, least(per_minute * request_gap - 60, per_second * request_gap - 1));
    batch_slack constant double precision := batch_gap * batches - 60;
    throttle qbo_sync.throttle;
    clock timestamptz;
    this_month date;
    request_slot timestamptz;
    batch_slot timestamptz;
    used record;
    in_flight_now integer;
    first_lapse timestamptz;
begin
    if cost > per_minute then
        raise exception 'a batch of % items never fits under % requests a minute: lower limits.batch_size', cost, per_minute;
    end if;
    select * into throttle from qbo_sync.throttle as own where own.realm = p_realm for update;
    if not found then
        insert into qbo_sync.throttle (realm) values (p_realm) on conflict do nothing;
        select * into throttle from qbo_sync.throttle as own where own.realm = p_realm for update;
    end if;
    -- Read after the lock was had, so that times never run backwards from one caller to the next.
    clock := coalesce(p_now, clock_timestamp());
    this_month := date_trunc('month', clock at time zone 'UTC')::date;
    if throttle.reads_month is distinct from this_month then
        throttle.reads_month := this_month;
        throttle.reads_used := 0;
    end if;

    if throttle.paused_until > clock then
        wait_seconds := extract(epoch from throttle.paused_until - clock);
        waits_for := 'pause';
        return;
    end if;

    if p_reads > 0 and reads_per_month is not null then
        -- Intuit counts the reads of all companies that one app is connected to.
        if p_reads + (
            select coalesce(sum(app.reads_used), 0)
            from qbo_sync.throttle as app
            inner join qbo_sync.realms as other on app.realm = other.id
            inner join qbo_sync.realms as own on own.id = p_realm and own.base_url = other.base_url
            where app.reads_month = this_month
        ) > reads_per_month then
            wait_seconds := extract(epoch from (this_month + interval '1 month') at time zone 'UTC' - clock);
            waits_for := 'reads';
            return;
        end if;
    end if;

    request_slot := throttle.next_request_at;
    batch_slot := throttle.next_batch_at;
    -- A slot far ahead was left by a clock that has been set back since, or by much lower limits.
    if request_slot is null or request_slot > clock + make_interval(secs => request_gap * greatest(cost, 30)) then
        request_slot := clock;
    end if;
    if batch_slot is null or batch_slot > clock + make_interval(secs => batch_gap) then
        batch_slot := clock;
    end if;
    request_slot := greatest(request_slot, clock - make_interval(secs => request_slack));
    batch_slot := greatest(batch_slot, clock - make_interval(secs => batch_slack));
    if request_slot > clock or (is_batch and batch_slot > clock) then
        waits_for := case when is_batch and batch_slot > request_slot then 'batch' else 'request' end;
        wait_seconds := extract(
            epoch from case when is_batch then greatest(request_slot, batch_slot) else request_slot end - clock
        );
        return;
    end if;

    select
        coalesce(sum(case when are_items_counted then recent.operations else 1 end), 0) as minute_count,
        count(*) filter (where recent.taken_at > clock - interval '1 second') as second_count,
        count(*) filter (where recent.kind = 'batch') as batch_count,
        min(recent.taken_at) as minute_first,
        min(recent.taken_at) filter (where recent.taken_at > clock - interval '1 second') as second_first,
        min(recent.taken_at) filter (where recent.kind = 'batch') as batch_first
    into used
    from qbo_sync.permits as recent
    where recent.realm = p_realm and recent.taken_at > clock - interval '60 seconds' and recent.taken_at <= clock;
    if used.minute_count + cost > per_minute then
        waits_for := 'request';
        wait_seconds := extract(epoch from used.minute_first + interval '60 seconds' - clock);
        return;
    elsif used.second_count >= per_second then
        waits_for := 'request';
        wait_seconds := extract(epoch from used.second_first + interval '1 second' - clock);
        return;
    elsif is_batch and used.batch_count >= batches then
        waits_for := 'batch';
        wait_seconds := extract(epoch from used.batch_first + interval '60 seconds' - clock);
        return;
    end if;

    select count(*), min(held.expires_at)
    into in_flight_now, first_lapse
    from qbo_sync.permits as held
    where held.realm = p_realm and held.returned_at is null and held.expires_at > clock;
    if in_flight_now >= most_in_flight then
        -- At the latest when the oldest permit lapses; its holder will usually give one back much sooner.
        wait_seconds := extract(epoch from first_lapse - clock);
        waits_for := 'in_flight';
        return;
    end if;

    insert into qbo_sync.permits (realm, kind, operations, taken_at, expires_at, holder)
    values (p_realm, p_kind, p_operations, clock, clock + make_interval(secs => p_lifetime), p_holder)
    returning permits.id, permits.taken_at into permit, take_permit.taken_at;
    update qbo_sync.throttle as own set
        next_request_at = request_slot + make_interval(secs => request_gap * cost),
        next_batch_at = case when is_batch then batch_slot + make_interval(secs => batch_gap) else own.next_batch_at end,
        reads_month = this_month,
        reads_used = throttle.reads_used + p_reads,
        limits = p_limits
    where own.realm = p_realm;
    if permit % 200 = 0 then
        delete from qbo_sync.permits as old
        where old.realm = p_realm and old.taken_at < clock - interval '5 minutes' and old.expires_at < clock;
    end if;
    wait_seconds := 0;
end $$;
