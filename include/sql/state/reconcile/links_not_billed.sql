-- Documents that billing did not show in the period, while QuickBooks holds what they became: moved to another date, or gone.
-- Grain: one linked document. Parameters: none.
select held.billing_id
from reconcile_held as held
left join reconcile_billed as billed on held.billing_id = billed.billing_id
where
    held.is_linked
    and billed.billing_id is null
order by held.billing_id
