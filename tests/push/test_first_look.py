"""QuickBooks is asked before the first create: what is there already is adopted or left alone, never posted twice (rule 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from demo.runner.postgres import EmbeddedPostgres
from include.stores import realms
from include.wiring import connections, runs
from tests.push import wire as mishaps
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.many import copies_of_first
from tests.push.people import add_customer, do, enter, receive
from tests.push.processes import PushProcess, until
from tests.push.stage import copy_of, state_at
from tests.push.wire import Call, Handler, Wire
from tests.world import World

# Python 3.12 warns of fork in a process with threads; the child here only pushes and ends.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")

LEFT_ALONE = ("Skipped", "already_in_qbo")


@pytest.mark.row("X6")
def test_a_number_typed_by_hand_stays_as_it_is(world: World) -> None:
    """Go-live over a document that the accountant had entered: Skipped already_in_qbo, nothing posted; the others go."""
    customer = add_customer(world, "Northwind Cafe")
    enter(world, "T-1", "100.00", customer)
    world.invoice("T-1")
    world.invoice("T-2")

    world.run()

    assert_exactly_once(world)
    assert world.status("inv-T-1") == LEFT_ALONE
    assert world.status("inv-T-2") == ("Synced", "created")


def test_what_somebody_changes_just_before_the_look_is_found(world: World) -> None:
    """QuickBooks' index lags and equal numbers are allowed: what it has held for long is seen all the same."""
    world.qbo.preferences(WarnDuplicateDocNumbers=False)
    enter(world, "T-1", "100.00", add_customer(world, "Northwind Cafe"))
    world.qbo.clock(advance=60)
    world.qbo.settings(query_lag_seconds=30)
    receive(world, "T-1", "40.00")
    world.invoice("T-1")

    world.run()

    assert len(world.in_qbo("T-1")) == 1
    assert world.status("inv-T-1") == LEFT_ALONE


@pytest.mark.row("X6")
def test_by_setting_a_number_typed_by_hand_is_adopted_if_total_and_customer_agree(world: World) -> None:
    """adopt_existing: exact. The equal one is linked; another total, customer or spelling is still left alone."""
    world.settings(adopt_existing="exact", waits=FAST)
    customer = add_customer(world, "Northwind Cafe")
    enter(world, "T-1", "100.00", customer)
    enter(world, "T-2", "99.99", customer)
    enter(world, "T-3", "100.00", "1")
    enter(world, "t-4", "100.00", customer)
    for number in ("T-1", "T-2", "T-3", "T-4"):
        world.invoice(number)
    before = world.qbo.state("Invoice")

    world.run()

    assert world.qbo.state("Invoice") == before
    assert world.status("inv-T-1") == ("Synced", "adopted")
    assert {world.status(f"inv-T-{number}") for number in (2, 3, 4)} == {LEFT_ALONE}


def test_what_was_adopted_by_setting_is_ours_from_then_on(world: World) -> None:
    """The adopted document is not written while billing does not change, and a change in billing updates that very one."""
    world.settings(adopt_existing="exact")
    qbo_id = enter(world, "T-1", "100.00", add_customer(world, "Northwind Cafe"))
    world.invoice("T-1")
    world.run()
    again = world.run()

    world.change("inv-T-1", "90.00")
    world.run()

    (held,) = world.in_qbo("T-1")
    assert again["sent"] == 0
    assert (held["Id"], held["SyncToken"]) == (qbo_id, "1")
    assert_exactly_once(world)
    assert_settled(world)


def test_what_differs_in_an_adopted_document_is_named(world: World) -> None:
    """Number, total and customer agree, the date does not: an Error that names both, and the next run brings billing's date."""
    world.settings(adopt_existing="exact")
    enter(world, "T-1", "100.00", add_customer(world, "Northwind Cafe"))
    world.invoice("T-1", day="2026-10-06")

    world.run()

    assert len(world.in_qbo("T-1")) == 1
    assert world.status("inv-T-1") == ("Error", "total_differs")
    ((detail,),) = world.sql("select detail from qbo_sync.statuses")
    assert "2026-10-05" in detail
    assert "2026-10-06" in detail

    world.run()

    assert [one["TxnDate"] for one in world.in_qbo("T-1")] == ["2026-10-06"]
    assert_settled(world)


