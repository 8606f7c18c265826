"""Candidates: what extract stores is what check and plan read."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal
from itertools import chain

import psycopg
import pytest

from include.billing_sync.documents import Invoice, fingerprint, to_json
from include.billing_sync.reason_catalogue import Severity
from include.billing_sync.reasons import Finding
from include.stores.billing import BillingError
from include.stores.candidates import (
    number_uses,
    read_candidates,
    save_findings,
    store_candidates,
)


@pytest.fixture
def realm(state):
    """A realm in the state database."""
    row = state.execute(
        "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment) "
        "values ('demo', 'http://sim', '1', 'sandbox') returning id"
    ).fetchone()
    return row[0]


@pytest.fixture
def plan(state, realm):
    """Opens a plan."""

    def open_plan() -> int:
        return state.execute(
            "insert into qbo_sync.plans (realm, source, dag_id, run_id, mode) "
            "values (%s, 'billing_db', 'qbo_export_invoices', 'manual', 'push') returning id",
            [realm],
        ).fetchone()[0]

    return open_plan


def stored(state, plan_id, **choice):
    """All candidates of a plan by billing id."""
    return {each.billing_id: each for chunk in read_candidates(state, plan_id, **choice) for each in chunk}


def test_what_was_read_is_what_is_stored(reader, state, plan):
    """Each document comes back equal, with its canonical content, its fingerprint and the columns made from it."""
    plan_id = plan()
    read = {invoice.invoice_id: invoice for chunk in reader.read_invoices() for invoice in chunk}

    store_candidates(state, plan_id, reader.read_invoices())
    found = stored(state, plan_id)

    assert {billing_id: candidate.invoice() for billing_id, candidate in found.items()} == read
    for billing_id, candidate in found.items():
        invoice = read[billing_id]
        assert candidate.content == to_json(invoice)
        assert candidate.fingerprint == fingerprint(to_json(invoice))
        assert (candidate.doc_number, candidate.doc_date, candidate.total) == (
            invoice.doc_number,
            invoice.invoice_date,
            invoice.total_amount,
        )
        assert candidate.changed_at.isoformat() >= "2026-06"
        assert (candidate.reasons, candidate.is_stopped) == ([], False)
    assert len(found) == 180


def test_nothing_is_committed_before_the_caller_does(reader, state, plan):
    """The watermark moves in the same transaction: rolled back, neither is there."""
    plan_id = plan()
    state.commit()
    store_candidates(state, plan_id, reader.read_invoices())

    state.rollback()

    assert stored(state, plan_id) == {}


def test_a_document_that_broke_the_contract_is_a_stopped_candidate(reader, billing, state, plan):
    """It keeps its number and its reasons and is not lost; it has no invoice to check."""
    billing.execute("update billing.invoice_lines set amount = 'NaN' where line_id = 'I-10009-001'")
    billing.execute("update billing.invoices set currency = null, invoice_date = null where invoice_id = 'I-10010'")
    plan_id = plan()

    store_candidates(state, plan_id, reader.read_invoices())

    found = stored(state, plan_id)
    line, header = found["I-10009"], found["I-10010"]
    assert sum(not one.is_readable for one in found.values()) == 2
    assert [finding.reason for finding in line.findings()] == ["amount_precision"]
    assert line.findings()[0].detail.startswith("invoice_lines.sql: amount of line I-10009-001 is NaN; ")
    assert {finding.reason for finding in header.findings()} == {"date_out_of_range", "currency_unknown"}
    assert (header.doc_number, header.doc_date, header.currency) == ("LL-10010", None, None)
    assert line.is_stopped
    assert not line.is_readable
    with pytest.raises(ValueError, match="I-10009 broke the billing contract"):
        line.invoice()


def test_a_document_that_comes_twice_ends_the_extract_with_one_clear_error(edited, edit, state, plan):
    """Copies that do not follow one another: the file and the document are named, nothing is stored."""
    edit("invoices.sql", "from final\n", "from (select * from final union all select * from final) as twice\n")
    edit("invoices.sql", "order by invoice_id", "order by row_number() over (partition by invoice_id), invoice_id")
    plan_id = plan()
    state.commit()

    with pytest.raises(BillingError, match=r"invoices.sql: a document is returned more than once: .*I-100") as caught:
        store_candidates(state, plan_id, edited.read_invoices())
    state.rollback()

    assert caught.value.cure == "make the file return each document once"
    assert stored(state, plan_id) == {}


def test_candidates_are_read_in_chunks_and_saved_in_between(reader, state, plan):
    """A check may commit after each chunk; the next one follows without a gap or a repeat."""
    plan_id = plan()
    store_candidates(state, plan_id, reader.read_invoices())
    read = []

    for chunk in read_candidates(state, plan_id, chunk=64):
        read.append([candidate.billing_id for candidate in chunk])
        save_findings(state, plan_id, {candidate.billing_id: [] for candidate in chunk})
        state.commit()

    assert [len(ids) for ids in read] == [64, 64, 52]
    assert [*chain(*read)] == sorted({billing_id for ids in read for billing_id in ids})


def test_findings_replace_those_of_an_earlier_check_and_keep_those_of_the_extract(reader, billing, state, plan):
    """A repeated check leaves no old finding behind, and cannot release what the extract stopped."""
    billing.execute("update billing.invoices set tax_amount = 'NaN' where invoice_id = 'I-10009'")
    plan_id = plan()
    store_candidates(state, plan_id, reader.read_invoices())
    stop, warn = Finding("draft", "it is a draft"), Finding("text_cut", "line 2")
    all_three = ["I-10009", "I-10010", "I-10011"]
    save_findings(state, plan_id, {"I-10009": [stop], "I-10010": [stop, warn], "I-10011": [stop]})

    saved = save_findings(state, plan_id, {"I-10009": [], "I-10010": [warn], "I-10011": []}, {"I-10010": {"lines": 2}})

    found = stored(state, plan_id)
    assert saved == 3
    assert [[finding.reason for finding in found[each].findings()] for each in all_three] == [
        ["amount_precision"],
        ["text_cut"],
        [],
    ]
    assert [found[each].is_stopped for each in all_three] == [True, False, False]
    assert found["I-10010"].facts == {"lines": 2}
    assert found["I-10010"].findings()[0].severity is Severity.WARN


def test_a_number_used_twice_in_the_run_is_counted(reader, state, plan):
    """Both invoices of the demo that share a number, and no others."""
    plan_id = plan()
    store_candidates(state, plan_id, reader.read_invoices())

    uses = number_uses(state, plan_id)

    assert {use.doc_number for use in uses.values()} == {"LL-77777"}
    assert [use.others_in_run for use in uses.values()] == [1, 1]
    assert [use.others_linked for use in uses.values()] == [0, 0]
    assert sorted(other for use in uses.values() for other in use.others) == sorted(uses)
    assert all(use.others != [key] for key, use in uses.items())


def test_drafts_and_voids_use_no_number(reader, billing, state, plan):
    """A draft that will replace a voided invoice may have its number already."""
    billing.execute("update billing.invoices set doc_number = 'LL-10009' where status in ('draft', 'void', 'deleted')")
    plan_id = plan()
    store_candidates(state, plan_id, reader.read_invoices())

    assert {use.doc_number for use in number_uses(state, plan_id).values()} == {"LL-77777"}


def test_a_number_that_another_document_is_linked_under_is_counted(reader, state, plan, realm):
    """In the same company only, and not the document's own link."""
    other = state.execute(
        "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment) "
        "values ('other', 'http://sim', '2', 'sandbox') returning id"
    ).fetchone()[0]
    for place, (where, billing_id, number) in enumerate(
        [(realm, "I-old", "LL-10009"), (realm, "I-10010", "LL-10010"), (other, "I-far", "LL-10011")]
    ):
        state.execute(
            "insert into qbo_sync.links (realm, environment, source, kind, billing_id, entity, qbo_id, doc_number, sync_token, "
            "answer, origin, written_at) values (%s, 'sandbox', 'billing_db', 'invoice', %s, 'Invoice', %s, %s, '0', '{}', "
            "'created', now())",
            [where, billing_id, str(place), number],
        )
    plan_id = plan()
    store_candidates(state, plan_id, reader.read_invoices())

    uses = number_uses(state, plan_id)

    assert {key: use.others_linked for key, use in uses.items() if use.others_linked} == {"I-10009": 1}
    assert uses["I-10009"].others == ["I-old"]


