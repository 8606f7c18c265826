-- What a document or a name is linked to stands in one index, so that a link is saved in one look-up, however many there are and
-- whatever PostgreSQL knows of the table; and no statement can point a link at something else.
-- Purpose: schema version 0009. Grain: one statement each. Parameters: none.

drop index qbo_sync.links_billing;
drop index qbo_sync.links_document;
drop index qbo_sync.links_name;
create unique index links_document on qbo_sync.links (
    source, kind, billing_id, environment, (case when kind in ('account', 'customer', 'item') then realm else 0 end)
);

-- The answer is read as a whole, never searched: as the text that it came in it costs half as much to store.
alter table qbo_sync.links alter column answer type json using answer::json;

create function qbo_sync.refuse_another_link() returns trigger language plpgsql as $$
begin
    raise exception '% % is linked to % id % already', old.kind, old.billing_id, old.entity, old.qbo_id
    using errcode = 'unique_violation';
end $$;
create trigger links_identity before update on qbo_sync.links
for each row
when ((new.realm, new.entity, new.qbo_id) is distinct from (old.realm, old.entity, old.qbo_id))
execute function qbo_sync.refuse_another_link();
