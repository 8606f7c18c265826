-- Remembers a notice; one that was told before stays as it is.
-- Grain: one notice. Parameters: realm, topic, subject, text, cure, now.
insert into qbo_sync.notices (realm, topic, subject, text, cure, noticed_at)
values (%(realm)s, %(topic)s, %(subject)s, %(text)s, %(cure)s, %(now)s)
on conflict (realm, topic, subject) do nothing
