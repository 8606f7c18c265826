"""The simulator for tests: a real server process on a free port, driven with the standard library alone.

>>> with running_simulator(tmp_path / "sim.sqlite") as simulator:    # doctest: +SKIP
...     simulator.seed(realm_id="1", country="GB")
...     client = MyClient(simulator.base_url, simulator.access_token("1"))
"""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

DEFAULT_REALM = "9130000000000001"
CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN = "simclient", "simsecret", "RT1-sim"
_READY = re.compile(r"ready on (http://\S+)")


class SimulatorError(RuntimeError):
    """The control plane refused, or the process did not start."""


class RunningSimulator:
    """One server process and its control plane. ``base_url`` is what a client is pointed at.

    Rate limits are off unless ``has_limits`` or ``limits(is_on=True)`` asks for them, so that a test need not sit through
    minutes; a server started from the command line has them on.
    """

    def __init__(
        self, db_path: str | os.PathLike[str], port: int = 0, host: str = "127.0.0.1", *, has_limits: bool = False
    ) -> None:
        self.db_path = Path(db_path)
        self.host = host
        self.port = port
        self.limits_at_first = "on" if has_limits else "off"
        self.process: subprocess.Popen[str] | None = None
        self.base_url = ""

    # -- process ------------------------------------------------------------------------------------------------------

    def start(self) -> "RunningSimulator":
        """Start the process and wait for its ready line; a restart keeps the port. It ends with this process at the latest."""
        package_root = str(Path(__file__).resolve().parents[1])
        path = os.pathsep.join([package_root, *filter(None, [os.environ.get("PYTHONPATH")])])
        options = {
            "--host": self.host,
            "--port": str(self.port),
            "--db": str(self.db_path),
            "--limits": self.limits_at_first,
        }
        command = [sys.executable, "-m", "qbo_simulator", *(part for option in options.items() for part in option)]
        command.append("--until-eof")
        log = self.db_path.with_suffix(".log")
        with log.open("a") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "PYTHONPATH": path},
            )
        assert self.process.stdout is not None  # noqa: S101 - a pipe was asked for
        line = self.process.stdout.readline()
        match = _READY.search(line)
        if match is None:
            self.stop()
            raise SimulatorError(f"the simulator did not start: {line or log.read_text()}")
        self.base_url = match.group(1)
        self.port = int(self.base_url.rsplit(":", 1)[1])
        return self

    def stop(self) -> None:
        """End the process."""
        if self.process is None:
            return
        self.process.terminate()
        self._reap()

    def kill(self) -> None:
        """End the process as ``kill -9`` does."""
        if self.process is not None:
            self.process.kill()
            self._reap()

    def _reap(self) -> None:
        if self.process is None:
            return
        self.process.wait(timeout=20)
        for pipe in filter(None, (self.process.stdin, self.process.stdout)):
            pipe.close()
        self.process = None

    def __enter__(self) -> "RunningSimulator":
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    # -- control plane ------------------------------------------------------------------------------------------------

    def control(self, method: str, path: str, body: Any = None, /, **parameters: Any) -> Any:
        """One call to ``/_sim/…``; raises ``SimulatorError`` with the server's words."""
        query = urlencode({name: value for name, value in parameters.items() if value is not None})
        url = f"{self.base_url}/_sim/{path}" + (f"?{query}" if query else "")
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = Request(url, data=data, method=method, headers={"Content-Type": "application/json"})  # noqa: S310 - our own http URL
        try:
            with urlopen(request, timeout=600) as answer:  # noqa: S310 - as above
                return json.load(answer)
        except HTTPError as error:
            with error:
                raise SimulatorError(f"{method} {url}: {error.code} {error.read().decode()}") from None

    def reset(self, *, empty: bool = False) -> None:
        """Forget everything and build the default company again."""
        self.control("POST", "reset", {}, empty=str(empty).lower())

    def seed(self, **wanted: Any) -> dict[str, Any]:
        """Create a company (keys of ``/_sim/seed``); returns its app, refresh token and an access token."""
        answer: dict[str, Any] = self.control("POST", "seed", wanted)
        return answer

    def save_company(self, path: str | os.PathLike[str], realm_id: str = DEFAULT_REALM) -> int:
        """Write a company into a new file; returns the number of its objects."""
        return int(self.control("POST", f"companies/{realm_id}/save", {"path": str(path)})["objects"])

    def load_company(self, path: str | os.PathLike[str]) -> dict[str, Any]:
        """Take a saved company in; returns its app, refresh token and an access token."""
        answer: dict[str, Any] = self.control("POST", "companies/load", {"path": str(path)})
        return answer

    def access_token(self, realm_id: str = DEFAULT_REALM) -> str:
        """A valid access token of a company."""
        return str(self.control("POST", f"token/{realm_id}", {})["access_token"])

    def state(self, entity: str, realm_id: str = DEFAULT_REALM, **filters: Any) -> list[dict[str, Any]]:
        """Objects that QuickBooks holds; filters: ``id``, ``doc_number``, ``name``, ``include_deleted``."""
        if "include_deleted" in filters:
            filters["include_deleted"] = str(filters["include_deleted"]).lower()
        objects: list[dict[str, Any]] = self.control("GET", f"state/{realm_id}/{entity}", **filters)["objects"]
        return objects

    def load(self, entity: str, documents: list[Any] | bytes, realm_id: str = DEFAULT_REALM) -> None:
        """Store objects exactly as QBO prints them, without any rule; bytes keep numbers as they are."""
        self.control("POST", f"objects/{realm_id}/{entity}", documents)

    def totals(self, entity: str, realm_id: str = DEFAULT_REALM) -> dict[str, Any]:
        """``count``, ``total`` and ``balance`` (decimal strings) of all objects of an entity."""
        answer: dict[str, Any] = self.control("GET", f"totals/{realm_id}/{entity}")
        return answer

    def ledger(self, realm_id: str = DEFAULT_REALM) -> dict[str, Any]:
        """``accounts``: decimal strings by account id, debits positive; ``unbalanced``: documents that do not add up."""
        answer: dict[str, Any] = self.control("GET", f"ledger/{realm_id}")
        return answer

    def journal(self, after: int = 0, limit: int = 1000, **filters: Any) -> list[dict[str, Any]]:
        """Requests with answers, oldest first; filters: ``realm_id``, ``path`` (a part of it)."""
        entries: list[dict[str, Any]] = self.control("GET", "journal", after=after, limit=limit, **filters)
        return entries

    def clear_journal(self) -> None:
        """Forget the journal."""
        self.control("DELETE", "journal")

    def clock(self, **change: Any) -> dict[str, Any]:
        """Read the clock; or ``advance=seconds``, ``set="2026-03-01T12:00:00-08:00"``, ``freeze=True``."""
        answer: dict[str, Any] = self.control("POST", "clock", change) if change else self.control("GET", "clock")
        return answer

    def preferences(self, realm_id: str = DEFAULT_REALM, **values: Any) -> dict[str, Any]:
        """Read or change a company's preferences."""
        path = f"preferences/{realm_id}"
        answer: dict[str, Any] = self.control("POST", path, values) if values else self.control("GET", path)
        return answer

    def settings(self, **values: Any) -> dict[str, Any]:
        """Read or change what QBO does not document."""
        answer: dict[str, Any] = self.control("POST", "settings", values) if values else self.control("GET", "settings")
        return answer

    def limits(self, **values: Any) -> dict[str, Any]:
        """Read limits and what has been counted, or change them (``is_on=True``, ``per_minute=…``)."""
        answer: dict[str, Any] = self.control("POST", "limits", values) if values else self.control("GET", "limits")
        return answer

    def fault(self, kind: str, **rule: Any) -> int:
        """Add a rule that makes calls go wrong (kinds: ``GET /_sim/faults``); returns its number."""
        return int(self.control("POST", "faults", {"kind": kind, **rule})["number"])

    def faults(self) -> list[dict[str, Any]]:
        """Rules with how often they matched and fired."""
        rules: list[dict[str, Any]] = self.control("GET", "faults")["rules"]
        return rules

    def clear_faults(self) -> None:
        """Remove all rules."""
        self.control("DELETE", "faults")

    def listen(self, url: str, verifier_token: str, **more: Any) -> dict[str, Any]:
        """Send webhooks to an address (``format``, ``entities``, ``realm_ids``, ``aggregate_seconds``, ``is_automatic``)."""
        answer: dict[str, Any] = self.control(
            "POST", "webhooks", {"url": url, "verifier_token": verifier_token, **more}
        )
        return answer

    def deliver(self, **how: Any) -> list[dict[str, Any]]:
        """Deliver the webhooks that are due; ``duplicate=True`` twice, ``shuffle=1`` out of order."""
        texts = {name: str(value).lower() for name, value in how.items()}
        sent: list[dict[str, Any]] = self.control("POST", "webhooks/deliver", {}, **texts)
        return sent

    def act(self, do: str, realm_id: str = DEFAULT_REALM, **what: Any) -> dict[str, Any]:
        """Do in QuickBooks what an accountant does: create, edit, delete, void, send, deactivate, activate, merge, …"""
        answer: dict[str, Any] = self.control("POST", "act", {"do": do, "realm_id": realm_id, **what})
        return answer

    # -- QBO's own surface --------------------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        realm_id: str = DEFAULT_REALM,
        token: str | None = None,
        **parameters: str,
    ) -> tuple[int, Any]:
        """A plain call to the API for tests: status and parsed body (or text)."""
        query = urlencode(parameters, quote_via=quote)
        url = f"{self.base_url}/v3/company/{realm_id}/{path}" + (f"?{query}" if query else "")
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token or self.access_token(realm_id)}"}
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        request = Request(url, data=data, method=method, headers=headers)  # noqa: S310 - our own http URL
        try:
            with urlopen(request, timeout=120) as answer:  # noqa: S310 - as above
                return answer.status, _parsed(answer.read())
        except HTTPError as error:
            with error:
                return error.code, _parsed(error.read())


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


@contextlib.contextmanager
def running_simulator(db_path: str | os.PathLike[str], port: int = 0) -> Iterator[RunningSimulator]:
    """A started simulator that is stopped at the end; ``port`` 0 takes a free one."""
    with RunningSimulator(db_path, port) as simulator:
        yield simulator
