"""The tasks of the push DAGs, one function each: they open a realm, do their step, and hand on ids and counts."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from include.billing_sync.windows import local_window
from include.stores.plans import PlanError
from include.wiring import connections
from include.wiring.forms import ChoiceError, Choices, choices_from
from include.wiring.migrations import require_current_schema
from include.wiring.realms import SOURCE, Realm, ids, open_realm
from include.wiring.settings import realm_keys

log = logging.getLogger("ledgerline")

MANUAL = "manual"
SCHEDULED = "scheduled"
FROM_FORM = frozenset({MANUAL, "operator_triggered"})
"""Kinds of runs whose dates are the form's: a person's, and those of another DAG, which fills it in."""


class RealmsFailedError(RuntimeError):
    """Some realm's tasks did not do their work; the others are not held up by it."""

    failure_mode = "person"


@dataclass(frozen=True, slots=True)
class Run:
    """What Airflow says of the run. The interval is null for runs started from the form."""

    dag_id: str
    run_id: str
    kind: str
    start: datetime | None
    end: datetime | None
    choices: Choices

    @property
    def is_by_person(self) -> bool:
        """Whether a person started it, who waits for it; Airflow says so of its API's runs as well."""
        return self.kind == MANUAL

    def window(self, time_zone: str) -> tuple[date | None, date | None]:
        """The local dates of the documents to take, both included: the form's, or those of the data interval.

        Raises ChoiceError where both are given.
        """
        given = self.choices.from_date, self.choices.to_date
        if self.kind in FROM_FORM or self.start is None or self.end is None:
            return given
        if any(given):
            raise ChoiceError(
                f"This is a {self.kind} run: its dates are those of its interval ({self.start} to {self.end}), not"
                " 'Invoices dated from' and 'to': leave them empty, or trigger a run of its own for them."
            )
        return local_window(self.start, self.end, time_zone)


def run_of(context: Mapping[str, Any]) -> Run:
    """The run behind a task's context. Raises ChoiceError for a form that cannot be."""
    dag_run = context["dag_run"]
    return Run(
        dag_id=dag_run.dag_id,
        run_id=dag_run.run_id,
        kind=str(getattr(dag_run.run_type, "value", dag_run.run_type)),
        start=context.get("data_interval_start"),
        end=context.get("data_interval_end"),
        choices=choices_from(dict(context["params"]), dag_run.dag_id),
    )


def choose(context: Mapping[str, Any]) -> list[str]:
    """The realms of this run. Raises ChoiceError, naming those that are set up, for one that is not, or is not named."""
    run = run_of(context)
    known = realm_keys()
    if not known:
        raise ChoiceError("No company is set up: include/mappings needs a folder with settings.yaml for each.")
    unknown = sorted(set(run.choices.realms) - set(known))
    if unknown:
        raise ChoiceError(f"There is no company {', '.join(unknown)}; set up are: {', '.join(known)}.")
    if run.choices.realms:
        return list(run.choices.realms)
    if run.choices.plan_id is not None and len(known) > 1:
        raise ChoiceError(f"'Push this stored plan' needs the company that made it: {' or '.join(known)}.")
    left = [key for key in known if not run.is_by_person and _is_disconnected(key)]
    for key in left:
        log.info("%s is disconnected: its schedule is quiet", key)
    return [key for key in known if key not in left]


def preflight(realm_key: str, context: Mapping[str, Any]) -> str:
    """Is everything there that the realm needs? Raises PreflightFailedError with every gap and its cure."""
    from include.wiring.caring import tell_of_sign_on
    from include.wiring.preflight import PreflightFailedError, require_green

    run_of(context)
    try:
        require_green(realm_key)
    except PreflightFailedError as failed:
        if failed.reason == "token_expired":
            tell_of_sign_on(realm_key)
        raise
    return realm_key


