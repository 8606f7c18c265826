"""Webhooks: signed, aggregated, repeated until they are taken, and on demand twice or out of order."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from qbo_simulator.testing import DEFAULT_REALM, SimulatorError
from tests.simulator.client import Qbo, invoice

VERIFIER = "verifier"


class Listener:
    """An app's endpoint: keeps what arrives, and answers the status it was told."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.signatures: list[bool] = []
        self.status = 200
        self.arrived = threading.Event()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                expected = base64.b64encode(hmac.new(VERIFIER.encode(), raw, hashlib.sha256).digest()).decode()
                listener.signatures.append(self.headers["intuit-signature"] == expected)
                listener.bodies.append(json.loads(raw))
                self.send_response(listener.status)
                self.send_header("content-length", "0")
                self.end_headers()
                listener.arrived.set()

            def log_message(self, *_: Any) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def listener(qbo: Qbo) -> Iterator[Listener]:
    """An endpoint that nobody tells anything yet."""
    one = Listener()
    yield one
    qbo.simulator.control("DELETE", "webhooks")
    one.close()


def listen(qbo: Qbo, listener: Listener, **more: Any) -> None:
    """Tell the simulator about the endpoint; deliveries come only on demand."""
    qbo.simulator.listen(listener.url, VERIFIER, **{"is_automatic": False, **more})


