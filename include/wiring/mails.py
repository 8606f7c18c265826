"""Mails through Airflow's connection ``smtp_default``: findings of a run, once, and only when something is new."""

from __future__ import annotations

import itertools
import logging
import smtplib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any
from urllib.parse import quote

from psycopg import Connection

from include.billing_sync.findings import NEWS, RunDocument, Totals, badge, cures
from include.billing_sync.reasons import CATALOGUE
from include.stores.findings import FindingsStore, RunHeader
from include.wiring.findings import link_to

SMTP_CONNECTION = "smtp_default"
ROWS_IN_MAIL = 50
"""New findings that a mail lists; the page has all of them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, readable as plain text and as HTML."""

    subject: str
    text: str
    html: str


class NotMailed(Exception):
    """The mail did not leave; the message is a sentence for the log."""


def mail_findings(state_connection: Connection[Any], plan_id: int, alert_to: Sequence[str]) -> str:
    """Mail the kept findings of a plan when something is new; return one sentence that says what became of it.

    One mail per run and realm, however often its report is repeated. A mail server that refuses does not fail the run:
    the findings are kept all the same, and a repeated report tries again.

    :param state_connection: to the database that holds schema ``qbo_sync``, with no transaction open
    :param plan_id: whose findings :func:`include.wiring.findings.make_findings` has kept
    :param alert_to: the addresses of the realm's setting
    """
    store = FindingsStore(state_connection)
    try:
        # The rows stay locked while the mail leaves, so that two reports of one run cannot both send it.
        with state_connection.transaction():
            totals = store.lock_for_mail(plan_id)
            if totals is None:
                return "not mailed: this run has mailed before, or has kept no findings"
            if not totals.new_findings:
                return "not mailed: nothing new"
            send(_mail(store, plan_id, totals), alert_to)
            store.mark_mailed(plan_id)
    except NotMailed as reason:
        return f"not mailed: {reason}"
    return f"mailed {totals.new_findings} new findings to {', '.join(alert_to)}"


def send(mail: Mail, addresses: Sequence[str]) -> None:
    """Send a mail through ``smtp_default``.

    :raises NotMailed: if there is no such connection, no address, or the server does not take it
    """
    if not addresses:
        raise NotMailed("the setting alert_to names nobody")
    hook = _hook()
    from airflow.sdk.exceptions import AirflowException

    try:
        with hook:
            message = _message(mail, addresses, _sender(hook))
            # The hook's own send_email_smtp knows no plain-text alternative; its client is logged in and encrypted.
            client: smtplib.SMTP = hook._smtp_client
            client.send_message(message)
    except (AirflowException, smtplib.SMTPException, OSError, RuntimeError, TypeError, ValueError) as error:
        # The last three are the provider's words for an extra, or a password, that it cannot read.
        log.warning("mail through %s failed: %s", SMTP_CONNECTION, error)
        raise NotMailed(f"the connection {SMTP_CONNECTION} does not work ({error})") from error


def run_url(dag_id: str, run_id: str) -> str | None:
    """Where a run's findings are read; None when ``[api] base_url`` does not say where Airflow is.

    The page itself and not its place in Airflow's frame: a role that may see no plugins can open it as well.
    """
    from airflow.sdk.configuration import conf

    base = conf.get("api", "base_url", fallback="") or ""
    return f"{base.rstrip('/')}/qbo/runs/{quote(dag_id)}/{quote(run_id)}" if base else None


def _mail(store: FindingsStore, plan_id: int, totals: Totals) -> Mail:
    from qbo_console.rendering import render

    header = store.header(plan_id)
    new = list(itertools.islice(_new_documents(store.documents(plan_id)), ROWS_IN_MAIL))
    values = {
        "header": header,
        "totals": totals,
        "new": new,
        "more": totals.new_findings - len(new),
        "catalogue": CATALOGUE,
        "news": NEWS,
        "cures": cures,
        "link_to": lambda document: link_to(header, document),
        "run_url": run_url(header.dag_id, header.run_id),
    }
    text = render("findings_mail.txt", **values)
    return Mail(_subject(header, totals), text, render("findings_mail.html", **values))


def _new_documents(documents: Iterable[RunDocument]) -> Iterable[RunDocument]:
    return (document for document in documents if document.is_new and document.status in NEWS)


def _subject(header: RunHeader, totals: Totals) -> str:
    noun = "finding" if totals.new_findings == 1 else "findings"
    company = " ".join((header.company_name or header.realm_key).split())
    return f"[{badge(header.base_url, header.environment)}] {totals.new_findings} new {noun} in {company} ({header.dag_id})"


def _message(mail: Mail, addresses: Sequence[str], sender: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = mail.subject
    message["From"] = sender
    message["To"] = ", ".join(addresses)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip(">") or None)
    message["Auto-Submitted"] = "auto-generated"  # keeps out-of-office answers away (RFC 3834)
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _hook() -> Any:
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        BaseHook.get_connection(SMTP_CONNECTION)
    except AirflowNotFoundException:
        raise NotMailed(f"there is no connection {SMTP_CONNECTION}") from None
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    return SmtpHook(SMTP_CONNECTION)


def _sender(hook: Any) -> str:
    sender = hook.from_email or (hook.smtp_user if "@" in hook.smtp_user else "")
    if not sender:
        raise NotMailed(f"the connection {SMTP_CONNECTION} names no from_email")
    return str(sender)
