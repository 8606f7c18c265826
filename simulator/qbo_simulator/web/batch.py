"""``POST /batch``: up to thirty independent operations, each answered by itself."""

import re
from typing import Any
from urllib.parse import parse_qsl

from qbo_simulator import operations, wire
from qbo_simulator.books import Books
from qbo_simulator.entities.fields import PACKAGE, Shape, ill_typed, text
from qbo_simulator.entities.kinds import CREATE, DELETE, SEND, UPDATE, VOID, EntityType
from qbo_simulator.entities.registry import BY_JSON_NAME, ENTITIES, KNOWN_GAPS
from qbo_simulator.errors import MESSAGES, SYSTEM, Fault, NotSimulated, business, missing
from qbo_simulator.mishaps import Rule
from qbo_simulator.query.run import run
from qbo_simulator.reports.run import run as run_report
from qbo_simulator.web.cdc import changes
from qbo_simulator.web.memory import LONGEST_BATCH_ITEM_ID, LONGEST_IN_BATCH, RequestMemory, check_length
from qbo_simulator.wire import Json
from qbo_simulator.world import World

MOST_ITEMS = 30
_OPERATIONS = (CREATE, UPDATE, DELETE, VOID, SEND)
_NOT_ENTITIES = frozenset({"bId", "operation", "optionsData"})
# How a QueryResponse ends: no text can hold it, because a quotation mark in a text is escaped.
_COUNTS = re.compile(r'"startPosition":\d+,"maxResults":(\d+)')
# Items that read: what they ask is their value.
_READS = ("Query", "CDCQuery", "ReportQuery")
MOST_OBJECTS = 1000
_CDC_QUERY = Shape("CDCQuery", {"Entities": text(), "ChangedSince": text()})


