"""What is kept of a check: counts, the verdict on the extract, and a page that opens offline."""

from __future__ import annotations

import json
import re

import pytest

from include.billing_sync.reasons import Finding, Severity
from include.expectations.page import render
from include.expectations.result import CheckResult

META = {"reason": "totals_do_not_match", "severity": "stop", "detail": "{totals_detail}"}
WRONG = [Finding("totals_do_not_match", "total off by 0.01")]


def result_of(wrong, fine, *, is_new=True, findings=WRONG):
    """A result over so many documents."""
    result = CheckResult()
    for _ in range(wrong):
        result.add(findings, is_new=is_new)
    for _ in range(fine):
        result.add([], is_new=is_new)
    return result


@pytest.mark.parametrize(
    ("wrong", "fine", "indicts"), [(10, 40, True), (9, 41, False), (49, 0, False), (50, 0, True), (0, 100, False)]
)
def test_a_fifth_of_fifty_documents_with_wrong_totals_indicts_the_extract(wrong, fine, indicts):
    """Fewer are faults of documents; among fewer than fifty nothing is concluded."""
    assert (result_of(wrong, fine).indictment is not None) is indicts


def test_a_null_customer_never_indicts_the_extract():
    """It is data: every document of a run may miss its customer, and each is skipped for itself."""
    assert result_of(100, 0, findings=[Finding("customer_missing")]).indictment is None


def test_what_was_wrong_before_does_not_stop_the_realm_again():
    """Only new or changed documents count, so a realm is stopped once."""
    assert result_of(100, 0, is_new=False).indictment is None


def test_a_warning_does_not_indict():
    """Only stops count."""
    warned = [Finding("totals_do_not_match", severity=Severity.WARN)]

    assert result_of(100, 0, findings=warned).indictment is None


def test_the_indictment_says_what_to_look_at():
    """Numbers, the reason, the folder, and that the form can override it."""
    text = str(result_of(30, 70).indictment)

    assert text.startswith("30 of 100 new or changed documents have the reason totals_do_not_match")
    assert "include/sql/billing" in text
    assert "form" in text


def test_a_rule_counts_over_chunks_and_names_the_first_documents():
    """Twenty numbers are shown, cut to a readable length; the count has all."""
    result = CheckResult()

    result.count(META, 100, ["A" * 100])
    result.count(META, 100, [f"N{number}" for number in range(30)])

    (rule,) = result.rules.values()
    assert (rule.checked, rule.failed, len(rule.shown)) == (200, 31, 20)
    assert rule.shown[0] == "A" * 40
    assert json.loads(json.dumps(result.to_json()))["rules"][0]["failed"] == 31


def test_the_page_opens_offline_and_escapes_what_billing_wrote():
    """No script, nothing fetched from anywhere; a document number is text and never markup."""
    result = result_of(30, 70)
    result.count(META, 100, ["<script>alert(1)</script>", *(f"N{number}" for number in range(29))])
    result.count({"reason": "no_lines", "severity": "stop", "detail": ""}, 100, [])

    page = render(result.to_json(), "demo & co")

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert not re.search(r"(src|href|url)\s*[=(]", page)
    assert "demo &amp; co" in page
    assert "and 10 more" in page
    assert "100 documents checked, 30 stopped" in page
    assert "30 of 100 new or changed documents" in page


def test_the_page_of_a_clean_run_says_so():
    """Nothing to read is one sentence."""
    page = render(result_of(0, 1_234).to_json(), "demo")

    assert "Every document met every rule." in page
    assert "1,234 documents checked, 0 stopped" in page
