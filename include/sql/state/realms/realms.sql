-- The companies that were ever connected, or one of them.
-- Grain: one realm. Parameters: id, realm_key, base_url, realm_id (null: all); only the connected ones unless with_disconnected.
select
    id,
    realm_key,
    base_url,
    realm_id,
    environment,
    company_name,
    country,
    home_currency,
    is_multi_currency,
    has_custom_numbers,
    warns_on_duplicates,
    closing_date,
    preferences,
    preferences_at,
    push_epoch,
    connected_at,
    connected_by,
    disconnected_at
from qbo_sync.realms
where
    (%(id)s::bigint is null or id = %(id)s)
    and (%(realm_key)s::text is null or realm_key = %(realm_key)s)
    and (%(base_url)s::text is null or base_url = %(base_url)s)
    and (%(realm_id)s::text is null or realm_id = %(realm_id)s)
    and (%(with_disconnected)s or disconnected_at is null)
order by realm_key, id
