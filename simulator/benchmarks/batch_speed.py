"""How much a batch of 30 twenty-line invoices costs beside a bare handler of the same framework.

``python benchmarks/batch_speed.py`` from the folder of the simulator. The bare handler parses the same body, stores
every invoice in SQLite in one transaction and answers what it stored. Both servers run at the same time and are asked in
turns, so that a busy machine slows both; the ratio of the medians is the figure.
"""

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

from qbo_simulator.testing import DEFAULT_REALM, running_simulator

INVOICES, LINES, ROUNDS, WARM_UP = 30, 20, 60, 10
BARE = """
import json, sqlite3, sys
import uvicorn
from fastapi import FastAPI, Request, Response

app = FastAPI()
database = sqlite3.connect(sys.argv[1], isolation_level=None, check_same_thread=False)
database.execute("pragma journal_mode = wal")
database.execute("pragma synchronous = normal")
database.execute("create table documents (id integer primary key, body text)")

@app.post("/batch")
async def batch(request: Request):
    items = json.loads(await request.body())["BatchItemRequest"]
    database.execute("begin")
    for item in items:
        database.execute("insert into documents (body) values (?)", (json.dumps(item["Invoice"]),))
    database.execute("commit")
    return Response(json.dumps({"BatchItemResponse": items}), media_type="application/json")

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
"""


def body(number: int) -> bytes:
    """One batch; document numbers differ from batch to batch."""
    return json.dumps({"BatchItemRequest": [item(number, place) for place in range(INVOICES)]}).encode()


def item(number: int, place: int) -> dict[str, object]:
    """One invoice of twenty lines, as a client sends it."""
    lines = [
        {
            "Amount": 12.5 * (line + 1),
            "Description": f"Managed service {line} for the month of November",
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": str(line % 18 + 1)},
                "Qty": line + 1,
                "UnitPrice": 12.5,
                "TaxCodeRef": {"value": "NON"},
            },
        }
        for line in range(LINES)
    ]
    invoice = {
        "DocNumber": f"B{number}-{place}",
        "TxnDate": "2026-11-01",
        "CustomerRef": {"value": str(place % 29 + 1)},
        "Line": lines,
    }
    return {"bId": f"b{place}", "operation": "create", "Invoice": invoice}


def timed(connection: HTTPConnection, path: str, payload: bytes, headers: dict[str, str]) -> float:
    """Milliseconds of one request on a connection that stays open."""
    started = time.perf_counter()
    connection.request("POST", path, payload, headers)
    answer = connection.getresponse()
    text = answer.read()
    elapsed = (time.perf_counter() - started) * 1000
    if answer.status != 200 or b'"Fault"' in text:
        raise SystemExit(f"{path}: {answer.status} {text[:300]!r}")
    return elapsed


def wait_for(port: int) -> None:
    """Until something listens."""
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the bare server did not start")


def main() -> None:
    """Run both and print the figures."""
    with tempfile.TemporaryDirectory() as folder, running_simulator(Path(folder) / "simulator.sqlite") as simulator:
        program = Path(folder) / "bare.py"
        program.write_text(BARE)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        bare = subprocess.Popen([sys.executable, str(program), str(Path(folder) / "bare.sqlite"), str(port)])
        try:
            wait_for(port)
            report(*measure(port, simulator.port, simulator.access_token()))
        finally:
            bare.terminate()
            bare.wait()


def measure(bare_port: int, simulator_port: int, token: str) -> tuple[list[float], list[float]]:
    """Milliseconds of both, in turns."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    connections = [HTTPConnection("127.0.0.1", port) for port in (bare_port, simulator_port)]
    bare, simulated = [], []
    for number in range(ROUNDS + WARM_UP):
        payload = body(number)
        path = f"/v3/company/{DEFAULT_REALM}/batch?requestid=r{number}"
        one = timed(connections[0], "/batch", payload, headers)
        other = timed(connections[1], path, payload, {**headers, "Authorization": f"Bearer {token}"})
        if number >= WARM_UP:
            bare.append(one)
            simulated.append(other)
    for connection in connections:
        connection.close()
    return bare, simulated


def report(bare: list[float], simulated: list[float]) -> None:
    """Print a small table."""
    table = [f"batch of {INVOICES} invoices of {LINES} lines, {ROUNDS} rounds, milliseconds"]
    for name, values in (("bare handler", bare), ("simulator", simulated)):
        table.append(f"{name:14} median {statistics.median(values):7.1f}   best {min(values):7.1f}")
    median, best = statistics.median(simulated) / statistics.median(bare), min(simulated) / min(bare)
    table.append(f"{'ratio':14} median {median:7.2f}   best {best:7.2f}")
    sys.stdout.write("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
