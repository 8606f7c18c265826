-- Retention of the audit: drops the partitions whose every event is older than the given time, and returns how many they were.
-- Grain: one month. Parameters: p_before, never less than seven years ago: the law of most countries wants books kept as long.
-- It runs with the owner's rights, because nobody else may take anything from the audit.
create or replace function qbo_sync.drop_attempt_partitions(p_before timestamptz) returns integer
language plpgsql security definer set search_path = qbo_sync, pg_temp set timezone = 'UTC' as $$
declare
    part record;
    dropped integer := 0;
begin
    if p_before > now() - interval '7 years' then
        raise exception 'attempts are kept for seven years: % is too recent', p_before;
    end if;
    for part in
        select child.relname as name
        from pg_inherits
        inner join pg_class as child on pg_inherits.inhrelid = child.oid
        where
            pg_inherits.inhparent = 'qbo_sync.attempts'::regclass
            and child.relname ~ '^attempts_\d{4}_\d{2}$'
            and to_date(right(child.relname, 7), 'YYYY_MM') + interval '1 month' <= p_before
        order by child.relname
    loop
        execute format('drop table qbo_sync.%I', part.name);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $$;
