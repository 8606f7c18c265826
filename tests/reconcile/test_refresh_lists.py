"""The daily refresh of QuickBooks' lists, and what it tells people."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.world import World, write_settings


def refresh(world: World, realm_key: str = "demo") -> dict[str, Any]:
    """One run of the DAG's task."""
    from include.wiring import list_refreshing

    return list_refreshing.refresh(realm_key, world.context("refresh_1"))


def test_a_new_item_is_known_after_a_refresh(world: World) -> None:
    """F50, F79: an item that was added in QuickBooks can be mapped and used at once."""
    world.qbo.act("create", entity="Customer", values={"DisplayName": "Lakeside Marina"})

    said = refresh(world)

    assert said["is_done"]
    assert said["lists"]["Customer"] > 0
    assert world.sql(
        "select is_active from qbo_sync.reference where entity = 'Customer' and name = 'Lakeside Marina'"
    ) == [(True,)]


def test_vendors_and_employees_are_kept_too(world: World) -> None:
    """F62, F63: whoever is added in QuickBooks has a row afterwards."""
    world.qbo.act("create", entity="Vendor", values={"DisplayName": "Cable Works"})
    world.qbo.act("create", entity="Employee", values={"GivenName": "Ada", "FamilyName": "Byron"})

    refresh(world)

    names = {
        name for (name,) in world.sql("select name from qbo_sync.reference where entity in ('Vendor', 'Employee')")
    }
    assert {"Cable Works", "Ada Byron"} <= names


def test_changes_of_the_company_and_renamed_entries_are_warned_of(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The closing date moved, and a mapped customer was renamed: a warning for each, and the mapping stays."""
    world.qbo.act("create", entity="Customer", values={"DisplayName": "Old Name"})
    held = world.qbo.state("Customer", name="Old Name")[0]
    world.map("customer", "c1", held["Id"], "Old Name")
    status, answer = world.qbo.call(
        "POST",
        "customer",
        {"Id": held["Id"], "SyncToken": held["SyncToken"], "sparse": True, "DisplayName": "New Name"},
    )
    assert status == 200, answer
    world.qbo.act("close_books", date="2026-06-30")
    caplog.set_level("WARNING", logger="ledgerline")

    said = refresh(world)

    assert said["changes"] == ["closing_date"]
    assert said["disagreeing"] == 1
    assert "closing_date was None in QuickBooks and is 2026-06-30" in caplog.text
    assert "customers.csv c1" in caplog.text
    assert "'New Name'" in caplog.text
    assert world.sql("select qbo_id from qbo_sync.mappings where kind = 'customer'") == [(held["Id"],)]


def test_a_realm_that_cannot_be_reached_fails_alone(world: World) -> None:
    """Two realms, one of them never connected: the other is refreshed, and the last task names the one that failed."""
    from include.wiring import runs
    from include.wiring.realms import NotConnectedError

    write_settings(world.mappings, "other", {"connection": "qbo_nowhere", "time_zone": "Europe/London"})
    done = refresh(world)
    with pytest.raises((NotConnectedError, RuntimeError)):
        refresh(world, "other")

    kept = {"choose": ["demo", "other"], "refresh": [done, None]}
    context = {"ti": SimpleNamespace(xcom_pull=lambda task_ids, **_: kept[task_ids])}
    with pytest.raises(runs.RealmsFailedError, match="not done: other"):
        runs.finish(context, reporting="refresh")


@pytest.mark.row("F64")
def test_contacts_are_those_of_quickbooks_and_a_second_reading_changes_none(world: World) -> None:
    """Customers and vendors with mail, phone, address and parent, inactive ones marked; read again, nothing differs."""
    address = {
        "Line1": "1 Quay",
        "City": "Bath",
        "CountrySubDivisionCode": "CA",
        "PostalCode": "94000",
        "Country": "USA",
    }
    person = {"GivenName": "Zoë", "FamilyName": "O'Hara", "PrimaryEmailAddr": {"Address": "zoe@example.com"}}
    values = {"DisplayName": "Lakeside Marina", "CompanyName": "Marina Ltd", "BillAddr": address, **person}
    _, made = world.qbo.call("POST", "customer", values)
    world.qbo.act("create", entity="Vendor", values={"DisplayName": "Cable Works"})

    refresh(world)
    first = world.sql("select * from qbo_sync.contacts order by entity, qbo_id")
    refresh(world)

    assert world.sql("select * from qbo_sync.contacts order by entity, qbo_id") == first
    held = {
        (entity, one["Id"], one["DisplayName"], (one.get("PrimaryEmailAddr") or {}).get("Address"), one["Active"])
        for entity in ("Customer", "Vendor")
        for one in world.qbo.state(entity, world.realm_id)
    }
    kept = world.sql("select entity, qbo_id, display_name, email, is_active from qbo_sync.contacts")
    assert set(kept) == held
    assert len(kept) == len(held)
    assert world.sql(
        "select company_name, given_name, family_name, email, line1, city, region, postal_code, country"
        " from qbo_sync.contacts where entity = 'Customer' and qbo_id = %s",
        made["Customer"]["Id"],
    ) == [("Marina Ltd", "Zoë", "O'Hara", "zoe@example.com", "1 Quay", "Bath", "CA", "94000", "USA")]
    parents = {
        one["Id"]: (one.get("ParentRef") or {}).get("value") for one in world.qbo.state("Customer", world.realm_id)
    }
    assert dict(world.sql("select qbo_id, parent_id from qbo_sync.contacts where entity = 'Customer'")) == parents
