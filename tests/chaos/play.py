"""One run: rounds of pushes that are struck at their steps, until quiet; then one without faults, and the audit."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.auditor import Auditor, Report, Violation
from tests.chaos.deeds import Deeds
from tests.chaos.points import Aim
from tests.chaos.site import NO_LIMITS, WAITS, Company, Site
from tests.chaos.temper import MISHAPS, STRIKES, Temper, Wish
from tests.chaos.worker import DagRun, Worker, kill_all

_KILL, _FREEZE = "process killed", "process stopped and resumed"
_SYNC, _EXPORT = "qbo_auto_sync", "qbo_export_invoices"
_POLL = 0.005
_LONGEST_FREEZE = 1.0
_LATEST_SENDING = 30.0
_TOO_LONG = 2.2
"""Seconds. One that could not be resumed by then is killed: with the delay of a call it might send after it was settled."""
_PASSES = 6
_MOST_TRIES = 40
_KINDS_AT_ONCE, _SHARE, _OFTEN = 8, 0.05, 0.25
"""Kinds of mishaps that a company meets at one time, and the share of its calls that each of them strikes."""
_EXPECTED_ERRORS = frozenset(
    (
        *(
            "OperationalError",
            "UnreachableError",
            "AdminShutdown",
            "CrashShutdown",
            "CannotConnectNow",
            "InterfaceError",
        ),
        *("InFailedSqlTransaction", "LockLost", "LockLostError", "RealmStoppedError", "RealmBusyError"),
        *("QboNotConnected", "QboUnknownOutcome", "QboThrottled", "QboTokenUnavailable", "QboAuthError"),
    )
)
"""What a task may end with when the database, the right to push or QuickBooks is gone; Airflow repeats it."""


@dataclass
class Outcome:
    """What a run was and what came of it."""

    seed: int
    temper: str
    report: Report
    faults: Counter[str]
    meanwhile: Counter[str]
    steps: set[str]
    tasks: int
    seconds: float
    folder: Path


@dataclass
class _Slot:
    """A place in which one run of a DAG goes on, task by task."""

    company: Company
    run: DagRun
    worker: Worker
    resume_at: float | None = None


@dataclass
class Play:
    """One run. ``prepare`` is called in each worker before its task; the mutation check takes safeguards away there."""

    site: Site
    number: int
    seed: int
    wish: Wish
    folder: Path
    say: Callable[[str], None]
    prepare: Callable[[], None] | None = None
    chance: random.Random = field(init=False)
    deeds: Deeds = field(init=False)
    temper: Temper = field(init=False)
    steps: set[str] = field(default_factory=set)
    tasks: int = 0
    restored_at: float | None = None
    _runs: int = 0
    _rules: dict[int, tuple[str, int]] = field(default_factory=dict)
    _unexpected: list[str] = field(default_factory=list)

    def run(self) -> Outcome:
        """Play it from the first invoice to the audit."""
        started = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.chance = random.Random(self.seed)
        temper = self._build()
        self.say(f"run {self.number}, seed {self.seed}: {temper}")
        try:
            self._play()
        finally:
            kill_all()
        report = self._audit()
        self.say(f"  {report.documents} documents, {report.in_qbo} in QuickBooks, {len(report.violations)} violations")
        return Outcome(
            self.seed,
            str(temper),
            report,
            self.deeds.faults,
            self.deeds.meanwhile,
            self.steps,
            self.tasks,
            time.monotonic() - started,
            self.folder,
        )

    def _play(self) -> None:
        for number in range(1, self.wish.rounds + 1):
            self._bill(number)
            self._mistreat(self.wish.faults * number // self.wish.rounds)
            self._dump_or_restore(number)
            if self.temper.reconnects and number < self.wish.rounds:
                self._reconnect()
            self.say(f"  round {number}: {self.deeds.faults.total()} faults, {self.tasks} tasks")
        self._quiet_down()
        for number in range(1, self.wish.reconnects + 1):
            self._reconnect_and_compare(number)

    # -- before -------------------------------------------------------------------------------------------------------

    def _build(self) -> Temper:
        """New companies and databases, of a temper that the seed chooses unless one was wished for."""
        chosen = Temper.by(self.chance)
        temper = self.wish.temper or chosen
        settings = {
            "time_zone": "America/Los_Angeles",
            "start_date": "2026-01-01",
            "locked_before": "off",
            "voided_in_billing": "void",
            "updates_without_approval": 1_000_000,
            "adopt_existing": temper.adopt,
            "send": "send" if temper.mailed else "copy",
            "waits": WAITS,
            "limits": {**NO_LIMITS, "batch_size": temper.batch},
        }
        self.site.build(self.number, self.wish.companies, settings, {"WarnDuplicateDocNumbers": temper.refuses})
        self.site.qbo.settings(requestid_memory=temper.memory, query_lag_seconds=temper.lag)
        self.temper = temper
        # Who lost the link, with the state or by a disconnect, cannot know what was deleted since.
        is_forgetful = temper.restores or temper.reconnects or self.wish.reconnects > 0
        self.deeds = Deeds(self.site, self.folder / "deeds.jsonl", self.chance, may_delete=not is_forgetful)
        return temper

    def _bill(self, number: int) -> None:
        """Another part of the invoices, and changes to some of those before."""
        for place, company in enumerate(self.site.companies):
            share = self.wish.documents // self.wish.companies + (place < self.wish.documents % self.wish.companies)
            part = share // self.wish.rounds + (number <= share % self.wish.rounds)
            self.site.bill(company, f"{number}-", part, self.chance, self.temper.mailed)
            known = self.deeds.numbers.setdefault(company.key, [])
            known += [f"C-{company.key}-{number}-{one}" for one in range(part)]
            for _ in range(part // 20 if number > 1 else 0):
                self.deeds.change_billing(company)

    # -- the rounds ---------------------------------------------------------------------------------------------------

    def _mistreat(self, faults: int) -> None:
        """Run DAGs over all companies, several at once, and strike them until so many faults were injected."""
        self._lay_mishaps()
        slots = [self._slot(company, self._dag_run(company, _SYNC)) for company in self.site.companies]
        while slots:
            left: list[_Slot] = []
            for slot in slots:
                left += self._look_at(slot, faults, slots)
            slots = left
            time.sleep(_POLL)
        self._lift_mishaps()

    def _look_at(self, slot: _Slot, faults: int, others: Sequence[_Slot]) -> list[_Slot]:
        """What became of one worker; returns what runs in its place from now on."""
        if slot.resume_at is not None and time.monotonic() >= slot.resume_at:
            # Another deed took its time meanwhile, such as a restart of PostgreSQL.
            is_late = time.monotonic() - slot.resume_at > _TOO_LONG - _LONGEST_FREEZE
            slot.resume_at = self._kill(slot.worker) if is_late else slot.worker.go_on()
        told = slot.worker.poll()
        if told is None:
            return [slot]
        if "step" in told:
            slot.resume_at = self._strike(slot.company, slot.worker, str(told["step"]))
            return [slot]
        run = slot.run
        self.tasks += 1
        if told["end"] == "done":
            run.advance(slot.worker.result)
        elif not self._repeats(run, slot.worker):
            return self._following(slot.company, faults, others)
        return self._following(slot.company, faults, others) if run.is_over else [self._slot(slot.company, run)]

    def _following(self, company: Company, faults: int, others: Sequence[_Slot]) -> list[_Slot]:
        """New runs while there are faults to come: the hourly one, and now and then another at the same time."""
        self._lift_mishaps()
        if self.deeds.faults.total() >= faults:
            return []
        self._lay_mishaps()
        dags = [_SYNC]
        if sum(other.company is company for other in others) < 2 and self.chance.random() < 0.4:
            dags.append(_EXPORT)
        return [self._slot(company, self._dag_run(company, dag)) for dag in dags]

    def _slot(self, company: Company, run: DagRun) -> _Slot:
        return _Slot(company, run, Worker(run, self._aim(run), self._log_of(run), self.prepare))

    def _log_of(self, run: DagRun) -> Path:
        return self.folder / f"{run.realm_key}.log"

    def _repeats(self, run: DagRun, worker: Worker) -> bool:
        """Whether Airflow would repeat the task; an error that no fault explains is a finding."""
        run.tries += 1
        error = worker.error
        if error and error["type"] not in _EXPECTED_ERRORS and error["mode"] not in ("busy", "wait", "unknown"):
            self._unexpected.append(f"{run.realm_key} {run.run_id} {run.task}: {error['type']}: {error['text']}")
            return False
        return run.tries < _MOST_TRIES and not (error and error["mode"] in ("person", "realm"))

    def _strike(self, company: Company, worker: Worker, step: str) -> float | None:
        """Do something to a push that stands still at a step. Returns when it is to go on; None: at once, or never."""
        self.steps.add(step)
        names, weights = zip(*STRIKES, strict=True)
        deed = self.chance.choices(names, weights)[0]
        since = time.monotonic()
        if deed == "kill":
            return self._kill(worker)
        if deed == "freeze":
            self.deeds.faults[_FREEZE] += 1
            return since + self.chance.uniform(0.05, _LONGEST_FREEZE)
        if deed == "freeze_long":
            return self._freeze_long(company, worker, step)
        getattr(self.deeds, deed)(company, worker)
        if time.monotonic() - since > _TOO_LONG:
            return self._kill(worker)
        # Some wait until another worker has taken over, others go on at once.
        if deed in ("end_lock_holder", "cut_connections") and self.chance.random() < 0.5:
            return since + self.chance.uniform(0.2, _LONGEST_FREEZE)
        worker.go_on()
        return None

    def _freeze_long(self, company: Company, worker: Worker, step: str) -> float:
        """Longer than anything may be sent after its claim; meanwhile others take over. A call that has begun is spared."""
        self.deeds.faults["process stopped, overtaken and resumed"] += 1
        if step.startswith("before") and ": POST " in step:
            return time.monotonic()
        self.deeds.end_lock_holder(company, worker)
        return time.monotonic() + _LATEST_SENDING + 2

    def _kill(self, worker: Worker) -> None:
        self.deeds.faults[_KILL] += 1
        worker.kill()

    def _aim(self, run: DagRun) -> Aim | None:
        """Mostly at the push, of which one in six is left alone."""
        if not self.wish.faults or self.chance.random() < (0.15 if run.task == "push" else 0.7):
            return None
        skip = int(2 ** self.chance.uniform(0, 8.5 if run.task == "push" else 6))
        return Aim(skip, self.chance.randint(0, 60), frozenset(self.steps), again=0.7, seed=self.chance.getrandbits(32))

    def _dag_run(self, company: Company, dag_id: str, **params: Any) -> DagRun:
        self._runs += 1
        return DagRun(company.key, dag_id, f"chaos__{self._runs}", params)

    def _lay_mishaps(self) -> None:
        """From now on a share of the calls goes wrong, in other ways in each company."""
        for company in self.site.companies if self.wish.faults else ():
            often = [mishap for mishap in MISHAPS if mishap[0] == self.temper.often]
            for what, rule, where in often + self.chance.sample(MISHAPS, _KINDS_AT_ONCE):
                values = {**rule, **where, "realm_id": company.realm_id, "seed": self.chance.getrandbits(30)}
                share = _OFTEN if what == self.temper.often else _SHARE
                rule_number = self.site.qbo.fault(values.pop("kind"), probability=share, count=0, **values)
                self._rules[rule_number] = (what, 0)

    def _count_mishaps(self) -> None:
        """Count the calls that went wrong since the last count."""
        for rule in self.site.qbo.faults():
            what, before = self._rules.get(rule["number"], ("token refused", 0))
            self.deeds.faults[what] += rule["fired"] - before
            self._rules[rule["number"]] = (what, rule["fired"])

    def _lift_mishaps(self) -> None:
        """No call goes wrong any more."""
        self._count_mishaps()
        self.site.qbo.clear_faults()
        self._rules.clear()

    def _dump_or_restore(self, number: int) -> None:
        """Keep a dump after the first round, and lose the database after the next one."""
        if not self.temper.restores or not self.wish.faults or number > 2:
            return
        time.sleep(1.5)  # a call that was under way is done before anybody can have restored a database
        if number == 1:
            self.site.keep_dump()
        else:
            self.site.restore_dump()
            for company in self.site.companies:
                self.site.refresh(company)  # as the daily run does
            self.restored_at = time.time()
            self.deeds.faults["state restored from an earlier dump"] += 1

    def _reconnect(self) -> None:
        """Disconnect every company and connect it again."""
        for company in self.site.companies:
            self.site.reconnect(company)
            self.deeds.faults["disconnected and connected again"] += 1

    # -- after --------------------------------------------------------------------------------------------------------

    def _quiet_down(self) -> None:
        """Nothing goes wrong any more; the nightly runs repeat until one has nothing to do."""
        self.site.qbo.settings(query_lag_seconds=0)
        for number in range(1, _PASSES + 1):
            results = self._together(
                [self._dag_run(company, _SYNC, everything=True) for company in self.site.companies]
            )
            self._push_what_was_left_to_a_person()
            if all(_is_quiet(result) for result in results):
                self.say(f"  quiet after {number} passes")
                return
        self._unexpected.append(f"not quiet after {_PASSES} passes")

    def _reconnect_and_compare(self, number: int) -> None:
        """Disconnect, connect and push all: QuickBooks holds the same objects as before, in the same versions."""
        before = self._held()
        self._reconnect()
        self._quiet_down()
        after = self._held()
        self.say(f"  reconnected {number}: {before.total()} objects before, {after.total()} after")
        if before != after:
            self._unexpected.append(f"reconnecting changed QuickBooks: {before - after} became {after - before}")

    def _held(self) -> Counter[tuple[str, str, str, str]]:
        auditor = self.auditor()
        return Counter(
            (company.key, entity, held["Id"], held["SyncToken"])
            for company in self.site.companies
            for entity in ("Invoice", "Customer")
            for held in auditor.objects(company.realm_id, entity)
        )

    def _push_what_was_left_to_a_person(self) -> None:
        """A person looks at what is ambiguous, finds that no accountant deleted it, and pushes it by its number."""
        rows = self.site.state_sql(
            "select realm_key, array_agg(doc_number) from qbo_sync.statuses as status"
            " inner join qbo_sync.realms as realm on realm.id = status.realm where reason = 'ambiguous' group by realm_key"
        )
        companies = {company.key: company for company in self.site.companies}
        asked = []
        for key, numbers in rows:
            deleted = self.deeds.deleted(key)
            held = [number for number in numbers if number not in deleted and not self._is_held(companies[key], number)]
            self.deeds.meanwhile["ambiguous, and a person asked for it by its number"] += len(held)
            asked += [self._dag_run(companies[key], _EXPORT, invoice_numbers=held)] if held else []
        self._together(asked)

    def _is_held(self, company: Company, number: str) -> bool:
        return bool(self.site.qbo.state("Invoice", company.realm_id, doc_number=number))

    def _together(self, runs: Sequence[DagRun]) -> list[dict[str, Any]]:
        """Let these runs pass without a fault, all at once; what their pushes said."""
        active = [(run, Worker(run, None, self._log_of(run), self.prepare)) for run in runs]
        while active:
            following = []
            for run, worker in active:
                told = worker.poll()
                if told is None:
                    following.append((run, worker))
                    continue
                if told["end"] != "done":
                    self._unexpected.append(f"{run.realm_key} {run.run_id} {run.task} without a fault: {worker.error}")
                    run.done = 99
                    continue
                run.advance(worker.result)
                if not run.is_over:
                    following.append((run, Worker(run, None, self._log_of(run), self.prepare)))
            active = following
            time.sleep(_POLL)
        return [run.given or {} for run in runs]

    def _audit(self) -> Report:
        auditor = self.auditor()
        report = auditor.audit()
        report.violations += [Violation("task failed", "", "", text) for text in dict.fromkeys(self._unexpected)]
        return report

    def auditor(self) -> Auditor:
        """The auditor of this run."""
        companies = {company.key: company.realm_id for company in self.site.companies}
        return Auditor(
            self.site.qbo.base_url,
            self.site.billing,
            self.site.state,
            companies,
            self.deeds.file,
            self.restored_at,
            self.temper.mailed > 0,
        )


def _is_quiet(pushed: Mapping[str, Any]) -> bool:
    """Whether a push wrote nothing. What both sides changed is tried each night, refused by its version, and left alone."""
    return pushed.get("sent") == pushed.get("Skipped: edited_in_qbo", 0) and not pushed.get("unsettled")
