"""What we rely on QuickBooks for, tried on each company at hand: the simulator's, and one of Intuit's sandbox.

The same tests pass against both, or the simulator is wrong. Without a sign-on to a sandbox its half is skipped; see
``tests/qbo_hook/companies.py``.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qbo_hook import (
    BatchItem,
    QboClient,
    QboDuplicateName,
    QboDuplicateNumber,
    QboNotFound,
    QboStaleObject,
    QboValidationError,
)
from qbo_hook.auth import utc_now
from qbo_hook.queries import equals, is_in
from tests.qbo_hook.companies import REALM, SANDBOX, company_at, company_in, sandbox_file

testing = pytest.importorskip("qbo_simulator.testing")

INDEX_LAG = 10.0
"""Seconds after which a query must know what was written."""


@pytest.fixture(scope="module", params=["simulator", *(["sandbox"] if sandbox_file() else [])])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QboClient]:
    """A company that is signed on to."""
    with ExitStack() as stack:
        if request.param == "simulator":
            path = tmp_path_factory.mktemp("contract") / "sim.sqlite"
            simulator = stack.enter_context(testing.running_simulator(path))
            yield stack.enter_context(company_at(simulator.base_url))
        else:
            yield stack.enter_context(company_in(sandbox_file()))


def new_id() -> str:
    """A request id that no run had before."""
    return uuid.uuid4().hex


def new_number() -> str:
    """A document number that no run had before, as long as QuickBooks takes it."""
    return f"LL-{uuid.uuid4().hex[:18]}"


def invoice(client: QboClient, amount: str = "100.00", **fields: Any) -> dict[str, Any]:
    """The body of an invoice with one line for a customer and a service that the company has."""
    customer = client.query_page("Customer", size=1)[0]
    item = client.query_page("Item", "Type = 'Service'", size=1)[0]
    detail = {"ItemRef": {"value": item["Id"]}}
    line = {"Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    return {"CustomerRef": {"value": customer["Id"]}, "Line": [line], **fields}


def found_by_number(client: QboClient, number: str) -> list[dict[str, Any]]:
    """What a query gives for a number, once its index has caught up or the time for that is over."""
    until = time.monotonic() + INDEX_LAG
    while not (found := client.query_page("Invoice", equals("DocNumber", number))) and time.monotonic() < until:
        time.sleep(0.5)
    return found


@pytest.mark.row("G24")
def test_a_sandbox_is_at_hand() -> None:
    """Says in the list of skipped tests that the contract was tried on the simulator alone."""
    file = sandbox_file()
    if file is None:
        pytest.skip(f"{SANDBOX} names no file with the sign-on to a company of Intuit's sandbox (docs/connect.md)")
    assert file.is_file()


def test_the_newest_refresh_token_is_kept_in_the_file(tmp_path: Path) -> None:
    """The old one may die, so the file holds the new one, and nobody else may read it."""
    path = tmp_path / "sandbox.json"
    with testing.running_simulator(tmp_path / "sim.sqlite") as simulator:
        sign_on = {
            "client_id": "simclient",
            "client_secret": "simsecret",
            "realm_id": REALM,
            "refresh_token": "RT1-sim",
        }
        path.write_text(json.dumps(sign_on | {"base_url": simulator.base_url}))
        simulator.clock(advance=2 * 24 * 60 * 60)

        for _ in range(2):
            with company_in(path) as company:
                assert company.company_info()["Country"] == "US"

    assert json.loads(path.read_text())["refresh_token"] != "RT1-sim"
    assert path.stat().st_mode & 0o077 == 0


def test_the_company_introduces_itself(client: QboClient) -> None:
    """Refreshed, signed on, read."""
    assert client.company_info()["Country"]
    assert "SalesFormsPrefs" in client.preferences()


@pytest.mark.row("G24")
def test_an_invoice_lives_through_create_update_send_void_delete(client: QboClient) -> None:
    """The whole life of a document over the wire, exact to the cent."""
    created = client.create("Invoice", invoice(client, "100.10", DocNumber=new_number()), new_id())
    assert sum(line["Amount"] for line in created["Line"] if line["DetailType"] == "SalesItemLineDetail") == Decimal(
        "100.10"
    )

    version = {"Id": created["Id"], "SyncToken": created["SyncToken"]}
    updated = client.update("Invoice", {**version, "PrivateNote": "Ref 1"}, new_id())
    assert (updated["PrivateNote"], updated["TotalAmt"]) == ("Ref 1", created["TotalAmt"])
    with pytest.raises(QboStaleObject):
        client.update("Invoice", {**version, "PrivateNote": "Ref 2"}, new_id())

    sent = client.send_email("Invoice", created["Id"], "books@example.com", new_id())
    assert sent["EmailStatus"] == "EmailSent"

    voided = client.void("Invoice", created["Id"], sent["SyncToken"], new_id())
    assert (voided["TotalAmt"], voided["Balance"]) == (0, 0)
    assert voided["PrivateNote"].startswith("Voided")

    gone = client.delete("Invoice", created["Id"], voided["SyncToken"], new_id())
    assert gone["status"] == "Deleted"
    with pytest.raises(QboNotFound):
        client.read("Invoice", created["Id"])


def test_what_is_read_of_an_invoice_is_there(client: QboClient) -> None:
    """Every field that the push compares comes back, in QuickBooks' own types: ids are texts, amounts numbers."""
    number = new_number()

    created = client.create("Invoice", invoice(client, "12.34", DocNumber=number, TxnDate="2026-10-05"), new_id())

    texts = [created[name] for name in ("Id", "SyncToken", "DocNumber", "TxnDate", "DueDate")]
    assert all(isinstance(text, str) for text in texts)
    assert texts[2:4] == [number, "2026-10-05"]
    assert all(isinstance(created[name], Decimal | int) for name in ("TotalAmt", "Balance"))
    assert created["CurrencyRef"]["value"]
    assert created["CustomerRef"].keys() >= {"value", "name"}
    assert created["MetaData"].keys() >= {"CreateTime", "LastUpdatedTime"}
    assert [line["DetailType"] for line in created["Line"]] == ["SalesItemLineDetail", "SubTotalLineDetail"]


