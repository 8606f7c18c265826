"""What becomes of a document: create, update, void, send or none, and why. Values in, one value out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

from include.billing_sync.documents import Invoice
from include.billing_sync.facts_of_document import GONE_STATUSES
from include.billing_sync.payloads import entity_for
from include.billing_sync.reason_catalogue import Severity
from include.billing_sync.reasons import Finding, gravest, worst_of_each
from include.billing_sync.settings import RealmSettings
from include.billing_sync.statuses import Action
from include.billing_sync.texts import is_email


class DecidingLink(Protocol):
    """What a decision needs of the link of a document that is in QuickBooks. ports.Link fits it."""

    @property
    def entity(self) -> str: ...
    @property
    def fingerprint(self) -> str | None: ...
    @property
    def answer(self) -> Mapping[str, Any]: ...
    @property
    def email_status(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Situation:
    """What a document stands in, besides itself.

    ``fingerprint`` is the document's, computed under the canon that its link names. ``link_realm_differs``: the link lies
    in another realm than the one this document is routed to. ``is_recopy`` was chosen in the form. ``was_deleted_in_qbo``:
    its last link was archived because QuickBooks deleted it, and ``is_explicit`` says that a person asked for this very
    document.
    """

    settings: RealmSettings
    fingerprint: str
    findings: Sequence[Finding] = ()
    link: DecidingLink | None = None
    link_realm_differs: bool = False
    is_recopy: bool = False
    is_explicit: bool = False
    was_deleted_in_qbo: bool = False
    mode: Literal["copy", "send"] = "copy"


@dataclass(frozen=True, slots=True)
class Decision:
    """The action, its reason, and what to tell people.

    ``findings`` are all that the document keeps: for an action the warnings beside it, for none everything that stopped
    it. ``needs_approval`` items wait for a person; ``then_send`` asks for a send after the write.
    """

    action: Action
    reason: str
    explanation: str
    findings: tuple[Finding, ...] = ()
    needs_approval: bool = False
    then_send: bool = False


def decide(invoice: Invoice, situation: Situation) -> Decision:
    """What is to be done with the document.

    A document that is in QuickBooks and unchanged stays Synced whatever the checks say of it today: nothing is to be
    written, so nothing can be wrong with the writing.
    """
    if situation.link is None:
        return _not_in_qbo(invoice, situation)
    if _has(situation, "qbo_origin"):
        return _none(situation, "qbo_origin")
    if situation.link_realm_differs or situation.link.entity != entity_for(invoice, situation.settings):
        return _moved(invoice, situation)
    if invoice.status.lower() in GONE_STATUSES:
        return _gone_in_billing(invoice, situation)
    if situation.fingerprint == situation.link.fingerprint and not situation.is_recopy:
        return _unchanged(invoice, situation)
    return _changed(invoice, situation)


def _not_in_qbo(invoice: Invoice, situation: Situation) -> Decision:
    if any(finding.stops for finding in situation.findings):
        return _stopped(situation)
    if situation.was_deleted_in_qbo and not situation.is_explicit:
        finding = Finding("deleted_in_qbo", "deleted in QuickBooks after our last write")
        return Decision(Action.NONE, finding.reason, finding.detail, (finding,))
    return Decision(
        Action.CREATE,
        "created",
        "not in QuickBooks yet",
        _warnings(situation),
        then_send=_wants_send(invoice, situation),
    )


def _unchanged(invoice: Invoice, situation: Situation) -> Decision:
    """In QuickBooks as billing has it; with send, it is mailed if it was not mailed before."""
    unmailed = situation.mode == "send" and not _is_mailed(situation)
    if unmailed and is_email(invoice.billing_email):
        return Decision(Action.SEND, "not_yet_sent", f"mail it to {invoice.billing_email}", (Finding("not_yet_sent"),))
    kept = [finding for finding in situation.findings if finding.reason == "copied_not_sent" and unmailed]
    return Decision(Action.NONE, "unchanged", "unchanged since the last write", (Finding("unchanged"), *kept))


def _changed(invoice: Invoice, situation: Situation) -> Decision:
    if any(finding.stops for finding in situation.findings):
        return _stopped(situation)
    why = "copied again as the form asks" if situation.is_recopy else "content changed in billing"
    return Decision(
        Action.UPDATE,
        *_reason_of_change(situation, "updated", why),
        _warnings(situation),
        needs_approval=_has(situation, "period_reported"),
        then_send=_wants_send(invoice, situation),
    )


def _gone_in_billing(invoice: Invoice, situation: Situation) -> Decision:
    """Voided or deleted in billing, while QuickBooks still has it: reported, or voided there if the settings say so."""
    word = "deleted" if invoice.status.lower() == "deleted" else "voided"
    settings = situation.settings
    choice = settings.deleted_in_billing if word == "deleted" else settings.voided_in_billing
    finding = Finding(f"{word}_in_billing", f"{word} in billing, and still in QuickBooks")
    if _is_void(situation):
        return Decision(Action.NONE, "unchanged", f"{word} in billing and void in QuickBooks", (Finding("unchanged"),))
    if choice == "report":
        return Decision(Action.NONE, finding.reason, finding.detail, (finding,))
    blocking = [found for found in situation.findings if found.reason == "period_closed"]
    if blocking:
        return Decision(Action.NONE, "period_closed", blocking[0].detail, (*blocking, finding))
    reason, why = _reason_of_change(situation, "updated", f"{word} in billing")
    return Decision(Action.VOID, reason, why, needs_approval=_has(situation, "period_reported"))


def _moved(invoice: Invoice, situation: Situation) -> Decision:
    link = situation.link
    where = "another realm" if situation.link_realm_differs else f"{link.entity if link else 'QuickBooks'}"
    text = f"it is linked as {where}, and would now become {entity_for(invoice, situation.settings)} here"
    return Decision(Action.NONE, "moved", text, (Finding("moved", text),))


def _stopped(situation: Situation) -> Decision:
    findings = worst_of_each(finding for finding in situation.findings if finding.severity is not Severity.WARN)
    _, reason = gravest(findings)
    detail = next(finding.detail for finding in findings if finding.reason == reason)
    return Decision(Action.NONE, reason, detail, tuple(findings))


def _none(situation: Situation, reason: str) -> Decision:
    found = next(finding for finding in situation.findings if finding.reason == reason)
    return Decision(Action.NONE, reason, found.detail or found.entry.text, (found,))


def _warnings(situation: Situation) -> tuple[Finding, ...]:
    return tuple(worst_of_each(finding for finding in situation.findings if finding.severity is Severity.WARN))


def _has(situation: Situation, reason: str) -> bool:
    return any(finding.reason == reason for finding in situation.findings)


def _reason_of_change(situation: Situation, reason: str, why: str) -> tuple[str, str]:
    """A change in a reported period waits under that reason; otherwise the change speaks for itself."""
    held = next((finding for finding in situation.findings if finding.reason == "period_reported"), None)
    return ("period_reported", f"{why}; {held.detail}") if held else (reason, why)


def _wants_send(invoice: Invoice, situation: Situation) -> bool:
    return situation.mode == "send" and is_email(invoice.billing_email) and not _is_mailed(situation)


def _is_mailed(situation: Situation) -> bool:
    return situation.link is not None and situation.link.email_status == "EmailSent"


def _is_void(situation: Situation) -> bool:
    """Whether our own last write voided it: QuickBooks then says so in the memo and holds nothing but zeros."""
    answer = situation.link.answer if situation.link else {}
    return str(answer.get("PrivateNote", "")).startswith("Voided") and Decimal(str(answer.get("TotalAmt", 0))) == 0


def beyond_the_limit(updates: int, settings: RealmSettings) -> bool:
    """Whether a run with so many updates and voids of Synced documents needs a person's approval for them.

    All of them wait then, not only those above the limit: so many changes at once have one cause, and which of them came
    first says nothing about which are right.
    """
    return updates > settings.updates_without_approval


def hold(decision: Decision, updates: int, settings: RealmSettings) -> Decision:
    """The decision, waiting for approval because its run changes ``updates`` documents that are Synced."""
    detail = (
        f"{updates} documents would be changed, more than updates_without_approval: {settings.updates_without_approval}"
    )
    findings = (*decision.findings, Finding("needs_approval", detail))
    return Decision(
        decision.action, "needs_approval", f"{decision.explanation}; {detail}", findings, True, decision.then_send
    )
