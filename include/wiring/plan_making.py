"""Plan: what will be done with each candidate, stored as the outbox, and the status of all that is not sent."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from include.billing_sync.money import for_people
from include.billing_sync.payloads import name_of, references
from include.billing_sync.planning import Checked, DocumentStatus, Maker, PlannedItem, Planner
from include.billing_sync.reasons import gravest
from include.billing_sync.resolution import NamePlan
from include.billing_sync.statuses import Action
from include.stores.candidates import Candidate, read_candidates
from include.stores.plans import PlanStore
from include.wiring.changes import is_withdrawn
from include.wiring.realms import SOURCE, Realm
from include.wiring.settings import realm_keys

log = logging.getLogger("ledgerline")

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Made:
    """A plan as it stands: totals by what happens, how many calls would write or mail, and what waits for a person."""

    totals: dict[str, dict[str, Any]]
    writes: int
    held: int
    made_from: str


def make_plan(
    realm: Realm,
    plan_id: int,
    run_id: str,
    *,
    today: date,
    mode: Literal["copy", "send"],
    is_recopy: bool,
    asked_for: Sequence[str],
    repairs_moved: bool = False,
    is_unattended: bool = False,
) -> Made:
    """Plan the candidates of a run. Nothing is written to QuickBooks, and nothing planned blocks anything.

    :param is_unattended: leaves out what a person is asked about, or has rejected; its status stays as it is
    """
    maker = realm.maker(mode)
    planner = Planner(maker, today=today, is_recopy=is_recopy, repairs_moved=repairs_moved)
    store = realm.plans()
    store.begin(plan_id)
    work = _Work(realm, maker, planner, store, plan_id, run_id, frozenset(asked_for))
    left = 0
    for candidates in read_candidates(realm.state, plan_id, CHUNK):
        planned = _not_left_to_people(store, plan_id, candidates) if is_unattended else candidates
        left += len(candidates) - len(planned)
        work.add(planned)
    if left:
        log.info("plan %s: %s documents wait for a person's answer, or were rejected: left as they are", plan_id, left)
    store.add_items(plan_id, SOURCE, planner.names(_needed(maker.resolution.plans, work.needed)))
    mails = store.add_items(plan_id, SOURCE, planner.sends())
    held = planner.held
    if planner.needs_approval_for_updates():
        held += store.hold_updates(plan_id)
    totals = planner.totals.to_json()
    for what, entry in totals.items():
        log.info("plan %s: %s: %s", plan_id, what, _counted(entry))
    return Made(totals, work.writes + mails, held, maker.made_from(realm_keys()))


def _not_left_to_people(store: PlanStore, plan_id: int, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Those that a schedule may plan. What billing takes back since was never shown, unless just that was to be done."""
    left = store.left_to_people(plan_id, SOURCE, "invoice", {one.billing_id: one.fingerprint for one in candidates})
    asked = {billing_id for billing_id, _ in left}
    return [
        one
        for one in candidates
        if one.billing_id not in asked
        or (one.is_readable and is_withdrawn(one.invoice()) != ((one.billing_id, Action.VOID) in left))
    ]


def _needed(plans: Mapping[tuple[str, str], NamePlan], asked_for: Collection[tuple[str, str]]) -> list[NamePlan]:
    """The names that the documents ask for, and the accounts that those names ask for in their turn."""
    needed = {key: plan for key, plan in plans.items() if key in asked_for}
    for plan in list(needed.values()):
        keys = [name_of(reference) for reference in references(dict(plan.payload.body))] if plan.payload else []
        needed |= {key: plans[key] for key in keys}
    return list(needed.values())


def _counted(entry: Mapping[str, Any]) -> str:
    money = [f"{for_people(Decimal(amount), currency)} {currency}" for currency, amount in entry["money"].items()]
    return ", ".join([str(entry["documents"]), *money])


class _Work:
    """Candidates on their way into the outbox; remembers which customers and items what is written needs."""

    def __init__(
        self,
        realm: Realm,
        maker: Maker,
        planner: Planner,
        store: PlanStore,
        plan_id: int,
        run_id: str,
        asked_for: frozenset[str],
    ) -> None:
        self._realm, self._maker, self._planner, self._store = realm, maker, planner, store
        self._plan_id, self._run_id, self._asked_for = plan_id, run_id, asked_for
        self.needed: set[tuple[str, str]] = set()
        self.writes = 0

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Plan a chunk and store its items and statuses."""
        items: list[PlannedItem] = []
        statuses: list[DocumentStatus] = []
        statuses.extend(_unreadable(candidate) for candidate in candidates if not candidate.is_readable)
        for checked in self._checked(candidates):
            made, status = self._planner.document(checked)
            items.extend(made)
            statuses.append(status)
            for item in made:
                self._note(item, checked)
        self._store.add_items(self._plan_id, SOURCE, items)
        self._store.save_statuses(self._plan_id, self._run_id, statuses, SOURCE)

    def _checked(self, candidates: Sequence[Candidate]) -> Iterator[Checked]:
        ids = [candidate.billing_id for candidate in candidates]
        links = self._store.links(SOURCE, "invoice", ids)
        realms = self._store.realms_of_links(SOURCE, "invoice", ids)
        in_flight = self._store.in_flight(SOURCE, ids)
        deleted = self._store.deleted_in_qbo(SOURCE, "invoice", ids)
        for candidate in candidates:
            if not candidate.is_readable:
                continue
            invoice = candidate.invoice()
            self._maker.resolution.add([invoice])
            yield Checked(
                invoice=invoice,
                fingerprint=candidate.fingerprint,
                findings=candidate.findings(),
                link=links.get(candidate.billing_id),
                is_elsewhere=realms.get(candidate.billing_id, self._realm.id) != self._realm.id,
                is_routed_away=invoice.realm_key is not None and invoice.realm_key != self._realm.key,
                is_in_flight=candidate.billing_id in in_flight,
                was_deleted_in_qbo=candidate.billing_id in deleted,
                is_asked_for=(candidate.doc_number or "").casefold() in self._asked_for,
            )

    def _note(self, item: PlannedItem, checked: Checked) -> None:
        self.writes += 1
        if item.action not in (Action.CREATE, Action.UPDATE):
            return
        if checked.invoice.customer_id:
            self.needed.add(("customer", checked.invoice.customer_id))
        for reference in references(dict(item.payload or {})):
            self.needed.add(name_of(reference))
        for line in checked.invoice.lines:
            if line.service_id:
                self.needed.add(("item", line.service_id))


def _unreadable(candidate: Candidate) -> DocumentStatus:
    findings = candidate.findings()
    status, reason = gravest(findings)
    return DocumentStatus(
        kind=candidate.kind,
        billing_id=candidate.billing_id,
        entity="Invoice",
        status=status,
        reason=reason,
        findings=findings,
        detail="; ".join(finding.detail for finding in findings if finding.detail),
        doc_number=candidate.doc_number,
        doc_date=candidate.doc_date,
        customer_id=candidate.customer_id,
        currency=candidate.currency,
        total=candidate.total,
        fingerprint=candidate.fingerprint,
    )
