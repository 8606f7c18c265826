"""Both sides of one document, what is known of it between them, and one thing in which they disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from include.billing_sync.documents import NO_CONTENT, plain
from include.billing_sync.facts_of_document import GONE_STATUSES

_ZERO = Decimal(0)


class DriftClass(StrEnum):
    """What is different, in the order in which it is reported."""

    MISSING_IN_QBO = "missing_in_qbo"
    EXTRA_IN_QBO = "extra_in_qbo"
    DUPLICATE = "duplicate"
    DELETED_IN_QBO = "deleted_in_qbo"
    VOIDED_IN_QBO = "voided_in_qbo"
    DELETED_IN_BILLING = "deleted_in_billing"
    VOIDED_IN_BILLING = "voided_in_billing"
    AMOUNT = "amount"
    TAX = "tax"
    CURRENCY = "currency"
    DATE = "date"
    CUSTOMER = "customer"
    NUMBER = "number"
    EDITED_IN_QBO = "edited_in_qbo"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class Edit:
    """A field that is ours and does not stand any more as QuickBooks answered our last write."""

    field: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class LastWrite:
    """Our last write of a document: what QuickBooks answered, and the fingerprint of the content that it brought."""

    answer: Mapping[str, Any]
    fingerprint: str | None

    def has_memo_of(self, entity: Mapping[str, Any]) -> bool:
        """Whether the memo is the document's own, as a write of ours that was no void put it there."""
        is_content = self.fingerprint not in (None, NO_CONTENT)
        return is_content and self.answer.get("PrivateNote") == entity.get("PrivateNote")


@dataclass(frozen=True, slots=True)
class Billed:
    """One document of billing. ``day`` is billing's own date; a credit has a negative total.

    ``customer_ref`` is what billing's customer means in QuickBooks now. ``tax`` and ``balance`` None: not known.
    ``is_ours`` False: billing routes it to another company. ``is_customer_retired``: that customer is inactive in QuickBooks.
    """

    billing_id: str
    entity: str
    doc_number: str | None
    day: date | None
    customer_name: str | None
    currency: str
    total: Decimal
    tax: Decimal | None
    balance: Decimal | None
    state: str
    is_opted_out: bool = False
    origin: str | None = None
    fingerprint: str | None = None
    updated_at: datetime | None = None
    customer_ref: str | None = None
    is_ours: bool = True
    is_customer_retired: bool = False

    @property
    def is_gone(self) -> bool:
        """Void or deleted in billing: nothing is owed."""
        return self.state.lower() in GONE_STATUSES


@dataclass(frozen=True, slots=True)
class Held:
    """One document that QuickBooks holds; the amounts of a credit memo are negative.

    ``edits`` are the fields of ours that somebody changed there. ``twin`` is the id of the one beside which this one is too
    much, and ``twin_of`` the billing document of that one; ``is_strayed``: a sending of ours says so, and not the number.
    """

    entity: str
    qbo_id: str
    doc_number: str | None
    day: date | None
    customer_ref: str | None
    customer_name: str | None
    currency: str
    total: Decimal
    tax: Decimal
    balance: Decimal
    is_void: bool = False
    edits: tuple[Edit, ...] = ()
    twin: str | None = None
    twin_of: str | None = None
    is_strayed: bool = False
    marked: str | None = None
    """The billing id that our mark in its memo names."""


@dataclass(frozen=True, slots=True)
class Known:
    """What our own state knows of a document: its link, what our last write meant, and what the user sees.

    ``meant`` is empty where billing changed since that write; ``written_day`` is the date that it meant, as long as billing has
    not changed the date. ``is_in_motion``: a write of ours is on its way, or ended after the reading began.
    """

    billing_id: str | None = None
    qbo_id: str | None = None
    fingerprint: str | None = None
    meant: Mapping[str, Any] = field(default_factory=dict)
    written_day: str | None = None
    is_in_motion: bool = False
    status: str | None = None
    reason: str | None = None
    reasons: tuple[str, ...] = ()

    @property
    def is_linked(self) -> bool:
        """Whether billing's document and QuickBooks' are known to be one."""
        return self.qbo_id is not None

    @property
    def is_our_void(self) -> bool:
        """Whether our last write voided it."""
        return self.fingerprint == NO_CONTENT


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of one document; either may be missing."""

    billed: Billed | None
    held: Held | None
    known: Known = field(default_factory=Known)

    @property
    def mine(self) -> Billed | None:
        """Billing's side, if billing routes the document to this company."""
        return self.billed if self.billed and self.billed.is_ours else None

    @property
    def owed(self) -> Decimal:
        """Billing's total; nothing for what is void or deleted there."""
        return _ZERO if self.mine is None or self.mine.is_gone else self.mine.total

    @property
    def invoiced(self) -> Decimal:
        """QuickBooks' total."""
        return self.held.total if self.held else _ZERO

    @property
    def owed_open(self) -> Decimal:
        """Billing's open balance; where billing does not know it, as much is taken for paid as in QuickBooks.

        What QuickBooks was paid in another currency pays nothing of it.
        """
        if self.mine is None or not self.owed:
            return _ZERO
        if self.mine.balance is not None:
            return self.mine.balance
        is_one_currency = self.held is None or self.held.currency == self.mine.currency
        return self.owed - (self.invoiced - self.invoiced_open) if is_one_currency else self.owed

    @property
    def invoiced_open(self) -> Decimal:
        """QuickBooks' open balance."""
        return self.held.balance if self.held else _ZERO

    @property
    def owed_day(self) -> date | None:
        """The date under which billing's document counts: the one that our last write meant, or billing's own."""
        if self.mine is None:
            return None
        meant = self.known.meant.get("date") or self.known.written_day
        return date.fromisoformat(meant) if meant else self.mine.day

    @property
    def is_changed_in_billing(self) -> bool:
        """Billing's document is not what our last write told QuickBooks."""
        return bool(self.billed and self.known.is_linked and self.billed.fingerprint != self.known.fingerprint)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which both sides disagree. ``amount`` is billing's money less QuickBooks', in ``currency``.

    ``explained`` is the reason for which the difference is as it should be; empty means drift. ``day`` says in which month
    the amount counts.
    """

    drift: DriftClass
    field: str
    billing_value: str | None
    qbo_value: str | None
    amount: Decimal
    currency: str
    day: date | None
    explained: str = ""
    repair: str = ""
    billing_id: str | None = None
    doc_number: str | None = None
    entity: str = "Invoice"
    qbo_id: str | None = None
    customer_name: str | None = None

    @property
    def is_payment(self) -> bool:
        """Named, and no error: money that was received, and one side does not know it yet."""
        return self.drift is DriftClass.BALANCE

    @property
    def is_drift(self) -> bool:
        """Whether somebody has to look at it."""
        return not self.explained and not self.is_payment


def money(amount: Decimal, currency: str) -> str:
    """An amount as a difference states it."""
    return f"{plain(amount)} {currency}".strip()


def beside(value: str, twin: str) -> str:
    """What is too much in QuickBooks, with the id of the one that counts."""
    return f"{value}; beside id {twin}"


def month_of(day: date | None) -> str:
    """The month in which a date lies, such as 2026-10; empty where there is no date."""
    return day.strftime("%Y-%m") if day else ""
