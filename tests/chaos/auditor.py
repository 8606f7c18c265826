"""The auditor: reads QuickBooks, billing and our state from outside, and says what should not be.

It shares no code with the product and imports nothing of it. What persons did on purpose it reads from the file of deeds: what an
accountant edited, deleted or voided has to be found as he left it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode
from urllib.request import urlopen

import psycopg

_FINAL = ("Synced", "Skipped", "Error")


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that should not be: its kind (duplicate, lost, unsettled, …), the document, and what was found."""

    kind: str
    realm: str
    number: str
    text: str


@dataclass
class Report:
    """What the auditor found in one run."""

    documents: int = 0
    in_qbo: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """Violations of one kind."""
        return sum(violation.kind == kind for violation in self.violations)


@dataclass(frozen=True, slots=True)
class Bill:
    """One invoice as billing has it."""

    billing_id: str
    number: str
    customer: str
    day: date
    total: Decimal
    status: str
    email: str | None
    lines: list[Decimal]

    @property
    def is_void(self) -> bool:
        """Whether billing voided it."""
        return self.status == "void"


@dataclass
class Auditor:
    """Compares the sides. ``companies`` maps realm key to Intuit's id; ``restored_from`` is when the restored dump was made."""

    simulator: str
    billing: str
    state: str
    companies: dict[str, str]
    deeds_file: Path
    restored_at: float | None = None
    is_mailing: bool = False

    def audit(self) -> Report:
        """Everything that is wrong, over all companies."""
        report = Report()
        deeds = self._deeds()
        for key, realm_id in self.companies.items():
            _Company(self, report, key, realm_id, deeds[key]).audit()
        return report

    def history(self, billing_id: str) -> list[str]:
        """What the audit log knows of a document, one line per event."""
        rows = _rows(
            self.state,
            "select at, event, action, coalesce(outcome, ''), coalesce(status, ''), coalesce(reason, ''), request_id,"
            " push_epoch, coalesce(qbo_id, ''), coalesce(detail, '') from qbo_sync.attempts where billing_id = %s"
            " order by at, id",
            billing_id,
        )
        return ["  ".join(str(part) for part in row) for row in rows]

    def objects(self, realm_id: str, entity: str) -> list[dict[str, Any]]:
        """All that a company holds of one entity, deleted objects included."""
        query = {"include_deleted": "true", "limit": 1_000_000}
        return list(self._ask(f"state/{realm_id}/{entity}", **query)["objects"])

    def writes(self, realm_id: str) -> Iterator[dict[str, Any]]:
        """Every write that reached QuickBooks."""
        last = 0
        while entries := self._ask("journal", realm_id=realm_id, after=last, limit=2000):
            yield from (entry for entry in entries if entry["method"] == "POST" and "/query" not in entry["path"])
            last = entries[-1]["number"]

    def _ask(self, path: str, **query: Any) -> Any:
        with urlopen(f"{self.simulator}/_sim/{path}?{urlencode(query)}", timeout=300) as answer:  # noqa: S310 - http on this machine
            return json.load(answer, parse_float=Decimal)

    def _deeds(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        if self.deeds_file.exists():
            for line in self.deeds_file.read_text().splitlines():
                deed = json.loads(line)
                found[deed["realm"]].append(deed)
        return found


class _Company:
    """The audit of one company."""

    def __init__(self, auditor: Auditor, report: Report, key: str, realm_id: str, deeds: list[dict[str, Any]]) -> None:
        self.auditor, self.report, self.key, self.realm_id = auditor, report, key, realm_id
        self.touched: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for deed in deeds:
            if deed["deed"] not in ("pay", "billing"):
                self.touched[deed["number"]].append(deed)

    def audit(self) -> None:
        """Compare every document of billing with QuickBooks and with its status, then the other way round."""
        bills = {bill.number: bill for bill in self._bills()}
        held: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for invoice in self.auditor.objects(self.realm_id, "Invoice"):
            held[str(invoice.get("DocNumber"))].append(invoice)
        statuses = self._statuses()
        links = dict(self._state("select billing_id, qbo_id from qbo_sync.links where realm = {} and kind = 'invoice'"))
        self.report.documents += len(bills)
        for number, bill in bills.items():
            live = [invoice for invoice in held[number] if invoice.get("status") != "Deleted"]
            self.report.in_qbo += len(live)
            self._document(bill, live, statuses.get(bill.billing_id, []), links.get(bill.billing_id))
        for number in held.keys() - bills.keys():
            self._blame("extra", number, f"billing knows no invoice of this number; ids {_ids(held[number])}")
        if self.auditor.is_mailing:
            self._mails(bills, held, statuses)
        self._names()
        self._attempts()
        self._unsettled()

    def _document(
        self, bill: Bill, live: list[dict[str, Any]], statuses: list[tuple[str, str]], link: str | None
    ) -> None:
        if len(live) > 1:
            self._blame("duplicate", bill.number, f"QuickBooks holds it {len(live)} times: ids {_ids(live)}")
        if len(statuses) != 1 or statuses[0][0] not in _FINAL or not statuses[0][1]:
            self._blame("status", bill.number, f"not one final status with a reason: {statuses}")
            return
        (status, reason) = statuses[0]
        self.report.statuses[f"{status} {reason}"] += 1
        is_named = self._is_excused(bill, status, reason)
        if status != "Synced" and not is_named:
            self._blame("status", bill.number, f"{status} {reason}, and nobody did anything that explains it")
        deleted = [deed for deed in self.touched[bill.number] if deed["deed"] == "delete"]
        if deleted and live:
            self._blame("resurrected", bill.number, f"deleted by the accountant, and there again: ids {_ids(live)}")
        elif not live and not deleted and not bill.is_void:
            self._blame("lost", bill.number, f"not in QuickBooks, and its status is {status} {reason}")
        if live:
            self._content(bill, live[0], status, reason)
            if status == "Synced" and link != str(live[0]["Id"]):
                self._blame("link", bill.number, f"id {live[0]['Id']} in QuickBooks, and linked is {link}")

    def _content(self, bill: Bill, invoice: dict[str, Any], status: str, reason: str) -> None:
        """Equal to the cent, right customer, right date; what an accountant wrote stands as he left it."""
        total = Decimal(invoice["TotalAmt"])
        edited = [deed for deed in self.touched[bill.number] if deed["deed"] in ("edit", "void")]
        if edited:
            if total != Decimal(edited[-1]["total"]):
                text = f"the accountant left {edited[-1]['total']}, QuickBooks holds {total}"
                self._blame("overwritten", bill.number, text)
            return
        meant = Decimal(0) if bill.is_void else bill.total
        if total != meant and not (status != "Synced" and self._is_excused(bill, status, reason)):
            self._blame("amount", bill.number, f"billing has {meant}, QuickBooks {total}; {status} {reason}")
        amounts = [Decimal(line["Amount"]) for line in invoice["Line"] if line["DetailType"] == "SalesItemLineDetail"]
        if total == meant and not bill.is_void and amounts != bill.lines:
            self._blame("amount", bill.number, f"billing has lines of {bill.lines}, QuickBooks of {amounts}")
        if invoice["CustomerRef"]["name"] != bill.customer:
            text = f"billing has customer {bill.customer}, QuickBooks {invoice['CustomerRef']['name']}"
            self._blame("customer", bill.number, text)
        if invoice["TxnDate"] != bill.day.isoformat():
            self._blame("date", bill.number, f"billing has {bill.day}, QuickBooks {invoice['TxnDate']}")

    def _is_excused(self, bill: Bill, status: str, reason: str) -> bool:
        """Whether something that a person did explains that the document is not Synced."""
        deeds = {deed["deed"] for deed in self.touched[bill.number]}
        if bill.is_void and reason == "out_of_scope":
            return True
        # total_differs: edited between our create, whose answer was lost, and the look that found it.
        if deeds & {"edit", "void"} and reason in ("edited_in_qbo", "already_in_qbo", "total_differs"):
            return True
        if "delete" in deeds and reason in ("deleted_in_qbo", "ambiguous"):
            return True
        return self.auditor.restored_at is not None and reason in ("already_in_qbo", "edited_in_qbo")

    def _mails(
        self,
        bills: dict[str, Bill],
        held: dict[str, list[dict[str, Any]]],
        statuses: dict[str, list[tuple[str, str]]],
    ) -> None:
        """No invoice is mailed twice; one that was not has a reason that says so, and a person looks."""
        mailed = Counter(
            write["path"].split("/")[-2]
            for write in self.auditor.writes(self.realm_id)
            if write["path"].endswith("/send") and _was_executed(write)
        )
        for number, bill in bills.items():
            times = sum(mailed[str(invoice["Id"])] for invoice in held[number])
            reasons = {reason for _, reason in statuses.get(bill.billing_id, [])}
            if times > 1 and self.auditor.restored_at is None:
                self._blame("mailed twice", number, f"QuickBooks mailed it {times} times")
            if bill.email and not times and reasons & {"created", "updated", "unchanged", "adopted", "not_yet_sent"}:
                is_ours = not self.touched[number] and not bill.is_void
                if is_ours and self.auditor.restored_at is None:
                    self._blame("not mailed", number, f"never mailed, and its reason is {reasons}")

    def _names(self) -> None:
        """No customer twice."""
        names = Counter(
            str(customer["DisplayName"]).casefold() for customer in self.auditor.objects(self.realm_id, "Customer")
        )
        for name, count in names.items():
            if count > 1:
                self._blame("duplicate", name, f"QuickBooks holds {count} customers of this name")

    def _attempts(self) -> None:
        """Each write that reached QuickBooks was recorded before, and each that was recorded has an answer or was settled."""
        known = {
            row[0]
            for row in self._state(
                "select distinct request_id from qbo_sync.attempts where realm = {0} and event = 'sent' union"
                " select distinct batch_id from qbo_sync.attempts where realm = {0} and event = 'sent'"
            )
        }
        if self.auditor.restored_at is None:
            for write in self.auditor.writes(self.realm_id):
                (request_id,) = parse_qs(write["query"]).get("requestid", [""])
                if request_id not in known:
                    text = f"{write['path']} reached QuickBooks at {write['at']}, and no attempt was recorded before"
                    self._blame("unrecorded", request_id, text)
        for number, at in self._state(
            "select sent.doc_number, sent.at from qbo_sync.attempts as sent where sent.realm = {} and sent.event = 'sent'"
            " and not exists (select from qbo_sync.attempts as answered where answered.plan_item = sent.plan_item"
            " and answered.event = 'answered' and answered.at >= sent.at)"
        ):
            self._blame("unanswered", str(number), f"sent at {at}, and neither answered nor settled")

    def _unsettled(self) -> None:
        for number, state, claimed_at in self._state(
            "select doc_number, state, claimed_at from qbo_sync.plan_items where realm = {}"
            " and state in ('sending', 'unknown')"
        ):
            self._blame("unsettled", str(number), f"{state} since {claimed_at}")

    def _bills(self) -> Iterable[Bill]:
        rows = _rows(
            self.auditor.billing,
            "select invoice_id, doc_number, customer_name, invoice_date, total_amount, status, billing_email,"
            " (select array_agg(amount order by position) from billing.invoice_lines as line"
            " where line.invoice_id = invoice.invoice_id) from billing.invoices as invoice"
            " inner join billing.customers using (customer_id) where realm_key = %s order by doc_number",
            self.key,
        )
        return (Bill(*row) for row in rows)

    def _statuses(self) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for billing_id, status, reason in self._state(
            "select billing_id, status, reason from qbo_sync.statuses where realm = {} and kind = 'invoice'"
        ):
            found[billing_id].append((status, reason))
        return found

    def _state(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of our state; the braces stand for the realm's row."""
        realm = "(select max(id) from qbo_sync.realms where realm_id = %(realm_id)s)"
        return _rows(
            self.auditor.state, statement.replace("{0}", realm).replace("{}", realm), {"realm_id": self.realm_id}
        )

    def _blame(self, kind: str, number: str, text: str) -> None:
        self.report.violations.append(Violation(kind, self.key, number, text))


def _rows(dsn: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    given = values[0] if len(values) == 1 and isinstance(values[0], dict) else values
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(statement.encode(), given).fetchall()


def _was_executed(write: dict[str, Any]) -> bool:
    """Whether QuickBooks did it, whatever it answered."""
    return write["mishap"] not in ("before_write", "drop") and (
        write["status"] == 200 or write["mishap"] == "after_write"
    )


def _ids(invoices: list[dict[str, Any]]) -> str:
    return ", ".join(str(invoice["Id"]) for invoice in invoices)
