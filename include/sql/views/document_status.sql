-- What the user sees of each billing document: is it in QuickBooks, and if not, why.
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
        statuses.qbo_total,
        statuses.since_at,
        statuses.run_id
    from qbo_sync.statuses
    left join qbo_sync.realms on statuses.realm = realms.id
)

select * from final;
comment on view qbo_sync.document_status is
'One billing document: status, all reasons, and the totals of both sides. realm_key is null where no realm is known.';
