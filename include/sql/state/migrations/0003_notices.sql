-- What qbo_care has told people, so that each thing is told once; and the company's facts as they were last told.
-- Purpose: schema version 0003. Grain: one statement each. Parameters: none.

create table qbo_sync.notices (
    realm bigint not null references qbo_sync.realms (id),
    topic text not null,
    subject text not null,
    text text not null,
    cure text not null,
    noticed_at timestamptz not null default now(),
    mailed_at timestamptz,
    primary key (realm, topic, subject)
);
comment on table qbo_sync.notices is
'One thing that a person was told of before it hurts: topic and subject make it the same thing.';
create index notices_to_mail on qbo_sync.notices (realm) where mailed_at is null;

alter table qbo_sync.realms add column told_facts jsonb;
comment on column qbo_sync.realms.told_facts is 'The company''s facts when qbo_care last told of a change.';
