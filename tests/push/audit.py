"""What has to be true after every push, whatever happened: looked up in billing and in QuickBooks, not in our own tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from tests.world import World

_BILLING = (
    "select doc_number, total_amount, customer_name"
    " from billing.invoices join billing.customers using (customer_id) where {}"
)


def assert_exactly_once(world: World, *, without: Iterable[str] = (), voided: Iterable[str] = ()) -> None:
    """Each invoice of billing is in QuickBooks once, equal to the cent, on the right customer; nothing else of ours is.

    ``without`` are numbers that shall not be there, ``voided`` those that shall be void.
    """
    wanted = {row[0]: (row[1], row[2]) for row in world.sql(_BILLING.format("true")) if row[0] not in set(without)}
    held = world.in_qbo()
    assert Counter(one["DocNumber"] for one in held) == Counter(list(wanted))
    zero = set(voided)
    for one in held:
        total, customer = wanted[one["DocNumber"]]
        assert Decimal(str(one["TotalAmt"])) == (0 if one["DocNumber"] in zero else total), one["DocNumber"]
        assert one["CustomerRef"]["name"] == customer
    names = Counter(one["DisplayName"] for one in world.qbo.state("Customer", world.realm_id))
    assert [name for name, count in names.items() if count > 1] == []


def assert_settled(world: World, *statuses: str) -> None:
    """Every invoice of billing has one of these statuses, nothing is in flight, and every sending has its answer."""
    missing = "select invoice_id from billing.invoices except select billing_id from qbo_sync.statuses"
    assert world.sql(missing) == []
    assert {status for status, _ in world.statuses().values()} <= set(statuses or ("Synced",)), world.statuses()
    assert world.sql("select doc_number, state from qbo_sync.plan_items where state in ('sending', 'unknown')") == []
    unanswered = (
        "select sent.doc_number from qbo_sync.attempts sent where event = 'sent' and not exists (select from qbo_sync.attempts"
        " answered where event = 'answered' and answered.plan_item = sent.plan_item and answered.at >= sent.at)"
    )
    assert world.sql(unanswered) == []
    unlinked = (
        "select billing_id from qbo_sync.statuses where status = 'Synced' except select billing_id from qbo_sync.links"
    )
    assert world.sql(unlinked) == []
