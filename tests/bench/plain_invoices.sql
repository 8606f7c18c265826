-- Purpose: fills an empty billing schema with good invoices in GBP, the same with every run.
-- Grain: one statement per table. Parameters: invoices (how many), lines (of each).
create temporary table plain_lines on commit drop as
select
    'N' || invoice as invoice_id,
    'P' || 1 + invoice %% greatest(1, %(invoices)s / 4) as customer_id,
    date '2010-12-01' + invoice %% 150 as invoice_date,
    place,
    'S' || 1 + (invoice * 7 + place) %% 500 as service_id,
    1 + (invoice + place) %% 12 as quantity,
    ((55 + (invoice * place) %% 900) / 100.0)::numeric(9, 2) as unit_price
from generate_series(1, %(invoices)s) as invoice
cross join generate_series(1, %(lines)s) as place;

insert into billing.tax_jurisdictions (tax_code, tax_name) values ('NO_VAT', 'Outside the scope of VAT');

insert into billing.customers (customer_id, customer_name, currency, country)
select distinct
    customer_id,
    'Customer ' || customer_id,
    'GBP',
    'United Kingdom'
from plain_lines;

insert into billing.services (service_id, service_name, sku, category)
select distinct
    service_id,
    'Service ' || service_id,
    service_id,
    'goods'
from plain_lines;

insert into billing.invoices (
    invoice_id, doc_number, customer_id, invoice_date, currency, status, subtotal_amount, tax_amount, total_amount,
    balance_amount
)
select
    invoice_id,
    invoice_id,
    customer_id,
    invoice_date,
    'GBP',
    'open',
    sum(quantity * unit_price),
    0,
    sum(quantity * unit_price),
    sum(quantity * unit_price)
from plain_lines
group by invoice_id, customer_id, invoice_date;

insert into billing.invoice_lines (
    line_id, invoice_id, position, kind, category, service_id, description, quantity, unit_price, amount, tax_code,
    service_date
)
select
    invoice_id || '-' || place,
    invoice_id,
    place,
    'charge',
    'goods',
    service_id,
    'Line ' || place || ' of invoice ' || invoice_id,
    quantity,
    unit_price,
    quantity * unit_price,
    'NO_VAT',
    invoice_date
from plain_lines;

analyze billing.customers, billing.services, billing.invoices, billing.invoice_lines;
