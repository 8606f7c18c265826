"""What is done to a push while it stands still at one of its steps: by the system, by an accountant, and in billing.

Each deed is remembered, with what it leaves in QuickBooks, so that the auditor knows what a person did on purpose.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from qbo_simulator.testing import SimulatorError
from tests.chaos.site import Company, Site
from tests.chaos.worker import Worker

_TRIES = 6


@dataclass
class Deeds:
    """The deeds of one run. ``faults`` counts what broke something, ``meanwhile`` what went on beside the push."""

    site: Site
    file: Path
    chance: random.Random
    may_delete: bool = True
    faults: Counter[str] = field(default_factory=Counter)
    meanwhile: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, list[str]] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)

    # -- by the system ------------------------------------------------------------------------------------------------

    def end_lock_holder(self, company: Company, worker: Worker) -> bool:
        """End the database session that holds the right to push to the company."""
        ended = self.site.state_sql(
            "select pg_terminate_backend(held.pid) from pg_locks as held"
            " inner join qbo_sync.realms as realm on realm.id = held.objid and realm.realm_key = %s"
            " where held.locktype = 'advisory' and held.granted"
            " and held.database = (select oid from pg_database where datname = current_database())",
            company.key,
        )
        return self._count("lock holder's session ended", bool(ended))

    def cut_connections(self, company: Company, worker: Worker) -> bool:
        """End every database session of the worker."""
        ports = list(_local_ports(worker.pid))
        with psycopg.connect(self.site.pg.dsn(), autocommit=True) as connection:
            ended = connection.execute(
                b"select pg_terminate_backend(pid) from pg_stat_activity where client_port = any(%s)", (ports,)
            ).fetchall()
        return self._count("all its sessions ended", bool(ended))

    def restart_postgres(self, company: Company, worker: Worker) -> bool:
        """Restart the database server in an orderly way."""
        self.site.pg.restart()
        return self._count("PostgreSQL restarted")

    def crash_postgres(self, company: Company, worker: Worker) -> bool:
        """Kill the database server and start it again."""
        self.site.pg.kill()
        self.site.pg.start()
        return self._count("PostgreSQL killed")

    def crash_quickbooks(self, company: Company, worker: Worker) -> bool:
        """QuickBooks dies, calls in flight included, and comes back with what it had committed."""
        self.site.qbo.kill()
        self.site.qbo.start()
        return self._count("QuickBooks killed")

    def expire_token(self, company: Company, worker: Worker) -> bool:
        """The next call is answered 401."""
        self.site.qbo.fault("token_expired", realm_id=company.realm_id)
        return True  # counted when it strikes

    # -- by an accountant, in QuickBooks ------------------------------------------------------------------------------

    def edit(self, company: Company, worker: Worker) -> bool:
        """Change the amount of a line."""
        held = self._invoice(company)
        if held is None:
            return False
        lines = [line for line in held["Line"] if line["DetailType"] == "SalesItemLineDetail"]
        if not lines:
            return False
        line = lines[0]
        line["Amount"] = float(Decimal(str(line["Amount"])) + self.chance.randint(1, 500))
        for name in ("Qty", "UnitPrice"):
            line["SalesItemLineDetail"].pop(name, None)
        return self._act(company, held, "edit", changes={"Line": lines})

    def delete(self, company: Company, worker: Worker) -> bool:
        """Delete an invoice."""
        held = self._invoice(company) if self.may_delete else None
        return held is not None and self._act(company, held, "delete")

    def void(self, company: Company, worker: Worker) -> bool:
        """Void an invoice."""
        held = self._invoice(company)
        return held is not None and self._act(company, held, "void")

    def pay(self, company: Company, worker: Worker) -> bool:
        """Receive a payment for a part of an invoice, which raises its version and edits nothing of ours."""
        held = self._invoice(company)
        if held is None or not held["Balance"]:
            return False
        amount = round(float(held["Balance"]) / 2, 2) or 0.01
        paid = {"customer": held["CustomerRef"]["value"], "amount": amount, "invoices": [held["Id"]]}
        try:
            self.site.qbo.act("receive_payment", company.realm_id, **paid)
        except SimulatorError:
            return False
        self._remember(company, "pay", held, held["TotalAmt"])
        return self._note("invoices paid in QuickBooks")

    # -- in billing ---------------------------------------------------------------------------------------------------

    def change_billing(self, company: Company, worker: Worker | None = None) -> bool:
        """Change the amount of an open invoice."""
        return self._bill(company, "amounts changed in billing", _CHANGE)

    def void_billing(self, company: Company, worker: Worker | None = None) -> bool:
        """Void an invoice."""
        return self._bill(company, "invoices voided in billing", _VOID)

    def _bill(self, company: Company, what: str, statement: str) -> bool:
        number = self.chance.choice(self.numbers[company.key])
        try:
            self.site.billing_sql(statement, number, self.chance.randint(1, 99_999))
        except psycopg.OperationalError:
            return False
        self._write({"deed": "billing", "realm": company.key, "number": number, "what": what})
        return self._note(what)

    def deleted(self, realm_key: str) -> set[str]:
        """The numbers of the invoices that an accountant deleted in a company."""
        return {deed["number"] for deed in self.told if (deed["realm"], deed["deed"]) == (realm_key, "delete")}

    # -- what they share ----------------------------------------------------------------------------------------------

    def _invoice(self, company: Company) -> dict[str, Any] | None:
        """Some invoice that QuickBooks holds, and that no person has touched."""
        for _ in range(_TRIES):
            number = self.chance.choice(self.numbers[company.key])
            held = self.site.qbo.state("Invoice", company.realm_id, doc_number=number)
            if held and float(held[0]["TotalAmt"]) and held[0]["Balance"] == held[0]["TotalAmt"]:
                return held[0]
        return None

    def _act(self, company: Company, held: dict[str, Any], deed: str, **what: Any) -> bool:
        try:
            left = self.site.qbo.act(deed, company.realm_id, entity="Invoice", id=held["Id"], **what)
        except SimulatorError:
            return False  # QuickBooks refuses it to the accountant as well
        self._remember(company, deed, held, left.get("Invoice", {}).get("TotalAmt"))
        return self._note(f"invoices {_PAST[deed]} in QuickBooks")

    def _remember(self, company: Company, deed: str, held: dict[str, Any], total: Any) -> None:
        told = {
            "deed": deed,
            "realm": company.key,
            "id": str(held["Id"]),
            "number": held["DocNumber"],
            "total": str(total),
        }
        self.told.append(told)
        self._write(told)

    def _write(self, told: dict[str, Any]) -> None:
        with self.file.open("a") as file:
            file.write(json.dumps({"at": datetime.now(UTC).isoformat(), **told}) + "\n")

    def _count(self, what: str, is_done: bool = True) -> bool:
        self.faults[what] += is_done
        return is_done

    def _note(self, what: str) -> bool:
        self.meanwhile[what] += 1
        return True


_PAST = {"edit": "edited", "delete": "deleted", "void": "voided"}

_CHANGE = """
with chosen as (
    select invoice_id from billing.invoices where doc_number = %s and status = 'open'
),
line as (
    update billing.invoice_lines set amount = %s / 100.0
    where line_id in (select invoice_id || '-1' from chosen)
    returning invoice_id, amount
)
update billing.invoices as invoice
set subtotal_amount = sums.total, total_amount = sums.total, balance_amount = sums.total
from (
    select line.invoice_id, line.amount + coalesce(sum(other.amount), 0) as total
    from line
    left join billing.invoice_lines as other
        on other.invoice_id = line.invoice_id and other.line_id <> line.invoice_id || '-1'
    group by line.invoice_id, line.amount
) as sums
where invoice.invoice_id = sums.invoice_id
"""
_VOID = "update billing.invoices set status = 'void' where doc_number = %s and status = 'open' and %s > 0"


def _local_ports(pid: int) -> set[int]:
    """The local ports of a process's TCP connections."""
    inodes = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        target = os.readlink(f"/proc/{pid}/fd/{name}")
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    ports = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        parts = line.split()
        if parts[9] in inodes:
            ports.add(int(parts[1].rpartition(":")[2], 16))
    return ports
