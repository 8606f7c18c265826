-- Purpose: documents to try again although billing did not change them: pending and unsettled ones always, skipped and
-- refused ones when their cause may have changed. What a person or billing decided against is left alone.
-- Grain: one billing document. Parameters: realm, source, kind, is_every.
select status.billing_id
from qbo_sync.statuses as status
where
    status.realm = %(realm)s
    and status.source = %(source)s
    and status.kind = %(kind)s
    and (
        status.status in ('Pending', 'Unknown')
        or (
            %(is_every)s
            and status.status in ('Skipped', 'Error')
            and status.reason not in ('qbo_origin', 'before_start_date', 'total_differs')
        )
    )
order by status.billing_id
