"""A name that our lists did not know and QuickBooks holds: taken by the rules of planning (names), or left with its cause."""

from __future__ import annotations

from collections.abc import Sequence

from include.billing_sync import outcomes
from include.billing_sync.name_rules import names_equal
from include.billing_sync.ports import Entity, Item, Settled

_CURE = "Run qbo_refresh_lists and map it by hand, or rename one of the two."


def settle_held_name(item: Item, hits: Sequence[Entity], owners: dict[str, str]) -> Settled:
    """What becomes of an account, customer or item whose name QuickBooks holds already, made by no sending that we remember.

    The lists were older than the name: after a restore, or because somebody entered it today. One entry of exactly this name that
    is free is the one that planning would have taken had it known.

    :param owners: the billing id behind each hit that is linked or mapped.
    """
    why = [_why_not(item, hit, owners.get(str(hit["Id"]))) for hit in hits]
    usable = [hit for hit, reason in zip(hits, why, strict=True) if not reason]
    if len(hits) == 1 and usable:
        text = f"QuickBooks holds {item.entity} {item.doc_number!r} (id {usable[0]['Id']}), which our lists did not know yet"
        return outcomes.done(item, usable[0], "adopted", outcome="adopted", extra=text)
    found = "; ".join(f"id {hit['Id']}{': ' + reason if reason else ''}" for hit, reason in zip(hits, why, strict=True))
    text = f"QuickBooks already holds {item.entity} {item.doc_number!r} ({found}), and no sending of ours explains it. {_CURE}"
    return outcomes.stopped(item, "ambiguous_name", text, outcome="already_in_qbo")


def _why_not(item: Item, hit: Entity, owner: str | None) -> str:
    """Why an entry is not what the name means, by rule 9; empty: it is."""
    name = str(hit.get("DisplayName") or hit.get("Name") or "")
    wanted = (((item.payload or {}).get("CurrencyRef") or {}).get("value")) or ""
    currency = ((hit.get("CurrencyRef") or {}).get("value")) or wanted
    is_same = name == item.doc_number if item.kind == "item" else names_equal(name, item.doc_number or "")
    wanted_type, account_type = (item.payload or {}).get("AccountType"), hit.get("AccountType")
    causes = {
        f"it belongs to billing customer {owner} already": owner is not None and item.kind == "customer",
        "it is inactive": not hit.get("Active", True),
        "it is a sub-customer": item.kind == "customer" and bool(hit.get("ParentRef")),
        "it is below another account": item.kind == "account" and bool(hit.get("ParentRef")),
        f"it is an account of type {account_type}": item.kind == "account" and account_type != wanted_type,
        "it is a category, which no line can name": hit.get("Type") == "Category",
        f"it is kept in {currency}, the documents are in {wanted}": bool(wanted) and currency != wanted,
        f"it is written {name!r}": not is_same,
    }
    return ", ".join(cause for cause, holds in causes.items() if holds)
