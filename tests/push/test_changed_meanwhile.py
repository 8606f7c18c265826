"""What billing, people and machines do while a push is under way: each document still ends once, with its status and reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet

from include.stores.tokens import WrongKeyError, rotate_key
from include.wiring import connections, runs
from include.wiring.pushing import RealmStoppedError
from tests.push import wire as mishaps
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.people import add_customer, enter
from tests.push.processes import PushProcess
from tests.push.wire import Answer, Call, Handler, Mishap, Wire
from tests.world import World

IN_TWOS = {**LIMITS, "batch_size": 2}


def begin(world: World, limits: dict[str, Any] = LIMITS, **settings: Any) -> str:
    """The waits of a test, and a mapped customer, whose id in QuickBooks is returned."""
    world.settings(waits=FAST, limits=limits, locked_before="off", **settings)
    customer = add_customer(world, "Northwind Cafe")
    world.map("customer", "c1", customer, "Northwind Cafe")
    return customer


def test_a_number_that_is_taken_stops_an_update_by_name(wired: tuple[World, Wire]) -> None:
    """Billing renumbers to what the accountant has: sent once, both as they were, the cure told; once it is free it goes."""
    world, wire = wired
    customer = begin(world)
    world.invoice("T-1")
    world.run()
    taken = enter(world, "T-9", "5.00", customer)
    before = world.in_qbo()

    world.sql("update billing.invoices set doc_number = 'T-9' where invoice_id = 'inv-T-1'")
    world.run()
    stopped, told, writes = world.status("inv-T-1"), world.reasons("inv-T-1"), len(wire.sent("update Invoice"))
    unchanged = world.in_qbo()
    world.qbo.act("edit", entity="Invoice", id=taken, changes={"DocNumber": "H-9"})
    world.run()

    assert stopped == ("Skipped", "already_in_qbo")
    assert "T-9 is another document's there" in told["already_in_qbo"]
    assert writes == 1
    assert unchanged == before
    assert world.status("inv-T-1") == ("Synced", "updated")
    assert [one["DocNumber"] for one in world.in_qbo()] == ["T-9"]


@pytest.mark.parametrize(("mishap", "is_there"), [(mishaps.cut_after, True), (mishaps.cut_before, False)])
def test_what_billing_does_while_a_create_is_unknown(wired: tuple[World, Wire], mishap: Mishap, is_there: bool) -> None:
    """Voided, opted out, renumbered, changed and deleted before anybody looks: all of it ends as billing has it, once."""
    world, wire = wired
    begin(world, voided_in_billing="void")
    for what in ("void", "out", "number", "amount", "gone", "same"):
        world.invoice(f"T-{what}", invoice_id=what)
    plan, context = world.prepare()

    def changes_in_billing() -> None:
        world.sql("update billing.invoices set status = 'void' where invoice_id = 'void'")
        world.sql("update billing.invoices set is_opted_out = true where invoice_id = 'out'")
        world.sql("update billing.invoices set doc_number = 'T-other' where invoice_id = 'number'")
        world.change("amount", "55.00")
        world.sql("delete from billing.invoice_lines where invoice_id = 'gone'")
        world.sql("delete from billing.invoices where invoice_id = 'gone'")

    wire.strike(mishap, "batch of create")
    wire.strike(mishaps.meanwhile(changes_in_billing), lambda call: call.kind == "query" and bool(wire.struck))
    runs.push(plan, context)
    world.sync(everything=True)
    world.sync(everything=True)

    held = {one["DocNumber"]: one["TotalAmt"] for one in world.in_qbo()}
    always = {"T-other": 100, "T-amount": 55, "T-same": 100}
    assert held == ({**always, "T-void": 0, "T-out": 100, "T-gone": 100} if is_there else always)
    assert len(world.in_qbo()) == len(held)
    shown = world.statuses()
    assert {shown[what][0] for what in ("number", "amount", "same")} == {"Synced"}
    assert shown["out"] == ("Synced" if is_there else "Skipped", "opted_out")
    assert shown["void"] == (("Synced", "unchanged") if is_there else ("Skipped", "out_of_scope"))
    assert shown["gone"] == (("Synced", "created") if is_there else ("Skipped", "out_of_scope"))


def test_an_update_that_waits_for_a_document_that_billing_deleted(wired: tuple[World, Wire]) -> None:
    """QuickBooks could not be reached for its update, and billing has no such row any more: nothing waits for ever."""
    world, wire = wired
    begin(world)
    billing_id = world.invoice("T-1")
    world.run()
    world.change(billing_id, "55.00")
    wire.strike(mishaps.answer(401, b"{}"), "update Invoice", times=2)
    with pytest.raises(RealmStoppedError):
        world.run()
    waiting = world.status(billing_id)[0]

    world.sql("delete from billing.invoice_lines")
    world.sql("delete from billing.invoices")
    world.sync()

    assert waiting == "Pending"
    assert world.status(billing_id)[1] == "deleted_in_billing"
    assert world.status(billing_id)[0] != "Pending"
    assert [one["TotalAmt"] for one in world.in_qbo("T-1")] == [100]


def test_there_and_back_again_while_an_update_is_unknown(wired: tuple[World, Wire]) -> None:
    """10, then 20 whose answer is lost, and 10 again before anybody looks: arrived or not, QuickBooks holds 10 in the end."""
    world, wire = wired
    begin(world)
    for billing_id in ("arrived", "lost"):
        world.invoice(f"T-{billing_id}", invoice_id=billing_id, amounts=("10.00",))
    world.run()
    for billing_id, mishap in (("arrived", mishaps.cut_after), ("lost", mishaps.cut_before)):
        world.change(billing_id, "20.00")
        wire.strike(mishap, "update Invoice")
        back = mishaps.meanwhile(lambda billing_id=billing_id: world.change(billing_id, "10.00"))
        wire.strike(back, lambda call: call.kind == "read")
        world.run()
        world.run()

    assert {one["DocNumber"]: one["SyncToken"] for one in world.in_qbo()} == {"T-arrived": "2", "T-lost": "0"}
    assert_exactly_once(world)
    assert_settled(world)


def test_customers_that_people_change_between_plan_and_push(world: World) -> None:
    """One made inactive, one merged into another, one renamed: the first two stop by name, the third keeps its invoice."""
    begin(world)
    ids = {name: add_customer(world, name) for name in ("Idle", "Merged", "Renamed", "Other")}
    for name in ("Idle", "Merged", "Renamed"):
        world.customer(name, name)
        world.map("customer", name, ids[name], name)
        world.invoice(f"T-{name}", customer_id=name)
    plan, context = world.prepare()

    world.qbo.act("edit", entity="Customer", id=ids["Idle"], changes={"Active": False})
    world.qbo.act("merge", entity="Customer", id=ids["Merged"], into=ids["Other"])
    world.qbo.act("edit", entity="Customer", id=ids["Renamed"], changes={"DisplayName": "Renamed Ltd"})
    runs.push(plan, context)

    assert {one["DocNumber"]: one["CustomerRef"]["value"] for one in world.in_qbo()} == {"T-Renamed": ids["Renamed"]}
    assert world.status("inv-T-Idle") == world.status("inv-T-Merged") == ("Skipped", "inactive_reference")
    assert_settled(world, "Synced", "Skipped")


LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "total": lambda invoice: invoice.update(TotalAmt=100.01),
    "currency": lambda invoice: invoice.update(CurrencyRef={"value": "EUR"}),
    "customer": lambda invoice: invoice.update(CustomerRef={"value": "3"}),
    "doc_number": lambda invoice: invoice.update(DocNumber="T-x"),
    "date": lambda invoice: invoice.update(TxnDate="2026-10-06"),
    "tax": lambda invoice: invoice.update(TxnTaxDetail={"TotalTax": 1}),
    "lines": lambda invoice: invoice["Line"].pop(0),
}


def _says_otherwise(handler: Handler, call: Call) -> None:
    """Each item of the batch is answered with another thing wrong."""
    answer = handler.forward(call)
    found = json.loads(answer.body)
    for item, lie in zip(found["BatchItemResponse"], LIES.values(), strict=True):
        lie(item["Invoice"])
    handler.give(Answer(answer.status, answer.headers, json.dumps(found).encode()))


def test_whatever_an_answer_says_otherwise_is_named(wired: tuple[World, Wire]) -> None:
    """A cent, currency, customer, number, date, tax and a line: each is an Error that names the field and both values."""
    world, wire = wired
    begin(world)
    for number, _ in enumerate(LIES):
        world.invoice(f"T-{number}")
    wire.strike(_says_otherwise, "batch of create")

    world.run()

    for number, field in enumerate(LIES):
        assert world.status(f"inv-T-{number}") == ("Error", "total_differs")
        assert f"{field}: QuickBooks holds" in world.reasons(f"inv-T-{number}")["total_differs"]
    assert_exactly_once(world)


@pytest.mark.parametrize("kind", ["update Invoice", "void Invoice", "send Invoice"])
def test_an_answer_that_names_another_invoice_is_looked_up(wired: tuple[World, Wire], kind: str) -> None:
    """T-1 is written, and the answer shows T-2: QuickBooks is asked, and each document keeps its own link."""
    world, wire = wired
    begin(world, voided_in_billing="void")
    for number in (1, 2):
        world.invoice(f"T-{number}", billing_email="ap@cafe.example")
    world.run()
    links = "select billing_id, qbo_id from qbo_sync.links where kind = 'invoice' order by billing_id"
    linked, others = world.sql(links), world.in_qbo("T-2")

    def shows_the_other(handler: Handler, call: Call) -> None:
        answer = handler.forward(call)
        found = json.loads(answer.body)
        handler.give(Answer(answer.status, answer.headers, json.dumps({**found, "Invoice": others[0]}).encode()))

    if kind == "update Invoice":
        world.change("inv-T-1", "90.00")
    elif kind == "void Invoice":
        world.sql("update billing.invoices set status = 'void' where invoice_id = 'inv-T-1'")
    wire.strike(shows_the_other, kind)
    if kind == "send Invoice":
        world.run(invoice_numbers=["T-1"], delivery="send")
    else:
        world.run()

    assert wire.struck == [kind]
    assert len(wire.sent(kind)) == 1
    assert world.sql(links) == linked
    assert world.in_qbo("T-2") == others
    assert world.status("inv-T-1") == ("Synced", "updated")
    assert_exactly_once(world, voided=["T-1"] if kind == "void Invoice" else [])
    assert_settled(world)


@pytest.mark.parametrize("table", ["attempts", "links"])
def test_a_database_without_space_posts_nothing_twice(wired: tuple[World, Wire], table: str) -> None:
    """Claims or answers cannot be stored: the push ends at once; with space again all is found or sent, once."""
    world, wire = wired
    begin(world, IN_TWOS)
    for number in range(6):
        world.invoice(f"T-{number}")
    plan, context = world.prepare()

    def fill_the_disk() -> None:
        world.sql(
            "create function public.no_space() returns trigger language plpgsql as $$"
            " begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$"
        )
        world.sql(
            f"create trigger no_space before insert or update on qbo_sync.{table}"
            " for each statement execute function public.no_space()"
        )

    wire.strike(mishaps.meanwhile(fill_the_disk), "batch of create")
    with pytest.raises(psycopg.errors.DiskFull):
        runs.push(plan, context)
    sent = len(wire.sent("batch of create"))
    world.sql("drop function public.no_space cascade")
    world.run()

    assert sent <= 2
    assert_exactly_once(world)
    assert_settled(world)


def test_a_new_encryption_key_in_the_middle_of_a_push(wired: tuple[World, Wire]) -> None:
    """Tokens are encrypted anew while batches go out by a process that has the old key alone: each invoice is there once."""
    world, wire = wired
    begin(world, IN_TWOS)
    for number in range(6):
        world.invoice(f"T-{number}")
    plan, context = world.prepare()
    old, new = connections.cipher(), Fernet(Fernet.generate_key())

    def rotate(**cipher: Callable[[bytes], bytes]) -> None:
        with connections.connect_state() as state:
            rotate_key(state, SimpleNamespace(**cipher))

    wire.strike(mishaps.meanwhile(lambda: rotate(encrypt=new.encrypt, decrypt=old.decrypt)), "batch of create")
    with pytest.raises(WrongKeyError, match="AIRFLOW__CORE__FERNET_KEY"):
        runs.push(plan, context)
    in_the_middle = len(world.in_qbo())
    rotate(encrypt=old.encrypt, decrypt=new.decrypt)
    world.run()
    world.run()

    assert in_the_middle == 2
    assert_exactly_once(world)
    assert_settled(world)


def test_permits_that_somebody_empties_are_taken_anew(wired: tuple[World, Wire]) -> None:
    """The governor's tables are emptied during each call: the push goes on, and nothing is sent twice."""
    world, wire = wired
    begin(world, IN_TWOS)
    for number in range(6):
        world.invoice(f"T-{number}")
    emptied = mishaps.meanwhile(lambda: world.sql("truncate qbo_sync.permits, qbo_sync.throttle"))
    wire.strike(emptied, "batch of create", times=3)

    world.run()

    assert len(wire.sent("batch of create")) == 3
    assert_exactly_once(world)
    assert_settled(world)


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.parametrize("grace", [3600, 0])
def test_a_death_between_intuits_answer_and_its_storing(wired: tuple[World, Wire], grace: int) -> None:
    """New tokens were given and are lost: inside the grace period the old one buys others, else a person has to reconnect."""
    world, wire = wired
    begin(world)
    for number in range(3):
        world.invoice(f"T-{number}")
    plan, context = world.prepare()
    world.qbo.settings(refresh_rotation_seconds=0, refresh_grace_seconds=grace)
    world.sql("update qbo_sync.tokens set access_expires_at = now() - interval '1 hour'")
    given: list[dict[str, Any]] = []

    def overheard(handler: Handler, call: Call) -> None:
        answer = handler.forward(call)
        given.append(json.loads(answer.body))
        handler.give(answer)

    wire.strike(overheard, lambda call: call.kind == "token")
    push = PushProcess(plan, context, freezes_at=lambda step: "Puts a refreshed pair in the place" in step)
    push.until_frozen()
    push.kill()
    push.wait()

    stopped = ""
    try:
        runs.push(plan, context)
    except RealmStoppedError as error:
        stopped = error.reason
    waiting = set(world.statuses().values())
    if stopped:
        world.refresh_token = given[0]["refresh_token"]
        world.connect()
        runs.push(plan, context)

    assert stopped == ("" if grace else "token_expired")
    assert waiting == ({("Synced", "created")} if grace else {("Pending", "token_expired")})
    assert_exactly_once(world)
    assert_settled(world)
