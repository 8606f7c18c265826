"""The operations every entity has, and the hooks in which entities differ."""

from qbo_simulator.books import Books, Record
from qbo_simulator.entities.fields import ignored
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.errors import LAPSED_DETAIL, Fault, missing, stale, unsupported
from qbo_simulator.wire import Json

# Properties of the server's own making; never compared when looking for an effective change.
SERVER_MADE = ("domain", "sparse", "Id", "SyncToken", "MetaData")


class Rules:
    """Create, update, delete, void and send of one entity type; subclasses say what is true for theirs.

    ``gaps`` names what QBO can do with the entity and the simulator refuses with 501; the fidelity page prints it.
    """

    gaps: tuple[str, ...] = ()

    def __init__(self, entity: EntityType) -> None:
        self.entity = entity

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """Check and store a new object."""
        raise NotImplementedError

    def update(self, books: Books, record: Record, raw: Json, flags: frozenset[str]) -> Record:
        """Check and store a new version; full or, with ``sparse``, only the properties given."""
        raise NotImplementedError

    def delete(self, books: Books, record: Record) -> None:
        """Remove a transaction."""
        raise unsupported(f"delete on {self.entity.name}")

    def void(self, books: Books, record: Record) -> Record:
        """Keep the number at zero."""
        raise unsupported(f"void on {self.entity.name}")

    def send(self, books: Books, record: Record, send_to: str | None) -> Record:
        """Mail the document."""
        raise unsupported(f"send on {self.entity.name}")


def check_token(books: Books, record: Record, raw: Json) -> None:
    """The SyncToken must be there and be the current one."""
    token = raw.get("SyncToken")
    if token is None or token == "":
        raise missing("SyncToken")
    if str(token) != str(record.sync_token):
        raise stale(books.company.user_name)


def is_sparse(raw: Json) -> bool:
    """Whether the update keeps what it leaves out."""
    return str(raw.get("sparse", "")).lower() == "true"


def merged(entity: EntityType, old: Json, raw: Json, kept: tuple[str, ...]) -> Json:
    """The document that an update asks for.

    :param kept: properties that a full update keeps although it leaves them out.
    """
    changes = entity.shape.read(raw)
    if is_sparse(raw):
        fields = entity.shape.fields
        emptied = {
            name for name, value in raw.items() if (value is None or value == "") and fields.get(name) is not ignored
        }
        base = {name: value for name, value in old.items() if name not in emptied}
    else:
        base = {name: old[name] for name in kept if name in old}
    for name in SERVER_MADE:
        base.pop(name, None)
    return {**base, **changes}


def require_company_writable(books: Books) -> None:
    """6190: nothing can be added once the subscription has ended."""
    if not books.company.is_subscribed:
        raise Fault("6190", LAPSED_DETAIL)
