"""The process of the push is killed by the system while QuickBooks works for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.e2e.site import Site, day

pytestmark = pytest.mark.e2e


@pytest.fixture
def mishaps(site: Site) -> Iterator[None]:
    """What is made to go wrong in QuickBooks goes well again after the test."""
    yield
    site.qbo.clear_faults()


@pytest.mark.usefixtures("mishaps")
def test_a_push_killed_between_writing_and_the_answer_is_finished_by_the_next_try(site: Site) -> None:
    """Of three batches the second is written and not yet answered: the next try finds it, writes the third, and is green."""
    on, series = day(58), site.series("K")
    amounts = {f"{series}-{number:02}": Decimal(number) + Decimal("0.75") for number in range(70)}
    for number, amount in amounts.items():
        site.texas.invoice(number, on, str(amount))
    site.qbo.fault("delay", realm_id=site.texas.realm_id, path="batch", nth=2, seconds=20, when="after")

    run_id = site.trigger(realm="texas", from_date=str(on), to_date=str(on))
    site.wait_until(lambda: len(site.texas.held(series)) == 60, "two batches are written")
    ((pid,),) = site.metadata(
        "select pid from task_instance where run_id = %s and task_id = 'realm.push' and state = 'running'", run_id
    )
    os.kill(pid, signal.SIGKILL)

    assert site.finished(run_id) == "success", site.why(run_id)
    assert site.tries(run_id, "realm.push") == 2
    assert site.texas.held(series) == amounts
    assert set(site.status(*(f"inv-{number}" for number in amounts)).values()) == {("Synced", "created")}
    assert site.sent(series) == dict.fromkeys(amounts, 1), "what was found is not sent again"
