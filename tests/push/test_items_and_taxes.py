"""Which item, account and tax a line gets in QuickBooks: the mapping book at the time of the push."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from demo.runner.postgres import EmbeddedPostgres
from qbo_simulator.testing import RunningSimulator
from tests.world import World
from tests.world import world as new_world

INCOME = {"id": "79", "name": "Sales of Product Income"}
GENERIC = {"id": "1", "name": "Services"}


@pytest.fixture
def british(pg: EmbeddedPostgres, qbo: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose company is in the United Kingdom."""
    with new_world(pg, qbo, tmp_path_factory.mktemp("british"), "GB") as made:
        yield made


def line(amount: str, category: str | None = "recurring", **more: Any) -> dict[str, Any]:
    """A charge."""
    return {"amount": Decimal(amount), "category": category, **more}


def by_item(world: World, number: str) -> dict[str, Decimal]:
    """What QuickBooks holds on each item of an invoice."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for held in world.lines_in_qbo(number):
        sums[held["SalesItemLineDetail"]["ItemRef"]["value"]] += Decimal(str(held["Amount"]))
    return dict(sums)


def items_named(world: World, *names: str) -> dict[str, list[dict[str, Any]]]:
    """The items of these names that QuickBooks holds."""
    held = world.qbo.state("Item", world.realm_id)
    return {name: [item for item in held if item["Name"] == name] for name in names}


@pytest.mark.row("F36", "F49")
def test_a_mapping_that_changed_later_serves_the_next_push_only(world: World) -> None:
    """What is in QuickBooks stays on its old item and account; a new invoice and a re-copy take today's."""
    world.invoice("T-1")
    world.run()
    world.map("category", "recurring", "4", "Design")
    world.invoice("T-2")

    world.run()

    assert (world.items_in_qbo("T-1"), world.items_in_qbo("T-2")) == (["1"], ["4"])
    assert world.status("inv-T-1") == ("Synced", "unchanged")
    accounts = {item["Id"]: item["IncomeAccountRef"]["value"] for item in world.qbo.state("Item", world.realm_id)}
    assert (accounts["1"], accounts["4"]) == ("1", "82")

    before = world.in_qbo("T-1")[0]["Id"]
    world.run(recopy=True, invoice_numbers=["T-1"])

    assert [held["Id"] for held in world.in_qbo("T-1")] == [before]
    assert world.items_in_qbo("T-1") == ["4"]


@pytest.mark.row("F31", "F32", "F34", "F35", "X3")
def test_each_line_lands_on_the_item_of_its_own_mapping(world: World) -> None:
    """Subscription before service before category before the default; items total what their keys total in billing."""
    world.map("category", "usage", "2", "Hours")
    world.map("category", "setup", "2", "Hours")
    world.map("service", "sip", "6", "Gardening")
    world.map("subscription", "sub-9", "7", "Installation")
    world.map("subscription", "*", "10", "Pest Control")
    world.invoice(
        "T-1",
        lines=[
            line("10.01"),
            line("20.02", "usage"),
            line("30.03", "setup"),
            line("40.04", "usage", service_id="sip"),
            line("50.05", "usage", service_id="sip", subscription_id="sub-9"),
            line("60.06", "rental", subscription_id="sub-8"),
        ],
    )

    world.run()

    assert by_item(world, "T-1") == {
        "1": Decimal("10.01"),
        "2": Decimal("50.05"),
        "6": Decimal("40.04"),
        "7": Decimal("50.05"),
        "10": Decimal("60.06"),
    }


@pytest.mark.row("F37", "F38")
def test_the_taxes_of_two_jurisdictions_go_to_two_items(world: World) -> None:
    """Each jurisdiction has an item, the others share the default one; each sum is billing's, and nothing is added."""
    world.settings(tax="as_lines")
    world.map("category", "STATE", "2", "Hours")
    world.map("category", "CITY", "3", "Concrete")
    world.map("category", "tax", "13", "Rocks")
    taxes = [("4.00", "STATE"), ("4.88", "CITY"), ("0.12", "COUNTY"), ("0.03", "FIRE")]
    lines = [line("100.00"), *(line(amount, None, kind="tax", tax_code=code) for amount, code in taxes)]
    totals = {"subtotal_amount": Decimal(100), "tax_amount": Decimal("9.03"), "total_amount": Decimal("109.03")}
    world.invoice("T-1", lines=lines, **totals)

    world.run()

    assert by_item(world, "T-1") == {
        "1": Decimal(100),
        "2": Decimal("4.00"),
        "3": Decimal("4.88"),
        "13": Decimal("0.15"),
    }
    (held,) = world.in_qbo("T-1")
    assert Decimal(str(held["TotalAmt"])) == Decimal("109.03")
    assert Decimal(str(held["TxnTaxDetail"].get("TotalTax", 0))) == 0


