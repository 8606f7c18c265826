-- Accounts that a setting consents to have created are names like customers and items, of one realm each.
-- Purpose: schema version 0005. Grain: one statement each. Parameters: none.

alter table qbo_sync.mappings drop constraint mappings_kind_check;
alter table qbo_sync.mappings add constraint mappings_kind_check
check (kind in ('customer', 'category', 'service', 'subscription', 'tax_code', 'account'));

drop index qbo_sync.plan_items_one_in_flight;
create unique index plan_items_one_in_flight on qbo_sync.plan_items (environment, source, kind, billing_id)
where state in ('sending', 'unknown') and kind not in ('account', 'customer', 'item');
drop index qbo_sync.plan_items_one_name_in_flight;
create unique index plan_items_one_name_in_flight on qbo_sync.plan_items (realm, source, kind, billing_id)
where state in ('sending', 'unknown') and kind in ('account', 'customer', 'item');

drop index qbo_sync.links_document;
create unique index links_document on qbo_sync.links (environment, source, kind, billing_id)
where kind not in ('account', 'customer', 'item');
drop index qbo_sync.links_name;
create unique index links_name on qbo_sync.links (realm, source, kind, billing_id)
where kind in ('account', 'customer', 'item');
