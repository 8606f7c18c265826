"""The control plane: companies by size and country, clock, settings; and the process itself."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qbo_simulator.testing import DEFAULT_REALM, RunningSimulator, SimulatorError, running_simulator
from tests.simulator.client import Qbo, invoice, item_line


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RunningSimulator]:
    """A process of this test alone, which may be killed."""
    with running_simulator(tmp_path / "own.sqlite") as simulator:
        yield simulator


def test_a_fresh_simulator_holds_the_sample_company(own: RunningSimulator) -> None:
    """Realm, app and refresh token that others count on."""
    health = own.control("GET", "health")
    info = Qbo(own).read("CompanyInfo", DEFAULT_REALM)

    assert (health["status"], health["companies"]) == ("ok", [DEFAULT_REALM])
    assert (info["Country"], info["CompanyName"]) == ("US", "Craig's Design and Landscaping Services")
    counts = {
        name: len(own.state(name)) for name in ("Customer", "Item", "Account", "Term", "TaxCode", "Vendor", "Employee")
    }
    assert counts == {"Customer": 29, "Item": 18, "Account": 45, "Term": 4, "TaxCode": 3, "Vendor": 25, "Employee": 2}


def test_what_was_answered_is_kept_when_the_process_is_killed(own: RunningSimulator) -> None:
    """kill -9 in the middle of the day: objects, tokens, request ids, rules, clock and journal are there afterwards."""
    qbo = Qbo(own)
    own.settings(query_lag_seconds=0, latency_seconds=0.001)
    own.clock(advance=1000)
    own.fault("before_write", path="/nowhere")
    made = [
        qbo.post("invoice", invoice(DocNumber=f"K-{number}"), requestid=f"r-{number}")["Invoice"]
        for number in range(20)
    ]
    before = own.clock()["now"]

    own.kill()
    own.start()

    assert [one["DocNumber"] for one in own.state("Invoice")] == [one["DocNumber"] for one in made]
    assert qbo.post("invoice", invoice(DocNumber="K-7"), requestid="r-7")["Invoice"] == made[7]
    assert own.clock()["now"] > before
    assert own.faults()[0]["path"] == "/nowhere"
    assert own.settings()["latency_seconds"]["value"] == 0.001
    assert len(own.journal(path="/invoice")) == 21


def test_a_port_that_is_taken_is_one_clear_line(own: RunningSimulator, tmp_path: Path) -> None:
    """No traceback."""
    second = RunningSimulator(tmp_path / "second.sqlite", port=own.port)

    with pytest.raises(SimulatorError) as caught:
        second.start()

    assert f"cannot listen on 127.0.0.1:{own.port}" in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_simulator_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """A test run that gets SIGKILL, and so stops nothing itself, leaves no server behind."""
    program = (
        "import os, signal, sys; from qbo_simulator.testing import RunningSimulator\n"
        "print(RunningSimulator(sys.argv[1]).start().port, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    killed = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "s.sqlite")], capture_output=True, text=True, check=False
    )

    assert killed.returncode == -signal.SIGKILL
    end = time.monotonic() + 60
    while answers(int(killed.stdout)):
        assert time.monotonic() < end, "it still answers"
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether somebody listens on this port."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def test_a_file_that_is_no_state_is_one_clear_line(tmp_path: Path) -> None:
    """A wrong --db is named."""
    (tmp_path / "notes.sqlite").write_text("this is no database, only a longer text about nothing at all")

    with pytest.raises(SimulatorError) as caught:
        RunningSimulator(tmp_path / "notes.sqlite").start()

    assert "notes.sqlite" in str(caught.value)
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(("country", "currency"), [("US", "USD"), ("GB", "GBP"), ("CA", "CAD"), ("AU", "AUD")])
def test_companies_of_four_countries(make_company: Any, country: str, currency: str) -> None:
    """Home currency, tax codes and preferences by country."""
    qbo = make_company(country=country, name="Test & Co")

    info = qbo.read("CompanyInfo", "42")
    preferences = qbo.get("preferences")["Preferences"]

    assert (info["Country"], info["CompanyName"]) == (country, "Test & Co")
    assert preferences["CurrencyPrefs"] == {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": currency}}
    assert ("PartnerTaxEnabled" in preferences["TaxPrefs"]) == (country == "US")
    assert qbo.query("select * from TaxCode").rows


def test_a_company_of_a_wished_size(make_company: Any) -> None:
    """Customers and invoices are generated through the rules, the same ones each time."""
    qbo = make_company(country="GB", customers=10, invoices=25, lines=3, lists="bare")
    first = qbo.simulator.totals("Invoice", realm_id="42")

    again = make_company(country="GB", customers=10, invoices=25, lines=3, lists="bare")

    assert (first["count"], again.simulator.totals("Invoice", realm_id="42")) == (25, first)
    assert len(qbo.simulator.state("Customer", realm_id="42")) == 10
    assert Decimal(first["total"]) > 0


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"realm_id": "abc"}, "realm_id must be a string of digits"),
        ({"realm_id": "1", "country": "DE"}, "country must be one of"),
        ({"realm_id": "1", "colour": "red"}, "unknown key 'colour'"),
        ({"realm_id": "1", "preferences": {"Foo": 1}}, "unknown preference 'Foo'"),
    ],
)
def test_a_seed_that_cannot_be_understood_is_refused(
    simulator: RunningSimulator, wanted: dict[str, Any], words: str
) -> None:
    """422; nothing is created."""
    with pytest.raises(SimulatorError, match=words):
        simulator.seed(**wanted)

    assert simulator.control("GET", "health")["companies"] == [DEFAULT_REALM]


def test_the_clock_moves_jumps_and_stands(simulator: RunningSimulator) -> None:
    """Simulated time goes on by itself unless frozen."""
    simulator.clock(set="2027-03-01T12:00:00-08:00", freeze=True)
    first, second = simulator.clock()["now"], simulator.clock()["now"]
    simulator.clock(advance=3600)

    assert first == second == "2027-03-01T20:00:00.000+00:00"
    assert simulator.clock()["now"] == "2027-03-01T21:00:00.000+00:00"
    simulator.clock(freeze=False)
    assert simulator.clock()["is_frozen"] is False


@pytest.mark.parametrize(
    ("path", "values", "words"),
    [
        ("clock", {"forward": 1}, "unknown key 'forward'"),
        ("clock", {"set": "tomorrow"}, "Invalid isoformat"),
        ("settings", {"mood": 1}, "unknown setting 'mood'"),
        ("settings", {"requestid_memory": "maybe"}, "takes one of: on, off, lapsed, fault"),
        ("settings", {"cdc_days": "thirty"}, "takes a number"),
        (f"preferences/{DEFAULT_REALM}", {"Mood": 1}, "unknown preference 'Mood'"),
        ("preferences/1", {"CustomTxnNumbers": True}, "no company 1"),
        ("token/1", {}, "no company 1"),
        (f"objects/{DEFAULT_REALM}/Invoice", [{"Id": "1"}], "not an object as QBO prints it"),
    ],
)  # fmt: skip
def test_the_control_plane_refuses_what_it_does_not_know(
    simulator: RunningSimulator, path: str, values: Any, words: str
) -> None:
    """A misspelt setting is no silent no-op."""
    with pytest.raises(SimulatorError, match=words):
        simulator.control("POST", path, values)


def test_state_and_totals_show_what_quickbooks_holds(qbo: Qbo) -> None:
    """By id, number or name; deleted ones on request."""
    first = qbo.create("Invoice", **invoice(item_line("10.05"), DocNumber="A"))
    qbo.create("Invoice", **invoice(item_line("20.10"), DocNumber="B"))
    qbo.post("invoice", first, operation="delete")

    assert [one["DocNumber"] for one in qbo.simulator.state("Invoice")] == ["B"]
    assert qbo.simulator.state("Invoice", include_deleted=True)[0]["status"] == "Deleted"
    assert qbo.simulator.state("Invoice", doc_number="b")[0]["TotalAmt"] == 20.1
    assert qbo.simulator.state("Customer", name="Cool Cars")[0]["Id"] == "3"
    assert qbo.simulator.totals("Invoice") == {"count": 1, "total": "20.10", "balance": "20.10"}


def test_reset_returns_to_the_first_state(qbo: Qbo) -> None:
    """Also settings, rules, clock and companies."""
    qbo.create("Invoice", **invoice())
    qbo.simulator.seed(realm_id="77")
    qbo.simulator.settings(cdc_days=5)
    qbo.simulator.fault("drop", path="/nowhere")

    qbo.simulator.reset()

    assert qbo.simulator.state("Invoice") == []
    assert qbo.simulator.faults() == []
    assert qbo.simulator.settings()["cdc_days"]["value"] == 30
    assert qbo.simulator.control("GET", "health")["companies"] == [DEFAULT_REALM]


def test_the_control_plane_documents_itself(simulator: RunningSimulator) -> None:
    """OpenAPI with a sentence for every operation."""
    document = simulator.control("GET", "openapi.json")

    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) >= 20
    assert all(operation.get("description") for operation in operations)


def test_a_simulator_that_was_started_again_is_reset_as_often_as_one_likes(simulator: RunningSimulator) -> None:
    """Each reset leads back to the first state, also in a process that found its state on disk."""
    simulator.kill()
    simulator.start()

    for _ in range(3):
        simulator.reset()

    assert simulator.state("Invoice") == []
    assert simulator.access_token()