@pytest.mark.row("F96")
def test_tax_and_discount_are_two_lines_of_the_invoice(world: World) -> None:
    """With the tax as a line both stand among the lines, and their sums are billing's."""
    world.settings(tax="as_lines")
    world.map("category", "discount", "12", "Refunds & Allowances")
    world.map("category", "tax", "13", "Rocks")
    lines = [
        line("100.00"),
        line("-10.00", "discount", kind="discount"),
        line("8.00", None, kind="tax", tax_code="STATE"),
    ]
    totals = {"subtotal_amount": Decimal(90), "tax_amount": Decimal(8), "total_amount": Decimal(98)}
    world.invoice("T-1", lines=lines, **totals)

    world.run()

    assert [Decimal(str(held["Amount"])) for held in world.lines_in_qbo("T-1")] == [100, -10, 8]
    assert by_item(world, "T-1") == {"1": Decimal(100), "12": Decimal(-10), "13": Decimal(8)}
    assert Decimal(str(world.in_qbo("T-1")[0]["TotalAmt"])) == Decimal(98)


@pytest.mark.row("F105")
def test_a_discount_goes_to_the_discount_account(world: World) -> None:
    """With an account for discounts QuickBooks holds a discount line on it, and the total is billing's."""
    world.settings(discount_account={"id": "86", "name": "Discounts given"})
    world.invoice("T-1", lines=[line("100.00"), line("-12.34", "discount", kind="discount")])

    world.run()

    (discount,) = [held for held in world.lines_in_qbo("T-1") if held["DetailType"] == "DiscountLineDetail"]
    assert Decimal(str(discount["Amount"])) == Decimal("12.34")
    assert discount["DiscountLineDetail"]["DiscountAccountRef"]["value"] == "86"
    assert Decimal(str(world.in_qbo("T-1")[0]["TotalAmt"])) == Decimal("87.66")


def test_a_discount_that_comes_first_leaves_the_revenue_of_its_service_where_it_belongs(world: World) -> None:
    """The first line of a new service is a discount on it: the service's item is made on the account of revenue all the same."""
    discounts = {"id": "86", "name": "Discounts given"}
    world.settings(items="match_or_create", income_account=INCOME, discount_account=discounts)
    world.sql("insert into billing.services (service_id, service_name) values ('fiber', 'Fiber 500')")
    lines = [line("-10.00", "promo", kind="discount", service_id="fiber"), line("100.00", "voice", service_id="fiber")]
    world.invoice("T-1", lines=lines)

    world.run()

    (made,) = items_named(world, "Fiber 500")["Fiber 500"]
    assert made["IncomeAccountRef"]["value"] == INCOME["id"]
    assert world.items_in_qbo("T-1") == [made["Id"]]
    assert Decimal(str(world.in_qbo("T-1")[0]["TotalAmt"])) == 90


@pytest.mark.row("F39", "F44")
def test_an_unmapped_service_is_skipped_where_nothing_may_be_created(world: World) -> None:
    """The reason names service and category; QuickBooks gets neither the invoice nor an item."""
    before = len(world.qbo.state("Item", world.realm_id))
    world.sql("insert into billing.services (service_id, service_name, category) values ('sip', 'SIP trunk', 'voice')")
    world.invoice("T-1", lines=[line("5.00", "voice", service_id="sip")])

    world.run()

    assert world.status("inv-T-1") == ("Skipped", "item_unmapped")
    assert world.reasons("inv-T-1")["item_unmapped"] == "service sip / category voice"
    assert world.in_qbo() == []
    assert len(world.qbo.state("Item", world.realm_id)) == before


@pytest.mark.row("F41", "F42", "F43", "F44", "F48")
def test_a_service_without_mapping_becomes_one_item_or_is_the_one_of_its_name(world: World) -> None:
    """Created once, on the default account, with the catalogue's id as SKU; an existing item keeps its own account."""
    world.settings(items="match_or_create", income_account=INCOME)
    world.sql(
        "insert into billing.services (service_id, service_name, sku) values"
        " ('sip', 'SIP trunk', 'CAT-77'), ('light', 'Lighting', 'CAT-8'), ('near', 'lighting ', 'CAT-9')"
    )
    world.invoice("T-1", lines=[line("5.00", "voice", service_id="sip"), line("6.00", "voice", service_id="light")])
    world.invoice("T-2", lines=[line("7.00", "voice", service_id="sip")])
    world.invoice("T-3", lines=[line("8.00", "voice", service_id="near")])

    world.run()

    found = items_named(world, "SIP trunk", "Lighting", "lighting ", "lighting")
    (made,), (existing,) = found["SIP trunk"], found["Lighting"]
    assert (made["Sku"], made["IncomeAccountRef"]["value"], made["Type"]) == ("CAT-77", "79", "Service")
    assert (existing["Id"], existing["IncomeAccountRef"]["value"], existing["SyncToken"]) == ("8", "48", "0")
    assert (world.items_in_qbo("T-1"), world.items_in_qbo("T-2")) == ([made["Id"], "8"], [made["Id"]])
    assert world.status("inv-T-3") == ("Skipped", "ambiguous_name")
    assert "Lighting" in world.reasons("inv-T-3")["ambiguous_name"]
    assert found["lighting "] + found["lighting"] == []


