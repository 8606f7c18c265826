-- The billing database of the demo: a small telecom company.
-- Purpose: the tables that include/sql/billing/*.sql read. Grain: one comment per table. Parameters: none; safe to run again.
-- Constraints are as loose as those of real billing systems: what is wrong with a document is for the checks to find.

create schema if not exists billing;

create table if not exists billing.customers (
    customer_id text primary key,
    customer_name text,
    currency text,
    company_name text,
    given_name text,
    family_name text,
    email text,
    phone text,
    address_line1 text,
    address_line2 text,
    city text,
    region text,
    postal_code text,
    country text,
    is_test boolean not null default false,
    updated_at timestamptz not null default clock_timestamp()
);
comment on table billing.customers is 'One customer. The name need not be unique.';

create table if not exists billing.tax_jurisdictions (
    tax_code text primary key,
    tax_name text not null,
    jurisdiction text,
    rate_percent numeric,
    updated_at timestamptz not null default clock_timestamp()
);
comment on table billing.tax_jurisdictions is
'One tax code: how a charge is treated (TAXABLE, EXEMPT, NO_VAT), or a jurisdiction that levies a tax (on lines of kind tax).';

create table if not exists billing.services (
    service_id text primary key,
    service_name text not null,
    sku text,
    category text,
    is_active boolean not null default true,
    updated_at timestamptz not null default clock_timestamp()
);
comment on table billing.services is 'One thing that is sold, with the category of its charges.';

create table if not exists billing.subscriptions (
    subscription_id text primary key,
    customer_id text not null references billing.customers (customer_id),
    service_id text not null references billing.services (service_id),
    subscription_name text not null,
    monthly_price numeric not null,
    started_date date not null,
    ended_date date,
    updated_at timestamptz not null default clock_timestamp()
);
comment on table billing.subscriptions is 'One recurring charge of a customer.';

create table if not exists billing.invoices (
    invoice_id text primary key,
    realm_key text,
    doc_number text,
    customer_id text,
    invoice_date date,
    due_date date,
    currency text,
    status text,
    subtotal_amount numeric,
    tax_amount numeric,
    total_amount numeric,
    balance_amount numeric,
    memo text,
    billing_email text,
    is_opted_out boolean not null default false,
    opted_out_reason text,
    origin text,
    updated_at timestamptz not null default clock_timestamp()
);
comment on table billing.invoices is 'One invoice. realm_key is null while there is only one QuickBooks company.';
create index if not exists invoices_date on billing.invoices (invoice_date);
create index if not exists invoices_changed on billing.invoices (updated_at);

create table if not exists billing.invoice_lines (
    line_id text primary key,
    invoice_id text not null references billing.invoices (invoice_id) on delete cascade,
    position integer not null,
    kind text not null,
    category text,
    service_id text,
    subscription_id text,
    description text,
    quantity numeric,
    unit_price numeric,
    amount numeric,
    tax_code text,
    tax_amount numeric,
    service_date date,
    updated_at timestamptz not null default clock_timestamp()
);
comment on table billing.invoice_lines is 'One line: charge, discount, credit (both negative) or tax of one jurisdiction.';
create index if not exists invoice_lines_invoice on billing.invoice_lines (invoice_id, position);
create index if not exists invoice_lines_changed on billing.invoice_lines (updated_at);

create table if not exists billing.usage_records (
    usage_id text primary key,
    subscription_id text not null references billing.subscriptions (subscription_id),
    line_id text references billing.invoice_lines (line_id) on delete set null,
    used_date date not null,
    unit text not null,
    quantity numeric not null,
    amount numeric not null
);
comment on table billing.usage_records is
'One day of rated usage. Tiers and included units make the amount differ from quantity x price.';

create table if not exists billing.credits (
    credit_id text primary key,
    customer_id text not null references billing.customers (customer_id),
    line_id text references billing.invoice_lines (line_id) on delete set null,
    granted_date date not null,
    reason text not null,
    granted_amount numeric not null,
    used_amount numeric not null,
    remaining_amount numeric not null
);
comment on table billing.credits is
'One use of a credit: what was left before, what this invoice took, what is carried into the next period.';

create table if not exists billing.demo_cases (
    invoice_id text not null references billing.invoices (invoice_id) on delete cascade,
    reason text not null,
    explanation text not null,
    primary key (invoice_id, reason)
);
comment on table billing.demo_cases is 'One reason that an invoice of the demo is there to show.';

create table if not exists billing.loads (
    loader text primary key,
    version integer not null,
    invoices integer not null,
    loaded_at timestamptz not null default clock_timestamp()
);
comment on table billing.loads is 'One data set that was loaded. A loader that finds its row changes nothing.';