class Batch:
    """Runs the items of one batch request, one after the other."""

    def __init__(self, world: World, memory: RequestMemory) -> None:
        self.world = world
        self.memory = memory
        # Objects that the queries of the batch at hand have returned.
        self._returned = 0

    def run(self, books: Books, payload: Any, request_id: str, mishap: Rule | None = None) -> str:
        """Text of the answer without its time.

        :param mishap: ``half_batch`` executes only the first items, ``name_lock`` and ``fault`` refuse single ones.
        """
        if not isinstance(payload, dict) or not isinstance(payload.get("BatchItemRequest"), list):
            raise missing("BatchItemRequest")
        for name in payload:
            if name != "BatchItemRequest":
                raise Fault(
                    "2010",
                    f'Property Name:Unrecognized field "{name}" (class com.intuit.schema.finance.v3.IntuitBatchRequest)',
                )
        items = payload["BatchItemRequest"]
        if len(items) > MOST_ITEMS:
            raise Fault(
                "1040", f"Batch size exceeds limit: at most {MOST_ITEMS} operations are allowed. Supplied:{len(items)}"
            )
        check_length(request_id, LONGEST_IN_BATCH)
        self._returned = 0
        if mishap and mishap.kind == "half_batch":
            items = items[: mishap.items[0] if mishap.items else len(items) // 2]
        answers = [
            self._item(
                books, item, request_id, mishap if mishap and (not mishap.items or place in mishap.items) else None
            )
            for place, item in enumerate(items)
        ]
        return f'"BatchItemResponse":[{",".join(answers)}]'

    def _item(self, books: Books, item: Any, request_id: str, mishap: Rule | None) -> str:
        bid = item.get("bId") if isinstance(item, dict) else None
        name = "" if bid is None or isinstance(bid, dict | list) else str(bid)
        try:
            if not isinstance(item, dict):
                raise ill_typed(item, f"{PACKAGE}.BatchItemRequest", "")
            if isinstance(bid, dict | list):
                raise ill_typed(bid, "java.lang.String", "bId")
            if mishap and not _reads(item):
                strike(mishap, _entity(item))
            inner = self._remembered(books, item, request_id, name)
        except Fault as fault:
            inner = wire.encode({"Fault": fault.body(in_batch=True)})
        except NotSimulated as gap:
            inner = wire.encode({"Fault": not_simulated_fault(gap)})
        if bid is None:
            return inner
        return f'{inner[:-1]},"bId":{wire.encode(name)}}}'

    def _remembered(self, books: Books, item: Json, request_id: str, bid: str) -> str:
        if _reads(item):
            return self._read(books, item)
        if not request_id:
            return self._execute(books, item).text
        check_length(bid, LONGEST_BATCH_ITEM_ID, "bId")
        try:
            return self.memory.once(books, request_id + bid, item, lambda: self._execute(books, item))
        except Fault as fault:
            self.memory.keep_fault(books, request_id + bid, fault)
            raise

    def _read(self, books: Books, item: Json) -> str:
        """The answer to a query of any kind; all of a batch together return at most a thousand objects."""
        asked = [name for name in item if name not in _NOT_ENTITIES]
        if len(asked) != 1:
            raise missing("single query of the batch item")
        given = item[asked[0]]
        if asked[0] == "CDCQuery":
            wanted = _CDC_QUERY(given, "CDCQuery") or {}
            found = changes(books, wanted.get("Entities", ""), wanted.get("ChangedSince", ""))[1:-1]
            answer = f'{{"CDCResponse":{found}}}'
        elif not isinstance(given, str):
            raise ill_typed(given, "java.lang.String", asked[0])
        elif asked[0] == "ReportQuery":
            name, _, parameters = given.removeprefix("reports/").partition("?")
            folded = {key.lower(): value for key, value in parse_qsl(parameters)}
            return f'{{"Report":{wire.encode(run_report(books, name, folded))}}}'
        else:
            found = run(books, given)
            answer = f'{{"QueryResponse":{found}}}'
        self._returned += sum(int(count) for count in _COUNTS.findall(found))
        if self._returned > MOST_OBJECTS:
            raise Fault("10100", f"A batch returns at most {MOST_OBJECTS} objects.", type=SYSTEM)
        return answer

    def _execute(self, books: Books, item: Json) -> operations.Outcome:
        entity = _entity(item)
        operation = str(item.get("operation", "")).lower()
        options = str(item.get("optionsData", "")).lower()
        if options == "void":
            operation = VOID
        if operation not in _OPERATIONS:
            raise Fault("2170", f"Invalid Enumeration : {item.get('operation')}", element="operation")
        flags = frozenset({options}) if options else operations.NO_FLAGS
        with self.world.savepoint():
            return operations.write(books, entity, operation, item.get(entity.shown_as, item.get(entity.name)), flags)


def _reads(item: Json) -> bool:
    return any(name in item for name in _READS)


def _entity(item: Json) -> EntityType:
    names = [name for name in item if name not in _NOT_ENTITIES]
    if len(names) != 1:
        raise missing("entity of the batch item")
    entity = ENTITIES.get(names[0]) or BY_JSON_NAME.get(names[0])
    if entity is not None:
        return entity
    if names[0].lower() in KNOWN_GAPS:
        raise NotSimulated(f"{names[0]} in a batch")
    raise Fault(
        "2010", f'Property Name:Unrecognized field "{names[0]}" (class com.intuit.schema.finance.v3.BatchItemRequest)'
    )


def strike(mishap: Rule, entity: EntityType) -> None:
    """Refuse a write as the rule says."""
    if mishap.kind == "name_lock" and entity.kind == "name":
        raise business("You can only add or edit one name at a time. Please try again.")
    if mishap.kind == "fault":
        raise fault_of(mishap)


def fault_of(mishap: Rule) -> Fault:
    """The business fault that a rule describes; HTTP 400 unless it names another status than the default."""
    status = mishap.status if mishap.status != Rule("fault").status else 400
    return Fault(mishap.code, mishap.detail, status=status, message=MESSAGES.get(mishap.code, "Fault"))


def not_simulated_fault(gap: NotSimulated) -> Json:
    """The fault that names a gap of the simulator; its code is the HTTP status of a single call."""
    error = {"Message": "Not simulated", "Detail": f"The simulator does not know {gap}.", "code": "501", "element": ""}
    return {"Error": [error], "type": "SimulatorGap"}
