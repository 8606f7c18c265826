-- Documents and money on both sides by status and reason, per company.
-- Grain: realm, currency, entity, status, reason. Parameters: realm_key (null: all).
select
    coalesce(realms.realm_key, '(no company)') as realm_key,
    coalesce(statuses.currency, '') as currency,
    statuses.entity,
    statuses.status,
    statuses.reason,
    count(*) as documents,
    coalesce(sum(statuses.billing_total), 0) as billing_total,
    -- QuickBooks states a credit memo without the sign that billing gives it, and of a deleted document it holds nothing.
    coalesce(
        sum(
            case
                when statuses.reason = 'deleted_in_qbo' then 0
                when statuses.entity = 'CreditMemo' then -statuses.qbo_total
                else statuses.qbo_total
            end
        ), 0
    ) as qbo_total
from qbo_sync.statuses
left join qbo_sync.realms on statuses.realm = realms.id
where %(realm_key)s::text is null or realms.realm_key = %(realm_key)s
group by realms.realm_key, statuses.currency, statuses.entity, statuses.status, statuses.reason
order by
    realms.realm_key nulls last,
    statuses.currency,
    statuses.entity,
    array_position(array['Synced', 'Pending', 'Unknown', 'Skipped', 'Error'], statuses.status),
    statuses.reason
