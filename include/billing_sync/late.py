"""A late answer: what QuickBooks wrote for a push that had lost the right to store it (DESIGN, exactly once, rule 6)."""

from __future__ import annotations

from decimal import Decimal

from include.billing_sync.notices import Notice
from include.billing_sync.pairs import Difference, DriftClass, beside, money
from include.billing_sync.ports import Entity, Item
from include.billing_sync.repairs import Case, repair
from include.billing_sync.statuses import Action

LATE = "late"
"""The outcome under which the audit keeps a late answer. It settles nothing; whoever holds the lock looks for himself."""


def late_duplicate(item: Item, entity: Entity, linked_id: str | None) -> Difference | None:
    """What is too much in QuickBooks by a late answer; None when nothing is.

    :param entity: what QuickBooks says it wrote
    :param linked_id: what the document is linked to by now; None while nobody has settled it, so that it will be found
    """
    qbo_id = str(entity["Id"])
    if item.action != Action.CREATE or linked_id is None or linked_id == qbo_id:
        return None
    total = Decimal(str(entity.get("TotalAmt", item.total or 0)))
    amount = total if item.entity == "CreditMemo" else -total
    currency = str((entity.get("CurrencyRef") or {}).get("value") or "")
    return Difference(
        drift=DriftClass.DUPLICATE,
        field="existence",
        billing_value=None,
        qbo_value=beside(money(-amount, currency), linked_id),
        amount=amount,
        currency=currency,
        day=item.doc_date,
        repair=repair(Case("duplicate", amount, twin=linked_id, is_strayed=True)),
        billing_id=item.billing_id,
        doc_number=item.doc_number,
        entity=item.entity,
        qbo_id=qbo_id,
        customer_name=(entity.get("CustomerRef") or {}).get("name"),
    )


def duplicate_notice(found: Difference) -> Notice:
    """What a person is told of it."""
    text = f"{found.entity} {found.doc_number} is in QuickBooks twice: id {found.qbo_id}, {found.qbo_value}."
    return Notice("duplicate", f"{found.entity} {found.qbo_id}", text, found.repair)
