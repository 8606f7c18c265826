-- Purpose: the invoices of billing, drafts, voids and deletions included: each document gets a status, so none is left out here.
-- Grain: one invoice.
-- Parameters (null = all): from_date, to_date (dates of the invoice, both included), changed_since timestamptz (edits of
-- lines count), ids text[] (invoice ids).
with final as (
    select
        invoices.invoice_id,
        invoices.realm_key,
        invoices.doc_number,
        invoices.customer_id,
        invoices.invoice_date,
        invoices.due_date,
        invoices.currency,
        invoices.status,
        invoices.subtotal_amount,
        invoices.tax_amount,
        invoices.total_amount,
        invoices.balance_amount,
        invoices.memo,
        invoices.billing_email,
        invoices.is_opted_out,
        line_facts.detail_date,
        invoices.origin,
        greatest(invoices.updated_at, line_facts.updated_at) as updated_at
    from billing.invoices as invoices
    left join lateral (
        select
            min(invoice_lines.service_date) as detail_date,
            max(invoice_lines.updated_at) as updated_at
        from billing.invoice_lines as invoice_lines
        where invoice_lines.invoice_id = invoices.invoice_id
    ) as line_facts on true
    where
        (%(ids)s::text[] is null or invoices.invoice_id = any(%(ids)s::text[]))
        and (%(from_date)s::date is null or invoices.invoice_date >= %(from_date)s::date)
        and (%(to_date)s::date is null or invoices.invoice_date <= %(to_date)s::date)
        -- As an array, so that the hourly look goes by index from what changed to its invoices, and does not read them all.
        and (
            %(changed_since)s::timestamptz is null
            or invoices.invoice_id = any(array(
                select changed.invoice_id
                from billing.invoices as changed
                where changed.updated_at >= %(changed_since)s::timestamptz
                union distinct
                select changed_lines.invoice_id
                from billing.invoice_lines as changed_lines
                where changed_lines.updated_at >= %(changed_since)s::timestamptz
            ))
        )
)

select
    invoice_id,
    realm_key,
    doc_number,
    customer_id,
    invoice_date,
    due_date,
    currency,
    status,
    subtotal_amount,
    tax_amount,
    total_amount,
    balance_amount,
    memo,
    billing_email,
    is_opted_out,
    detail_date,
    origin,
    updated_at
from final
order by invoice_id
