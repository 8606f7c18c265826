"""A client for tests: it sends what it is told and returns what came back; and short forms of requests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode

from qbo_simulator.testing import DEFAULT_REALM, RunningSimulator

# Where JSON holds an entity under another name than that of its path.
JSON_NAMES = {"CreditCardPayment": "CreditCardPaymentTxn"}


@dataclass
class Answer:
    """What came back: status, headers (lower-case names), text, and the JSON with exact numbers."""

    status: int
    headers: dict[str, str]
    text: str
    body: Any = field(repr=False)

    def __getitem__(self, entity: str) -> Any:
        assert self.status == 200, self.text
        return self.body[JSON_NAMES.get(entity, entity)]

    @property
    def error(self) -> dict[str, Any]:
        """The single error of a business fault."""
        errors = self.body["Fault"]["Error"]
        assert len(errors) == 1
        return errors[0]

    @property
    def rows(self) -> list[Any]:
        """The objects of a query."""
        assert self.status == 200, self.text
        lists = [value for value in self.body["QueryResponse"].values() if isinstance(value, list)]
        return lists[0] if lists else []


class Qbo:
    """A client without any cleverness: every status is returned, nothing is repeated."""

    def __init__(self, simulator: RunningSimulator, realm_id: str = DEFAULT_REALM, token: str | None = None) -> None:
        self.simulator = simulator
        self.realm_id = realm_id
        self.token = token or simulator.access_token(realm_id)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        **parameters: Any,
    ) -> Answer:
        """One request; ``body`` is JSON unless it is bytes, a header given as None is left out."""
        query = urlencode(parameters, quote_via=quote)
        target = path if path.startswith("/") else f"/v3/company/{self.realm_id}/{path}"
        sent = {"Accept": "application/json", "Authorization": f"Bearer {self.token}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body, default=float).encode()
        sent = {name: value for name, value in {**sent, **(headers or {})}.items() if value is not None}
        connection = HTTPConnection("127.0.0.1", self.simulator.port, timeout=60)
        try:
            connection.request(method, target + (f"?{query}" if query else ""), body, sent)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            answered = {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()
        parsed = json.loads(text, parse_float=Decimal) if "json" in answered.get("content-type", "") and text else None
        return Answer(response.status, answered, text, parsed)

    def get(self, path: str, **parameters: Any) -> Answer:
        """GET."""
        return self.call("GET", path, **parameters)

    def post(self, path: str, body: Any, **parameters: Any) -> Answer:
        """POST of JSON."""
        return self.call("POST", path, body, **parameters)

    def query(self, text: str) -> Answer:
        """A query."""
        return self.call("GET", "query", query=text)

    def create(self, entity: str, **values: Any) -> dict[str, Any]:
        """Create an object that QBO must take."""
        return self.post(entity.lower(), values)[entity]

    def read(self, entity: str, id: str) -> dict[str, Any]:
        """Read an object that must be there."""
        return self.get(f"{entity.lower()}/{id}")[entity]

    def batch(self, *items: dict[str, Any], **parameters: Any) -> list[dict[str, Any]]:
        """The answers to the items of a batch."""
        return self.post("batch", {"BatchItemRequest": list(items)}, **parameters)["BatchItemResponse"]


def item_line(amount: Any = 100, item: str = "1", tax: str | None = None, **detail: Any) -> dict[str, Any]:
    """A sales line."""
    values: dict[str, Any] = {"ItemRef": {"value": item}, **detail}
    if tax:
        values["TaxCodeRef"] = {"value": tax}
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": values}


def invoice(*lines: dict[str, Any], customer: str = "1", **values: Any) -> dict[str, Any]:
    """An invoice as a request."""
    return {"CustomerRef": {"value": customer}, "Line": list(lines) or [item_line()], **values}


def ref(value: Any) -> dict[str, str]:
    """A reference."""
    return {"value": str(value)}