def test_memory_does_not_grow_with_the_number_of_documents(reader, billing, state, plan):
    """Ten times as many invoices pass through with the same peak."""
    peaks = []
    for copies in (4, 40):
        billing.execute("delete from billing.invoices")
        billing.execute(
            "insert into billing.invoices (invoice_id, invoice_date, currency, status, total_amount) "
            "select n::text, '2026-09-01', 'USD', 'open', 0 from generate_series(1, 50 * %s) as n",
            [copies],
        )
        billing.execute(
            "insert into billing.invoice_lines (line_id, invoice_id, position, kind, amount) "
            "select i.invoice_id || '-' || p, i.invoice_id, p, 'charge', 0 "
            "from billing.invoices as i, generate_series(1, 10) as p"
        )
        plan_id = plan()
        tracemalloc.start()
        store_candidates(state, plan_id, reader.read_invoices(chunk=100))
        read = sum(len(chunk) for chunk in read_candidates(state, plan_id, chunk=100))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert read == 50 * copies

    # All 2,000 at once would take some 15 MB more; the interpreter's own free lists grow by about one.
    assert peaks[1] < peaks[0] + 2_000_000


def test_amounts_stay_exact_on_the_way(reader, billing, state, plan):
    """Fifteen digits before the point and four after it: no float is ever involved."""
    amount = Decimal("123456789012345.6789")
    billing.execute("update billing.invoices set total_amount = %s where invoice_id = 'I-10009'", [amount])
    plan_id = plan()
    store_candidates(state, plan_id, reader.read_invoices(ids=["I-10009"]))

    candidate = stored(state, plan_id)["I-10009"]

    assert candidate.total == candidate.invoice().total_amount == amount
    assert isinstance(candidate.invoice(), Invoice)


def test_a_text_that_looks_like_copy_syntax_is_stored_as_it_is(reader, billing, state, plan):
    r"""Tabs, line ends, \N and \. in a text do not end or shift the copy."""
    text = "a\tb\r\nc\\N\\.\n\\."
    billing.execute("update billing.invoices set memo = %s where invoice_id = 'I-10009'", [text])
    plan_id = plan()
    store_candidates(state, plan_id, reader.read_invoices(ids=["I-10009"]))

    assert stored(state, plan_id)["I-10009"].invoice().memo == text


def test_candidates_go_with_their_plan(reader, state, plan, pg):
    """Old plans are deleted with what they held."""
    plan_id = plan()
    store_candidates(state, plan_id, reader.read_invoices())

    state.execute("delete from qbo_sync.plans where id = %s", [plan_id])

    assert state.execute("select count(*) from qbo_sync.candidates").fetchone() == (0,)
    assert isinstance(state, psycopg.Connection)
