-- The notices that nobody was mailed, locked so that two runs cannot both mail them.
-- Grain: one notice. Parameters: realm.
select
    topic,
    subject,
    text,
    cure
from qbo_sync.notices
where
    realm = %(realm)s
    and mailed_at is null
order by noticed_at, topic, subject
for update
