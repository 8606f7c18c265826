-- The reads of this month (UTC) over all companies of the same server: Intuit counts them by app.
-- Grain: one row. Parameters: realm, now.
select coalesce(sum(app.reads_used), 0)::bigint as reads
from qbo_sync.throttle as app
inner join qbo_sync.realms as other on app.realm = other.id
inner join qbo_sync.realms as own on own.id = %(realm)s and other.base_url = own.base_url
where app.reads_month = date_trunc('month', %(now)s::timestamptz at time zone 'UTC')::date
