-- What was done in QuickBooks, document by document: every answer, and every sending that has none yet.
-- The total of a credit memo, which QuickBooks states without a sign, is negative as in billing.
-- Grain: one attempt. Others may build on the names and the order of these columns. Parameters: none.
create or replace view qbo_sync.sync_log as
with answered as (
    select * from qbo_sync.attempts
    where event = 'answered'
),

unanswered as (
    select sent.*
    from qbo_sync.attempts as sent
    where
        sent.event = 'sent'
        and not exists (
            select 1
            from qbo_sync.attempts as answer
            where
                answer.event = 'answered'
                and answer.plan_item = sent.plan_item
                -- A repeat has ids of its own, and the clocks of a worker and of the database may differ.
                and answer.batch_id is not distinct from sent.batch_id
                and answer.b_id is not distinct from sent.b_id
        )
),

events as (
    select
        at,
        run_id,
        realm,
        entity,
        doc_number,
        action,
        status,
        reason,
        qbo_id,
        total,
        intuit_tid,
        detail
    from answered
    union all
    select
        at,
        run_id,
        realm,
        entity,
        doc_number,
        action,
        'Unknown' as status,
        reason,
        qbo_id,
        total,
        intuit_tid,
        coalesce(detail, 'sent, no answer yet') as detail
    from unanswered
),

final as (
    select
        events.at,
        events.run_id,
        realms.realm_key,
        events.entity,
        events.doc_number,
        events.action,
        events.status,
        events.reason,
        events.qbo_id,
        case when events.entity = 'CreditMemo' then -abs(events.total) else events.total end as total,
        events.intuit_tid,
        events.detail
    from events
    left join qbo_sync.realms on events.realm = realms.id
)

select * from final;
comment on view qbo_sync.sync_log is 'One answer of QuickBooks, or one sending without an answer yet.';
