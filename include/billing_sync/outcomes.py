"""What an answer means for a plan item. Pure: values in, one value out (DESIGN, exactly once, rules 4, 5, 10)."""

from __future__ import annotations

from dataclasses import replace

from include.billing_sync.diff import compare_answer, left_to_quickbooks
from include.billing_sync.ports import NAME_KINDS, Answer, AnswerKind, Entity, Item, Link, Settled
from include.billing_sync.reasons import MOVED, Finding, gravest, worst_of_each
from include.billing_sync.statuses import Action, ItemState, Status

DUPLICATE_NUMBER = "duplicate_number"
DUPLICATE_NAME = "duplicate_name"
STALE_OBJECT = "stale_object"
NOT_FOUND = "not_found"
NO_VOID = "no_void"
"""QBO has no void for such a document; a person may have voided or deleted it there by now."""
NEEDS_A_LOOK = frozenset({DUPLICATE_NUMBER, DUPLICATE_NAME, STALE_OBJECT, NOT_FOUND, NO_VOID})
"""Refusals that are no verdict: QBO holds something that has to be looked at before it is known what happened."""

FAULT = "fault"
FAULT_ON_REPEAT = "fault_on_repeat"
IN_DOUBT = "in_doubt"
"""What became of a sending cannot be told, whoever looks: a person decides. The outcome stays with the document."""
_ANSWERED_BY_FAULT = frozenset({FAULT, FAULT_ON_REPEAT, *NEEDS_A_LOOK})

_UNSENT = (Status.SYNCED, "not_yet_sent")
"""A document that waits for its mail is in QBO all the same (rule 11)."""
_DONE_REASON = {Action.CREATE: "created", Action.UPDATE: "updated", Action.VOID: "updated", Action.SEND: "updated"}


def judge(item: Item, answer: Answer) -> Settled:
    """What ``answer`` to the sending of ``item`` means.

    A fault that answers a repeat never means refused: what the first sending did is still unknown.
    """
    if answer.kind is AnswerKind.WRITTEN:
        return written(item, answer)
    if answer.kind is AnswerKind.REFUSED and answer.reason == NOT_FOUND and item.action == Action.CREATE:
        answer = replace(answer, reason="inactive_reference")
    if answer.kind is AnswerKind.REFUSED and answer.reason in NEEDS_A_LOOK:
        return unknown(item, answer, answer.reason)
    if answer.kind is AnswerKind.REFUSED:
        return unknown(item, answer, FAULT_ON_REPEAT) if item.unknown_times else refused(item, answer)
    if answer.kind is AnswerKind.UNKNOWN:
        return unknown(item, answer, FAULT if answer.code else "no_answer")
    if item.unknown_times:
        return unknown(item, answer, "repeat_not_executed")
    return open_again(item, answer)


def written(item: Item, answer: Answer) -> Settled:
    """QBO shows the result: done, and any difference from what was meant is named."""
    if answer.entity is None:
        raise ValueError("an answer of kind written carries the entity")
    reason = _DONE_REASON[Action(item.action)]
    return done(item, answer.entity, reason, answer=answer, outcome="written")


def done(
    item: Item,
    entity: Entity,
    reason: str,
    *,
    outcome: str,
    answer: Answer | None = None,
    origin: str = "",
    adopted_from: Link | None = None,
    extra: str = "",
) -> Settled:
    """The item is in QBO as ``entity``. Synced, or Error ``total_differs`` with every difference named."""
    if item.action == Action.VOID and item.reason == MOVED:
        return _let_go(item, entity, outcome, answer)
    is_compared = _is_document(item) and item.action not in (Action.VOID, Action.SEND)
    told = [extra, left_to_quickbooks(item.meant or {}, entity)] if is_compared else [extra]
    findings = [Finding(reason, "; ".join(filter(None, told)))]
    findings += [_with_address_held(Finding.from_json(warning), entity) for warning in item.warnings]
    differences = compare_answer(item.meant or {}, entity) if is_compared else []
    if differences:
        findings.append(Finding("total_differs", "; ".join(str(difference) for difference in differences)))
    findings = worst_of_each(findings)
    status, primary = gravest(findings)
    return Settled(
        item=item,
        state=ItemState.DONE,
        outcome=outcome,
        status=status,
        reason=primary,
        detail="; ".join(finding.detail for finding in findings if finding.detail),
        entity=entity,
        answer=answer,
        origin=origin or {"created": "created", "updated": "updated"}.get(reason, "adopted"),
        reasons=[finding.to_json() for finding in findings],
        adopted_from=adopted_from,
    )


def _with_address_held(finding: Finding, entity: Entity) -> Finding:
    """An address that billing has no more stays in QBO, where a person may have typed it: it is named."""
    held = (entity.get("BillEmail") or {}).get("Address")
    if finding.reason != "copied_not_sent" or not held:
        return finding
    return replace(finding, detail=f"{finding.detail}; QuickBooks still has the address {held}")


def _let_go(item: Item, entity: Entity, outcome: str, answer: Answer | None) -> Settled:
    """What moved is void where it was: its link ends, and it is planned anew where billing has it now (rule 12)."""
    text = f"{item.entity} {entity['Id']} was voided in QuickBooks, since billing moved the document"
    finding = Finding("stale_plan", f"{text}: the next run creates it where it belongs")
    return Settled(
        item=item,
        state=ItemState.DONE,
        outcome=outcome,
        status=Status.PENDING,
        reason=finding.reason,
        detail=finding.detail,
        entity=entity,
        answer=answer,
        reasons=[finding.to_json()],
        archive_link=text,
    )