def test_every_kind_of_change_is_told_and_signed(qbo: Qbo, listener: Listener) -> None:
    """Create, update, e-mail, void, delete and merge, each under its type; a refused write and an empty change tell nothing."""
    listen(qbo, listener)
    made = qbo.create("Invoice", **invoice(BillEmail={"Address": "a@b.example"}))
    qbo.post("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "n"})
    qbo.call("POST", f"invoice/{made['Id']}/send")
    qbo.post("invoice", {"Id": made["Id"], "SyncToken": "2"}, operation="void")
    qbo.post("invoice", {"Id": made["Id"], "SyncToken": "3"}, operation="delete")
    qbo.post("invoice", invoice(customer="999"))
    qbo.post("customer", {"Id": "2", "SyncToken": "0", "sparse": True})
    qbo.simulator.act("merge", entity="Customer", id="3", into="4")

    [sent] = qbo.simulator.deliver()

    [body] = listener.bodies
    assert (sent["status"], sent["body"], listener.signatures) == (200, body, [True])
    assert [event["type"] for event in body] == [
        *(f"qbo.invoice.{what}.v1" for what in ("created", "updated", "emailed", "voided", "deleted")),
        "qbo.customer.merged.v1",
    ]
    first = body[0]
    assert (first["specversion"], first["intuitentityid"], first["intuitaccountid"]) == (
        "1.0",
        made["Id"],
        DEFAULT_REALM,
    )
    assert set(first) == {
        "specversion", "id", "source", "type", "datacontenttype", "time", "intuitentityid", "intuitaccountid", "data",
    }  # fmt: skip
    assert len({event["id"] for event in body}) == len(body)
    assert qbo.simulator.deliver() == []


def test_events_of_several_companies_share_a_delivery(
    qbo: Qbo, listener: Listener, make_company: Callable[..., Qbo]
) -> None:
    """One signed body, in which each event names its own company: a reader must not take the first one's for all."""
    other = make_company(realm_id="78")
    listen(qbo, listener)
    qbo.create("Term", Name="Net 9", DueDays=9)
    made = other.create("Customer", DisplayName="Elsewhere too")

    qbo.simulator.deliver()

    [body] = listener.bodies
    assert listener.signatures == [True]
    assert [(event["type"], event["intuitaccountid"]) for event in body] == [
        ("qbo.term.created.v1", DEFAULT_REALM),
        ("qbo.customer.created.v1", "78"),
    ]
    assert body[1]["intuitentityid"] == made["Id"]


def test_the_older_format_groups_by_realm(qbo: Qbo, listener: Listener, make_company: Callable[..., Qbo]) -> None:
    """eventNotifications with one entry for each company; a merge names the one that is gone."""
    other = make_company(realm_id="77")
    listen(qbo, listener, format="legacy")
    qbo.create("Term", Name="Net 7", DueDays=7)
    other.create("Customer", DisplayName="Elsewhere")
    qbo.simulator.act("merge", entity="Customer", id="3", into="4")

    qbo.simulator.deliver()

    [body] = listener.bodies
    told = {one["realmId"]: one["dataChangeEvent"]["entities"] for one in body["eventNotifications"]}
    assert set(told) == {DEFAULT_REALM, "77"}
    assert [(one["name"], one["operation"], one.get("deletedId")) for one in told[DEFAULT_REALM]] == [
        ("Term", "Create", None),
        ("Customer", "Merge", "3"),
    ]
    assert told["77"][0]["lastUpdated"].endswith("Z")


def test_a_delivery_that_fails_is_repeated_on_schedule_and_holds_the_next_back(qbo: Qbo, listener: Listener) -> None:
    """10, 20, 30 seconds, 5 and 20 minutes, 2, 4 and 6 hours, then every 6 hours; the same body each time."""
    qbo.simulator.clock(freeze=True)
    try:
        listen(qbo, listener)
        listener.status = 500
        qbo.create("Term", Name="Net 7", DueDays=7)
        qbo.simulator.deliver()
        qbo.create("Term", Name="Net 8", DueDays=8)
        for wait in (10, 20, 30, 300, 1200, 7200, 14_400, 21_600, 21_600):
            qbo.simulator.clock(advance=wait - 1)
            assert qbo.simulator.deliver() == []
            qbo.simulator.clock(advance=1)
            assert [one["status"] for one in qbo.simulator.deliver()] == [500]
        listener.status = 200
        qbo.simulator.clock(advance=21_600)

        sent = qbo.simulator.deliver()
    finally:
        qbo.simulator.clock(freeze=False)

    assert [one["status"] for one in sent] == [200, 200]
    assert all(body == listener.bodies[0] for body in listener.bodies[:-1])
    assert len(listener.bodies[-1]) == 1
    assert listener.bodies[-1] != listener.bodies[0]


def test_changes_are_gathered_and_told_once(qbo: Qbo, listener: Listener) -> None:
    """Events of a window travel together, the same change of one object once, at most a hundred in a delivery."""
    qbo.simulator.clock(freeze=True)
    try:
        listen(qbo, listener, aggregate_seconds=60)
        for number in range(3):
            qbo.post("term", {"Id": "1", "SyncToken": str(number), "Name": f"T{number}", "DueDays": 1})
        assert qbo.simulator.deliver() == []
        qbo.simulator.clock(advance=61)
        qbo.simulator.deliver()
        items = [{"bId": str(n), "operation": "create", "Term": {"Name": f"Term {n}", "DueDays": n}} for n in range(30)]
        for batch in range(4):
            qbo.batch(*({**item, "Term": {**item["Term"], "Name": f"{batch}-{item['bId']}"}} for item in items))
        qbo.simulator.clock(advance=61)
        qbo.simulator.deliver()
    finally:
        qbo.simulator.clock(freeze=False)

    assert [len(body) for body in listener.bodies] == [1, 100, 20]


def test_duplicates_and_disorder_come_on_demand(qbo: Qbo, listener: Listener) -> None:
    """The same delivery twice with the same event ids; events out of the order in which things happened."""
    listen(qbo, listener)
    for number in range(8):
        qbo.create("Term", Name=f"Term {number}", DueDays=number)

    qbo.simulator.deliver(duplicate=True, shuffle=3)

    first, second = listener.bodies
    ids = [int(event["intuitentityid"]) for event in first]
    assert first == second
    assert sorted(ids) != ids


def test_deliveries_come_by_themselves_and_only_what_was_asked_for(qbo: Qbo, listener: Listener) -> None:
    """Without any call to the control plane; other entities and companies that are not connected stay silent."""
    listen(qbo, listener, is_automatic=True, entities=["Term"])
    qbo.create("Customer", DisplayName="not told")

    qbo.create("Term", Name="Net 7", DueDays=7)

    assert listener.arrived.wait(20)
    assert [event["type"] for event in listener.bodies[0]] == ["qbo.term.created.v1"]


def test_a_company_that_is_not_connected_tells_nothing(qbo: Qbo, listener: Listener) -> None:
    """Until it is connected again."""
    listen(qbo, listener)
    qbo.create("Term", Name="Net 7", DueDays=7)
    qbo.simulator.preferences(is_connected=False)

    silent = qbo.simulator.deliver()
    qbo.simulator.preferences(is_connected=True)

    assert (silent, len(qbo.simulator.deliver())) == ([], 1)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({"url": "ftp://x", "verifier_token": "v"}, "url and verifier_token"),
        ({"url": "http://x", "verifier_token": "v", "format": "soap"}, "format must be one of"),
        ({"url": "http://x", "verifier_token": "v", "entities": ["TaxCode"]}, "no webhooks of TaxCode"),
        ({"url": "http://x", "verifier_token": "v", "colour": "red"}, "unknown key 'colour'"),
    ],
)
def test_a_subscription_that_cannot_be_understood_is_refused(qbo: Qbo, wanted: dict[str, Any], text: str) -> None:
    """422 with the reason."""
    with pytest.raises(SimulatorError, match=text):
        qbo.simulator.control("POST", "webhooks", wanted)
