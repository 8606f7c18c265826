-- Purpose: turns the rows of the retail file, as they lie in the temporary table retail_rows, into the billing contract.
-- Grain: one statement per table. Parameters: most (number of invoices; null = all).
-- The rows of one invoice need not follow one another in the file; its first row says where it stands.

create temporary table retail_invoices on commit drop as
select
    invoice_number,
    min(row_number) as first_row,
    min(customer) as customer_id,
    min(invoiced_at) at time zone 'UTC' as invoiced_at,
    min(invoiced_at)::date as invoice_date
from retail_rows
group by invoice_number
order by first_row
limit %(most)s;

create temporary table retail_lines on commit drop as
select
    retail_rows.row_number,
    retail_rows.invoice_number,
    retail_rows.stock_code,
    retail_rows.description,
    retail_rows.quantity,
    retail_rows.unit_price,
    retail_rows.customer,
    retail_rows.country,
    retail_invoices.invoice_date,
    retail_invoices.invoiced_at as written_at,
    row_number() over (partition by retail_rows.invoice_number order by retail_rows.row_number) as place,
    -- A price in tenths of a penny cannot stand beside an amount in pence: the amount alone is billed.
    scale(trim_scale(retail_rows.unit_price)) <= 2 as is_whole_pence,
    round(retail_rows.quantity * retail_rows.unit_price, 2) as amount
from retail_rows
inner join retail_invoices on retail_rows.invoice_number = retail_invoices.invoice_number;

insert into billing.tax_jurisdictions (tax_code, tax_name) values ('NO_VAT', 'Outside the scope of VAT')
on conflict do nothing;

insert into billing.customers (customer_id, customer_name, currency, country, updated_at)
select
    customer as customer_id,
    'Customer ' || customer as customer_name,
    'GBP' as currency,
    min(country) as country,
    min(written_at) as updated_at
from retail_lines
where customer is not null
group by customer
on conflict do nothing;

insert into billing.services (service_id, service_name, sku, category, updated_at)
select distinct on (stock_code)
    stock_code as service_id,
    coalesce(description, stock_code) as service_name,
    stock_code as sku,
    'goods' as category,
    written_at as updated_at
from retail_lines
order by stock_code asc, description is null asc, row_number asc
on conflict do nothing;

insert into billing.invoices (
    invoice_id, doc_number, customer_id, invoice_date, currency, status, subtotal_amount, tax_amount, total_amount,
    balance_amount, updated_at
)
with sums as (
    select
        invoice_number,
        sum(amount) as total
    from retail_lines
    group by invoice_number
)

select
    retail_invoices.invoice_number as invoice_id,
    retail_invoices.invoice_number as doc_number,
    retail_invoices.customer_id,
    retail_invoices.invoice_date,
    'GBP' as currency,
    'open' as status,
    sums.total as subtotal_amount,
    0 as tax_amount,
    sums.total as total_amount,
    sums.total as balance_amount,
    retail_invoices.invoiced_at as updated_at
from retail_invoices
inner join sums on retail_invoices.invoice_number = sums.invoice_number
on conflict do nothing;

insert into billing.invoice_lines (
    line_id, invoice_id, position, kind, category, service_id, description, quantity, unit_price, amount, tax_code, service_date,
    updated_at
)
select
    invoice_number || '-' || lpad(place::text, 4, '0') as line_id,
    invoice_number as invoice_id,
    place as position,
    'charge' as kind,
    'goods' as category,
    stock_code as service_id,
    description,
    case when is_whole_pence then quantity end as quantity,
    case when is_whole_pence then unit_price end as unit_price,
    amount,
    'NO_VAT' as tax_code,
    invoice_date as service_date,
    written_at as updated_at
from retail_lines
on conflict do nothing;
