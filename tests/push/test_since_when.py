"""Since when a document is what it is: what a run finds again as it was is not new."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.push.people import edit
from tests.world import World


def since(world: World, billing_id: str) -> datetime:
    """When the document's status or reason last changed."""
    ((moment,),) = world.sql("select since_at from qbo_sync.statuses where billing_id = %s", billing_id)
    return moment


@pytest.mark.parametrize(
    ("most_updates", "reason"), [(0, "needs_approval"), (50, "edited_in_qbo")], ids=["held again", "refused again"]
)
def test_what_every_night_stops_again_is_new_but_once(world: World, most_updates: int, reason: str) -> None:
    """Planned anew each night it is Pending for a moment; it stands since the first night, and only then was it news."""
    world.settings(updates_without_approval=most_updates, locked_before="off")
    world.invoice("T-1")
    world.run()
    edit(world, "T-1", PrivateNote="agreed on the phone")
    world.change("inv-T-1", "21.00")
    world.sync(everything=True)
    first = since(world, "inv-T-1")

    world.sync(everything=True)
    stopped, again = world.status("inv-T-1"), since(world, "inv-T-1")
    world.settings(updates_without_approval=50, locked_before="off")
    edit(world, "T-1", PrivateNote="Ref inv-T-1")
    world.run()

    assert stopped == ("Skipped", reason)
    assert again == first
    assert world.status("inv-T-1")[0] == "Synced"
    assert since(world, "inv-T-1") > first
