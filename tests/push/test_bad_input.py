"""Bad input through the whole way: each gets one clear sentence that names document, field and cure; the good ones go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from include.billing_sync.reasons import CATALOGUE
from include.wiring import runs
from include.wiring.forms import ChoiceError, choices_from
from tests.world import SETTINGS, World, write_settings

TOLD: dict[str, tuple[str, str]] = {
    # number: reason, and what the detail must name
    "T-null": ("date_out_of_range", "invoice_date"),
    "T-twice": ("doc_number_duplicate", "is also the number of twice-"),
    "T-1900": ("date_out_of_range", "invoice date 1900-01-01"),
    "T-2999": ("date_out_of_range", "due date 2999-12-31"),
    "T-10MB": ("text_invalid", "description of line T-10MB-line is a text of 10,000,000 characters"),
    "T-bell": ("text_invalid", "description of line 1"),
    "T-mill": ("amount_precision", "line 1 1.005"),
    "T-huge": ("amount_precision", "total 99999999999.00"),
    "T-nan": ("totals_do_not_match", "invoices.sql: total_amount is NaN"),
    "T-money": ("currency_unknown", "XQZ"),
}


def put_bad_documents(world: World) -> None:
    """One document for each thing that can be wrong with one."""
    world.invoice("T-null", invoice_date=None)
    world.invoice("T-twice", invoice_id="twice-1")
    world.invoice("T-twice", invoice_id="twice-2")
    world.invoice("T-1900", day="1900-01-01")
    world.invoice("T-2999", due_date="2999-12-31")
    huge = {"line_id": "T-10MB-line", "amount": Decimal(1), "description": "x" * 10_000_000}
    world.invoice("T-10MB", lines=[huge])
    world.invoice("T-bell", lines=[{"amount": Decimal(1), "description": "ring \a"}])
    world.invoice("T-mill", amounts=("1.005",))
    world.invoice("T-huge", amounts=("99999999999.00",))
    world.invoice("T-nan", amounts=("NaN",))
    world.invoice("T-money", currency="XQZ")


def test_each_bad_document_is_named_with_its_cure_and_the_good_one_goes(world: World) -> None:
    """Nothing is half done and nothing lost: QuickBooks holds the good invoice alone, every other has reason and cure."""
    put_bad_documents(world)
    world.invoice("T-good")

    world.run()

    assert [one["DocNumber"] for one in world.in_qbo()] == ["T-good"]
    statuses = world.sql("select doc_number, billing_id from qbo_sync.document_status where doc_number <> 'T-good'")
    assert sorted(number for number, _ in statuses) == sorted([*TOLD, "T-twice"])
    for number, billing_id in statuses:
        reason, named = TOLD[number]
        reasons = world.reasons(billing_id)
        assert world.status(billing_id) == (CATALOGUE[reason].status, reason), (number, reasons)
        assert named in reasons[reason], (number, reasons)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"from_date": "2026-11-01", "to_date": "2026-10-01"}, "swap them"),
        ({"amount_from": "100", "amount_to": "20"}, "swap them"),
        ({"from_date": "31.10.2026"}, "'from_date' must be a date such as 2026-10-31"),
        ({"amount_from": "a lot"}, "'amount_from' must be an amount such as 100.00"),
        ({"amount_to": "NaN"}, "'amount_to' must be an amount such as 100.00"),
        ({"mode": "pull"}, "'mode' must be one of push, push_after_approval, plan_only"),
        ({"statuses": ["Lost"]}, "'statuses' knows Pending, Skipped, Error, Unknown, Synced, not Lost"),
        ({"invoice_numbers": [7]}, "'invoice_numbers' must be a list of texts"),
        ({"invoices": "T-1"}, "The form of qbo_export_invoices has no field invoices; it has realm, from_date"),
        ({"plan_id": "x"}, "'plan_id' must be the number of a stored plan, such as 12, not 'x'"),
        ({"plan_id": 10**30}, "'plan_id' must be the number of a stored plan"),
        ({"plan_id": True}, "'plan_id' must be the number of a stored plan"),
        ({"repair_moved": True}, "'Repair moved invoices' needs 'Only these invoice numbers'"),
        ({"plan_id": 7, "mode": "plan_only"}, "choose 'push', or leave the number of the plan empty"),
    ],
)
def test_a_form_that_cannot_be_names_the_field_and_the_cure(form: dict[str, Any], told: str) -> None:
    """One sentence before anything is opened: the field, what was found, what is allowed."""
    with pytest.raises(ChoiceError) as refused:
        choices_from(form, "qbo_export_invoices")

    assert told in str(refused.value)


def test_a_field_of_another_form_is_unknown() -> None:
    """What a DAG would not look at is refused, not left aside."""
    with pytest.raises(ChoiceError) as refused:
        choices_from({"realm": "demo", "plan_id": 7}, "qbo_auto_sync")

    assert str(refused.value) == "The form of qbo_auto_sync has no field plan_id; it has realm, everything."


def test_a_stored_plan_is_asked_for_with_its_company(world: World) -> None:
    """Of several companies one has made it; the others would look for it in vain and turn the run red after it was pushed."""
    asked = {"plan_id": 7}
    assert runs.choose(world.context("manual__1", "manual", asked)) == ["demo"]
    write_settings(world.mappings, "texas", {**SETTINGS, "connection": "qbo_texas"})

    with pytest.raises(ChoiceError) as refused:
        runs.choose(world.context("manual__2", "manual", asked))

    assert str(refused.value) == "'Push this stored plan' needs the company that made it: demo or texas."
    assert runs.choose(world.context("manual__3", "manual", {**asked, "realm": "demo"})) == ["demo"]


def test_an_unknown_company_in_the_form_names_those_that_are_set_up(world: World) -> None:
    """The run ends in its first task, and no plan was opened."""
    with pytest.raises(ChoiceError) as refused:
        runs.choose(world.context("manual__1", "manual", {"realm": "texas"}))

    assert str(refused.value) == "There is no company texas; set up are: demo."
    assert world.sql("select count(*) from qbo_sync.plans") == [(0,)]
