-- The first shape of schema qbo_sync (the state of the synchronisation).
-- Purpose: see docs/state.md. Grain: one comment per table. Parameters: none; Alembic runs it once.

create table qbo_sync.realms (
    id bigint generated always as identity primary key,
    realm_key text not null,
    base_url text not null,
    realm_id text not null,
    environment text not null check (environment in ('sandbox', 'production')),
    company_name text,
    country text,
    home_currency text,
    is_multi_currency boolean,
    has_custom_numbers boolean,
    warns_on_duplicates boolean,
    closing_date date,
    preferences jsonb,
    preferences_at timestamptz,
    push_epoch bigint not null default 0,
    connected_at timestamptz,
    connected_by text,
    disconnected_at timestamptz,
    created_at timestamptz not null default now(),
    unique (base_url, realm_id)
);
comment on table qbo_sync.realms is
'One QBO company: (API base URL, realm id), unique and immutable. realm_key is only its label.';
create unique index realms_label on qbo_sync.realms (realm_key) where disconnected_at is null;

create function qbo_sync.refuse_identity_change() returns trigger language plpgsql as $$
begin
    if (new.base_url, new.realm_id, new.environment) is distinct from (old.base_url, old.realm_id, old.environment) then
        raise exception 'the identity of realm % cannot change: disconnect it and connect the other company', old.realm_key;
    end if;
    return new;
end $$;
create trigger realms_identity before update on qbo_sync.realms
for each row execute function qbo_sync.refuse_identity_change();

create table qbo_sync.tokens (
    realm bigint primary key references qbo_sync.realms (id),
    access_token text not null,
    refresh_token text not null,
    access_expires_at timestamptz not null,
    refresh_expires_at timestamptz not null,
    hard_expires_at timestamptz,
    scope text,
    version bigint not null default 1,
    refreshed_at timestamptz not null default now(),
    needs_reconnect text,
    needs_reconnect_at timestamptz
);
comment on table qbo_sync.tokens is 'One realm. Both tokens are encrypted with the Fernet key of Airflow.';

create table qbo_sync.throttle (
    realm bigint primary key references qbo_sync.realms (id),
    paused_until timestamptz,
    paused_why text,
    throttled_since timestamptz,
    last_throttled_at timestamptz,
    next_request_at timestamptz,
    next_batch_at timestamptz,
    reads_month date,
    reads_used bigint not null default 0,
    limits jsonb
) with (fillfactor = 50);
comment on table qbo_sync.throttle is 'One realm: what the rate governor knows besides the permits in flight.';

create table qbo_sync.permits (
    id bigint generated always as identity primary key,
    realm bigint not null references qbo_sync.realms (id),
    kind text not null check (kind in ('request', 'batch')),
    operations integer not null default 1,
    taken_at timestamptz not null,
    expires_at timestamptz not null,
    returned_at timestamptz,
    holder text
);
comment on table qbo_sync.permits is
'One permit; in flight while returned_at is null and expires_at lies ahead. Old ones are swept.';
create index permits_recent on qbo_sync.permits (realm, taken_at);
create index permits_in_flight on qbo_sync.permits (realm, expires_at) where returned_at is null;

create table qbo_sync.reference (
    realm bigint not null references qbo_sync.realms (id),
    entity text not null,
    qbo_id text not null,
    name text not null,
    is_active boolean not null default true,
    currency text,
    parent_id text,
    sync_token text,
    payload jsonb not null,
    refreshed_at timestamptz not null default now(),
    primary key (realm, entity, qbo_id)
);
comment on table qbo_sync.reference is
'One list entry of QBO (Customer, Vendor, Employee, Item, Account, TaxCode, TaxRate, Term) as last read.';
create index reference_name on qbo_sync.reference (realm, entity, lower(name));

create table qbo_sync.mappings (
    realm bigint not null references qbo_sync.realms (id),
    kind text not null check (kind in ('customer', 'category', 'service', 'subscription', 'tax_code')),
    billing_key text not null,
    billing_name text,
    qbo_id text,
    qbo_name text,
    is_excluded boolean not null default false,
    origin text not null check (origin in ('csv', 'console', 'suggestion', 'created')),
    changed_by text not null,
    changed_at timestamptz not null default now(),
    primary key (realm, kind, billing_key),
    check (is_excluded or (qbo_id is not null and qbo_name is not null))
);
comment on table qbo_sync.mappings is
'One billing key. The key * is the catch-all of its kind. is_excluded: never sync (house and test customers).';

