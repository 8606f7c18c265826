"""The gate: every reason is found by its expectation, on the facts of a real document and under its setting."""

from __future__ import annotations

import logging
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from include.billing_sync.facts import CustomerMatch, facts
from include.billing_sync.reasons import CATALOGUE, Finding, Severity
from include.billing_sync.settings import Named
from include.expectations.invoices import at_most, suite
from include.expectations.runner import Gate, check, frame
from tests.core.builders import ANNA, GB, SETTINGS, TODAY, US, charge, context, invoice, settings, tax_line
from tests.core.test_facts import held

ODD = invoice(charge("4495.16", tax_code="ODD"), currency="GBP", tax_amount=Decimal("448.40"))
FAR_OFF = invoice(charge("100.00", tax_code="STD"), currency="GBP", tax_amount=Decimal("19.00"))


def row(document=None, billing_id="I1", **changes):
    """One row as the check task makes it."""
    document = document or invoice()
    return {"billing_id": billing_id, "doc_number": document.doc_number} | facts(document, context(**changes))


@pytest.fixture(scope="module")
def gate() -> Gate:
    """The suite under the documented defaults."""
    return Gate(SETTINGS)


@pytest.fixture(scope="module")
def found(gate) -> dict[str, list[Finding]]:
    """The findings of all cases below by their names, judged at once: each run of a suite takes its second."""
    return gate.judge([row(billing_id=name, **changes) for name, changes in {**STOPPED, **WARNED, **OTHERS}.items()])


def reasons(findings):
    """Reason and severity of each finding."""
    return [(finding.reason, str(finding.severity)) for finding in findings]


CLOSED = replace(US, closing_date=date(2026, 11, 1))

STOPPED = {
    "no_lines": {"document": replace(invoice(), lines=())},
    "too_many_lines": {"document": invoice(*(charge("1.00", position=place) for place in range(1, 752)))},
    "doc_number_missing": {"document": invoice(doc_number=None)},
    "doc_number_too_long": {"document": invoice(doc_number="x" * 22)},
    "doc_number_duplicate": {"same_number_in_run": 1},
    "date_out_of_range": {"document": invoice(due_date=date(2999, 12, 31))},
    "text_invalid": {"document": invoice(charge(description="\x07"))},
    "currency_unknown": {"document": invoice(currency="XQZ")},
    "negative_subtotal": {"document": invoice(charge("-0.01"))},
    "totals_do_not_match": {"document": replace(invoice(), total_amount=Decimal("100.01"))},
    "amount_precision": {"document": invoice(charge("10.005"))},
    "tax_variance": {"document": ODD, "company": GB},
    "customer_missing": {"document": invoice(customer_id=None)},
    "customer_unmapped": {"customer": CustomerMatch()},
    "ambiguous_name": {"customer": CustomerMatch(is_ambiguous=True)},
    "customer_currency": {"document": invoice(currency="EUR")},
    "inactive_reference": {"inactive": {("Item", "11")}},
    "item_unmapped": {"document": invoice(charge(category="satellite"))},
    "tax_code_unmapped": {"document": invoice(charge(), tax_line("1.00", "NY"))},
    "category_missing": {"document": invoice(charge(category=None))},
    "qbo_origin": {"document": invoice(origin="qbo")},
    "excluded_customer": {"document": invoice(customer=replace(ANNA, is_test=True))},
    "opted_out": {"document": invoice(is_opted_out=True)},
    "draft": {"document": invoice(status="draft")},
    "out_of_scope": {"document": invoice(status="void")},
    "before_start_date": {"document": invoice(invoice_date=date(2025, 12, 31))},
    "period_closed": {"company": CLOSED},
}


@pytest.mark.parametrize("reason", STOPPED)
def test_each_reason_stops_its_document_and_nothing_else_is_found(found, reason):
    """One thing wrong, one reason, and a detail that says what."""
    findings = found[reason]

    assert reasons(findings) == [(reason, "stop")]
    assert findings[0].detail
    assert findings[0].status is CATALOGUE[reason].status


def test_every_reason_that_billing_can_cause_is_tested_above():
    """A new expectation needs a document that shows it."""
    told = {one.meta["reason"] for one in suite(SETTINGS) if one.meta["severity"] == "stop"}

    assert told == set(STOPPED)


