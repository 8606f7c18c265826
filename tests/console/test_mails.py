"""Mails about findings, taken by a real SMTP server on the loopback."""

from __future__ import annotations

import email
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import AsyncMessage

from demo.runner.ports import free_port
from include.wiring.findings import make_findings
from include.wiring.mails import mail_findings
from tests.console.run_fixture import Document, add_realm, add_run

TO = ("books@example.com", "boss@example.com")


class Inbox(AsyncMessage):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []
        self.port = free_port()

    async def handle_message(self, message):
        """Keep one mail, parsed by today's rules."""
        self.mails.append(email.message_from_bytes(message.as_bytes(), policy=default))


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """An SMTP server that ``smtp_default`` leads to."""
    handler = Inbox()
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", smtp_connection(handler.port))
    yield handler
    controller.stop()


def smtp_connection(port: int, **extra: str) -> str:
    """The connection ``smtp_default`` as an environment variable holds it."""
    options = {"disable_tls": True, "disable_ssl": True, "retry_limit": 0, "from_email": "ledger@example.com"} | extra
    return json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": options})


def new_run(state, *documents: Document, key: str = "demo") -> int:
    """A run whose findings are kept."""
    plan_id = add_run(state, add_realm(state, key), list(documents))
    make_findings(state, plan_id)
    return plan_id


REFUSED = Document(
    "1", "Error", "refused", "INV-1", "Müller & Söhne", total=Decimal("1025.50"), detail="6000: <b>no</b> product"
)


def test_new_findings_are_mailed_with_number_reason_and_cure(state, inbox):
    """The mail names the environment, each new document with QuickBooks' own words, what to do, and the totals."""
    plan_id = new_run(state, REFUSED, Document("2", "Synced", "created", "INV-2", qbo_id="9", qbo_total=Decimal(100)))

    said = mail_findings(state, plan_id, TO)

    assert said == "mailed 1 new findings to books@example.com, boss@example.com"
    (mail,) = inbox.mails
    assert mail["Subject"] == "[sandbox] 1 new finding in Sandbox Landscaping (qbo_export_invoices)"
    assert (mail["From"], mail["To"]) == ("ledger@example.com", ", ".join(TO))
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert re.search(r"INV-1 .*Müller & Söhne .*1,025\.50 USD", text)
    for part in ("refused", "What to do:", "6000: <b>no</b> product", "Synced: 1 documents, 100.00 / 100.00 USD"):
        assert part in text
    assert "Müller &amp; Söhne" in html
    assert "6000: &lt;b&gt;no&lt;/b&gt; product" in html
    assert "INV-2" not in text
    assert "Traceback" not in text + html


def test_a_run_is_mailed_once(state, inbox):
    """A repeated report, and a run that was cleared and has a second plan, send no second mail."""
    plan_id = new_run(state, REFUSED)
    realm = state.execute("select realm from qbo_sync.plans").fetchone()[0]
    mail_findings(state, plan_id, TO)

    again = mail_findings(state, plan_id, TO)
    second = add_run(state, realm, [REFUSED])
    make_findings(state, second)
    after_clearing = mail_findings(state, second, TO)

    assert again == after_clearing == "not mailed: this run has mailed before, or has kept no findings"
    assert len(inbox.mails) == 1


def test_two_realms_of_a_run_have_a_mail_each(state, inbox):
    """What one company's bookkeeper is told does not keep the other's from being told."""
    first = new_run(state, REFUSED, key="us")
    other = Document("7", "Skipped", "draft", "GB-7", currency="GBP")
    second = new_run(state, other, key="gb")

    mail_findings(state, first, TO[:1])
    mail_findings(state, second, TO[1:])

    assert [mail["To"] for mail in inbox.mails] == list(TO)


def test_nothing_new_is_not_mailed(state, inbox):
    """Findings that stood before this run send no mail."""
    plan_id = new_run(state, Document("1", "Skipped", "draft", "INV-1", is_old=True))

    assert mail_findings(state, plan_id, TO) == "not mailed: nothing new"
    assert inbox.mails == []


def test_nobody_to_tell_is_said(state, inbox):
    """Without alert_to the log says why no mail left, and the findings can still be mailed later."""
    plan_id = new_run(state, REFUSED)

    assert mail_findings(state, plan_id, ()) == "not mailed: the setting alert_to names nobody"
    assert mail_findings(state, plan_id, TO).startswith("mailed")


def test_without_smtp_default_no_mail_is_tried(state, monkeypatch):
    """A team that has no mail server configured has no failing task."""
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT", raising=False)
    plan_id = new_run(state, REFUSED)

    assert mail_findings(state, plan_id, TO) == "not mailed: there is no connection smtp_default"


def test_a_dead_mail_server_does_not_fail_the_run(state, monkeypatch):
    """The findings are kept, the log says why, and the next report tries again."""
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", smtp_connection(free_port()))
    plan_id = new_run(state, REFUSED)

    assert mail_findings(state, plan_id, TO).startswith("not mailed: the connection smtp_default does not work (")
    assert state.execute("select mailed_at from qbo_sync.findings").fetchone() == (None,)


@pytest.mark.parametrize(
    "connection",
    [smtp_connection(25, timeout="soon"), smtp_connection(25, retry_limit="often")],
    ids=["timeout", "retries"],
)
def test_a_connection_that_cannot_be_used_does_not_fail_the_run(state, monkeypatch, connection):
    """A slip in smtp_default keeps its mail back and nothing else: the run has done its work."""
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", connection)
    plan_id = new_run(state, REFUSED)

    assert mail_findings(state, plan_id, TO).startswith("not mailed: the connection smtp_default does not work (")


def test_a_connection_without_sender_is_named(state, inbox, monkeypatch):
    """A mail needs a From; the cure is in the sentence."""
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", smtp_connection(inbox.port, from_email=""))
    plan_id = new_run(state, REFUSED)

    assert mail_findings(state, plan_id, TO) == "not mailed: the connection smtp_default names no from_email"


def test_a_long_list_is_cut_in_the_mail(state, inbox):
    """Fifty documents are listed; the mail says how many more the page has."""
    plan_id = new_run(state, *[Document(str(n), "Skipped", "draft", f"INV-{n:03}") for n in range(57)])

    mail_findings(state, plan_id, TO)

    text = inbox.mails[0].get_body(("plain",)).get_content()
    assert text.count("INV-") == 50
    assert "... and 7 more" in text


def test_the_mail_leads_to_the_page_of_the_run(state, inbox, monkeypatch):
    """With a base URL the mail links to the run's findings in Airflow."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com")
    plan_id = new_run(state, REFUSED)

    mail_findings(state, plan_id, TO)

    text = inbox.mails[0].get_body(("plain",)).get_content()
    assert "https://airflow.example.com/qbo/runs/qbo_export_invoices/manual__1" in text
