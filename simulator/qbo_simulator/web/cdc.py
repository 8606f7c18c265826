"""Change data capture: ``GET /cdc?entities=…&changedSince=…``."""

from qbo_simulator import ledger, wire
from qbo_simulator.books import ROW, Books
from qbo_simulator.clock import meta_time, parse_moment
from qbo_simulator.entities.kinds import CDC, EntityType
from qbo_simulator.entities.registry import BY_FOLDED_NAME, KNOWN_GAPS
from qbo_simulator.errors import Fault, NotSimulated, missing
from qbo_simulator.query.run import invalid

MOST_OBJECTS = 1000
SECONDS_PER_DAY = 86_400


def changes(books: Books, entities: str, changed_since: str) -> str:
    """Text of the ``CDCResponse`` array: whole objects, deletions behind live ones, 1000 objects in total."""
    if not entities.strip():
        raise missing("entities")
    if not changed_since.strip():
        raise missing("changedSince")
    try:
        since = parse_moment(changed_since.replace(" ", "+"))
    except (ValueError, OverflowError) as error:
        raise Fault(
            "2060", f"Invalid Date : changedSince. Supplied value:{changed_since}", element="changedSince"
        ) from error
    if books.settings.cdc_days:
        since = max(since, books.now - books.settings.cdc_days * SECONDS_PER_DAY)
    left = MOST_OBJECTS
    answers = []
    for name in entities.split(","):
        objects = _changed(books, _entity(name.strip()), since, left)
        left -= len(objects)
        answers.append(_response(_entity(name.strip()), objects))
    return f'[{{"QueryResponse":[{",".join(answers)}]}}]'


def _entity(name: str) -> EntityType:
    entity = BY_FOLDED_NAME.get(name.lower())
    if entity is not None and entity.in_cdc:
        return entity
    if entity is not None and CDC in entity.refused:
        raise NotSimulated(f"change data capture of {entity.name}")
    if name.lower() in KNOWN_GAPS and name.lower() not in ("journalcode", "timeactivity"):
        raise NotSimulated(f"change data capture of {KNOWN_GAPS[name.lower()]}")
    raise invalid(f"invalid context declaration: {name}")


def _changed(books: Books, entity: EntityType, since: float, most: int) -> list[str]:
    """Texts of live objects, then of deleted ones, each in order of their change."""
    ledger.look(books, entity)
    texts: list[str] = []
    for is_deleted in (0, 1):
        # Two searches instead of one: each walks the index of changes from its beginning.
        rows = books.database.execute(
            f"select {ROW} from objects where company = ? and entity = ? and deleted = ? "  # noqa: S608 - constant columns
            "and updated between ? and ? order by updated, id limit ?",
            (
                books.company.key,
                entity.name,
                is_deleted,
                since,
                books.now - books.settings.query_lag_seconds,
                most - len(texts),
            ),
        ).fetchall()
        texts += [_deleted(row[0], row[3]) if is_deleted else books.printed(entity, row) for row in rows]
    return texts


def _deleted(id: int, updated: int) -> str:
    times = {"LastUpdatedTime": meta_time(updated)}
    return wire.encode({"domain": "QBO", "status": "Deleted", "Id": str(id), "MetaData": times})


def _response(entity: EntityType, objects: list[str]) -> str:
    if not objects:
        return "{}"
    return f'{{"{entity.shown_as}":[{",".join(objects)}],"startPosition":1,"maxResults":{len(objects)}}}'