WARNED = {
    "text_cut": {"document": invoice(charge(description="x" * 4001))},
    "name_changed": {
        "document": invoice(customer=replace(ANNA, name="A: B")),
        "customer": CustomerMatch("@customer:C1"),
    },
    "copied_not_sent": {"mode": "send"},
    "detail_expired": {"document": invoice(detail_date=TODAY - timedelta(days=121))},
}


@pytest.mark.parametrize("reason", WARNED)
def test_each_warning_lets_its_document_go(found, reason):
    """It is told beside a document that is Synced."""
    assert reasons(found[reason]) == [(reason, "warn")]


OTHERS = {
    "good": {},
    "1": {},
    "None": {},
    "reported": {"link": held("2026-09-30")},
    "many reasons": {"document": invoice(charge("-5.00", category=None), customer_id=None, doc_number=None)},
    "details": {"document": invoice(charge("-12.34", category="satellite"), doc_number="x" * 30)},
    "huge": {"document": replace(invoice(), total_amount=Decimal(10) ** 25)},
}


def test_a_good_document_has_no_finding(found):
    """It is not in the answer at all, and findings go to the document that has them whatever ids look like."""
    assert found.keys() == {*STOPPED, *WARNED, *OTHERS} - {"good", "1", "None"}


def test_a_change_in_a_reported_period_is_for_a_person_to_approve(found):
    """Neither a stop nor a warning: the plan holds it."""
    findings = found["reported"]

    assert reasons(findings) == [("period_reported", "approve")]
    assert findings[0].detail == "dated 2026-09-30, locked before 2026-10-01"


def test_all_reasons_of_a_document_are_kept(found):
    """A negative invoice without customer is an Error and shows both; the order is that of the catalogue."""
    assert reasons(found["many reasons"]) == [
        ("doc_number_missing", "stop"),
        ("negative_subtotal", "stop"),
        ("customer_missing", "stop"),
        ("category_missing", "stop"),
    ]


def test_the_detail_names_what_to_cure(found):
    """Value and limit, service and customer."""
    assert {finding.reason: finding.detail for finding in found["details"]} == {
        "doc_number_too_long": "30 characters",
        "negative_subtotal": "subtotal -12.34, total -12.34",
        "item_unmapped": "category satellite",
    }


@pytest.mark.row("F68")
@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"detail_age": "off"}, {}),
        ({"detail_age": "stop"}, {"121": "stop"}),
        ({"detail_age": "stop", "detail_age_days": 90}, {"120": "stop", "121": "stop"}),
    ],
)
def test_old_detail_is_judged_as_settings_say(choice, expected):
    """F68: off, warn or stop, and from which day."""
    rows = [row(invoice(detail_date=TODAY - timedelta(days=days)), str(days)) for days in (90, 120, 121)]

    findings, _ = check(rows, settings(**choice))

    assert {days: str(finding.severity) for days, (finding,) in findings.items()} == expected


@pytest.mark.row("F68")
def test_detail_about_to_expire_is_counted_and_no_finding():
    """From day 90 the run says how many documents should be exported soon; none of them carries it in its status."""
    findings, result = check([row(invoice(detail_date=TODAY - timedelta(days=90)))], SETTINGS)

    noted = [rule for rule in result.rules.values() if rule.severity == "note"]
    assert findings == {}
    assert [(rule.reason, rule.failed, rule.shown) for rule in noted] == [("detail_expired", 1, ["INV-1001"])]


@pytest.mark.row("X7")
@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"tax_variance": "push"}, ["warn", "stop"]),
        ({"tax_variance": "push", "tax_variance_limit": Decimal("0.00")}, ["stop", "stop"]),
        ({"tax_variance": "rounding_line"}, ["stop", "stop"]),
        ({"tax_variance": "rounding_line", "generic_item": Named("10", "R")}, ["warn", "stop"]),
    ],
)
def test_a_tax_variance_is_judged_as_settings_say(choice, expected):
    """X7: 0.01 is told within the limit, 1.00 stops, and a rounding line goes only where it has what it needs."""
    chosen = settings(**choice)
    rows = [
        row(document, document_id, company=GB, settings=chosen)
        for document_id, document in (("0", ODD), ("1", FAR_OFF))
    ]

    findings, _ = check(rows, chosen)

    assert [reasons(findings[one]) for one in ("0", "1")] == [[("tax_variance", severity)] for severity in expected]


