-- What the user sees of each billing document: is it in QuickBooks, and if not, why.
-- Both totals have billing's sign: those of a credit memo, which QuickBooks states without one, are negative. What was deleted
-- in QuickBooks counts nothing there, though the status keeps the total that it had.
-- Grain: one billing document. Others may build on the names and the order of these columns. Parameters: none.
create or replace view qbo_sync.document_status as
with final as (
    select
        realms.realm_key,
        statuses.entity,
        statuses.billing_id,
        statuses.doc_number,
        statuses.status,
        statuses.reason,
        statuses.reasons,
        statuses.detail,
        statuses.billing_total,
        statuses.qbo_id,
        case
            when statuses.reason = 'deleted_in_qbo' then 0
            when statuses.entity = 'CreditMemo' then -statuses.qbo_total
            else statuses.qbo_total
        end as qbo_total,
        statuses.since_at,
        statuses.run_id
    from qbo_sync.statuses
    left join qbo_sync.realms on statuses.realm = realms.id
)

select * from final;
comment on view qbo_sync.document_status is
'One billing document: status, all reasons, and the totals of both sides. realm_key is null where no realm is known.';
