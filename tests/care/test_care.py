"""`qbo_care` and `ledgerline settle` against a real database and company (F12, F15; DESIGN section 5, rule 6)."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from include.stores.locks import RealmLock
from include.wiring import caring, cli_settle, connections, runs
from include.wiring.forms import ChoiceError
from include.wiring.preflight import PreflightFailedError
from include.wiring.pushing import RealmStoppedError
from tests.world import World


class Tasks:
    """Airflow's task instance as far as the report looks at it: what the two looks of this realm have handed on."""

    map_index = 0

    def __init__(self, **looks: Any) -> None:
        self.looks = looks

    def xcom_pull(self, task_ids: str, map_indexes: int) -> Any:
        return self.looks.get(task_ids.removeprefix("realm."))


def context(world: World, **params: Any) -> dict[str, Any]:
    """What Airflow hands to a task of the care."""
    made = world.context("scheduled__care", "scheduled", params)
    made["dag_run"] = SimpleNamespace(dag_id="qbo_care", run_id="scheduled__care", run_type="scheduled")
    return made


def lose_an_answer(world: World, number: str, kind: str = "lose_answer") -> None:
    """Send an invoice, lose the answer, and let QuickBooks be out of reach when it is asked what became of it."""
    world.settings(waits={"settle_after": 1, "call_limit": 2, "pause_after_429": 1})
    world.invoice(number)
    plan, pushing = world.prepare()
    world.qbo.fault(kind, method="POST", path="/invoice")
    # The look before the create passes; the one for what became of it asks for deletions too, and that call does not.
    world.qbo.fault("before_write", path="/cdc", count=0)
    with pytest.raises(RealmStoppedError):
        runs.push(plan, pushing)
    world.qbo.clear_faults()
    world.qbo.clear_journal()
    assert world.sql("select state from qbo_sync.plan_items where action = 'create' and kind = 'invoice'") == [
        ("unknown",)
    ]


def writes(world: World) -> list[str]:
    """Writes that QuickBooks was sent."""
    return [one["path"] for one in world.qbo.journal() if one["method"] == "POST" and "/v3/company/" in one["path"]]


def told(world: World) -> list[str]:
    """The topics that people were told of."""
    return [row[0] for row in world.sql("select topic from qbo_sync.notices order by noticed_at, topic")]


def watch(world: World) -> int:
    """One look; returns how many notices are new."""
    return int(caring.watch("demo", context(world))["new"])


def test_a_lost_answer_is_settled_without_a_push(world: World) -> None:
    """QuickBooks has the invoice: it is found, linked and Synced, and nothing is sent."""
    lose_an_answer(world, "T-1")

    counts = caring.settle("demo", context(world))

    assert counts == {"realm_key": "demo", "settled": 1, "unknown": 0}
    assert world.status("inv-T-1") == ("Synced", "created")
    assert len(world.in_qbo("T-1")) == 1
    assert writes(world) == []


def test_what_never_arrived_is_planned_again_and_sent_by_the_next_push(world: World) -> None:
    """The care sends nothing itself; the next run brings the invoice, once."""
    lose_an_answer(world, "T-1", "drop")

    assert caring.settle("demo", context(world))["unknown"] == 0
    assert (world.in_qbo("T-1"), writes(world)) == ([], [])

    world.run()

    assert len(world.in_qbo("T-1")) == 1
    assert world.status("inv-T-1") == ("Synced", "created")


def test_settling_leaves_a_running_push_alone(world: World) -> None:
    """Whoever holds the realm's lock settles it; the care neither waits nor fails, and the command says so."""
    lose_an_answer(world, "T-1")
    (realm,) = world.sql("select id from qbo_sync.realms")[0]

    with RealmLock(connections.connect_state, realm):
        counts = caring.settle("demo", context(world))

    assert (counts["settled"], world.status("inv-T-1")[0]) == (0, "Unknown")


