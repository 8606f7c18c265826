-- The end of a call: its permit no longer counts as in flight. A permit that lapsed or was given back before is left alone.
-- Grain: one permit. Parameters: p_permit; p_now, the clock (null: the server's).
create or replace function qbo_sync.give_back_permit(p_permit bigint, p_now timestamptz default null)
returns void language sql as $$
    update qbo_sync.permits set returned_at = coalesce(p_now, clock_timestamp())
    where id = p_permit and returned_at is null;
$$;
