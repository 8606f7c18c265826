"""Airflow's REST API as far as the runner and the tests need it, with the standard library alone."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# Long, because the api-server answers nobody while it builds the API of the tasks, and a machine may be busy.
_ANSWER_SECONDS = 120
_ENDED = ("success", "failed")
# Loopback addresses are never asked for through a proxy, whatever the environment says.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class AirflowApiError(Exception):
    """The API answered with an error; status and body are kept."""

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        """Keep the facts, and put them into one line."""
        super().__init__(f"{method} {path} -> {status}: {body[:500]}")
        self.status = status
        self.body = body


@dataclass
class AirflowApi:
    """A client for one Airflow; signs on by itself when first used."""

    address: str
    user: str
    password: str
    _token: str | None = field(default=None, repr=False)

    def get(self, path: str) -> Any:
        """Return the JSON of `GET /api/v2/<path>`."""
        return self._call("GET", f"/api/v2/{path}")

    def post(self, path: str, body: object) -> Any:
        """Send `POST /api/v2/<path>` and return its JSON."""
        return self._call("POST", f"/api/v2/{path}", body)

    def patch(self, path: str, body: object) -> Any:
        """Send `PATCH /api/v2/<path>` and return its JSON."""
        return self._call("PATCH", f"/api/v2/{path}", body)

    def health(self) -> dict[str, dict[str, Any]]:
        """Return what Airflow says about its components; empty while the api-server does not answer."""
        try:
            answer = fetch_json(f"{self.address}/api/v2/monitor/health")
        except OSError:
            return {}
        return dict(answer)

    def serves_tasks(self) -> bool:
        """Say whether the API that the tasks talk to answers; the first call builds it, which takes seconds."""
        try:
            fetch_json(f"{self.address}/execution/health")
        except OSError:
            return False
        return True

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        """Return a DAG, or None while Airflow has not read it."""
        try:
            return dict(self.get(f"dags/{dag_id}"))
        except AirflowApiError as error:
            if error.status == 404:
                return None
            raise

    def dag_ids(self) -> list[str]:
        """Return the ids of all DAGs that Airflow has read."""
        return sorted(dag["dag_id"] for dag in self.get("dags?limit=100&exclude_stale=true")["dags"])

    def import_errors(self) -> list[str]:
        """Return one line for each DAG file that cannot be read: its name and the last line of the error."""
        errors = self.get("importErrors?limit=50")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in errors]

    def set_paused(self, dag_id: str, paused: bool) -> None:
        """Pause or unpause a DAG."""
        self.patch(f"dags/{dag_id}?update_mask=is_paused", {"is_paused": paused})

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None, run_id: str | None = None) -> str:
        """Start a run as the trigger form does, and return its id."""
        body = {"logical_date": None, "conf": conf or {}} | ({"dag_run_id": run_id} if run_id else {})
        return str(self.post(f"dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Return a run."""
        return dict(self.get(f"dags/{dag_id}/dagRuns/{run_id}"))

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the newest runs of a DAG, the newest first."""
        return list(self.get(f"dags/{dag_id}/dagRuns?limit=100&order_by=-run_after")["dag_runs"])

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return all task instances of a run."""
        return list(self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=1000")["task_instances"])

    def task_log(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1, map_index: int = -1) -> list[str]:
        """Return the messages of one try of a task, as the UI shows them."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        content = self.get(f"{path}?map_index={map_index}&full_content=true")["content"]
        return [str(entry.get("event", "")) for entry in content]

    def wait_for_run(
        self, dag_id: str, run_id: str, seconds: float, show: Callable[[str], None] = lambda text: None
    ) -> dict[str, Any]:
        """Wait until a run has ended and return it.

        :param show: called every second with the state of the run and the tasks at work.
        :raises TimeoutError: when it has not ended after so many seconds.
        """
        deadline = time.monotonic() + seconds
        while True:
            run = self.run(dag_id, run_id)
            if run["state"] in _ENDED:
                return run
            if time.monotonic() > deadline:
                raise TimeoutError(f"{dag_id} / {run_id} is still {run['state']} after {seconds:.0f} s")
            show(_tasks_at_work(self.task_instances(dag_id, run_id)) or run["state"])
            time.sleep(1.0)

    def _call(self, method: str, path: str, body: object = None) -> Any:
        if self._token is None:
            self._token = self._sign_on()
        try:
            return fetch_json(f"{self.address}{path}", method, body, {"Authorization": f"Bearer {self._token}"})
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            if error.code == 401:
                self._token = None
            raise AirflowApiError(method, path, error.code, text) from error

    def _sign_on(self) -> str:
        credentials = {"username": self.user, "password": self.password}
        return str(fetch_json(f"{self.address}/auth/token", "POST", credentials)["access_token"])


def fetch_json(address: str, method: str = "GET", body: object = None, headers: dict[str, str] | None = None) -> Any:
    """Send one request to a local server and return the JSON of its answer.

    :raises urllib.error.HTTPError: when the answer is an error.
    :raises OSError: when there is no answer.
    """
    data = None if body is None else json.dumps(body).encode()
    everything = {"Content-Type": "application/json", "Accept": "application/json"} | (headers or {})
    request = urllib.request.Request(address, data, everything, method=method)  # noqa: S310  (loopback http only)
    with _OPENER.open(request, timeout=_ANSWER_SECONDS) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def _tasks_at_work(instances: list[dict[str, Any]]) -> str:
    finished = sum(instance["state"] in ("success", "skipped") for instance in instances)
    running = sorted({instance["task_id"] for instance in instances if instance["state"] == "running"})
    return f"{finished} of {len(instances)} tasks done; now {', '.join(running)}" if running else ""