def test_the_command_settles_and_says_what_became_of_each(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 3 while QuickBooks may still be at work on it, 0 when all is known; `--wait` waits for that."""
    lose_an_answer(world, "T-1")
    world.settings(waits={"settle_after": 6, "call_limit": 2, "pause_after_429": 1})
    world.sql("update qbo_sync.plan_items set claimed_at = clock_timestamp() where state = 'unknown'")
    world.sql("update qbo_sync.plan_items set sent_at = clock_timestamp() where state = 'unknown'")

    early, late = settle_command(), settle_command("--wait")

    said = capsys.readouterr().out
    assert (early, late) == (3, 0)
    assert "demo: 0 settled, 1 unknown; QuickBooks may be asked about them in" in said
    assert "T-1 | Synced | create Invoice" in said
    assert "demo: 1 settled, 0 unknown" in said
    assert settle_command() == 0


def settle_command(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    cli_settle.add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["settle", *arguments])
    return int(parsed.run(parsed))


@pytest.mark.row("F12", "F151", "G10")
@pytest.mark.parametrize(
    ("trouble", "topic"),
    [
        ("update qbo_sync.tokens set refresh_expires_at = now() + interval '29 days'", "sign_on_ends_30_days"),
        ("update qbo_sync.tokens set hard_expires_at = now() + interval '6 days'", "sign_on_ends_7_days"),
        ("update qbo_sync.throttle set reads_used = 450000", "reads_nearly_used"),
        (
            "update qbo_sync.throttle set throttled_since = now() - interval '5 hours', last_throttled_at = now()",
            "throttled",
        ),
        ("update qbo_sync.watermarks set value = now() - interval '4 days'", "lists_old"),
        ("update qbo_sync.tokens set needs_reconnect = 'invalid_grant', needs_reconnect_at = now()", "sign_on_over"),
    ],
)
def test_trouble_ahead_is_told_once(world: World, inbox: Any, trouble: str, topic: str) -> None:
    """The first look finds and mails it; the second one logs it, and mails nothing."""
    world.settings(alert_to=["books@example.com"])
    assert watch(world) == 0
    world.sql(trouble)

    first, second = watch(world), watch(world)
    for _ in range(2):
        caring.report("demo", {**context(world), "ti": Tasks(settle={"unknown": 0}, watch={"new": 1})})

    assert (first, second, told(world)) == (1, 0, [topic])
    (mail,) = inbox.mails
    assert mail["To"] == "books@example.com"
    assert "What to do:" in mail.get_body(("plain",)).get_content()
    assert "<script" not in mail.get_body(("html",)).get_content()


@pytest.mark.row("F15")
def test_a_sign_on_that_is_over_is_mailed_at_once_and_once(world: World, inbox: Any) -> None:
    """The first run that meets it mails; later runs and the care do not; signed on and over again, it is mailed again."""
    world.settings(alert_to=["books@example.com"])
    over = "update qbo_sync.tokens set needs_reconnect = 'invalid_grant', needs_reconnect_at = now()"
    world.sql(over)

    for _ in range(3):
        with pytest.raises(PreflightFailedError):
            runs.preflight("demo", context(world))
    watched = watch(world)

    assert (len(inbox.mails), watched) == (1, 0)
    assert "is over" in inbox.mails[0]["Subject"]
    world.sql(over)
    with pytest.raises(PreflightFailedError):
        runs.preflight("demo", context(world))
    assert len(inbox.mails) == 2


def test_a_paused_sync_is_told_of_once_each_time_it_stops(world: World, inbox: Any) -> None:
    """The last run of the sync is seven hours ago: told and mailed once; it runs and stops again: told again."""
    world.settings(alert_to=["books@example.com"])
    world.sync()
    assert watch(world) == 0
    stop = "update qbo_sync.watermarks set moved_at = now() - %s::interval where stream = 'invoices'"
    world.sql(stop, "7 hours")

    first, again = watch(world), watch(world)
    caring.report("demo", {**context(world), "ti": Tasks(settle=True, watch=True)})
    world.sync()
    running = watch(world)
    world.sql(stop, "8 hours")

    assert (first, again, running, watch(world)) == (1, 0, 0, 1)
    assert told(world) == ["sync_silent", "sync_silent"]
    assert [mail["To"] for mail in inbox.mails] == ["books@example.com"]


def test_a_changed_closing_date_is_told_of_each_time(world: World) -> None:
    """Also when a preflight has read it before: what counts is what people were told."""
    assert watch(world) == 0
    world.qbo.preferences(BookCloseDate="2026-03-31")
    world.refresh()

    closed = watch(world)
    still = watch(world)
    world.qbo.preferences(BookCloseDate=None)
    opened = watch(world)

    assert (closed, still, opened) == (1, 0, 1)
    texts = [row[0] for row in world.sql("select text from qbo_sync.notices order by noticed_at")]
    assert texts == [
        "In QuickBooks, closing date was not set and is 2026-03-31.",
        "In QuickBooks, closing date was 2026-03-31 and is not set.",
    ]


def test_a_plan_that_nobody_approves_is_told_of(world: World) -> None:
    """After two days, with its number and when it expires."""
    world.invoice("T-1")
    world.prepare(mode="push_after_approval")
    assert watch(world) == 0
    world.sql("update qbo_sync.plans set created_at = now() - interval '3 days'")

    assert watch(world) == 1

    ((text, cure),) = world.sql("select text, cure from qbo_sync.notices where topic = 'approval_waits'")
    assert "waits for an approval" in text
    assert "stored plan" in cure


def test_mails_that_cannot_leave_are_tried_again(world: World, inbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mail server the notice stays unmailed; the next run with one sends it."""
    world.settings(alert_to=["books@example.com"])
    world.sql("update qbo_sync.watermarks set value = now() - interval '4 days'")
    watch(world)
    report = {**context(world), "ti": Tasks(settle={"unknown": 0}, watch={"new": 1})}
    with monkeypatch.context() as without:
        without.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
        caring.report("demo", report)
    assert inbox.mails == []

    caring.report("demo", report)

    assert len(inbox.mails) == 1


@pytest.mark.parametrize(
    ("looks", "is_done"), [({"settle": {"unknown": 0}, "watch": {"new": 0}}, True), ({"watch": {"new": 0}}, False)]
)
def test_a_realm_is_done_when_both_looks_did_their_work(world: World, looks: dict[str, Any], *, is_done: bool) -> None:
    """A look that failed handed nothing on, and the last task raises for its realm."""
    assert caring.report("demo", {**context(world), "ti": Tasks(**looks)})["is_done"] is is_done


def test_old_working_data_is_deleted_after_the_set_days(world: World) -> None:
    """Candidates and pages of a run eight days ago go at seven days and stay at thirty; what was sent stays in any case."""
    world.invoice("T-1")
    world.run()
    world.sql("update qbo_sync.plans set created_at = now() - interval '8 days'")
    count: Callable[[], list[Any]] = lambda: world.sql("select count(*) from qbo_sync.candidates")  # noqa: E731 - read twice

    kept = caring.tidy(context(world, keep_days=30))
    left = count()
    gone = caring.tidy(context(world, keep_days=7))

    assert (kept["candidates_deleted"], left) == (0, [(1,)])
    assert (gone["candidates_deleted"], count()) == (1, [(0,)])
    assert world.sql("select count(*) > 0 from qbo_sync.attempts") == [(True,)]
    assert (
        world.sql(
            "select count(*) from pg_inherits join pg_class on pg_class.oid = inhrelid "
            "where inhparent = 'qbo_sync.attempts'::regclass and relname > 'attempts_' || to_char(now(), 'YYYY_MM')"
        )[0][0]
        >= 3
    )


@pytest.mark.parametrize("days", [6, -1, "35", None, True, 3.5])
def test_data_of_a_living_plan_is_never_deleted(world: World, days: Any) -> None:
    """Plans live for seven days; less, or no number at all, is refused with the field's name."""
    with pytest.raises(ChoiceError, match="keep_days"):
        caring.tidy(context(world, keep_days=days))
