-- Purpose: a plan task that is repeated starts anew: what its first try had stored is taken out, unless it began to be pushed.
-- How often it was made is counted, so that a person's answer can be held against what that person was shown.
-- Grain: one plan; no row when it may not be made any more. Parameters: plan_id, realm.
with plan as (
    update qbo_sync.plans as plan
    set
        state = 'open',
        planned_at = null,
        decision = null,
        decided_by = null,
        decided_at = null,
        choices = plan.choices || jsonb_build_object('version', coalesce((plan.choices ->> 'version')::integer, 0) + 1)
    where
        plan.id = %(plan_id)s
        and plan.realm = %(realm)s
        and plan.state in ('open', 'planned')
        and not exists (
            select from qbo_sync.plan_items as item
            where
                item.plan_id = plan.id
                and (
                    item.state not in ('planned', 'held')
                    or exists (
                        select from qbo_sync.attempts as attempt
                        where attempt.plan_item = item.id
                    )
                )
        )
    returning plan.id
),

taken_out as (
    delete from qbo_sync.plan_items as item
    using plan
    where item.plan_id = plan.id
)

select plan.id from plan
