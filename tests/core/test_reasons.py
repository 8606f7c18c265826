"""The catalogue of reasons and what a document with several of them shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from include.billing_sync.reasons import CATALOGUE, Finding, Severity, as_markdown, gravest, worst_of_each
from include.billing_sync.statuses import Status

ROOT = Path(__file__).resolve().parents[2]
FEATURES = ROOT.parent / "shared" / "FEATURES.md"

OURS = {"carried_forward", "date_moved", "voided_in_billing", "deleted_in_billing"}
"""Reasons that the catalogue has beyond the list of the features, each argued for in docs/decisions."""


def test_the_page_of_reasons_is_what_the_catalogue_says():
    """docs/reasons.md is the catalogue, word for word; python -m include.billing_sync.reasons writes it."""
    assert (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8") == as_markdown()


@pytest.mark.skipif(not FEATURES.exists(), reason="the list of features is not beside this checkout")
def test_the_catalogue_holds_every_reason_of_the_features_under_its_status():
    """Each code of the table of reasons is in the catalogue with the status of its row, and nothing unexplained beside it."""
    table = re.search(r"\| status \| reasons \|\n\|---\|---\|\n((?:\|.*\n)+)", FEATURES.read_text(encoding="utf-8"))
    assert table
    expected: dict[str, set[str]] = {}
    for row in table[1].splitlines():
        _, status, codes, _ = row.split("|")
        for code in re.findall(r"`([a-z_]+)`", re.sub(r"\([^)]*\)", "", codes)):
            expected.setdefault(code, set()).add(status.strip().split(":")[0])

    assert set(CATALOGUE) == set(expected) | OURS
    for code, statuses in expected.items():
        reason = CATALOGUE[code]
        assert {reason.status, *([Status.SYNCED] if reason.may_warn else [])} == statuses, code


def test_every_reason_says_what_it_means_what_cures_it_and_who_does_that():
    """No field of the catalogue is empty, and a reason's anchor is on the page."""
    page = as_markdown()

    for reason in CATALOGUE.values():
        assert all((reason.text, reason.cure, reason.who))
        assert f'<a id="{reason.anchor.partition("#")[2]}">' in page


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["unchanged"], (Status.SYNCED, "unchanged")),
        (["created", "text_cut"], (Status.SYNCED, "text_cut")),
        (["customer_missing", "negative_subtotal"], (Status.ERROR, "negative_subtotal")),
        (["created", "item_unmapped"], (Status.SKIPPED, "item_unmapped")),
        (["planned", "created"], (Status.PENDING, "planned")),
    ],
)
def test_the_gravest_reason_gives_the_status(codes, expected):
    """Error goes before Skipped, Skipped before Pending, Pending before Synced, a warning before a plain success."""
    assert gravest([Finding(code) for code in codes]) == expected
    assert gravest([Finding(code) for code in reversed(codes)]) == expected


def test_a_document_without_any_reason_is_a_fault_of_the_program():
    """Nothing may end without a status that is explained."""
    with pytest.raises(ValueError, match="at least one reason"):
        gravest([])


def test_a_code_outside_the_catalogue_is_refused():
    """Code, pages and tables use the same names or fail at once."""
    with pytest.raises(ValueError, match="'custommer_missing' is not a reason"):
        Finding("custommer_missing")


@pytest.mark.parametrize("code", ["tax_variance", "detail_expired"])
def test_a_setting_makes_a_warning_of_a_stop(code):
    """The same reason stops a document, or is told beside one that is Synced."""
    stopped, warned = Finding(code, severity=Severity.STOP), Finding(code, severity=Severity.WARN)

    assert stopped.status is CATALOGUE[code].status
    assert warned.status is Status.SYNCED
    assert stopped.stops
    assert not warned.stops


def test_each_reason_is_kept_once_with_its_gravest_severity():
    """A difference that is both over the limit and worth a warning is a stop."""
    warned, stopped = Finding("tax_variance", "0.30", Severity.WARN), Finding("tax_variance", "0.30", Severity.STOP)

    assert worst_of_each([warned, Finding("no_lines"), stopped]) == [Finding("no_lines"), stopped]
    assert worst_of_each([stopped, warned]) == [stopped]


def test_a_finding_comes_back_from_its_json():
    """What is stored beside a document is read as what was found."""
    finding = Finding("detail_expired", "130 days old", Severity.WARN)

    assert Finding.from_json(finding.to_json()) == finding
    assert Finding.from_json({"reason": "no_lines"}) == Finding("no_lines")