@pytest.mark.row("X11", "F155")
@pytest.mark.parametrize(
    ("choice", "expected"),
    [("carry_forward", ["carried_forward"]), ("credit_memo", [])],
)
def test_a_negative_document_is_judged_as_settings_say(choice, expected):
    """X11: an error, a credit that billing carries forward, or a credit memo."""
    chosen = settings(negative_invoices=choice)

    findings, _ = check([row(invoice(charge("-5.00")), settings=chosen)], chosen)

    assert [finding.reason for finding in findings.get("I1", [])] == expected


@pytest.mark.row("G7")
def test_one_mapping_releases_all_it_blocked(gate):
    """G7: three hundred documents wait for one category; mapped, all three hundred go."""
    blocked = [row(invoice(charge(category="satellite")), billing_id=str(number)) for number in range(300)]
    released = [row(invoice(charge()), billing_id=str(number)) for number in range(300)]

    assert len(gate.judge(blocked)) == 300
    assert gate.judge(released) == {}


def test_chunks_change_nothing():
    """Seven rows in chunks of four give what they give at once."""
    rows = [row(invoice(doc_number=None if number % 2 else "A"), billing_id=str(number)) for number in range(7)]

    at_once, result = check(rows, SETTINGS)
    in_parts, other = check(iter(rows), SETTINGS, chunk=4)

    assert in_parts == at_once
    assert other.to_json() == result.to_json()
    assert (result.documents, result.stopped) == (7, 3)


def test_nothing_to_judge_is_no_error(gate):
    """An empty run has an empty result."""
    assert gate.judge([]) == {}


def test_amounts_beyond_64_bits_are_judged_all_the_same(found):
    """A broken total of twenty-five digits is a finding, not a crash."""
    assert {"totals_do_not_match", "amount_precision"} <= {finding.reason for finding in found["huge"]}


def test_no_column_of_the_frame_is_a_float():
    """Money and counts are whole numbers, also where some are null."""
    columns = frame([row(), row(invoice(doc_number=None, customer_id=None))]).dtypes

    assert {str(kind) for kind in columns} == {"Int64", "boolean"}


def test_an_expectation_that_cannot_be_evaluated_is_a_fault_of_the_gate():
    """A rule over a fact that does not exist must never pass as met."""
    broken = Gate(SETTINGS, [at_most("no_such_fact", 0, "no_lines", "")])

    with pytest.raises(RuntimeError, match="the expectation for no_lines could not be evaluated"):
        broken.judge([row()])


def test_a_team_can_bring_rules_of_its_own():
    """Any expectation of Great Expectations over the facts, with reason and severity in its meta."""
    own = Gate(SETTINGS, [at_most("line_count", 1, "too_many_lines", "{line_count} lines of this customer", "warn")])

    assert reasons(own.judge([row(invoice(charge(), charge(position=2)))])["I1"]) == [("too_many_lines", "warn")]


def test_a_rule_that_is_met_mostly_names_its_rows_all_the_same():
    """Great Expectations is content with three rows of four; the fourth has its finding nevertheless."""
    rule = at_most("line_count", 1, "too_many_lines", "{line_count} lines", "warn")
    rule.mostly = 0.5
    two_lines = row(invoice(charge(), charge(position=2)), billing_id="I2")

    findings = Gate(SETTINGS, [rule]).judge([row(billing_id=str(number)) for number in range(3)] + [two_lines])

    assert {one: reasons(found) for one, found in findings.items()} == {"I2": [("too_many_lines", "warn")]}


def test_great_expectations_keeps_quiet_while_it_is_imported():
    """Whoever comes first, the suite or the runner: nothing of it stands in the task's log, which tells of documents."""
    program = (
        "import logging; logging.basicConfig(level=logging.INFO)\n"
        "from include.expectations.invoices import is_true\n"
        "is_true('is_draft', 'draft', '')\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "great_expectations" not in done.stderr


def test_great_expectations_keeps_quiet(gate, caplog, capfd):
    """No line of its log, no progress bar."""
    with caplog.at_level(logging.INFO):
        gate.judge([row()])

    assert [record for record in caplog.records if record.name.startswith("great_expectations")] == []
    assert capfd.readouterr() == ("", "")


def test_every_severity_is_one_that_great_expectations_and_we_know():
    """stop and approve are critical, warn a warning, note an info; every rule names a reason of the catalogue."""
    for choice in (
        {},
        {"tax_variance": "push"},
        {"tax_variance": "rounding_line"},
        {"negative_invoices": "carry_forward"},
    ):
        for one in suite(settings(**choice)):
            assert one.meta["severity"] in {*Severity, "note"}
            Finding(one.meta["reason"])
