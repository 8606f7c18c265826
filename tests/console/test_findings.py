"""What a run finds, kept as a page, a CSV and totals in a real PostgreSQL."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from include.billing_sync.findings import ROWS_IN_PART, ROWS_ON_PAGE, qbo_url, safe
from include.stores.findings import FindingsStore
from include.wiring.findings import make_findings
from tests.console.run_fixture import DAG, Document, add_realm, add_run


def kept(state, plan_id, run_id="manual__1"):
    """The page that the run kept."""
    return FindingsStore(state).kept(plan_id, DAG, run_id)


def csv_of(state, plan_id) -> str:
    """The whole CSV that is kept of a plan."""
    return "".join(FindingsStore(state).csv_parts(plan_id))


def rows_of(text: str) -> list[dict[str, str]]:
    """A CSV as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def mixed_run(state):
    """A run with every status: 300.10 in QuickBooks of 650.30 in billing."""
    documents = [
        Document("1", "Synced", "created", "INV-1", total=Decimal("200.10"), qbo_id="145", qbo_total=Decimal("200.10")),
        Document("2", "Synced", "unchanged", "INV-2", qbo_id="146", qbo_total=Decimal("100.00"), is_old=True),
        Document("3", "Skipped", "customer_unmapped", "INV-3", total=Decimal("300.20"), also=("item_unmapped",)),
        Document("4", "Skipped", "customer_unmapped", "INV-4", total=Decimal("75.00"), is_old=True),
        Document("5", "Error", "negative_subtotal", "INV-5", total=Decimal("-25.00"), detail="subtotal is -25.00"),
    ]
    return add_run(state, add_realm(state), documents)


def test_totals_name_both_sides_per_status_and_reason(state, mixed_run):
    """Every document is counted once, under its status and main reason, with the money of billing and of QuickBooks."""
    totals = make_findings(state, mixed_run).totals

    found = {(str(one.status), one.reason): (one.count, one.billing, one.qbo) for one in totals.ordered()}
    assert found == {
        ("Error", "negative_subtotal"): (1, Decimal("-25.00"), Decimal(0)),
        ("Skipped", "customer_unmapped"): (2, Decimal("375.20"), Decimal(0)),
        ("Synced", "created"): (1, Decimal("200.10"), Decimal("200.10")),
        ("Synced", "unchanged"): (1, Decimal("100.00"), Decimal("100.00")),
    }
    assert totals.documents == 5


def test_new_are_the_findings_that_this_run_made(state, mixed_run):
    """A finding that stood before the run began is not new, and a document that arrived in QuickBooks is no finding."""
    result = make_findings(state, mixed_run)

    assert result.new_count == 2


def test_a_repeated_run_still_calls_new_what_its_first_try_found(state, mixed_run):
    """A cleared run gets a second plan; what the first one found is new for this run all the same."""
    realm = state.execute("select realm from qbo_sync.plans where id = %s", (mixed_run,)).fetchone()[0]
    second = add_run(state, realm, [])
    state.execute("update qbo_sync.statuses set plan_id = %s", (second,))

    assert make_findings(state, second).new_count == 2


def test_the_csv_has_one_row_per_document_with_reasons_cure_and_link(state, mixed_run):
    """Number, customer, exact amount, currency, status, all reasons, all cures and the address in QuickBooks."""
    make_findings(state, mixed_run)

    rows = {row["number"]: row for row in rows_of(csv_of(state, mixed_run))}
    assert list(rows) == ["INV-1", "INV-2", "INV-3", "INV-4", "INV-5"]
    assert rows["INV-1"]["amount"] == rows["INV-1"]["qbo_amount"] == "200.10"
    assert rows["INV-1"]["qbo_link"] == "https://sandbox.qbo.intuit.com/app/invoice?txnId=145"
    assert rows["INV-3"]["customer"] == "Cool Cars"
    assert rows["INV-3"]["reasons"] == "customer_unmapped; item_unmapped"
    assert "customers.csv" in rows["INV-3"]["cure"]
    assert "categories.csv" in rows["INV-3"]["cure"]
    assert rows["INV-5"]["amount"] == "-25.00"
    assert rows["INV-5"]["detail"] == "subtotal is -25.00"
    assert (rows["INV-3"]["new"], rows["INV-4"]["new"]) == ("yes", "no")


