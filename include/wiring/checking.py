"""Check: facts of every candidate, judged by the suites; the findings go beside the documents."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from include.billing_sync.facts import CheckContext, facts
from include.billing_sync.planning import Maker
from include.billing_sync.ports import Link
from include.stores.candidates import Candidate, NumberUse, number_uses, read_candidates, save_findings
from include.wiring.realms import SOURCE, Realm

if TYPE_CHECKING:
    from include.expectations.result import CheckResult

log = logging.getLogger("ledgerline")

CHUNK = 2_000
SHOWN = 20
"""Document numbers that are kept as examples under each rule."""


class SuspiciousExtractError(RuntimeError):
    """So many new documents fail in their types or totals that the extract itself must be wrong."""

    failure_mode = "person"


def check(
    realm: Realm, plan_id: int, *, today: date, mode: Literal["copy", "send"], accept_suspicious: bool
) -> dict[str, Any]:
    """Check the candidates of a plan, chunk by chunk, so that memory does not grow with their number.

    :returns: documents, stopped, and how often each reason was found.
    :raises SuspiciousExtractError: see DESIGN section 7; ``accept_suspicious`` is the form's override.
    """
    from include.expectations.result import CheckResult, indicts_extract
    from include.expectations.runner import check as judge

    maker = realm.maker(mode)
    numbers = number_uses(realm.state, plan_id)
    total = CheckResult()
    stopped = 0
    fresh: dict[str, Any] = {}
    for candidates in read_candidates(realm.state, plan_id, CHUNK):
        links = realm.plans().links(SOURCE, "invoice", [candidate.billing_id for candidate in candidates])
        rows = list(_rows(maker, candidates, links, numbers, today))
        result = judge(rows, realm.settings)
        save_findings(
            realm.state,
            plan_id,
            {row["billing_id"]: result.of(row["billing_id"]) for row in rows},
        )
        fresh |= {c.billing_id: result.of(c.billing_id) for c in candidates if _is_new(c, links.get(c.billing_id))}
        _add(total, result)
        stopped += result.stopped
    realm.plans().save_checks(plan_id, {**total.to_json(), "stopped": stopped})
    indictment = indicts_extract(fresh, fresh)
    if indictment and not accept_suspicious:
        raise SuspiciousExtractError(str(indictment))
    return {"documents": total.documents, "stopped": stopped}


def _rows(
    maker: Maker,
    candidates: list[Candidate],
    links: Mapping[str, Link],
    numbers: Mapping[str, NumberUse],
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
            inactive=resolution.names.inactive,
            ambiguous_lines=resolution.ambiguous_lines(invoice),
        )
        yield {"billing_id": candidate.billing_id, "doc_number": candidate.doc_number, **facts(invoice, context)}


def _add(total: CheckResult, part: CheckResult) -> None:
    """Add the counts of a chunk; its findings are stored already, so that memory stays flat."""
    total.documents += part.documents
    for key, rule in part.rules.items():
        known = total.rules.setdefault(key, type(rule)(*key))
        known.checked += rule.checked
        known.failed += rule.failed
        known.shown += rule.shown[: SHOWN - len(known.shown)]


def _is_new(candidate: Candidate, link: Link | None) -> bool:
    return link is None or link.fingerprint != candidate.fingerprint
