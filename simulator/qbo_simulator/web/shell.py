"""Around every call of QBO's own surface: reading, mishaps, latency, the journal in the same transaction, and sending.

Everything that a call writes, the journal included, is committed before its answer leaves.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from qbo_simulator import operations, wire
from qbo_simulator.clock import answer_time
from qbo_simulator.entities.registry import BY_FOLDED_NAME
from qbo_simulator.errors import MESSAGES, SYSTEM
from qbo_simulator.limits import Limits
from qbo_simulator.mishaps import Mishaps, Rule
from qbo_simulator.web import xml
from qbo_simulator.web.forms import in_asked_form, read_body, roots_of
from qbo_simulator.web.http import (
    JSON_ERROR,
    JSON_OK,
    LARGEST_BODY,
    XML_ERROR,
    Answer,
    Call,
    Receive,
    Scope,
    Send,
    answer_headers,
    html_answer,
    new_tid,
    read_call,
    send_answer,
)
from qbo_simulator.web.journal import Journal
from qbo_simulator.web.webhooks import Webhooks
from qbo_simulator.world import World

LOG = logging.getLogger("qbo_simulator")
Answerer = Callable[[Call], Answer]


class Shell:
    """An ASGI application around a function from calls to answers."""

    def __init__(
        self, world: World, answerer: Answerer, journal: Journal, mishaps: Mishaps, limits: Limits, webhooks: Webhooks
    ) -> None:
        self.world = world
        self.answerer = answerer
        self.journal = journal
        self.mishaps = mishaps
        self.limits = limits
        self.webhooks = webhooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call = await read_call(scope, receive)
        self.limits.take_off(call.realm_id)
        try:
            await self._serve(call, receive, send)
        finally:
            self.limits.land(call.realm_id)

    async def _serve(self, call: Call, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        tid = new_tid(self.world.clock.now())
        rule = call.mishap = self._mishap(call)
        kind = rule.kind if rule else ""
        if rule and kind == "drop":
            self.journal.write(call, Answer(0, b""), [], tid, 0.0)
            await close(receive, send)
            return
        wait = self.world.settings.latency_seconds + (rule.seconds if rule and rule.when == "before" else 0)
        if wait:
            await asyncio.sleep(wait)
        answer, headers = self._perform(call, tid, started)
        if self.world.listens:
            self.webhooks.wake()
        if rule and rule.when == "after" and rule.seconds:
            await asyncio.sleep(rule.seconds)
        if kind == "lose_answer":
            await close(receive, send)
        elif kind == "cut":
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            half = answer.body[: len(answer.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            await close(receive, send)
        else:
            await send_answer(send, answer, headers)

    def _perform(self, call: Call, tid: str, started: float) -> tuple[Answer, list[tuple[bytes, bytes]]]:
        """Carry out the call and write the journal in one transaction."""
        with self.world.transaction():
            answer = self._answer(call)
            milliseconds = (time.perf_counter() - started) * 1000
            headers = answer_headers(answer, tid, milliseconds)
            self.journal.write(call, answer, headers, tid, milliseconds)
        return answer, headers

    def _answer(self, call: Call) -> Answer:
        rule = call.mishap
        if rule and rule.kind == "before_write":
            return in_asked_form(call, self._error(rule))
        if len(call.body) > LARGEST_BODY:
            return html_answer(413)
        answer = self._safely(call)
        if rule and rule.kind in ("after_write", "half_batch"):
            return in_asked_form(call, self._error(rule))
        return answer

    def _safely(self, call: Call) -> Answer:
        """The answer; an error of the simulator itself undoes the call, is logged, and is told as such."""
        try:
            with self.world.savepoint():
                return in_asked_form(call, self.answerer(call))
        except Exception as error:
            LOG.exception("%s %s", call.method, call.path)
            detail = f"The simulator failed: {type(error).__name__}: {error}"
            fault = {"Error": [{"Message": MESSAGES["10000"], "Detail": detail, "code": "10000"}], "type": SYSTEM}
            return in_asked_form(call, Answer(500, wire.encode({"Fault": fault}).encode(), JSON_ERROR))

    def _error(self, rule: Rule) -> Answer:
        """The error answer of a rule."""
        if rule.body == "empty":
            return Answer(rule.status, b"", "text/plain")
        if rule.status == 200 or rule.body == "fault":
            fault = {
                "Error": [{"Message": MESSAGES["10000"], "Detail": "System Failure Error: null", "code": "10000"}],
                "type": SYSTEM,
            }
            text = wire.encode({"Fault": fault, "time": answer_time(self.world.clock.now())})
            return Answer(rule.status, text.encode(), JSON_OK if rule.status == 200 else JSON_ERROR)
        if rule.body == "xml":
            text = xml.fault(SYSTEM, "10000", MESSAGES["10000"], "System Failure Error: null")
            return Answer(rule.status, text.encode(), XML_ERROR)
        return html_answer(rule.status)

    def _mishap(self, call: Call) -> Rule | None:
        if not self.mishaps.rules:
            return None
        operation, entity = described(call)
        return self.mishaps.pick(call.method, call.path, call.realm_id, operation, entity)


def described(call: Call) -> tuple[str, str]:
    """Operation (create, update, delete, void, send, read, query, batch, cdc, token, revoke, …) and entity of a call."""
    if not call.realm_id:
        last = call.segments[-1] if call.segments else ""
        return {"bearer": "token"}.get(last, last), ""
    rest = [part.lower() for part in call.segments[3:]]
    entity = BY_FOLDED_NAME.get(rest[0]) if rest else None
    if entity is None:
        return (rest[0] if rest else ""), ""
    if call.method == "GET":
        return ("pdf" if rest[-1] == "pdf" else "read"), entity.name
    if rest[-1] == "send":
        return "send", entity.name
    try:
        raw = read_body(call, roots_of(entity))
        return operations.operation_of(entity.name, raw, call.parameters), entity.name
    except Exception:  # noqa: BLE001 - an unreadable request matches no operation; it is refused where it is answered
        return "", entity.name


async def close(receive: Receive, send: Send) -> None:
    """Close the connection under the server: what is buffered still leaves, nothing else does."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("this ASGI server gives no access to the connection; run the simulator with uvicorn")
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