def test_a_stored_plan_shows_its_findings_under_both_runs(state, mixed_run):
    """A plan made by one run and pushed by a later one is found at either, and the later one may mail as well."""
    make_findings(state, mixed_run)
    store = FindingsStore(state)
    store.mark_mailed(mixed_run)

    make_findings(state, mixed_run, run=(DAG, "manual__2"))

    for run_id in ("manual__1", "manual__2"):
        assert [found.plan_id for found in store.of_run(DAG, run_id)] == [mixed_run]
        assert "manual__2" in kept(state, mixed_run, run_id).page
    assert store.lock_for_mail(mixed_run) is not None


def test_a_candidate_without_a_status_is_shown_as_pending(state, mixed_run):
    """No document is dropped: one that nothing was said of yet is planned."""
    state.execute("delete from qbo_sync.statuses where billing_id = '5'")

    make_findings(state, mixed_run)

    row = rows_of(csv_of(state, mixed_run))[-1]
    assert (row["number"], row["status"], row["reasons"]) == ("INV-5", "Pending", "planned")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+44 20", "'+44 20"),
        ("-INV", "'-INV"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "'\t=1"),
        ("\rx", "'\rx"),
        ("Bakery; =1+1", "Bakery; '=1+1"),
        ("Bakery\n=1+1", "Bakery\n'=1+1"),
        ("=a;+b\t@c", "'=a;'+b\t'@c"),
        ("INV-1; total -1", "INV-1; total -1"),
        ("INV-1", "INV-1"),
        ("", ""),
        (None, ""),
    ],
)
def test_no_text_in_the_csv_is_a_formula(text, cell):
    """A spreadsheet computes cells that begin with = + - or @, so such text begins with an apostrophe.

    Where a country's decimal comma makes it part cells at semicolons, a cell begins there, too, and at a line end.
    """
    assert safe(text) == cell


def test_hostile_text_does_no_harm_in_page_and_csv(state):
    """A customer named like a script or a formula is shown as that text."""
    name = '=HYPERLINK("x"),<script>alert(1)</script>'
    plan_id = add_run(state, add_realm(state), [Document("1", "Error", "refused", 'I,1\n"2', customer=name)])

    make_findings(state, plan_id)

    row = rows_of(csv_of(state, plan_id))[0]
    assert (row["number"], row["customer"]) == ('I,1\n"2', f"'{name}")
    assert "<script" not in kept(state, plan_id).page
    assert "&lt;script&gt;alert(1)" in kept(state, plan_id).page