def extract(realm_key: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Open a plan for this run and store what was asked for as its candidates; or take the stored plan of the form."""
    from include.wiring.extracting import Window
    from include.wiring.extracting import extract as read
    from include.wiring.extracting import extract_held as read_held

    run = run_of(context)
    with open_realm(realm_key) as realm:
        if run.choices.plan_id is not None:
            return _stored_plan(realm, run.choices.plan_id, run.choices)
        window = Window(*run.window(realm.settings.time_zone))
        choices = {**run.choices.to_json(), "mode": delivery(realm, run.choices)}
        plan_id = realm.plans().open(
            source=SOURCE, dag_id=run.dag_id, run_id=run.run_id, mode=run.choices.mode, choices=choices
        )
        log.info(
            "%s: plan %s, invoices dated %s to %s", realm_key, plan_id, window.from_date or "…", window.to_date or "…"
        )
        if run.choices.repair_moved:
            counts = read_held(realm, plan_id, run.choices)
        else:
            counts = read(realm, plan_id, window, run.choices, run.run_id)
        return {"realm_key": realm_key, "plan_id": plan_id, **counts}


def extract_changes(realm_key: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Open a plan over what changed since the watermark, and over documents whose cause changed."""
    from include.wiring.changes import extract_changes as read

    run = run_of(context)
    with open_realm(realm_key) as realm:
        return {"realm_key": realm_key, **read(realm, run.dag_id, run.run_id, run.choices)}


def check(plan: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Check the candidates. Raises SuspiciousExtractError when the extract itself must be wrong."""
    from include.wiring.checking import check as judge

    realm_key, plan_id = ids(plan)
    if plan.get("is_stored"):
        return dict(plan)
    run = run_of(context)
    with open_realm(realm_key) as realm:
        counts = judge(
            realm,
            plan_id,
            today=realm.today(datetime.now(UTC)),
            mode=delivery(realm, run.choices),
            accept_suspicious=run.choices.accept_suspicious_extract,
        )
        return {**plan, **counts}


def plan(plan: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Plan the candidates. ``asks`` in what is handed on says whether a person is asked before the push."""
    from include.wiring.plan_making import make_plan

    realm_key, plan_id = ids(plan)
    if plan.get("is_stored"):
        return dict(plan)
    run = run_of(context)
    with open_realm(realm_key) as realm:
        made = make_plan(
            realm,
            plan_id,
            run.run_id,
            today=realm.today(datetime.now(UTC)),
            mode=delivery(realm, run.choices),
            is_recopy=run.choices.recopy,
            repairs_moved=run.choices.repair_moved,
            asked_for=[number.casefold() for number in run.choices.numbers],
            is_unattended=_is_unattended(run, realm, plan_id),
        )
        asks = asks_a_person(run, realm, made.writes, made.held)
        realm.plans().finish(
            plan_id, totals=made.totals, decision=None if asks else "not_needed", made_from=made.made_from
        )
        if made.held and not asks:
            log.warning("%s documents wait for an approval; the rest goes on", made.held)
        return {"realm_key": realm_key, "plan_id": plan_id, "asks": asks, "writes": made.writes, "held": made.held}


def push(plan: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Push the plan, obeying the decision in its row alone."""
    from include.wiring.pushing import as_counts
    from include.wiring.pushing import push as write

    realm_key, plan_id = ids(plan)
    with open_realm(realm_key) as realm:
        return {"realm_key": realm_key, "plan_id": plan_id, **as_counts(write(realm, realm.plans().get(plan_id)))}


def report(realm_key: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the findings of this run and realm, log them, and mail what is new. Says whether the realm's work was done."""
    from include.wiring.findings import make_findings
    from include.wiring.mails import mail_findings

    run = run_of(context)
    with open_realm(realm_key) as realm:
        latest = realm.plans().latest(run.dag_id, run.run_id, run.choices.plan_id)
        if latest is None:
            log.warning("%s: this run made no plan: look at the task that failed", realm_key)
            return {"realm_key": realm_key, "is_done": False}
        result = make_findings(realm.state, latest.id, run=(run.dag_id, run.run_id))
        for line in result.summary():
            log.info(line)
        log.info("%s: each document with its cure stands under Findings, a tab of this run", realm_key)
        log.info(mail_findings(realm.state, latest.id, realm.settings.alert_to))
        is_only_planned = latest.mode == "plan_only" and latest.state == "planned"
        is_done = latest.state == "pushed" or latest.decision == "rejected" or is_only_planned
        return {"realm_key": realm_key, "plan_id": latest.id, "is_done": is_done, "new": result.new_count}


def finish(context: Mapping[str, Any], reporting: str = "realm.report") -> None:
    """Raise when any realm's tasks did not do their work, after all the others did theirs.

    A scheduled run of which every company is disconnected has nothing to do, and ends well.

    :param reporting: the mapped task that says of each realm whether it is done
    """
    chosen = context["ti"].xcom_pull(task_ids="choose")
    if chosen is None:
        raise RealmsFailedError("not done: no company was chosen; look at the red task 'choose'")
    if not chosen:
        log.info("every company is disconnected: nothing was to do")
    reports = _reports(context["ti"], len(chosen), reporting)
    done = {report["realm_key"] for report in reports if report.get("is_done")}
    failed = [key for key in chosen if key not in done]
    for key in sorted(done):
        log.info("%s: done", key)
    if failed:
        raise RealmsFailedError(f"not done: {', '.join(failed)}; look at the red tasks of each")


def delivery(realm: Realm, choices: Choices) -> Literal["copy", "send"]:
    """Copy or send: the form's choice, else the realm's setting."""
    return realm.settings.send if choices.delivery == "setting" else "send" if choices.delivery == "send" else "copy"


def asks_a_person(run: Run, realm: Realm, writes: int, held: int) -> bool:
    """Whether the push waits for a person, as it does only when there is something to approve.

    A run that was told to ask always asks, a backfill as well. The setting, and what is held, let only those ask that a person
    started: of the others everything but what is held goes at once.
    """
    if run.choices.mode == "plan_only":
        return False
    if run.choices.mode == "push_after_approval":
        return writes + held > 0
    return run.is_by_person and (held > 0 or (realm.settings.approval == "on" and writes > 0))


def _is_unattended(run: Run, realm: Realm, plan_id: int) -> bool:
    """Whether nobody chose these documents: the schedule's, and those of the auto-sync, *Sync now* among them."""
    return run.kind == SCHEDULED or "cause" in realm.plans().get(plan_id).choices


def _stored_plan(realm: Realm, plan_id: int, choices: Choices) -> dict[str, Any]:
    stored = realm.plans().get(plan_id)
    if stored.state != "planned" or stored.expires_at <= datetime.now(UTC):
        raise PlanError(f"plan {plan_id} is {stored.state} or older than 7 days: make a new one")
    if stored.decision == "rejected":
        raise PlanError(f"plan {plan_id} was rejected by {stored.decided_by}: make a new one")
    made = str(stored.choices.get("mode"))
    if choices.delivery not in ("setting", made):
        raise PlanError(
            f"plan {plan_id} was made to {made}, and what it mails is part of it: make a new one to {choices.delivery}"
        )
    held = any(row["state"] == "held" for row in realm.plans().counts(plan_id))
    asks = held or choices.mode == "push_after_approval" or realm.settings.approval == "on"
    realm.plans().take_up(plan_id, "push", asks=asks)
    return {"realm_key": realm.key, "plan_id": plan_id, "is_stored": True, "asks": asks}


def _is_disconnected(realm_key: str) -> bool:
    """Whether a person disconnected it. Settings or a Connection that cannot be used stop its own preflight, and no other."""
    from include.stores.realms import realm_of
    from include.wiring.settings import SettingsError, load_settings
    from qbo_hook.errors import QboConfigError

    try:
        place = connections.quickbooks(load_settings(realm_key).connection)
    except (SettingsError, connections.ConnectionMissingError, QboConfigError) as error:
        log.warning("%s: %s", realm_key, error)
        return False
    with connections.connect_state() as state:
        require_current_schema(state)
        row = realm_of(state, place.base_url, place.realm_id)
        return row is not None and row.disconnected_at is not None


def _reports(ti: Any, count: int, reporting: str) -> Sequence[Mapping[str, Any]]:
    found = ti.xcom_pull(task_ids=reporting, map_indexes=list(range(count))) if count else []
    return [report for report in found or [] if report]