@pytest.mark.row("F46", "F47")
def test_an_item_for_each_line_is_made_once(world: World) -> None:
    """Two texts become two items, a blank one the generic item; the next invoice of the same texts makes none."""
    world.settings(items="per_line", income_account=INCOME, generic_item=GENERIC)
    texts = ("Port fee", "Number porting", "Port fee", "")
    lines = [line("5.00", description=text) for text in texts]
    before = len(world.qbo.state("Item", world.realm_id))
    world.invoice("T-1", lines=lines)
    world.run()
    world.invoice("T-2", lines=lines)

    world.run()

    assert len(world.qbo.state("Item", world.realm_id)) == before + 2
    found = items_named(world, "Port fee", "Number porting")
    (port,), (porting,) = found["Port fee"], found["Number porting"]
    expected = [port["Id"], porting["Id"], port["Id"], "1"]
    assert (world.items_in_qbo("T-1"), world.items_in_qbo("T-2")) == (expected, expected)


@pytest.mark.row("F40", "F100", "F101", "X7")
def test_a_british_line_carries_its_tax_code_and_quickbooks_computes(british: World) -> None:
    """By the id of the mapped code, also after QuickBooks renamed it; no TxnTaxDetail is sent; the tax is billing's."""
    british.map("tax_code", "STD", "2", "20.0% S")
    lines = [line("100.00", tax_code="STD", tax_amount=20), line("50.00", tax_code="NO_VAT")]
    totals = {"subtotal_amount": Decimal(150), "tax_amount": Decimal(20), "total_amount": Decimal(170)}
    british.invoice("T-1", lines=lines, **totals)
    british.run()
    (code,) = british.qbo.state("TaxCode", british.realm_id, id="2")
    british.qbo.load("TaxCode", [{**code, "Name": "20.0% Standard"}], british.realm_id)
    british.refresh()
    british.invoice("T-2", lines=lines, **totals)

    british.run()

    assert british.statuses() == {"inv-T-1": ("Synced", "unchanged"), "inv-T-2": ("Synced", "created")}
    for number in ("T-1", "T-2"):
        codes = [held["SalesItemLineDetail"]["TaxCodeRef"]["value"] for held in british.lines_in_qbo(number)]
        assert codes == ["2", "6"]
        assert Decimal(str(british.in_qbo(number)[0]["TxnTaxDetail"]["TotalTax"])) == Decimal(20)
    sent = british.sql("select request from qbo_sync.attempts where event = 'sent'")
    assert not any("TxnTaxDetail" in str(request) for (request,) in sent)


@pytest.mark.row("X7")
@pytest.mark.parametrize(
    ("choice", "status", "total"),
    [
        ({}, ("Error", "tax_variance"), None),
        ({"tax_variance": "push"}, ("Synced", "tax_variance"), "120.00"),
        ({"tax_variance": "rounding_line", "generic_item": GENERIC}, ("Synced", "tax_variance"), "120.01"),
    ],
    ids=["stop", "push", "rounding line"],
)
def test_a_cent_between_the_taxes_is_named_or_closed(
    british: World, choice: dict[str, Any], status: tuple[str, str], total: str | None
) -> None:
    """Billing charged 20.01 where QuickBooks computes 20.00: stopped, pushed with a warning, or closed by a line."""
    british.settings(time_zone="Europe/London", **choice)
    british.map("tax_code", "STD", "2", "20.0% S")
    british.map("tax_code", "rounding", "6", "No VAT")
    totals = {"subtotal_amount": Decimal(100), "tax_amount": Decimal("20.01"), "total_amount": Decimal("120.01")}
    british.invoice("T-1", lines=[line("100.00", tax_code="STD", tax_amount=None)], **totals)

    british.run()

    assert british.status("inv-T-1") == status
    assert "billing charged 20.01" in british.reasons("inv-T-1")["tax_variance"]
    assert british.sql("select billing_total, qbo_total from qbo_sync.document_status") == [
        (Decimal("120.01"), total and Decimal(total))
    ]
    british.run()
    is_equal = total == "120.01"
    assert british.status("inv-T-1") == (("Synced", "unchanged") if is_equal else status)
    assert is_equal or "billing charged 20.01" in british.reasons("inv-T-1")["tax_variance"]
    assert [Decimal(str(held["TotalAmt"])) for held in british.in_qbo()] == ([Decimal(total)] if total else [])


def test_tax_that_leads_to_no_code_stops_before_any_call(world: World) -> None:
    """A line with tax, and ``*`` mapped to NON: tax_code_unmapped with the code, and QuickBooks hears nothing of it."""
    world.invoice("T-1", lines=[{"amount": Decimal(100), "tax_amount": Decimal(8)}], tax_amount=8, total_amount=108)
    world.qbo.clear_journal()

    world.run()

    assert world.in_qbo() == []
    assert world.status("inv-T-1") == ("Skipped", "tax_code_unmapped")
    assert "mapped to NON, which is no tax" in world.reasons("inv-T-1")["tax_code_unmapped"]
    assert [one["path"] for one in world.qbo.journal() if one["method"] == "POST"] == []