def test_a_number_in_other_letters_is_the_same_number(world: World) -> None:
    """QuickBooks compares numbers without regard to case, and so do we: t-1 by hand keeps T-1 out."""
    enter(world, "t-1", "100.00", add_customer(world, "Northwind Cafe"))
    world.invoice("T-1")

    world.run()

    assert world.in_qbo() == []
    assert world.status("inv-T-1") == LEFT_ALONE


def test_two_numbers_that_differ_in_case_are_never_one_document(wired: tuple[World, Wire]) -> None:
    """Both are pushed and the answer is lost: QuickBooks took the first alone, and the second is not taken for it."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-A", amounts=("1.00",))
    world.invoice("T-a", amounts=("2.00",))
    wire.strike(mishaps.cut_after, "batch of create")

    world.run()

    assert sorted(one["DocNumber"] for one in world.in_qbo()) == ["T-A"]
    assert world.status("inv-T-A") == ("Synced", "created")
    assert world.status("inv-T-a") == LEFT_ALONE
    told = world.reasons("inv-T-a")["already_in_qbo"]
    assert "does not tell upper from lower case" in told
    assert "no sending of ours" not in told


def test_two_documents_of_the_number_are_for_a_person(world: World) -> None:
    """Entered twice by hand, both equal to billing: neither is adopted, and one query was all that was asked."""
    world.settings(adopt_existing="exact")
    customer = add_customer(world, "Northwind Cafe")
    enter(world, "T-1", "100.00", customer)
    enter(world, "T-1", "100.00", customer, is_second=True)
    world.invoice("T-1")
    plan, context = world.prepare()
    world.qbo.clear_journal()

    runs.push(plan, context)

    assert len(world.in_qbo("T-1")) == 2
    assert world.status("inv-T-1") == LEFT_ALONE
    assert calls(world) == ["query"]


def test_two_that_may_be_ours_are_ambiguous(wired: tuple[World, Wire]) -> None:
    """Our answer is lost, and at that moment somebody enters the same number by hand: a person tells them apart."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    customer = add_customer(world, "Northwind Cafe")
    world.invoice("T-1")

    def written_twice(handler: Handler, call: Call) -> None:
        handler.forward(call)
        enter(world, "T-1", "100.00", customer, is_second=True)
        handler.reset()

    wire.strike(written_twice, "create Invoice")
    world.run()
    world.run()

    assert len(world.in_qbo("T-1")) == 2
    assert world.status("inv-T-1") == ("Error", "ambiguous")
    assert len(wire.sent("create Invoice")) == 1


def test_a_restored_backup_posts_nothing_twice(world: World, pg: EmbeddedPostgres) -> None:
    """Our state of before the push: the same documents run again, and what QuickBooks holds stays as it was."""
    world.settings(waits=FAST, limits=LIMITS)
    for number in range(3):
        world.customer(f"n{number}", f"New customer {number}")
        world.invoice(f"T-{number}", customer_id=f"n{number}")
    backup = copy_of(pg, world.dsn)
    world.run()

    with state_at(backup):
        world.run()
        without_lists = world.in_qbo()
        restored = World(backup, world.qbo, world.mappings)
        known = set(restored.statuses().values())
        world.settings(waits=FAST, limits=LIMITS, adopt_existing="exact")
        world.run()

    assert len(without_lists) == 3
    assert known == {LEFT_ALONE}
    assert_exactly_once(restored)
    assert_settled(restored)
    assert set(restored.statuses().values()) == {("Synced", "adopted")}


