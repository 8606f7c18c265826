-- What the running role may do: read everything, write rows, own nothing.
-- Purpose: applied at the end of every migration. Grain: one statement per set of tables. Parameters: none.

grant usage on schema qbo_sync to qbo_sync_run;
grant select on all tables in schema qbo_sync to qbo_sync_run;

grant insert, update on qbo_sync.realms, qbo_sync.throttle to qbo_sync_run;

grant insert, update, delete on
    qbo_sync.tokens,
    qbo_sync.permits,
    qbo_sync.reference,
    qbo_sync.mappings,
    qbo_sync.plans,
    qbo_sync.candidates,
    qbo_sync.plan_items,
    qbo_sync.links,
    qbo_sync.statuses,
    qbo_sync.inbox,
    qbo_sync.watermarks,
    qbo_sync.reconciliations,
    qbo_sync.differences,
    qbo_sync.findings
to qbo_sync_run;

-- History and audit only grow.
grant insert on qbo_sync.attempts, qbo_sync.link_archive, qbo_sync.mapping_history to qbo_sync_run;

revoke execute on all functions in schema qbo_sync from public;
grant execute on all functions in schema qbo_sync to qbo_sync_run;