create table qbo_sync.mapping_history (
    id bigint generated always as identity primary key,
    realm bigint not null,
    kind text not null,
    billing_key text not null,
    operation text not null,
    before jsonb,
    after jsonb,
    changed_by text not null,
    changed_at timestamptz not null default now()
);

create function qbo_sync.keep_mapping_history() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and to_jsonb(new) - 'changed_at' - 'changed_by' = to_jsonb(old) - 'changed_at' - 'changed_by' then
        return new;
    end if;
    insert into qbo_sync.mapping_history (realm, kind, billing_key, operation, before, after, changed_by)
    values (
        coalesce(new.realm, old.realm), coalesce(new.kind, old.kind), coalesce(new.billing_key, old.billing_key), lower(tg_op),
        case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end,
        coalesce(new.changed_by, current_setting('qbo_sync.changed_by', true), current_user)
    );
    return coalesce(new, old);
end $$;
create trigger mappings_history after insert or update or delete on qbo_sync.mappings
for each row execute function qbo_sync.keep_mapping_history();

create table qbo_sync.plans (
    id bigint generated always as identity primary key,
    realm bigint not null references qbo_sync.realms (id),
    source text not null,
    dag_id text not null,
    run_id text not null,
    mode text not null check (mode in ('plan_only', 'push', 'push_after_approval')),
    choices jsonb not null default '{}',
    state text not null default 'open' check (state in ('open', 'planned', 'pushed', 'superseded', 'expired')),
    decision text check (decision in ('approved', 'rejected', 'not_needed')),
    decided_by text,
    decided_at timestamptz,
    totals jsonb,
    checks jsonb,
    made_from text,
    created_at timestamptz not null default now(),
    planned_at timestamptz,
    pushed_at timestamptz,
    expires_at timestamptz not null default now() + interval '7 days'
);
comment on table qbo_sync.plans is 'One run and realm (a repeated run gets a new row). push obeys decision alone.';
create index plans_run on qbo_sync.plans (dag_id, run_id);
create index plans_realm on qbo_sync.plans (realm, created_at);

create table qbo_sync.candidates (
    plan_id bigint not null references qbo_sync.plans (id) on delete cascade,
    kind text not null,
    billing_id text not null,
    doc_number text,
    doc_date date,
    customer_id text,
    currency text,
    total numeric,
    content jsonb not null,
    fingerprint text not null,
    canon_version integer not null,
    changed_at timestamptz,
    facts jsonb,
    reasons jsonb not null default '[]',
    is_stopped boolean not null default false,
    primary key (plan_id, kind, billing_id)
);
comment on table qbo_sync.candidates is
'One document of a run: canonical JSON of header, lines and customer. Check and plan read only this.';
create index candidates_number on qbo_sync.candidates (plan_id, doc_number);