def refused(item: Item, answer: Answer) -> Settled:
    """QBO validated a first sending and refused it: nothing was done, and its own words are kept.

    A document whose mail was refused is in QBO all the same.
    """
    reason = "copied_not_sent" if item.action == Action.SEND else answer.reason or "refused"
    return stopped(item, reason, answer.detail, answer=answer, outcome="refused")


def stopped(
    item: Item, reason: str, detail: str, *, outcome: str, answer: Answer | None = None, archive_link: str = ""
) -> Settled:
    """The item ends without being in QBO (or without the change), for a reason of the catalogue."""
    finding = Finding(reason, detail)
    status, primary = gravest([finding])
    return Settled(
        item=item,
        state=ItemState.REFUSED,
        outcome=outcome,
        status=status,
        reason=primary,
        detail=detail,
        answer=answer,
        reasons=[finding.to_json()],
        archive_link=archive_link,
    )


def unknown(item: Item, answer: Answer | None, outcome: str) -> Settled:
    """Nothing proves what became of it: it is looked up before anything else is done with it.

    A first sending that was refused because of what QBO holds did nothing, so it does not count as unknown.
    """
    detail = answer.detail if answer else ""
    times = item.unknown_times + (item.unknown_times > 0 or outcome not in NEEDS_A_LOOK)
    status, reason = (Status.UNKNOWN, "planned") if item.action != Action.SEND else _UNSENT
    return Settled(
        item=item,
        state=ItemState.UNKNOWN,
        outcome=outcome,
        status=status,
        reason=reason,
        detail=detail,
        answer=answer,
        reasons=[{"reason": reason, "detail": detail}],
        unknown_times=times,
    )


def open_again(item: Item, answer: Answer | None, *, outcome: str = "not_executed", detail: str = "") -> Settled:
    """It surely never ran: planned again, a new decision under new ids, a repeat under its own."""
    reason = answer.reason if answer and answer.kind is AnswerKind.REALM and answer.reason else "planned"
    text = detail or (answer.detail if answer else "")
    return replace(_planned(item, reason, text, outcome=outcome, answer=answer), keeps_ids=item.unknown_times > 0)


def waits(item: Item, why: str) -> Settled:
    """A customer or item that it needs is not settled yet; nothing was claimed or sent."""
    return _planned(item, "planned", why, outcome="waits")


def absent(item: Item, *, whole_batch: bool) -> Settled:
    """QBO does not hold it. It is sent again under its own identity: singly, or as the same batch when all of it is absent.

    After a fault the next sending is a new one with new ids, so that QBO's memory of the fault cannot answer it; what QBO says
    to that one is an answer to a first sending.
    """
    keeps = item.outcome not in _ANSWERED_BY_FAULT
    return replace(
        _planned(item, "planned", "QuickBooks does not hold it: it will be sent again", outcome="absent"),
        is_single=not (whole_batch and keeps),
        keeps_ids=keeps,
        unknown_times=max(1, item.unknown_times) if keeps else 0,
    )


def repeat_with_token(item: Item, sync_token: str) -> Settled:
    """A payment or the like bumped the version, nothing of ours was touched: the same change, with the new SyncToken."""
    text = f"QuickBooks is at version {sync_token}, and nothing that we own was touched"
    return replace(
        _planned(item, "planned", text, outcome="new_token"), is_single=True, sync_token=sync_token, unknown_times=0
    )


def _planned(item: Item, reason: str, detail: str, *, outcome: str, answer: Answer | None = None) -> Settled:
    status, reason = (Status.PENDING, reason) if item.action != Action.SEND else _UNSENT
    return Settled(
        item=item,
        state=ItemState.PLANNED,
        outcome=outcome,
        status=status,
        reason=reason,
        detail=detail,
        answer=answer,
        reasons=[{"reason": reason, "detail": detail}],
    )


def not_linkable(result: Settled, why: str) -> Settled:
    """QBO shows something that is linked to another document, or the document to something else: a person decides.

    What QBO did stands in the audit. A later push looks for the document by its number before anything is sent.
    """
    reason = "ambiguous" if _is_document(result.item) else "ambiguous_name"
    return stopped(result.item, reason, why, answer=result.answer, outcome=IN_DOUBT)


def adopted_name(item: Item) -> Settled:
    """A billing customer or service whose name QBO holds already: it is mapped, and nothing is written to QBO."""
    return Settled(
        item=item,
        state=ItemState.DONE,
        outcome="adopted",
        status=Status.SYNCED,
        reason="adopted",
        detail=f"QuickBooks holds {item.entity} {item.doc_number} already (id {item.qbo_id})",
        reasons=[{"reason": "adopted", "detail": ""}],
        origin="adopted",
    )


def stale(item: Item, why: str) -> Settled:
    """What the plan was made from has changed since: it is planned anew and nothing is sent."""
    status, reason = (Status.PENDING, "stale_plan") if item.action != Action.SEND else _UNSENT
    return Settled(
        item=item,
        state=ItemState.STALE,
        outcome="stale",
        status=status,
        reason=reason,
        detail=why,
        reasons=[{"reason": reason, "detail": why}],
    )


def already(item: Item, why: str) -> Settled:
    """Another run has done it since the plan: the document is in QBO as billing means it, and nothing is sent.

    What this plan meant counts no more, so the total and the content that the other run stated stay.
    """
    return Settled(
        item=replace(item, total=None, fingerprint=None),
        state=ItemState.STALE,
        outcome="already",
        status=Status.SYNCED,
        reason="unchanged",
        detail=why,
        reasons=[{"reason": "unchanged", "detail": why}],
    )


def _is_document(item: Item) -> bool:
    return item.kind not in NAME_KINDS