def test_the_same_request_id_makes_one_invoice(client: QboClient) -> None:
    """A repeat is the same request again."""
    number = new_number()
    request = client.build_create("Invoice", invoice(client, DocNumber=number), new_id())

    first, second = (client.parse_entity(client.send(request), "Invoice") for _ in range(2))

    assert first["Id"] == second["Id"]
    assert [one["Id"] for one in found_by_number(client, number)] == [first["Id"]]


def test_a_number_is_given_once(client: QboClient) -> None:
    """The look before the first create is the first defence; this refusal is the second."""
    number = new_number()
    client.create("Invoice", invoice(client, DocNumber=number), new_id())

    with pytest.raises(QboDuplicateNumber):
        client.create("Invoice", invoice(client, DocNumber=number), new_id())


def test_an_invoice_below_zero_is_refused(client: QboClient) -> None:
    """Which is why the checks stop it before any call."""
    with pytest.raises(QboValidationError):
        client.create("Invoice", invoice(client, "-1.00"), new_id())


def test_a_batch_succeeds_and_fails_item_by_item(client: QboClient) -> None:
    """A good invoice, a missing customer, a query."""
    bad = {**invoice(client), "CustomerRef": {"value": "999999999"}}
    items = [
        BatchItem("good", "create", "Invoice", invoice(client, "7.00", DocNumber=new_number())),
        BatchItem("bad", "create", "Invoice", bad),
        BatchItem("query", "query", query="select count(*) from Customer"),
    ]

    found = client.batch(items, new_id())

    assert found["good"]["Line"][0]["Amount"] == Decimal("7.00")  # type: ignore[index]  # an entity
    assert isinstance(found["bad"], QboValidationError)
    assert found["query"]["totalCount"] > 0  # type: ignore[index,operator]  # a QueryResponse


def test_names_with_quotes_and_backslashes_are_found(client: QboClient) -> None:
    """No value breaks out of its quotes, and a name is given once, also to a vendor."""
    name = f"O'Brien \\ Söhne 100% & Co #{uuid.uuid4().hex[:8]}"
    created = client.create("Customer", {"DisplayName": name}, new_id())

    (found,) = client.query_page("Customer", equals("DisplayName", name))

    assert found["Id"] == created["Id"]
    for entity in ("Customer", "Vendor"):
        with pytest.raises(QboDuplicateName):
            client.create(entity, {"DisplayName": name}, new_id())


def test_many_numbers_are_looked_up_in_one_query(client: QboClient) -> None:
    """400 numbers of 21 characters go into the body of a POST."""
    numbers = [f"N{number:020d}" for number in range(400)]

    assert client.query_page("Invoice", is_in("DocNumber", numbers)) == []


def test_a_list_is_read_in_small_pages(client: QboClient) -> None:
    """Paging to the end gives what counting says."""
    ids = [row["Id"] for row in client.query_all("Customer", size=3)]

    assert len(ids) == len(set(ids)) == client.count("Customer")


def test_changes_are_told(client: QboClient) -> None:
    """What was just made is among them, and what was deleted is told as deleted."""
    since = (utc_now() - timedelta(minutes=5)).replace(microsecond=0)
    kept, gone = (client.create("Invoice", invoice(client, DocNumber=new_number()), new_id()) for _ in range(2))
    client.delete("Invoice", gone["Id"], gone["SyncToken"], new_id())

    until = time.monotonic() + INDEX_LAG
    while True:
        changes = client.cdc(["Invoice", "Payment"], since)
        told = {row["Id"]: row.get("status") for row in changes.entities["Invoice"]}
        if told.keys() >= {kept["Id"], gone["Id"]} or time.monotonic() > until:
            break
        time.sleep(0.5)

    assert (told[kept["Id"]], told[gone["Id"]]) == (None, "Deleted")
    assert changes.server_time