def test_a_backup_of_the_middle_of_a_push_adopts_what_was_on_its_way(
    wired: tuple[World, Wire], pg: EmbeddedPostgres
) -> None:
    """The backup holds claims and no answers: the restored state finds in QuickBooks what those sendings made."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    for number in range(3):
        world.invoice(f"T-{number}")
    plan, context = world.prepare()
    wire.strike(mishaps.late(2), "batch of create")
    push = PushProcess(plan, context)
    until(lambda: bool(wire.struck))
    push.kill()
    push.wait()
    until(lambda: len(world.in_qbo()) == 3)
    until(lambda: not others_connected(world))
    backup = copy_of(pg, world.dsn)
    world.run()

    with state_at(backup):
        world.run()
        restored = World(backup, world.qbo, world.mappings)

    assert len(wire.sent("batch of create")) == 1
    for state in (world, restored):
        assert_exactly_once(state)
        assert_settled(state)


def others_connected(world: World) -> bool:
    """Whether anybody but the asker is connected to our state: a database can be copied only when nobody is."""
    return bool(
        world.sql(
            "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() limit 1"
        )
    )


def test_a_staging_copy_that_pushes_the_same_plan_posts_nothing_twice(
    wired: tuple[World, Wire], pg: EmbeddedPostgres
) -> None:
    """Two databases know nothing of each other's lock: the copy pushes between the other's look and its sending."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    world.map("customer", "c1", add_customer(world, "Northwind Cafe"), "Northwind Cafe")
    for number in range(3):
        world.invoice(f"T-{number}")
    plan, context = world.prepare()
    staging = copy_of(pg, world.dsn)

    def push_the_copy() -> None:
        with state_at(staging):
            push = PushProcess(plan, context)
        assert push.wait() == "done"

    wire.strike(mishaps.meanwhile(push_the_copy), "batch of create")
    runs.push(plan, context)

    assert_exactly_once(World(staging, world.qbo, world.mappings))
    assert_settled(World(staging, world.qbo, world.mappings))
    assert set(world.statuses().values()) == {LEFT_ALONE}


def test_an_adopted_void_stays_named_and_is_not_overwritten(world: World) -> None:
    """The accountant voided it while we were disconnected: total_differs, in the next run too, and nothing is written."""
    world.settings(waits=FAST, limits=LIMITS, locked_before="off")
    world.invoice("T-1")
    world.run()
    do(world, "void", "T-1")
    with connections.connect_state() as state:
        realms.disconnect(state, world.sql("select id from qbo_sync.realms")[0][0], who="test")
    world.connect()

    world.run()
    first = world.status("inv-T-1")
    world.run()

    assert first == world.status("inv-T-1") == ("Error", "total_differs")
    assert [one["TotalAmt"] for one in world.in_qbo("T-1")] == [0]


@pytest.mark.row("X6", "F14", "F18", "F19", "G4")
def test_disconnect_and_reconnect_adopt_what_the_archived_links_name(world: World) -> None:
    """Three rounds of disconnect, connect and push all: billing, and QuickBooks' documents and customers, stay as they were."""
    world.settings(waits=FAST, limits=LIMITS)
    numbers = [f"T-{number}" for number in range(3)]
    for number in numbers:
        world.invoice(number)
    world.run()
    before = world.qbo.state("Invoice"), world.qbo.state("Customer")
    before_in_billing = billed(world)

    for _ in range(3):
        with connections.connect_state() as state:
            realms.disconnect(state, world.sql("select id from qbo_sync.realms")[0][0], who="test")
        world.connect()
        world.run()

    assert (world.qbo.state("Invoice"), world.qbo.state("Customer")) == before
    assert billed(world) == before_in_billing
    assert {world.status(f"inv-{number}") for number in numbers} == {("Synced", "adopted")}
    assert world.run()["sent"] == 0


def billed(world: World) -> dict[str, Any]:
    """A checksum of each table of billing."""
    tables = world.sql("select table_name from information_schema.tables where table_schema = 'billing'")
    checksum = "select md5(string_agg(t::text, '' order by t::text)) from billing.{} as t"
    return {table: world.sql(checksum.format(table)) for (table,) in tables}


def test_one_look_serves_four_hundred_creates(world: World) -> None:
    """401 creates: two queries before the batches, and no other read."""
    world.invoice("T-0")
    copies_of_first(world, 400)
    plan, context = world.prepare()
    world.qbo.clear_journal()

    runs.push(plan, context)

    asked = calls(world)
    assert asked.count("query") == 2
    assert set(asked) == {"query", "batch", "customer"}
    assert world.qbo.totals("Invoice")["count"] >= 401
    assert_exactly_once(world)
    assert_settled(world)


def calls(world: World) -> list[str]:
    """What QuickBooks was asked since the journal was cleared: the last part of each path."""
    return [entry["path"].rsplit("/", 1)[1] for entry in world.qbo.journal() if entry["realm_id"]]