create table qbo_sync.plan_items (
    id bigint generated always as identity primary key,
    plan_id bigint not null references qbo_sync.plans (id) on delete cascade,
    step integer not null,
    realm bigint not null references qbo_sync.realms (id),
    environment text not null,
    source text not null,
    kind text not null,
    billing_id text not null,
    doc_number text,
    doc_date date,
    entity text not null,
    action text not null check (action in ('create', 'update', 'void', 'send', 'none')),
    reason text not null,
    explanation text not null default '',
    warnings jsonb not null default '[]',
    payload json,
    meant jsonb,
    changes jsonb,
    total numeric,
    fingerprint text,
    canon_version integer,
    customer_id text,
    rows_digest text,
    qbo_id text,
    sync_token text,
    link_token text,
    state text not null default 'planned' check (state in ('planned', 'sending', 'unknown', 'done', 'refused', 'stale', 'held')),
    is_single boolean not null default false,
    looked_at timestamptz,
    batch_id text,
    b_id text,
    request_id text,
    position integer,
    push_epoch bigint,
    claimed_at timestamptz,
    sent_at timestamptz,
    unknown_times integer not null default 0,
    settled_at timestamptz,
    outcome text,
    detail text,
    unique (plan_id, step)
);
comment on table qbo_sync.plan_items is
'One step of a plan: the outbox. planned blocks nothing; held waits for a person (approval).';
comment on column qbo_sync.plan_items.payload is 'Of type json, which keeps the text as it is sent.';
-- Out of line and plain: a claim and a settling rewrite the row, and need not copy, nor ever unpack, its longest part.
alter table qbo_sync.plan_items alter column payload set storage external;
comment on column qbo_sync.plan_items.rows_digest is 'Billing''s digest of the rows that the document was read from.';
create unique index plan_items_one_in_flight on qbo_sync.plan_items (environment, source, kind, billing_id)
where state in ('sending', 'unknown') and kind not in ('customer', 'item');
create unique index plan_items_one_name_in_flight on qbo_sync.plan_items (realm, source, kind, billing_id)
where state in ('sending', 'unknown') and kind in ('customer', 'item');
create index plan_items_unsettled on qbo_sync.plan_items (realm) where state in ('sending', 'unknown');
create index plan_items_document on qbo_sync.plan_items (source, kind, billing_id);
create index plan_items_work on qbo_sync.plan_items (plan_id, state, step);

create table qbo_sync.links (
    id bigint generated always as identity primary key,
    realm bigint not null references qbo_sync.realms (id),
    environment text not null,
    source text not null,
    kind text not null,
    billing_id text not null,
    entity text not null,
    qbo_id text not null,
    doc_number text,
    sync_token text not null,
    fingerprint text,
    canon_version integer,
    total numeric,
    answer jsonb not null,
    email_status text,
    origin text not null check (origin in ('created', 'adopted', 'updated')),
    plan_item bigint,
    written_at timestamptz not null,
    linked_at timestamptz not null default now()
);
comment on table qbo_sync.links is
'One pushed thing: billing id <-> QBO id, with the answer of QBO to our last write. Only our own writes change it.';
create index links_billing on qbo_sync.links (source, kind, billing_id);
create unique index links_document on qbo_sync.links (environment, source, kind, billing_id)
where kind not in ('customer', 'item');
create unique index links_name on qbo_sync.links (realm, source, kind, billing_id) where kind in ('customer', 'item');
create unique index links_qbo on qbo_sync.links (realm, entity, qbo_id) where kind <> 'item';
create index links_number on qbo_sync.links (realm, doc_number);

create table qbo_sync.link_archive (
    id bigint generated always as identity primary key,
    archived_at timestamptz not null default now(),
    archived_why text not null,
    archived_by text not null,
    link jsonb not null,
    realm bigint not null references qbo_sync.realms (id),
    source text not null,
    kind text not null,
    billing_id text not null,
    entity text not null,
    qbo_id text not null,
    doc_number text
);
create index link_archive_document on qbo_sync.link_archive (realm, source, kind, billing_id);
create index link_archive_qbo on qbo_sync.link_archive (realm, entity, qbo_id);

create table qbo_sync.attempts (
    id bigint generated always as identity,
    at timestamptz not null default clock_timestamp(),
    realm bigint not null,
    plan_id bigint,
    plan_item bigint,
    run_id text,
    source text not null,
    kind text not null,
    billing_id text not null,
    doc_number text,
    entity text not null,
    action text not null,
    event text not null check (event in ('sent', 'answered')),
    batch_id text,
    b_id text,
    request_id text,
    push_epoch bigint,
    request text,
    answer text,
    http_status integer,
    outcome text,
    status text,
    reason text,
    qbo_id text,
    total numeric,
    intuit_tid text,
    duration_ms integer,
    detail text,
    primary key (at, id)
) partition by range (at);
comment on table qbo_sync.attempts is
'One event of one item: sent or answered (answered also records how an unknown was settled). Append-only.';
create table qbo_sync.attempts_default partition of qbo_sync.attempts default;
create index attempts_document on qbo_sync.attempts (source, kind, billing_id, at);
create index attempts_item on qbo_sync.attempts (plan_item);

