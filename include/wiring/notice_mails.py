"""The mail of `qbo_care`: what a person should know before it hurts, each thing once."""

from __future__ import annotations

from collections.abc import Sequence

from include.billing_sync.findings import badge
from include.billing_sync.notices import Notice
from include.stores.notices import NoticeStore
from include.wiring.mails import Mail, NotMailed, send
from include.wiring.realms import Realm


def mail_notices(realm: Realm) -> str:
    """Mail what nobody was mailed yet; return one sentence that says what became of it.

    Where no mail can leave, the notices stay unmailed and the next run tries again.
    """
    store = NoticeStore(realm.state, realm.id)
    try:
        # The rows stay locked while the mail leaves, so that two runs cannot both send it.
        with realm.state.transaction():
            found = store.lock_unmailed()
            if not found:
                return "not mailed: nothing new"
            send(_mail(realm, found), realm.settings.alert_to)
            store.mark_mailed(found)
    except NotMailed as reason:
        return f"not mailed: {reason}"
    return f"mailed {len(found)} notices to {', '.join(realm.settings.alert_to)}"


def _mail(realm: Realm, found: Sequence[Notice]) -> Mail:
    from qbo_console.rendering import render

    mark = badge(realm.row.base_url, realm.row.environment)
    company = " ".join((realm.row.company_name or realm.key).split())
    values = {"found": found, "company": company, "mark": mark}
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    subject = f"[{mark}] {company}: {found[0].text}{more}"
    return Mail(subject, render("notices_mail.txt", **values), render("notices_mail.html", **values))