def test_the_look_of_a_push_that_died_counts_for_nobody(world: World) -> None:
    """Killed after its look and before its claim; T-1 is typed by hand, in a company that takes a number twice: looked again."""
    world.settings(waits=FAST, limits=LIMITS)
    world.qbo.preferences(WarnDuplicateDocNumbers=False)
    customer = add_customer(world, "Northwind Cafe")
    world.map("customer", "c1", customer, "Northwind Cafe")
    for number in range(3):
        world.invoice(f"T-{number}")
    plan, context = world.prepare()
    push = PushProcess(plan, context, freezes_at=lambda step: "about to be claimed" in step)
    push.until_frozen()
    push.kill()
    push.wait()
    typed = enter(world, "T-1", "100.00", customer)

    runs.push(plan, context)

    assert [one["Id"] for one in world.in_qbo("T-1")] == [typed]
    assert world.status("inv-T-1") == LEFT_ALONE
    assert_exactly_once(world)


def test_a_number_that_another_kind_of_document_holds_is_named_once(world: World) -> None:
    """QuickBooks refuses the number (6140), and shows no invoice of it: Skipped with its words, not sent again and again."""
    enter(world, "T-1", "10.00", add_customer(world, "Northwind Cafe"), entity="SalesReceipt")
    world.invoice("T-1")
    plan, context = world.prepare()
    world.qbo.clear_journal()

    runs.push(plan, context)

    assert world.in_qbo() == []
    assert world.status("inv-T-1") == LEFT_ALONE
    assert len(posts(world.qbo.journal(), "/invoice")) == 1


def test_a_customer_made_since_the_lists_were_read_is_taken_by_its_name(world: World) -> None:
    """Entered in QuickBooks after the plan: the name is refused, looked up, and taken as planning would have taken it."""
    world.customer("c2", "Bluebird Bakery")
    world.invoice("T-1", customer_id="c2")
    plan, context = world.prepare()
    made = world.qbo.act("create", entity="Customer", values={"DisplayName": "Bluebird Bakery"})

    runs.push(plan, context)

    (held,) = world.in_qbo("T-1")
    assert held["CustomerRef"]["value"] == made["Customer"]["Id"]
    assert world.status("inv-T-1") == ("Synced", "created")
    assert_exactly_once(world)


def test_a_customer_made_since_that_is_another_ones_is_left(world: World) -> None:
    """Entered after the plan and mapped to another billing customer: the invoice stops and says whose it is, and what to do."""
    world.customer("c2", "Bluebird Bakery")
    world.invoice("T-1", customer_id="c2")
    plan, context = world.prepare()
    made = world.qbo.act("create", entity="Customer", values={"DisplayName": "Bluebird Bakery"})
    world.map("customer", "c9", made["Customer"]["Id"], "Bluebird Bakery")

    runs.push(plan, context)

    assert world.in_qbo() == []
    assert world.status("inv-T-1") == ("Skipped", "ambiguous_name")
    told = world.reasons("inv-T-1")["ambiguous_name"]
    assert "billing customer c9" in told
    assert "qbo_refresh_lists" in told


def test_a_name_that_a_vendor_holds_stops_its_documents_alone(world: World) -> None:
    """Names of customers and vendors are one space (6240): nothing is guessed, the documents of others go."""
    world.customer("c2", "Bluebird Bakery")
    world.invoice("T-1", customer_id="c2")
    world.invoice("T-2")
    plan, context = world.prepare()
    world.qbo.act("create", entity="Vendor", values={"DisplayName": "Bluebird Bakery"})

    runs.push(plan, context)

    assert [one["DocNumber"] for one in world.in_qbo()] == ["T-2"]
    assert world.status("inv-T-1") == ("Skipped", "ambiguous_name")
    assert_settled(world, "Synced", "Skipped")


def test_documents_wait_for_a_customer_whose_answer_was_lost(wired: tuple[World, Wire]) -> None:
    """The customer was made and the answer lost: its invoices wait for the look, and go in the same push."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    world.customer("c2", "Bluebird Bakery")
    for number in range(3):
        world.invoice(f"T-{number}", customer_id="c2")
    wire.strike(mishaps.cut_after, "create Customer")

    world.run()

    assert_exactly_once(world)
    assert_settled(world)


def posts(entries: Sequence[dict[str, Any]], ending: str) -> list[dict[str, Any]]:
    """The calls that wrote to a path."""
    return [entry for entry in entries if entry["method"] == "POST" and entry["path"].endswith(ending)]
