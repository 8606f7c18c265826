"""``requestid``: a repeated write is answered from memory and performs nothing."""

from qbo_simulator.books import Books
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, business
from qbo_simulator.operations import Outcome
from qbo_simulator.settings import Settings
from qbo_simulator.world import World

LONGEST = 50
LONGEST_IN_BATCH = 36
LONGEST_BATCH_ITEM_ID = 10


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

    @property
    def settings(self) -> Settings:
        """Current settings."""
        return self.world.settings

    def recall(self, books: Books, request_id: str) -> str | None:
        """The answer given to this id before, or None; raises what the settings make of a repeat."""
        if self.settings.requestid_memory in ("off", "lapsed"):
            return None
        row = self.world.database.execute(
            "select at, answer, entity, id from remembered where company = ? and request_id = ?",
            (books.company.key, request_id),
        ).fetchone()
        if row is None:
            return None
        retention = self.settings.requestid_retention_seconds
        if retention and row[0] + retention < self.world.clock.now():
            return None
        if self.settings.requestid_memory == "fault":
            raise business(
                "An unexpected error occurred while accessing or saving your data. Please wait a few minutes and try again."
            )
        if row[1] is not None:
            return str(row[1])
        entity = ENTITIES[row[2]]
        return f'{{"{entity.name}":{books.text(entity, row[3])}}}'

    def keep(self, books: Books, request_id: str, outcome: Outcome) -> None:
        """Remember an answer: as a pointer while the object stays as it is, else as text."""
        if self.settings.requestid_memory == "off":
            return
        self.world.database.execute(
            "insert or replace into remembered (company, request_id, at, entity, id, answer) values (?, ?, ?, ?, ?, ?)",
            (
                books.company.key,
                request_id,
                self.world.clock.now(),
                outcome.entity,
                outcome.stored_as,
                outcome.text if outcome.stored_as is None else None,
            ),
        )
