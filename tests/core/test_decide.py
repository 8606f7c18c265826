"""What becomes of a document: create, update, void, send or none, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from include.billing_sync.decide import beyond_the_limit, decide
from include.billing_sync.documents import NO_CONTENT
from include.billing_sync.reasons import Finding, Severity
from include.billing_sync.statuses import Action
from tests.core.builders import SETTINGS, charge, invoice, settings

NEW, OLD = "fingerprint now", "fingerprint before"
STOP = Finding("item_unmapped", "category satellite")
WARNING = Finding("text_cut", "line 1")
REPORTED = Finding("period_reported", "dated 2026-09-01, locked before 2026-10-01")
CLOSED = Finding("period_closed", "dated 2026-09-01, books closed until 2026-09-30")


@dataclass(frozen=True)
class Link:
    """A link as the decision sees it."""

    entity: str = "Invoice"
    fingerprint: str | None = OLD
    answer: dict[str, Any] = field(default_factory=dict)
    email_status: str | None = None


def decided(*findings, document=None, link=None, now=NEW, chosen=SETTINGS, **more):
    """The decision on an ordinary document that changed since its link, if it has one."""
    return decide(document or invoice(), now, link, findings, settings=chosen, **more)


def test_a_document_that_is_not_in_quickbooks_is_created():
    """Its warnings go with it."""
    decision = decided(WARNING)

    assert (decision.action, decision.reason, decision.explanation) == (
        Action.CREATE,
        "created",
        "not in QuickBooks yet",
    )
    assert decision.warnings == (WARNING,)
    assert not decision.is_stopped


def test_a_document_with_a_stop_is_left_alone_with_all_its_reasons():
    """The gravest one is shown, all are kept, and warnings about a write that does not happen are not."""
    missing = Finding("negative_subtotal", "subtotal -1.00")

    decision = decided(STOP, WARNING, missing)

    assert (decision.action, decision.reason, decision.explanation) == (
        Action.NONE,
        "negative_subtotal",
        missing.detail,
    )
    assert decision.findings == (missing, STOP)
    assert decision.is_stopped


def test_an_unchanged_document_stays_synced_whatever_the_checks_say_today():
    """A mapping that was removed, a period that was closed since: nothing is written, so nothing is wrong with it."""
    decision = decided(STOP, CLOSED, WARNING, link=Link(), now=OLD)

    assert (decision.action, decision.reason) == (Action.NONE, "unchanged")
    assert not decision.is_stopped


@pytest.mark.row("F94")
def test_a_changed_document_updates_the_same_one_in_quickbooks():
    """F94: never a second invoice."""
    decision = decided(link=Link())

    assert (decision.action, decision.reason, decision.explanation) == (
        Action.UPDATE,
        "updated",
        "content changed in billing",
    )
    assert decision.needs_approval == ""


def test_a_changed_document_with_a_stop_is_not_updated():
    """What QuickBooks holds stays, and the status says why."""
    assert decided(STOP, link=Link()).reason == "item_unmapped"
    assert decided(CLOSED, link=Link()).reason == "period_closed"


@pytest.mark.parametrize("reason", ["draft", "opted_out", "out_of_scope"])
def test_what_billing_withdraws_without_voiding_it_is_told_while_it_stands(reason):
    """It is in QuickBooks and unchanged: Synced with a warning, so that nobody takes it for gone."""
    withdrawn = Finding(reason, "status 'parked'")

    decision = decided(withdrawn, link=Link(), now=OLD)

    assert (decision.action, decision.is_stopped) == (Action.NONE, False)
    assert {finding.reason: finding.severity for finding in decision.findings}[reason] is Severity.WARN
    assert "still in QuickBooks" in decision.findings[0].detail


@pytest.mark.row("F36")
def test_the_form_can_ask_to_copy_an_unchanged_document_again():
    """Re-copy is how a changed mapping reaches what is already there (F36)."""
    decision = decided(link=Link(), now=OLD, is_recopy=True)

    assert (decision.action, decision.explanation) == (Action.UPDATE, "copied again, as the form asks")


def test_a_change_in_a_reported_period_waits_for_a_person():
    """It is planned with its content, and held."""
    decision = decided(REPORTED, WARNING, link=Link())

    assert decision.action is Action.UPDATE
    assert decision.needs_approval == "period_reported"
    assert decision.explanation == f"content changed in billing; {REPORTED.detail}"
    assert decision.findings == (WARNING,)


def test_a_document_that_came_from_quickbooks_is_never_pushed():
    """F109: neither created nor changed there."""
    imported = Finding("qbo_origin", "imported from QuickBooks")

    assert decided(imported, link=Link()).reason == "qbo_origin"
    assert decided(imported).reason == "qbo_origin"


def test_a_document_that_would_change_its_type_is_stopped():
    """An invoice that became negative is not turned into a credit memo behind QuickBooks' back."""
    negative = invoice(charge("-5.00"))

    decision = decided(document=negative, link=Link(), chosen=settings(negative_invoices="credit_memo"))

    assert decision.reason == "moved"
    assert decision.explanation == "it is in QuickBooks as Invoice, and would now be CreditMemo here"


