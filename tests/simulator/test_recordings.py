"""Recorded exchanges with the real QuickBooks Online, replayed at a simulator in the same state.

Status, content type, headers, key sets and their order, types, formats and values are compared by one rule; what remains
different is listed below, each with its reason.
"""

import json
from typing import Any

import pytest

from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.testing import RunningSimulator
from tests.simulator.client import Qbo
from tests.simulator.recordings import (
    COMPANY,
    FOLDER,
    OF_THE_CONNECTION,
    Exchange,
    Recording,
    differences,
    dump,
    parse,
    read_all,
    shown_objects,
)

REALM = "4620816365"
NAMES = set(ENTITIES)
# (path, kind): reason. Nothing else may differ, in no recording.
KNOWN_DIFFERENCES = {
    ("fault.error[].detail", "value"): "the detail quotes the beginning of the access token, which is another one",
    (
        "time",
        "value",
    ): "the moment of a 401, in milliseconds; for all other answers the clock stands at the recorded time",
    (
        "BatchItemResponse[].Vendor.MetaData.LastUpdatedTime",
        "value",
    ): "QBO finished the vendor two seconds after it began",
    ("Fault.Error[].Detail", "value"): (
        "500 quotes the host of Intuit's cluster; the 6240 of 2020 ends in 'null' where later ones name the kind of name"
    ),
}
RECORDINGS = read_all() if FOLDER.is_dir() else []

pytestmark = pytest.mark.skipif(
    not RECORDINGS, reason="the recordings are not beside this checkout (../shared/data/qbo_recordings)"
)


def library(recording: Recording) -> dict[tuple[str, str], Any]:
    """What the company holds before a recording: what it and the others show, first seen, less what it creates."""
    created = {
        (name, document["Id"])
        for exchange in recording.exchanges
        if exchange.method == "POST" and exchange.resource != "batch" and "Id" not in (exchange.request or {})
        for name, document in shown_objects(exchange.answer, NAMES)
    }
    objects: dict[tuple[str, str], Any] = {}
    for source in [recording, *(one for one in RECORDINGS if one is not recording)]:
        for exchange in source.exchanges:
            if exchange.method == "GET" or exchange.resource == "batch":
                for name, document in shown_objects(exchange.answer, NAMES):
                    is_new = document["SyncToken"] == "0" and exchange.resource == "batch" and name == "Vendor"
                    if (name, document["Id"]) not in created and not is_new:
                        objects.setdefault((name, document["Id"]), document)
    return objects


def bring_to_state(simulator: RunningSimulator, recording: Recording) -> None:
    """A US company without automated tax, with the lists of the sample and the objects of the library."""
    simulator.reset(empty=True)
    simulator.clock(set="2015-09-01T00:00:00-07:00", freeze=True)
    preferences = {"PartnerTaxEnabled": False, "CustomTxnNumbers": False, "WarnDuplicateDocNumbers": False}
    simulator.seed(realm_id=REALM, lists="bare", preferences=preferences, user_name="Christian Pelczarski")
    by_entity: dict[str, list[Any]] = {}
    for (name, _id), document in library(recording).items():
        by_entity.setdefault(name, []).append(document)
    for name, documents in by_entity.items():
        simulator.load(name, dump(documents), realm_id=REALM)
    simulator.settings(cdc_days=0)


def prepare(simulator: RunningSimulator, exchange: Exchange) -> str:
    """Clock and sequences for one exchange; returns an access token, expired where the recording has one."""
    moment = exchange.answer.get("time") if isinstance(exchange.answer.get("time"), str) else None
    if exchange.status == 401:
        token = simulator.access_token(REALM)
        simulator.clock(advance=3601)
        return token
    if moment and not moment.isdecimal():
        simulator.clock(set=moment)
    answers = exchange.answer.get("BatchItemResponse", [exchange.answer])
    for answer in answers if exchange.method == "POST" else []:
        for name, document in shown_objects(answer, NAMES) if "QueryResponse" not in answer else []:
            last = {ENTITIES[name].sequence: int(document["Id"]) - 1}
            if "DocNumber" in document:
                last["document numbers"] = int(document["DocNumber"]) - 1001
            if document["SyncToken"] == "0":
                simulator.control("POST", f"sequences/{REALM}", last)
    return simulator.access_token(REALM)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda one: one.name)
def test_the_simulator_answers_a_recorded_request_as_quickbooks_did(
    process: RunningSimulator, recording: Recording
) -> None:
    """Every difference is in the list of known ones."""
    bring_to_state(process, recording)
    try:
        for exchange in recording.exchanges:
            client = Qbo(process, REALM, prepare(process, exchange))
            body = None if exchange.request is None else dump(exchange.request)

            answer = client.call(exchange.method, exchange.path, body, **exchange.parameters)

            assert answer.status == exchange.status, answer.text
            assert answer.headers["content-type"] == exchange.headers["content-type"]
            assert set(exchange.headers) - OF_THE_CONNECTION <= set(answer.headers)
            if exchange.status != 200:
                assert "qbo-version" not in answer.headers
            recorded = parse(
                json.dumps(None) if exchange.answer is None else dump(exchange.answer).decode().replace(COMPANY, REALM)
            )
            assert unexplained(recorded, parse(answer.text)) == []
    finally:
        process.clock(freeze=False)


def unexplained(recorded: Any, ours: Any) -> list[tuple[str, str, str]]:
    """Differences that no entry of the list explains."""
    return [found for found in differences(recorded, ours) if found[:2] not in KNOWN_DIFFERENCES]
