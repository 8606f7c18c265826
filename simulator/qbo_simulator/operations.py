"""One operation on one entity, the same for a single call, a batch item and the accountant of the control plane."""

from dataclasses import dataclass
from typing import Any

from qbo_simulator import ledger, wire
from qbo_simulator.books import Books, Record
from qbo_simulator.company import company_info, preferences
from qbo_simulator.entities.fields import identifier, object_id
from qbo_simulator.entities.kinds import CREATE, DELETE, SEND, UPDATE, VOID, EntityType, body_of
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import LAPSED_DETAIL, Fault, NotSimulated, missing, not_found, unsupported
from qbo_simulator.rules import RULES
from qbo_simulator.rules.base import check_token
from qbo_simulator.rules.recurring import check_template
from qbo_simulator.rules.singletons import change_singleton
from qbo_simulator.wire import Json

# Voided with operation=update&include=void; all others with operation=void.
VOIDED_BY_INCLUDE = ("Payment", "SalesReceipt", "RefundReceipt", "BillPayment")
# What webhooks call an operation.
EVENTS = {CREATE: "Create", UPDATE: "Update", DELETE: "Delete", VOID: "Void", SEND: "Emailed"}
NO_FLAGS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """``text`` is ``{"Invoice":{...}}``; ``stored_as`` the id of the object whose stored document is exactly that answer."""

    text: str
    entity: str
    stored_as: int | None


def read(books: Books, entity: EntityType, id: str) -> str:
    """``{"Invoice":{...}}`` of one object; raises 610, or 2030 for an id that is no number."""
    if entity.kind == "singleton":
        return f'{{"{entity.name}":{singleton(books, entity)}}}'
    ledger.look(books, entity)
    number = object_id(identifier(id, "Id") or "")
    if number is None:
        raise not_found()
    return f'{{"{entity.shown_as}":{books.text(entity, number)}}}'


def singleton(books: Books, entity: EntityType) -> str:
    """JSON text of CompanyInfo or Preferences."""
    printer = company_info if entity.name == "CompanyInfo" else preferences
    return wire.encode(printer(books.company))


def write(
    books: Books,
    entity: EntityType,
    operation: str,
    raw: Any,
    flags: frozenset[str] = NO_FLAGS,
    send_to: str | None = None,
) -> "Outcome":
    """Carry out create, update, delete, void or send."""
    if not isinstance(raw, dict):
        raise Fault("2010", f"Property Name:Can not deserialize instance of com.intuit.schema.finance.v3.{entity.name}")
    if operation not in entity.operations:
        raise _refusal(entity, operation)
    if not books.company.is_subscribed:
        raise Fault("6190", LAPSED_DETAIL)
    if entity.kind == "singleton":
        change_singleton(books, entity, raw)
        return Outcome(read(books, entity, "1"), entity.name, None)
    if entity.wraps:
        check_template(raw)
    rules = RULES[entity.name]
    if operation == CREATE:
        record = rules.create(books, raw, flags)
        books.note(entity.name, record.id, EVENTS[CREATE])
        return _outcome(books, record)
    before = record = _addressed(books, entity, raw)
    if operation != SEND:
        check_token(books, record, body_of(entity, raw))
    if operation == UPDATE:
        record = rules.update(books, record, raw, flags)
    elif operation == DELETE:
        rules.delete(books, record)
        books.note(entity.name, record.id, EVENTS[DELETE])
        gone = f'{{"domain":"QBO","status":"Deleted","Id":"{record.id}"}}'
        for name in (*(before.document if entity.wraps else ()), entity.shown_as):
            gone = f'{{"{name}":{gone}}}'
        return Outcome(gone, entity.name, None)
    elif operation == VOID:
        record = rules.void(books, record)
    elif operation == SEND:
        record = rules.send(books, record, send_to)
    if record is not before:
        books.note(entity.name, record.id, EVENTS[operation])
    return _outcome(books, record)


def _refusal(entity: EntityType, operation: str) -> Exception:
    if operation in entity.refused:
        return NotSimulated(f"{operation} of {entity.name}")
    return unsupported(f"{operation} on {entity.name}")


def _addressed(books: Books, entity: EntityType, raw: Json) -> Record:
    given = identifier(body_of(entity, raw).get("Id"), "Id")
    if given is None:
        raise missing("Id")
    number = object_id(given)
    if number is None:
        raise not_found()
    return books.get(entity, number)


def _outcome(books: Books, record: Record) -> "Outcome":
    ledger.look(books, record.entity)
    text = record.text if record.text and not record.entity.is_volatile else books.text(record.entity, record.id)
    # The stored document is the answer itself, unless its text is completed while printing.
    stored_as = None if record.entity.is_volatile else record.id
    return Outcome(f'{{"{record.entity.shown_as}":{text}}}', record.entity.name, stored_as)


def operation_of(entity_name: str, raw: Any, parameters: dict[str, str]) -> str:
    """What a POST to an entity asks for: ``operation`` and ``include`` of the query string, else create or update by Id."""
    asked = parameters.get("operation", "").lower()
    includes = {part.strip().lower() for part in parameters.get("include", "").split(",")}
    if asked == VOID and entity_name in VOIDED_BY_INCLUDE:
        raise unsupported(f"void on {entity_name}")
    if asked in (DELETE, VOID, CREATE):
        return asked
    if "void" in includes:
        return VOID
    if asked == UPDATE:
        return UPDATE
    if asked:
        raise unsupported(asked)
    body = body_of(ENTITIES[entity_name], raw)
    if ENTITIES[entity_name].kind == "singleton":
        return UPDATE
    has_id = isinstance(body, dict) and body.get("Id") not in (None, "")
    return UPDATE if has_id else CREATE
