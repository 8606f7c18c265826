"""Check: facts of every candidate, judged by the suites; the findings go beside the documents."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal

import psycopg

from include.billing_sync.facts import CheckContext, facts
from include.billing_sync.planning import Maker
from include.billing_sync.ports import Link
from include.stores.candidates import Candidate, NumberUse, number_uses, read_candidates, save_findings
from include.wiring.realms import SOURCE, Realm

log = logging.getLogger("ledgerline")

CHUNK = 2_000


class SuspiciousExtractError(RuntimeError):
    """So many new documents fail in their types or totals that the extract itself must be wrong."""

    failure_mode = "person"


def check(
    realm: Realm, plan_id: int, *, today: date, mode: Literal["copy", "send"], accept_suspicious: bool
) -> dict[str, Any]:
    """Check the candidates of a plan, chunk by chunk, so that memory does not grow with their number.

    :returns: documents, and how many of them stay out.
    :raises SuspiciousExtractError: see DESIGN section 7; ``accept_suspicious`` is the form's override.
    """
    from include.expectations.runner import Gate

    maker = realm.maker(mode)
    numbers = number_uses(realm.state, plan_id)
    gate = Gate(realm.settings)  # imports Great Expectations with the first document: many runs have none
    plans = realm.plans()
    for candidates in read_candidates(realm.state, plan_id, CHUNK):
        billing_ids = [candidate.billing_id for candidate in candidates]
        links = plans.links(SOURCE, "invoice", billing_ids)
        known = plans.known_fingerprints(SOURCE, "invoice", billing_ids)
        rows = list(_rows(maker, candidates, links, numbers, known, today))
        found = gate.judge(rows)
        save_findings(realm.state, plan_id, {row["billing_id"]: found.get(row["billing_id"], []) for row in rows})
    result = gate.result
    plans.save_checks(plan_id, result.to_json())
    log.info("checked %s documents, %s stay out", result.documents, result.stopped)
    if result.indictment and not accept_suspicious:
        raise SuspiciousExtractError(str(result.indictment))
    return {"documents": result.documents, "stopped": result.stopped}


def check_page(state: psycopg.Connection[Any], plan_id: int, title: str) -> str | None:
    """What the gate counted for a plan, rule by rule, as a page that opens offline; None before it was checked."""
    from include.expectations.page import render

    row = state.execute(b"select checks from qbo_sync.plans where id = %s", (plan_id,)).fetchone()
    checks = next(iter(row.values())) if isinstance(row, dict) else row[0] if row else None
    return render(checks, title) if checks else None


def _rows(
    maker: Maker,
    candidates: list[Candidate],
    links: Mapping[str, Link],
    numbers: Mapping[str, NumberUse],
    known: Mapping[str, str],
    today: date,
) -> Iterator[dict[str, Any]]:
    resolution = maker.resolution
    for candidate in candidates:
        if not candidate.is_readable:
            continue
        invoice = candidate.invoice()
        resolution.add([invoice])
        use = numbers.get(candidate.billing_id)
        context = CheckContext(
            settings=maker.settings,
            company=maker.company,
            book=resolution,
            today=today,
            taxes=maker.taxes,
            customer=resolution.customer(invoice.customer_id),
            mode=maker.mode,
            link=links.get(candidate.billing_id),
            same_number_in_run=use.others_in_run if use else 0,
            same_number_linked=use.others_linked if use else 0,
            same_number=use.others if use else (),
            inactive=resolution.names.inactive,
            ambiguous_lines=resolution.ambiguous_lines(invoice),
        )
        yield {
            "billing_id": candidate.billing_id,
            "doc_number": candidate.doc_number,
            "is_new": known.get(candidate.billing_id) != candidate.fingerprint,
            **facts(invoice, context),
        }
