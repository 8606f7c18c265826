-- Closes what late answers left, as far as this comparison looked at it: what still stands is a difference of its own.
-- Grain: one difference that no comparison found. Parameters: realm, source, kind, reconciliation_id.
update qbo_sync.differences as late
set
    resolution = 'reconciled',
    resolved_at = clock_timestamp()
from qbo_sync.reconciliations as night
where
    night.id = %(reconciliation_id)s
    and late.reconciliation_id is null
    and late.realm = %(realm)s
    and late.source = %(source)s
    and late.kind = %(kind)s
    and late.resolved_at is null
    and (
        (
            late.doc_date >= coalesce(night.from_date, '-infinity')
            and late.doc_date <= coalesce(night.to_date, 'infinity')
        )
        or exists (
            select 1
            from reconcile_held as held
            where held.entity = late.entity and held.qbo_id = late.qbo_id
        )
    )
