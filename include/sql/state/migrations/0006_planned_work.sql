-- What is still planned has an index of its own: a claim and a settling write one entry less, and what comes next is found
-- without a look at what is done, however large the plan is.
-- Purpose: schema version 0006. Grain: one statement each. Parameters: none.

drop index qbo_sync.plan_items_work;
create index plan_items_work on qbo_sync.plan_items (plan_id, step) where state = 'planned';
