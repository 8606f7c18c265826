"""One company that cannot be written to: the other one is pushed all the same, and the run says which one failed."""

from __future__ import annotations

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
@pytest.mark.parametrize(
    ("where", "red"),
    [({}, "realm.preflight"), ({"path": "batch"}, "realm.push")],
    ids=["before anything was read", "in the middle of the push"],
)
@pytest.mark.row("G13")
def test_a_dead_company_holds_up_no_other(site: Site, where: dict[str, str], red: str) -> None:
    """Its sign-on has ended: it writes nothing and blames no document; the other is done; finish names the dead one."""
    on, series = day(49 if where else 52), site.series("D")
    site.texas.invoice(f"{series}-texas-1", on, "3.00")
    site.texas.invoice(f"{series}-texas-2", on, "3.00")
    unsent = [site.london.invoice(f"{series}-london-{number}", on, "3.00") for number in (1, 2)]
    site.qbo.fault("token_expired", realm_id=site.london.realm_id, count=0, **where)

    run_id = site.trigger(from_date=str(on), to_date=str(on))

    assert site.finished(run_id) == "failed"
    states = site.task_states(run_id)
    assert states[red, site.map_index(site.london, run_id)] == "failed"
    assert {state for (_, index), state in states.items() if index == site.map_index(site.texas, run_id)} == {"success"}
    assert site.texas.held(series) == dict.fromkeys((f"{series}-texas-1", f"{series}-texas-2"), Decimal("3.00"))
    assert site.london.held(series) == {}
    assert "Error" not in {status for status, _ in site.status(*unsent).values()}
    finish = " ".join(site.log(run_id, "finish"))
    assert "texas: done" in finish
    assert "not done: london" in finish
