-- Keeps updated_at true, so that an edit made by hand is seen by the next hourly sync.
-- Purpose: triggers on the tables of the demo. Grain: none. Parameters: none; safe to run again.

create or replace function billing.touch() returns trigger language plpgsql as $$
begin
    if new is distinct from old then
        new.updated_at := clock_timestamp();
    end if;
    return new;
end $$;

-- A line that is gone cannot carry a time of change: its invoice must.
create or replace function billing.touch_invoice() returns trigger language plpgsql as $$
begin
    update billing.invoices set updated_at = clock_timestamp() where invoice_id = old.invoice_id;
    return old;
end $$;

create or replace trigger customers_touch before update on billing.customers
for each row execute function billing.touch();
create or replace trigger tax_jurisdictions_touch before update on billing.tax_jurisdictions
for each row execute function billing.touch();
create or replace trigger services_touch before update on billing.services
for each row execute function billing.touch();
create or replace trigger subscriptions_touch before update on billing.subscriptions
for each row execute function billing.touch();
create or replace trigger invoices_touch before update on billing.invoices
for each row execute function billing.touch();
create or replace trigger invoice_lines_touch before update on billing.invoice_lines
for each row execute function billing.touch();
create or replace trigger invoice_lines_gone after delete on billing.invoice_lines
for each row execute function billing.touch_invoice();
