"""``requestid``: a repeated write is answered from memory and performs nothing."""

import hashlib
import json
from collections.abc import Callable

from qbo_simulator import wire
from qbo_simulator.books import Books
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, business
from qbo_simulator.operations import Outcome
from qbo_simulator.world import World

LONGEST = 50
LONGEST_IN_BATCH = 36
LONGEST_BATCH_ITEM_ID = 10
TRANSIENT_TEXT = (
    "An unexpected error occurred while accessing or saving your data. Please wait a few minutes and try again."
)


def check_length(request_id: str, longest: int, name: str = "requestid") -> None:
    """2130 for an id that is too long."""
    if len(request_id) > longest:
        raise Fault(
            "2130",
            f"Invalid Request Id Format : {name} can have at most {longest} characters. Supplied length:{len(request_id)}",
        )


class RequestMemory:
    """Answers by company and request id."""

    def __init__(self, world: World) -> None:
        self.world = world

    def once(self, books: Books, request_id: str, payload: bytes | wire.Json, perform: Callable[[], Outcome]) -> str:
        """The answer given to this id before; or perform, and remember the answer.

        :param payload: what is asked for; only looked at when a changed payload under the same id is to be refused.
        """
        if not request_id:
            return perform().text
        digest = self._digest(payload)
        known = self._recall(books, request_id, digest)
        if known is not None:
            return known
        outcome = perform()
        self._keep(books, request_id, digest, outcome)
        return outcome.text

    def _digest(self, payload: bytes | wire.Json) -> str | None:
        if self.world.settings.requestid_changed_payload != "fault":
            return None
        raw = payload if isinstance(payload, bytes) else wire.encode(payload).encode()
        return hashlib.blake2b(raw, digest_size=16).hexdigest()

    def _recall(self, books: Books, request_id: str, digest: str | None) -> str | None:
        settings = self.world.settings
        if settings.requestid_memory in ("off", "lapsed"):
            return None
        row = self.world.database.execute(
            "select at, answer, entity, id, digest from remembered where company = ? and request_id = ?",
            (books.company.key, request_id),
        ).fetchone()
        retention = settings.requestid_retention_seconds
        if row is None or (retention and row[0] + retention < self.world.clock.now()):
            return None
        _at, answer, entity_name, object_id, first_digest = row
        if settings.requestid_memory == "fault":
            raise business(TRANSIENT_TEXT)
        if digest and first_digest and digest != first_digest:
            raise Fault("600", "Duplicate Request ID : the id was used before with other content.", element="requestid")
        if entity_name == "Fault":
            raise Fault(**json.loads(answer))
        if answer is not None:
            return str(answer)
        entity = ENTITIES[entity_name]
        return f'{{"{entity.shown_as}":{books.text(entity, object_id)}}}'

    def _keep(self, books: Books, request_id: str, digest: str | None, outcome: Outcome) -> None:
        """As a pointer while the object stays as it is, else as text."""
        text = outcome.text if outcome.stored_as is None else None
        self._store(books, request_id, outcome.entity, outcome.stored_as, text, digest)

    def keep_fault(self, books: Books, request_id: str, fault: Fault) -> None:
        """Remember a refusal, where the settings say that QBO does."""
        if not self.world.settings.requestid_remembers_faults or not request_id or fault.code in ("600", "2130"):
            return
        values = {name: getattr(fault, name) for name in ("code", "detail", "element", "type", "status", "message")}
        self._store(books, request_id, "Fault", None, json.dumps(values), None)

    def _store(
        self, books: Books, request_id: str, entity: str, object_id: int | None, text: str | None, digest: str | None
    ) -> None:
        if self.world.settings.requestid_memory == "off":
            return
        self.world.database.execute(
            "insert or replace into remembered (company, request_id, at, entity, id, answer, digest) "
            "values (?, ?, ?, ?, ?, ?, ?)",
            (books.company.key, request_id, self.world.clock.now(), entity, object_id, text, digest),
        )
