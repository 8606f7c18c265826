-- Takes back everything of a realm that is planned and was never sent; what is in flight stays to be settled.
-- Grain: one plan item. Parameters: realm, why.
update qbo_sync.plan_items set state = 'stale', detail = %(why)s, settled_at = clock_timestamp()
where realm = %(realm)s and state in ('planned', 'held')
