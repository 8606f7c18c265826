"""The journal: every request with its answer, kept in the same transaction as what it wrote."""

import json
import re
from typing import Any

from qbo_simulator.clock import iso_utc
from qbo_simulator.web.http import Answer, Call
from qbo_simulator.world import World

_TRIM_EVERY = 500
# Values of tokens, codes and secrets in forms and in JSON: what is needed to tell two apart remains.
_SECRET = re.compile(rb'((?:refresh_token|access_token|client_secret|code|token)(?:=|"\s*:\s*"))([^&"]{4})[^&"]*')

_COLUMNS = (
    "number, at, realm_id, method, path, query, request_headers, request_body, status, answer_headers, answer_body, "
    "milliseconds, tid, mishap"
)


class Journal:
    """Requests and answers, newest kept."""

    def __init__(self, world: World) -> None:
        self.world = world

    def write(
        self, call: Call, answer: Answer, headers: list[tuple[bytes, bytes]], tid: str, milliseconds: float
    ) -> None:
        """Add one entry; the access token is masked."""
        keep_bodies = self.world.settings.journal_bodies
        request_body, answer_body = (call.body, answer.body) if keep_bodies else (b"", b"")
        if not call.realm_id:
            request_body, answer_body = (_SECRET.sub(rb"\1\2***", body) for body in (request_body, answer_body))
        shown = {name: ("***" if name == "authorization" else value) for name, value in call.headers.items()}
        number = self.world.database.execute(
            "insert into journal (at, realm_id, method, path, query, request_headers, request_body, status, answer_headers, "
            "answer_body, milliseconds, tid, mishap) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.world.clock.now(),
                call.realm_id,
                call.method,
                call.path,
                call.query_string,
                json.dumps(shown),
                request_body,
                answer.status,
                json.dumps([[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]),
                answer_body,
                milliseconds,
                tid,
                call.mishap.kind if call.mishap else None,
            ),
        ).lastrowid
        if number and number % _TRIM_EVERY == 0:
            self.world.database.execute(
                "delete from journal where number <= ?", (number - self.world.settings.journal_keep,)
            )

    def entries(
        self, after: int = 0, limit: int = 1000, realm_id: str | None = None, path: str | None = None
    ) -> list[dict[str, Any]]:
        """Entries in order of arrival.

        :param path: only entries whose path contains this text.
        """
        conditions = ["number > ?"]
        parameters: list[Any] = [after]
        if realm_id:
            conditions.append("realm_id = ?")
            parameters.append(realm_id)
        if path:
            conditions.append("path like ?")
            parameters.append(f"%{path}%")
        rows = self.world.database.execute(
            f"select {_COLUMNS} from journal where {' and '.join(conditions)} order by number limit ?",  # noqa: S608 - constants
            [*parameters, limit],
        )
        return [_entry(row) for row in rows]

    def clear(self) -> None:
        """Forget all entries."""
        self.world.database.execute("delete from journal")


def _entry(row: tuple[Any, ...]) -> dict[str, Any]:
    (
        number,
        at,
        realm_id,
        method,
        path,
        query,
        headers,
        body,
        status,
        answer_headers,
        answer_body,
        milliseconds,
        tid,
        mishap,
    ) = row
    return {
        "number": number,
        "at": iso_utc(at),
        "realm_id": realm_id,
        "method": method,
        "path": path,
        "query": query,
        "request_headers": json.loads(headers),
        "request_body": _body(body),
        "status": status,
        "answer_headers": dict(json.loads(answer_headers)),
        "answer_body": _body(answer_body),
        "milliseconds": round(milliseconds, 3),
        "intuit_tid": tid,
        "mishap": mishap,
    }


def _body(raw: bytes | str) -> Any:
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
