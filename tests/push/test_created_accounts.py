"""Accounts that settings.yaml consents to: created once by the first run that needs them, and none where one is chosen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from include.wiring.preflight import PreflightFailedError, preflight, require_green
from tests.push import wire as mishaps
from tests.push.conftest import LIMITS
from tests.push.mortal import push_and_die
from tests.push.test_killed import CRITICAL
from tests.world import World

NEW = "Billing income"
CONSENT = {"items": "match_or_create", "income_account": {"create": NEW}}
WAITS = {"settle_after": 1, "call_limit": 1, "pause_after_429": 1}


class StepsOfAccounts(set[str]):
    """The steps that a push need not die at: those it has died at, and all that write no account."""

    def __contains__(self, step: object) -> bool:
        """Whether the push may go on."""
        return not str(step).startswith("create Account") or super().__contains__(step)


def accounts(world: World, name: str = NEW) -> list[dict[str, Any]]:
    """The accounts of this name that QuickBooks holds."""
    return [one for one in world.qbo.state("Account", world.realm_id) if one["Name"].casefold() == name.casefold()]


def service(world: World, service_id: str, number: str) -> None:
    """Bill a service that QuickBooks has no item for."""
    world.sql(
        "insert into billing.services (service_id, service_name, sku) values (%s, %s, %s)",
        service_id,
        f"Service {service_id}",
        service_id,
    )
    world.invoice(number, lines=[{"amount": Decimal(5), "category": "voice", "service_id": service_id}])


def account_of_item(world: World, name: str) -> list[str]:
    """The income accounts of the items of this name."""
    held = world.qbo.state("Item", world.realm_id)
    return [item["IncomeAccountRef"]["value"] for item in held if item["Name"] == name]


def said(world: World) -> str:
    """What preflight says of the income account."""
    return next(one.text for one in preflight(world.realm_key).findings if one.code == "income_account")


@pytest.mark.row("F45")
def test_the_first_run_creates_the_account_once_and_later_ones_none(world: World) -> None:
    """Preflight lists it; the first run creates it before the item; later runs, and a new name there, create no other."""
    world.settings(**CONSENT)
    service(world, "sip", "T-1")
    assert said(world).endswith(f"creates the income account {NEW!r}; settings.yaml consents")

    world.run()

    (made,) = accounts(world)
    assert (made["AccountType"], made["AccountSubType"]) == ("Income", "ServiceFeeIncome")
    assert account_of_item(world, "Service sip") == [made["Id"]]
    assert world.status("inv-T-1") == ("Synced", "created")
    world.qbo.load("Account", [{**made, "Name": "Renamed by the accountant"}], world.realm_id)
    world.refresh()
    service(world, "fax", "T-2")
    assert said(world) == "income_account is Renamed by the accountant"

    world.run()

    assert accounts(world) == []
    assert account_of_item(world, "Service fax") == [made["Id"]]
    assert world.sql("select count(*) from qbo_sync.plan_items where kind = 'account'") == [(1,)]


@pytest.mark.row("F45")
def test_an_account_of_ones_own_is_used_and_none_created(world: World) -> None:
    """With id and name in the settings the chart of accounts stays as it is."""
    world.settings(items="match_or_create", income_account={"id": "79", "name": "Sales of Product Income"})
    before = len(world.qbo.state("Account", world.realm_id))
    service(world, "sip", "T-1")

    world.run()

    assert len(world.qbo.state("Account", world.realm_id)) == before
    assert account_of_item(world, "Service sip") == ["79"]


def test_a_run_that_needs_no_account_creates_none(world: World) -> None:
    """Consent is not an order: where every line has its item, nothing is created."""
    world.settings(**CONSENT)
    world.invoice("T-1")

    world.run()

    assert world.status("inv-T-1") == ("Synced", "created")
    assert accounts(world) == []


def test_an_account_of_the_name_is_taken(world: World) -> None:
    """QuickBooks has one of this name, in other letters: it serves, and no second one is tried."""
    _, answer = world.qbo.call("POST", "account", {"Name": NEW.upper(), "AccountType": "Income"})
    world.refresh()
    world.settings(**CONSENT)
    service(world, "sip", "T-1")
    assert "is taken, none is created" in said(world)

    world.run()

    assert account_of_item(world, "Service sip") == [answer["Account"]["Id"]]
    assert len(accounts(world)) == 1


def test_an_account_of_the_name_that_cannot_serve_stops_the_realm(world: World) -> None:
    """An expense account of this name is no place for income: a person chooses another name."""
    world.qbo.call("POST", "account", {"Name": NEW, "AccountType": "Expense"})
    world.refresh()
    world.settings(**CONSENT)

    with pytest.raises(PreflightFailedError, match="has an account 'Billing income' already, of type Expense"):
        require_green(world.realm_key)


@pytest.mark.parametrize(
    ("kind", "status", "made"),
    [("Income", ("Synced", "created"), 1), ("Expense", ("Skipped", "item_unmapped"), 0)],
)
def test_an_account_made_there_a_moment_ago_is_not_made_twice(
    world: World, kind: str, status: tuple[str, str], made: int
) -> None:
    """Our lists do not show it yet and QuickBooks refuses a second one: it is taken if it can serve, or named."""
    world.settings(**CONSENT)
    service(world, "sip", "T-1")
    _, answer = world.qbo.call("POST", "account", {"Name": NEW, "AccountType": kind})

    world.run()

    assert world.status("inv-T-1") == status
    assert account_of_item(world, "Service sip") == [answer["Account"]["Id"]] * made
    assert made or "it is an account of type Expense" in world.reasons("inv-T-1")["item_unmapped"]
    assert len(accounts(world)) == 1


@pytest.mark.row("F45", "F105")
def test_the_discount_account_is_created_for_the_first_discount(world: World) -> None:
    """The discount of an invoice goes to the new account, which later invoices share."""
    world.settings(tax="override", discount_account={"create": "Discounts of billing"})
    for number in ("T-1", "T-2"):
        lines = [{"amount": Decimal(100)}, {"amount": Decimal(-10), "kind": "discount", "description": "Loyalty"}]
        world.invoice(number, lines=lines)
        world.run()

    (made,) = accounts(world, "Discounts of billing")
    assert (made["AccountType"], made["AccountSubType"]) == ("Income", "DiscountsRefundsGiven")
    for number in ("T-1", "T-2"):
        (held,) = world.in_qbo(number)
        (used,) = [line["DiscountLineDetail"] for line in held["Line"] if line["DetailType"] == "DiscountLineDetail"]
        assert used["DiscountAccountRef"]["value"] == made["Id"]
        assert Decimal(str(held["TotalAmt"])) == 90


@pytest.mark.parametrize(
    "mishap",
    [mishaps.cut_after, mishaps.cut_before, mishaps.bad_gateway_after, mishaps.system_fault_before],
    ids=lambda mishap: mishap.__name__,
)
def test_a_lost_answer_does_not_create_the_account_twice(wired: tuple[World, Any], mishap: Any) -> None:
    """Created or not, nobody was told: QuickBooks is asked, and the account, its item and the invoice are there once."""
    world, wire = wired
    world.settings(waits=WAITS, limits=LIMITS, **CONSENT)
    service(world, "sip", "T-1")
    wire.strike(mishap, "create account")

    world.run()

    (made,) = accounts(world)
    assert account_of_item(world, "Service sip") == [made["Id"]]
    assert world.status("inv-T-1") == ("Synced", "created")
    assert len(world.in_qbo("T-1")) == 1


# Python 3.12 warns of fork in a process with threads; the child here only pushes and ends.
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_push_killed_at_every_step_creates_the_account_once(world: World) -> None:
    """Killed before each statement and call that writes it, until one push gets through: one account, item and invoice."""
    from include.wiring import runs

    waits = {"settle_after": 0.1, "call_limit": 2, "pause_after_429": 1}
    world.settings(waits=waits, limits={**LIMITS, "in_flight": 1000}, **CONSENT)
    service(world, "sip", "T-1")
    plan, context = world.prepare()

    steps = push_and_die(plan, context, StepsOfAccounts())
    runs.push(plan, context)

    for what in CRITICAL[:2]:
        assert any(what in step for step in steps), f"no push died at {what}"
    found = world.sql("select 1 from qbo_sync.attempts where kind = 'account' and outcome = 'found'")
    assert found, "no push died between QuickBooks' write and ours"
    (made,) = accounts(world)
    assert account_of_item(world, "Service sip") == [made["Id"]]
    assert len(world.in_qbo("T-1")) == 1
    assert world.status("inv-T-1") == ("Synced", "created")
