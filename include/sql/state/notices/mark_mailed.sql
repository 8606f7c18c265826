-- Notes that notices were mailed.
-- Grain: one notice. Parameters: realm, topics, subjects (two lists of one length).
update qbo_sync.notices set mailed_at = clock_timestamp()
from unnest(%(topics)s::text [], %(subjects)s::text []) as told (topic, subject)
where
    notices.realm = %(realm)s
    and notices.topic = told.topic
    and notices.subject = told.subject
