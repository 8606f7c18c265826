-- What the running role may do: read everything, write rows, own nothing.
-- Purpose: applied at the end of every migration. Grain: one statement per set of tables. Parameters: none.

grant usage on schema qbo_sync to qbo_sync_run;
grant select on all tables in schema qbo_sync to qbo_sync_run;

grant insert, update on qbo_sync.realms, qbo_sync.throttle to qbo_sync_run;

grant insert, update, delete on qbo_sync.tokens to qbo_sync_run;
grant insert, update, delete on qbo_sync.permits to qbo_sync_run;
grant insert, update, delete on qbo_sync.reference to qbo_sync_run;
grant insert, update, delete on qbo_sync.mappings to qbo_sync_run;
grant insert, update, delete on qbo_sync.plans to qbo_sync_run;
grant insert, update, delete on qbo_sync.candidates to qbo_sync_run;
grant insert, update, delete on qbo_sync.plan_items to qbo_sync_run;
grant insert, update, delete on qbo_sync.links to qbo_sync_run;
grant insert, update, delete on qbo_sync.statuses to qbo_sync_run;
grant insert, update, delete on qbo_sync.inbox to qbo_sync_run;
grant insert, update, delete on qbo_sync.watermarks to qbo_sync_run;
grant insert, update, delete on qbo_sync.reconciliations to qbo_sync_run;
grant insert, update, delete on qbo_sync.differences to qbo_sync_run;
grant insert, update, delete on qbo_sync.findings to qbo_sync_run;
grant insert, update, delete on qbo_sync.findings_parts to qbo_sync_run;
grant insert, update, delete on qbo_sync.notices to qbo_sync_run;

-- History and audit only grow.
grant insert on qbo_sync.attempts, qbo_sync.link_archive, qbo_sync.mapping_history to qbo_sync_run;

revoke execute on all functions in schema qbo_sync from public;
grant execute on all functions in schema qbo_sync to qbo_sync_run;