create function qbo_sync.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % refused', tg_table_name, tg_op;
end $$;
create trigger attempts_append_only before update or delete on qbo_sync.attempts
for each row execute function qbo_sync.refuse_change();
create trigger attempts_no_truncate before truncate on qbo_sync.attempts
for each statement execute function qbo_sync.refuse_change();

create function qbo_sync.make_attempt_partitions(months_ahead integer default 3) returns integer
language plpgsql security definer set search_path = qbo_sync, pg_temp set timezone = 'UTC' as $$
declare
    first_day date := date_trunc('month', now())::date;
    made integer := 0;
    part text;
begin
    for ahead in 0..months_ahead loop
        part := 'attempts_' || to_char(first_day + make_interval(months => ahead), 'YYYY_MM');
        if to_regclass('qbo_sync.' || part) is null and not exists (
            select 1 from qbo_sync.attempts_default
            where at >= first_day + make_interval(months => ahead) and at < first_day + make_interval(months => ahead + 1)
        ) then
            execute format(
                'create table qbo_sync.%I partition of qbo_sync.attempts for values from (%L) to (%L)',
                part, first_day + make_interval(months => ahead), first_day + make_interval(months => ahead + 1)
            );
            execute format(
                'create trigger attempts_no_truncate before truncate on qbo_sync.%I '
                'for each statement execute function qbo_sync.refuse_change()',
                part
            );
            made := made + 1;
        end if;
    end loop;
    return made;
end $$;
select qbo_sync.make_attempt_partitions(3);
create trigger attempts_no_truncate before truncate on qbo_sync.attempts_default
for each statement execute function qbo_sync.refuse_change();

create table qbo_sync.statuses (
    source text not null,
    kind text not null,
    billing_id text not null,
    entity text not null,
    doc_number text,
    realm bigint references qbo_sync.realms (id),
    status text not null check (status in ('Synced', 'Skipped', 'Error', 'Pending', 'Unknown')),
    reason text not null,
    reasons jsonb not null default '[]',
    detail text,
    doc_date date,
    customer_id text,
    customer_name text,
    currency text,
    billing_total numeric,
    fingerprint text,
    qbo_id text,
    qbo_total numeric,
    since_at timestamptz not null default now(),
    plan_id bigint,
    run_id text,
    primary key (source, kind, billing_id)
);
comment on table qbo_sync.statuses is
'One billing document: what the user sees. since_at moves only when status or reasons change.';
create index statuses_realm on qbo_sync.statuses (realm, status, reason);

create table qbo_sync.inbox (
    id bigint generated always as identity primary key,
    received_at timestamptz not null default now(),
    realm bigint references qbo_sync.realms (id),
    event_id text,
    body bytea not null,
    headers jsonb,
    signature text not null check (signature in ('valid', 'invalid', 'missing')),
    outcome text,
    handled_at timestamptz
);

create table qbo_sync.watermarks (
    realm bigint not null references qbo_sync.realms (id),
    stream text not null,
    value timestamptz not null,
    moved_at timestamptz not null default now(),
    run_id text,
    primary key (realm, stream)
);

create table qbo_sync.reconciliations (
    id bigint generated always as identity primary key,
    realm bigint not null references qbo_sync.realms (id),
    run_id text not null,
    from_date date,
    to_date date,
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    totals jsonb,
    report text
);

create table qbo_sync.differences (
    id bigint generated always as identity primary key,
    reconciliation_id bigint not null references qbo_sync.reconciliations (id) on delete cascade,
    realm bigint not null references qbo_sync.realms (id),
    class text not null,
    source text,
    kind text,
    billing_id text,
    entity text,
    qbo_id text,
    doc_number text,
    doc_date date,
    field text,
    billing_value text,
    qbo_value text,
    amount numeric,
    proposed_repair text,
    resolution text,
    resolved_at timestamptz
);
create index differences_reconciliation on qbo_sync.differences (reconciliation_id, class);

create table qbo_sync.findings (
    plan_id bigint primary key references qbo_sync.plans (id) on delete cascade,
    run_id text not null,
    dag_id text not null,
    page text not null,
    csv text not null,
    totals jsonb not null,
    mailed_at timestamptz,
    made_at timestamptz not null default now()
);
comment on table qbo_sync.findings is
'One run and realm: its page and CSV of what was skipped or refused, as served under the run.';
