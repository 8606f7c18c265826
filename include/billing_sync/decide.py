"""What becomes of a document: create, update, void, send or none, and why. Values in, one value out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, Protocol

from include.billing_sync.diff import left_to_quickbooks
from include.billing_sync.documents import NO_CONTENT, Invoice
from include.billing_sync.facts_of_document import GONE_STATUSES
from include.billing_sync.payloads import entity_for
from include.billing_sync.reason_catalogue import Severity
from include.billing_sync.reasons import MOVED, Finding, gravest, worst_of_each
from include.billing_sync.settings import RealmSettings
from include.billing_sync.statuses import Action, Status
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
class Decision:
    """The action, its reason, and what to tell people.

    ``findings`` are all that the document keeps: for a write the warnings beside it, for none everything that stopped it.
    ``needs_approval`` is the reason for which a person must look first, or empty. ``then_send`` asks for a mail after the
    write.
    """

    action: Action
    reason: str
    explanation: str
    findings: tuple[Finding, ...] = ()
    needs_approval: str = ""
    then_send: bool = False

    @property
    def is_stopped(self) -> bool:
        """Whether something keeps the document from being what billing says, so that nothing at all is done with it."""
        return self.action is Action.NONE and gravest(self.findings)[0] is not Status.SYNCED

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is told beside a document that is written or stays as it is."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARN)


_WITHDRAW = "set it to void in billing if it is to go, or open it again"
MAILED = "EmailSent"
"""QuickBooks' EmailStatus of a document that went out."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A document with everything that the decision looks at."""

    invoice: Invoice
    link: DecidingLink | None
    findings: Sequence[Finding]
    settings: RealmSettings
    is_recopy: bool
    is_sending: bool

    @property
    def stops(self) -> bool:
        return any(finding.stops for finding in self.findings)

    @property
    def has_address(self) -> bool:
        return is_email(self.invoice.billing_email)

    @property
    def is_unmailed(self) -> bool:
        """It shall be mailed, and QuickBooks has not done so."""
        return self.is_sending and (self.link is None or self.link.email_status != MAILED)

    def found(self, reason: str) -> Finding | None:
        return next((finding for finding in self.findings if finding.reason == reason), None)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(worst_of_each(finding for finding in self.findings if finding.severity is Severity.WARN))


def decide(
    invoice: Invoice,
    fingerprint: str,
    link: DecidingLink | None,
    findings: Sequence[Finding] = (),
    *,
    settings: RealmSettings,
    is_recopy: bool = False,
    is_elsewhere: bool = False,
    is_routed_away: bool = False,
    repairs_moved: bool = False,
    was_deleted_in_qbo: bool = False,
    is_asked_for: bool = False,
    mode: Literal["copy", "send"] = "copy",
) -> Decision:
    """What is to be done with the document.

    A document that is in QuickBooks and unchanged stays Synced whatever the checks say of it today: nothing is to be
    written, so nothing can be wrong with the writing.

    :param fingerprint: of the document now, computed under the canon that its link names.
    :param link: of the document in QuickBooks, if it is there.
    :param findings: all that the checks found, warnings too.
    :param is_recopy: the form asks for an update even if nothing changed.
    :param is_elsewhere: the link lies in another realm than the one to which the document is routed.
    :param is_routed_away: the link lies in this realm, and billing routes the document to another one by now.
    :param repairs_moved: a person asked for what moved to be voided where it is, so that it can go where it belongs.
    :param was_deleted_in_qbo: its last link was archived because QuickBooks deleted the document.
    :param is_asked_for: a person named this very document, which is what creates a deleted one anew.
    """
    case = _Case(invoice, link, findings, settings, is_recopy, mode == "send")
    if link is None:
        return _not_in_qbo(case, is_barred=was_deleted_in_qbo and not is_asked_for)
    imported = case.found("qbo_origin")
    if imported is not None:
        return _none(imported)
    is_gone, is_as_written = invoice.status.lower() in GONE_STATUSES, fingerprint == link.fingerprint and not is_recopy
    # A setting that changed alone makes nothing else of a document that is there.
    is_of_another_type = link.entity != entity_for(invoice, settings) and not is_as_written and not is_gone
    if is_elsewhere or is_routed_away or is_of_another_type:
        is_repaired = repairs_moved and not is_elsewhere
        return _void_moved(case) if is_repaired else _moved(case, link, is_elsewhere or is_routed_away)
    if is_gone:
        return _gone_in_billing(case, link)
    if is_as_written:
        return _unchanged(case)
    return _changed(case)


def _not_in_qbo(case: _Case, *, is_barred: bool) -> Decision:
    if case.stops:
        return _stopped(case)
    if is_barred:
        return _none(Finding("deleted_in_qbo", "deleted in QuickBooks after our last write"))
    return Decision(
        Action.CREATE,
        "created",
        "not in QuickBooks yet",
        case.warnings,
        then_send=case.is_unmailed and case.has_address,
    )


def _unchanged(case: _Case) -> Decision:
    """In QuickBooks as billing has it; when sending, it is mailed if it was not mailed before."""
    if case.is_unmailed and case.has_address:
        text = f"in QuickBooks already; mail it to {case.invoice.billing_email}"
        return Decision(Action.SEND, "not_yet_sent", text, (Finding("not_yet_sent"),))
    kept = [finding for finding in case.warnings if finding.reason == "copied_not_sent"]
    kept += [*_standing(case), *_withdrawn(case)]
    text = "; ".join(filter(None, ("unchanged since the last write", _left_open(case))))
    return Decision(Action.NONE, "unchanged", text, (*kept, Finding("unchanged", text)))


