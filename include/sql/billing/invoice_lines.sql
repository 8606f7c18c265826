-- Purpose: the lines of the invoices that the same parameters choose in invoices.sql.
-- Grain: one line.
-- Parameters (null = all): from_date, to_date (dates of the invoice, both included), changed_since timestamptz (of the
-- line or its invoice), ids text[] (invoice ids).
with final as (
    select
        invoice_lines.invoice_id,
        invoice_lines.line_id,
        invoice_lines.position,
        invoice_lines.kind,
        invoice_lines.description,
        invoice_lines.amount,
        invoice_lines.category,
        invoice_lines.service_id,
        services.service_name,
        services.sku as service_sku,
        invoice_lines.subscription_id,
        invoice_lines.quantity,
        invoice_lines.unit_price,
        invoice_lines.tax_code,
        invoice_lines.tax_amount,
        invoice_lines.service_date
    from billing.invoice_lines as invoice_lines
    inner join billing.invoices as invoices on invoice_lines.invoice_id = invoices.invoice_id
    left join billing.services as services on invoice_lines.service_id = services.service_id
    where
        -- Of both tables: PostgreSQL does not conclude the one from the other, and would read all invoices for the few lines.
        (%(ids)s::text[] is null or invoice_lines.invoice_id = any(%(ids)s::text[]))
        and (%(ids)s::text[] is null or invoices.invoice_id = any(%(ids)s::text[]))
        and (%(from_date)s::date is null or invoices.invoice_date >= %(from_date)s::date)
        and (%(to_date)s::date is null or invoices.invoice_date <= %(to_date)s::date)
        and (
            %(changed_since)s::timestamptz is null
            or invoices.updated_at >= %(changed_since)s::timestamptz
            or exists (
                select 1
                from billing.invoice_lines as siblings
                where
                    siblings.invoice_id = invoices.invoice_id
                    and siblings.updated_at >= %(changed_since)s::timestamptz
            )
        )
)

select
    invoice_id,
    line_id,
    position,
    kind,
    description,
    amount,
    category,
    service_id,
    service_name,
    service_sku,
    subscription_id,
    quantity,
    unit_price,
    tax_code,
    tax_amount,
    service_date
from final
order by invoice_id, position, line_id