def test_a_changed_setting_alone_moves_no_credit_memo():
    """negative_invoices: credit_memo was given up: what is there unchanged, or gone in billing, is no work for anybody."""
    negative, memo = invoice(charge("-5.00")), Link("CreditMemo")

    assert decided(document=negative, link=memo, now=OLD).reason == "unchanged"
    assert decided(document=negative, link=memo).reason == "moved"
    assert decided(document=negative, link=memo, now=OLD, is_recopy=True).reason == "moved"
    assert decided(document=replace(negative, status="void"), link=memo, now=OLD).reason == "voided_in_billing"


def test_a_document_that_would_change_its_company_is_stopped():
    """The linked one has to be voided by a person first."""
    assert decided(link=Link(), is_elsewhere=True).explanation == (
        "it is in QuickBooks in another company, and would now be Invoice here"
    )


@pytest.mark.parametrize(
    ("status", "setting", "reason"),
    [
        ("void", "voided_in_billing", "voided_in_billing"),
        ("deleted", "deleted_in_billing", "deleted_in_billing"),
    ],
)
def test_what_is_gone_in_billing_is_reported_or_voided_as_settings_say(status, setting, reason):
    """F128: by default QuickBooks is not touched and the difference is told."""
    gone = invoice(status=status)

    reported = decided(document=gone, link=Link())
    voided = decided(document=gone, link=Link(), chosen=settings(**{setting: "void"}))

    assert (reported.action, reported.reason, reported.is_stopped) == (Action.NONE, reason, False)
    assert (voided.action, voided.reason) == (Action.VOID, "updated")


def test_a_void_respects_closed_books_and_reported_periods():
    """A closed period stops it, a reported one makes it wait."""
    gone = invoice(status="void")
    chosen = settings(voided_in_billing="void")

    assert decided(CLOSED, document=gone, link=Link(), chosen=chosen).reason == "period_closed"
    assert decided(REPORTED, document=gone, link=Link(), chosen=chosen).needs_approval == "period_reported"


def test_nothing_is_voided_twice():
    """Once our void was answered the document is as billing has it."""
    void = Link(fingerprint=NO_CONTENT, answer={"PrivateNote": "Voided - Ref I1", "TotalAmt": "0"})

    decision = decided(document=invoice(status="void"), link=void, chosen=settings(voided_in_billing="void"))

    assert (decision.action, decision.reason) == (Action.NONE, "unchanged")


def test_a_memo_that_speaks_of_a_void_is_no_void():
    """A document of 0.00 whose own memo begins with that word is voided when billing voids it."""
    standing = Link(answer={"PrivateNote": "Voided - old claim\nRef I1", "TotalAmt": "0"})

    decision = decided(document=invoice(status="void"), link=standing, chosen=settings(voided_in_billing="void"))

    assert (decision.action, decision.reason) == (Action.VOID, "updated")


def test_a_deletion_in_quickbooks_is_never_undone_by_itself():
    """Only a person who asks for this very document creates it anew."""
    assert decided(was_deleted_in_qbo=True).reason == "deleted_in_qbo"
    assert decided(was_deleted_in_qbo=True).is_stopped
    assert decided(was_deleted_in_qbo=True, is_asked_for=True).action is Action.CREATE
    assert decided(STOP, was_deleted_in_qbo=True, is_asked_for=True).reason == "item_unmapped"


@pytest.mark.row("F91", "F93")
def test_sending_is_asked_for_after_the_write_and_only_with_an_address():
    """F91, F93: copy, then mail; without a billing e-mail only copy."""
    with_address = invoice(billing_email="a@b.co")

    assert decided(document=with_address, mode="send").then_send is True
    assert decided(document=with_address).then_send is False
    assert decided(mode="send").then_send is False
    assert decided(document=with_address, link=Link(email_status="EmailSent"), mode="send").then_send is False
    assert decided(document=with_address, link=Link(), mode="send").then_send is True


def test_an_unchanged_document_is_mailed_once():
    """Copied yesterday, sent today; once QuickBooks mailed it there is nothing to do."""
    document = invoice(billing_email="a@b.co")
    mailed = Link(email_status="EmailSent")

    assert decided(document=document, link=Link(), now=OLD, mode="send").action is Action.SEND
    assert decided(document=document, link=mailed, now=OLD, mode="send").reason == "unchanged"


def test_an_unchanged_document_without_address_stays_copied_and_not_sent():
    """The warning remains as long as the cure is missing."""
    missing = Finding("copied_not_sent", "no usable e-mail address in billing")

    decision = decided(missing, link=Link(), now=OLD, mode="send")

    assert decision.action is Action.NONE
    assert [finding.reason for finding in decision.findings] == ["copied_not_sent", "unchanged"]


@pytest.mark.parametrize(("updates", "needs_approval"), [(0, False), (50, False), (51, True)])
def test_many_changes_at_once_need_a_person(updates, needs_approval):
    """Fifty go, fifty-one wait: the number is a setting."""
    assert beyond_the_limit(updates, SETTINGS) is needs_approval


def test_a_warning_that_settings_made_of_a_stop_lets_the_document_go():
    """detail_age: warn and tax_variance: push are told, not obeyed."""
    warned = Finding("tax_variance", "0.01", Severity.WARN)

    assert decided(warned).findings == (warned,)