def _standing(case: _Case) -> list[Finding]:
    """What our last write left different on purpose, named as long as it stands: QuickBooks' own tax, and a moved date."""
    held = case.link.answer if case.link else {}
    told = []
    variance, total = case.found("tax_variance"), held.get("TotalAmt")
    if variance is not None and total is not None and Decimal(str(total)) != abs(case.invoice.total_amount):
        told.append(replace(variance, severity=Severity.WARN))
    day, meant = held.get("TxnDate"), case.invoice.invoice_date.isoformat()
    if day and day != meant and f"Billing date {meant}" in str(held.get("PrivateNote", "")):
        told.append(Finding("date_moved", f"{meant} became {day}, the first day that was not closed then"))
    return told


def _left_open(case: _Case) -> str:
    """What QuickBooks filled in where billing names nothing."""
    return left_to_quickbooks({"due_date": case.invoice.due_date}, case.link.answer if case.link else {})


def _withdrawn(case: _Case) -> list[Finding]:
    """What would keep the document out if it were not in QuickBooks already: nothing is done there, and it is told."""
    return [
        replace(
            found, severity=Severity.WARN, detail=f"{found.detail} in billing, and still in QuickBooks: {_WITHDRAW}"
        )
        for reason in ("draft", "opted_out", "out_of_scope")
        if (found := case.found(reason)) is not None
    ]


def _changed(case: _Case) -> Decision:
    if case.stops:
        return _stopped(case)
    is_adopted = case.link is not None and case.link.fingerprint is None
    changed = "adopted, and never written as billing has it" if is_adopted else "content changed in billing"
    if case.link is not None and case.link.fingerprint == NO_CONTENT:
        changed = "void in QuickBooks, and open in billing again"
    why = "copied again, as the form asks" if case.is_recopy else changed
    then_send = case.is_unmailed and case.has_address
    return Decision(Action.UPDATE, "updated", *_held(case, why), then_send=then_send)


def _gone_in_billing(case: _Case, link: DecidingLink) -> Decision:
    """Voided or deleted in billing, while QuickBooks still has it: reported, or voided there if the settings say so."""
    word = "deleted" if case.invoice.status.lower() == "deleted" else "voided"
    choice = case.settings.deleted_in_billing if word == "deleted" else case.settings.voided_in_billing
    if was_voided(link):
        text = f"{word} in billing and void in QuickBooks"
        return Decision(Action.NONE, "unchanged", text, (Finding("unchanged", text),))
    if choice == "report":
        return _none(Finding(f"{word}_in_billing", f"{word} in billing, and still in QuickBooks"))
    closed = case.found("period_closed")
    if closed is not None:
        return _none(closed)
    return Decision(Action.VOID, "updated", *_held(case, f"{word} in billing"))


def _held(case: _Case, why: str) -> tuple[str, tuple[Finding, ...], str]:
    """Explanation, warnings and the reason to wait for a person: a change in a reported period needs one."""
    reported = case.found("period_reported")
    if reported is None:
        return why, case.warnings, ""
    return f"{why}; {reported.detail}", case.warnings, reported.reason


def _moved(case: _Case, link: DecidingLink, is_elsewhere: bool) -> Decision:
    wanted = entity_for(case.invoice, case.settings)
    where = "in another company" if is_elsewhere else f"as {link.entity}"
    return _none(Finding("moved", f"it is in QuickBooks {where}, and would now be {wanted} here"))


def _void_moved(case: _Case) -> Decision:
    """The repair of what moved: voided where it is, and let go when that is done (MOVED is the item's reason)."""
    closed = case.found("period_closed")
    if closed is not None:
        return _none(closed)
    return Decision(Action.VOID, MOVED, *_held(case, "billing moved it; it is voided here first, as a person asked"))


def _stopped(case: _Case) -> Decision:
    findings = worst_of_each(finding for finding in case.findings if finding.severity is not Severity.WARN)
    _, reason = gravest(findings)
    detail = next(finding.detail for finding in findings if finding.reason == reason)
    return Decision(Action.NONE, reason, detail, tuple(findings))


def _none(finding: Finding) -> Decision:
    return Decision(Action.NONE, finding.reason, finding.detail or finding.entry.text, (finding,))


def was_voided(link: DecidingLink) -> bool:
    """Whether our own last write voided it, or what was adopted was void already.

    The link says what our last write was. The memo alone does not: a document of 0.00 may hold that word by itself.
    """
    note, total = str(link.answer.get("PrivateNote", "")), link.answer.get("TotalAmt", 0)
    is_adopted_void = link.fingerprint is None and note.startswith("Voided") and Decimal(str(total)) == 0
    return link.fingerprint == NO_CONTENT or is_adopted_void


def beyond_the_limit(updates: int, settings: RealmSettings) -> bool:
    """Whether a run that changes so many Synced documents needs a person's approval for them.

    All of them wait then, not only those above the limit: so many changes at once have one cause, and which of them came
    first says nothing about which are right.
    """
    return updates > settings.updates_without_approval