class Resources(HTMLParser):
    """Collects what a browser would load to show the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        """Note every address but that of a link, which is followed only on a click, and data in the page itself."""
        addresses = [value for name, value in attrs if name in ("src", "href", "data") and tag != "a"]
        self.found += [value for value in addresses if not value.startswith("data:")]


def test_the_page_opens_offline(state, mixed_run):
    """Styles and chart are inside the page; a browser loads nothing else to show it."""
    make_findings(state, mixed_run)
    page = kept(state, mixed_run).page

    resources = Resources()
    resources.feed(page)
    assert resources.found == []
    assert not re.search(r"url\(|@import", page)
    assert "<svg" in page


def test_the_page_shows_money_meaning_and_cure(state, mixed_run):
    """Totals of both sides, each reason in words with what to do, and the link to the invoice."""
    make_findings(state, mixed_run)
    page = kept(state, mixed_run).page

    for text in ("650.30", "300.10", "350.20", "What to do:", "subtotal is -25.00", "negative_subtotal", "sandbox"):
        assert text in page
    assert 'href="https://sandbox.qbo.intuit.com/app/invoice?txnId=145"' in page


def test_a_long_list_is_cut_on_the_page_and_whole_in_the_csv(state):
    """The page stays small however large the run; it says how many more the CSV has."""
    documents = [Document(f"{n:05}", "Skipped", "draft", f"INV-{n:05}") for n in range(ROWS_ON_PAGE + 40)]
    plan_id = add_run(state, add_realm(state), documents)

    make_findings(state, plan_id)

    assert kept(state, plan_id).page.count("INV-") == ROWS_ON_PAGE
    assert "40 more" in kept(state, plan_id).page
    assert len(rows_of(csv_of(state, plan_id))) == ROWS_ON_PAGE + 40


def test_a_long_csv_is_kept_in_parts(state):
    """No process ever holds more of it than some thousand rows; a repeated report replaces every part."""
    documents = [Document(f"{n:05}", "Skipped", "draft", f"INV-{n:05}") for n in range(2 * ROWS_IN_PART + 5)]
    plan_id = add_run(state, add_realm(state), documents)

    for _ in range(2):
        make_findings(state, plan_id)

    parts = list(FindingsStore(state).csv_parts(plan_id))
    assert [part.count("\n") for part in parts] == [ROWS_IN_PART, ROWS_IN_PART, 6]
    assert len(rows_of("".join(parts))) == len(documents)


def test_a_run_without_documents_keeps_a_page_that_says_so(state):
    """An empty run is a run like any other."""
    plan_id = add_run(state, add_realm(state), [])

    result = make_findings(state, plan_id)

    assert (result.new_count, result.totals.documents) == (0, 0)
    assert "nothing to do" in kept(state, plan_id).page


def test_a_second_report_replaces_the_first(state, mixed_run):
    """A repeated report task keeps one page, of the documents as they stand now."""
    make_findings(state, mixed_run)
    state.execute("update qbo_sync.statuses set status = 'Synced', reason = 'created', reasons = '[]'")

    make_findings(state, mixed_run)

    assert "negative_subtotal" not in kept(state, mixed_run).page
    assert state.execute("select count(*) from qbo_sync.findings").fetchone() == (1,)


def test_amounts_of_several_currencies_are_never_added_up(state):
    """Pounds and yen have totals of their own, each with the places of its currency."""
    documents = [
        Document("1", "Error", "refused", "A", currency="GBP", total=Decimal("0.10")),
        Document("2", "Error", "refused", "B", currency="GBP", total=Decimal("0.20")),
        Document("3", "Error", "refused", "C", currency="JPY", total=Decimal("1000000")),
    ]
    plan_id = add_run(state, add_realm(state), documents)

    totals = make_findings(state, plan_id).totals

    sums = {one.currency: one.billing for one in totals.by_currency()}
    assert sums == {"GBP": Decimal("0.30"), "JPY": Decimal("1000000")}
    assert "1,000,000 JPY" in kept(state, plan_id).page


def test_a_plan_that_does_not_exist_is_named(state):
    """The report of an unknown plan says which."""
    with pytest.raises(LookupError, match="plan 4711"):
        make_findings(state, 4711)


@pytest.mark.parametrize(
    ("base_url", "entity", "qbo_id", "url"),
    [
        ("https://quickbooks.api.intuit.com", "Invoice", "7", "https://qbo.intuit.com/app/invoice?txnId=7"),
        ("https://sandbox-quickbooks.api.intuit.com/", "Invoice", "7", "https://sandbox.qbo.intuit.com/app/invoice?txnId=7"),
        ("https://quickbooks.api.intuit.com", "CreditMemo", "8", "https://qbo.intuit.com/app/creditmemo?txnId=8"),
        ("http://127.0.0.1:8099", "Invoice", "7", "http://127.0.0.1:8099/app/invoice?txnId=7"),
        ("https://quickbooks.api.intuit.com", "Invoice", None, None),
        ("https://quickbooks.api.intuit.com", "Term", "7", None),
    ],
)  # fmt: skip
def test_a_document_links_to_its_own_environment(base_url, entity, qbo_id, url):
    """A sandbox invoice opens in the sandbox, a simulated one in the simulator; what has no page there has no link."""
    assert qbo_url(base_url, entity, qbo_id) == url


def test_the_lines_for_the_log_are_exact(state, mixed_run):
    """The task log sums up in one line per status and reason."""
    lines = make_findings(state, mixed_run).summary()

    assert lines[0] == "documents: 5, new findings: 2"
    assert (
        "Skipped customer_unmapped: 2 (1 new); billing 375.20 USD, QuickBooks 0.00 USD, difference 375.20 USD" in lines
    )
    assert [line for line in lines if line.startswith("in all: ")] == lines[-1:]
