"""The data API under ``/v3/``: authorization, limits, mishaps, dispatch, journal, answer."""

from qbo_simulator import operations, wire
from qbo_simulator.books import Books
from qbo_simulator.clock import answer_time
from qbo_simulator.entities.kinds import CREATE, PDF, SEND, UPDATE, EntityType
from qbo_simulator.entities.registry import BY_FOLDED_NAME, ENTITIES, KNOWN_GAPS
from qbo_simulator.errors import Fault, GatewayFault, NotSimulated, missing, unauthorized, unsupported
from qbo_simulator.limits import Limits, Throttled
from qbo_simulator.query.run import run as run_query
from qbo_simulator.reports.run import run as run_report
from qbo_simulator.rules import TEMPLATES
from qbo_simulator.web import extras, xml
from qbo_simulator.web.batch import Batch, fault_of, strike
from qbo_simulator.web.cdc import changes
from qbo_simulator.web.forms import BATCH, NO_ROOTS, XML, read_body, roots_of, wants_json, wants_xml
from qbo_simulator.web.http import JSON_ERROR, XML_ERROR, Answer, BadBody, Call, TooLarge, html_answer
from qbo_simulator.web.memory import LONGEST, RequestMemory, check_length
from qbo_simulator.web.tokens import Tokens
from qbo_simulator.world import World

KNOWN_PARAMETERS = frozenset(
    {
        "minorversion",
        "requestid",
        "operation",
        "include",
        "query",
        "format",
        "sendto",
        "entities",
        "changedsince",
        "sourcecurrencycode",
        "asofdate",
    }
)


class Gateway:
    """From a call under ``/v3/`` to its answer."""

    def __init__(self, world: World, tokens: Tokens, limits: Limits) -> None:
        self.world = world
        self.tokens = tokens
        self.limits = limits
        self.memory = RequestMemory(world)
        self.batch = Batch(world, self.memory)

    # -- one call to one answer ---------------------------------------------------------------------------------------

    def answer(self, call: Call) -> Answer:
        """The answer that QBO gives to a call."""
        try:
            self._admit(call)
            TEMPLATES.make_due(self.world.books(self.world.companies[call.realm_id]))
            with self.world.savepoint():
                return self._dispatch(call)
        except GatewayFault as fault:
            return self._gateway_answer(fault)
        except Fault as fault:
            if call.method == "POST" and call.segments[3:] and call.segments[3].lower() in BY_FOLDED_NAME:
                books = self.world.books(self.world.companies[call.realm_id])
                self.memory.keep_fault(books, call.parameters.get("requestid", ""), fault)
            return self.fault_answer(fault)
        except NotSimulated as gap:
            return gap_answer(gap)
        except Throttled:
            return self._throttled()
        except TooLarge:
            return html_answer(413)
        except BadBody as error:
            return self.fault_answer(Fault("1050", f"Unsupported content : {error}"))

    def _admit(self, call: Call) -> None:
        """Token, company and limits."""
        access = self.tokens.check(call.headers.get("authorization", ""), call.realm_id)
        kind = call.mishap.kind if call.mishap else ""
        if kind == "token_expired":
            raise unauthorized(f"Token expired: {call.headers.get('authorization', '')[7:47]}")
        if kind == "throttled":
            raise Throttled
        resource = call.segments[3].lower() if len(call.segments) > 3 else ""
        marker = b"bId=" if call.content_type in XML else b'"bId"'
        items = call.payload().count(marker) if resource == "batch" else None
        is_read = call.method == "GET" or resource == "query"
        self.limits.admit(call.realm_id, access.client_id, items, is_read)
        if call.segments[-1].lower() == SEND and self.world.companies[call.realm_id].environment == "sandbox":
            self.limits.mail(call.realm_id, self.world.clock.today().isoformat())

    def _throttled(self) -> Answer:
        """429 in the form that the limits say; nothing documents a Retry-After."""
        limits = self.limits.values
        message = f"message=ThrottleExceeded; errorCode=003001; statusCode={limits.status}"
        detail = "The request limit was reached.  Try again later"
        headers = [("retry-after", str(limits.retry_after))] if limits.retry_after else []
        if limits.body == "xml":
            text = xml.fault("SERVICE", "3001", message, detail)
            return Answer(limits.status, text.encode(), XML_ERROR, headers)
        fault = GatewayFault(limits.status, message, detail, "3001", "SERVICE")
        answer = self._gateway_answer(fault)
        answer.headers += headers
        return answer

    def _gateway_answer(self, fault: GatewayFault) -> Answer:
        body = wire.encode(fault.body(int(self.world.clock.now() * 1000)))
        headers = [("www-authenticate", 'Bearer realm="Intuit", error="invalid_token"')] if fault.status == 401 else []
        return Answer(fault.status, body.encode(), JSON_ERROR, headers)

    def fault_answer(self, fault: Fault) -> Answer:
        """A business fault in its envelope."""
        timed = f',"time":"{answer_time(self.world.clock.now())}"' if fault.is_timed else ""
        return Answer(fault.status, f'{{"Fault":{wire.encode(fault.body())}{timed}}}'.encode(), JSON_ERROR)

    def _timed(self, text: str) -> Answer:
        """A 200: ``text`` is a JSON object; the time is added as its last property."""
        return Answer(200, f'{text[:-1]},"time":"{answer_time(self.world.clock.now())}"}}'.encode())

    def _dispatch(self, call: Call) -> Answer:
        books = self.world.books(self.world.companies[call.realm_id])
        rest = call.segments[3:]
        if not rest:
            raise self._no_resource(call)
        name = rest[0].lower()
        self._refuse_unknown(call, rest)
        if call.mishap and call.mishap.kind == "fault" and name != "batch":
            raise fault_of(call.mishap)
        if name == "query" and len(rest) == 1 and call.method in ("GET", "POST"):
            return self._query(call, books)
        if name == "batch" and len(rest) == 1:
            return self._batch(call, books)
        if name == "cdc" and len(rest) == 1 and call.method == "GET":
            since = call.parameters.get("changedsince", "")
            return self._timed(f'{{"CDCResponse":{changes(books, call.parameters.get("entities", ""), since)}}}')
        if name == "reports" and len(rest) == 2 and call.method == "GET":
            # The one answer without a time of its own: it is in the report's header.
            return Answer(200, wire.encode(run_report(books, rest[1], call.parameters)).encode())
        if name in ("upload", "download", "exchangerate", "taxservice"):
            return self._extra(call, books, [part.lower() for part in rest])
        entity = BY_FOLDED_NAME.get(name)
        if entity is None:
            if name in KNOWN_GAPS or name == "graphql":
                raise NotSimulated(f"/{name}")
            raise self._no_resource(call)
        if call.method == "GET":
            return self._read(call, books, entity, rest)
        if call.method == "POST":
            return self._post(call, books, entity, rest)
        raise unsupported(f"{call.method} {call.path}")

    def _extra(self, call: Call, books: Books, rest: list[str]) -> Answer:
        """What is not addressed by an Id."""
        match (call.method, *rest):
            case ("POST", "upload"):
                return self._timed(extras.upload(self.world, books, call))
            case ("GET", "download", id):
                return extras.download(books, id, call)
            case ("GET", "exchangerate"):
                return self._timed(extras.exchange_rate(books, call, None))
            case ("POST", "exchangerate"):
                return self._timed(
                    extras.exchange_rate(books, call, read_body(call, roots_of(ENTITIES["ExchangeRate"])))
                )
            case ("POST", "taxservice", "taxcode"):
                return extras.tax_service(books, read_body(call, NO_ROOTS))
            case _:
                raise self._no_resource(call)

    def _no_resource(self, call: Call) -> Fault:
        host = call.headers.get("host", "localhost")
        return unsupported(f"Could not find resource for relative : {call.path} of full path: http://{host}{call.path}")

    def _refuse_unknown(self, call: Call, rest: list[str]) -> None:
        """Other forms than JSON and XML, and parameters that would change the answer, are not simulated."""
        if not wants_json(call) and rest[-1].lower() != PDF and rest[0].lower() != "download":
            if not wants_xml(call):
                raise NotSimulated(f"answers as {call.headers['accept']}")
            if rest[0].lower() == "taxservice":
                raise NotSimulated("the tax service in XML: say 'Accept: application/json'")
        unknown = sorted(set(call.parameters) - KNOWN_PARAMETERS)
        if unknown and rest[0].lower() != "reports":
            raise NotSimulated(f"the query parameter {unknown[0]}")

    # -- resources ----------------------------------------------------------------------------------------------------

    def _query(self, call: Call, books: Books) -> Answer:
        if call.method == "POST":
            if call.content_type not in ("application/text", "text/plain"):
                raise Fault(
                    "1050",
                    f"Unsupported content type : {call.content_type or 'none'}; a query is sent as application/text.",
                )
            text = call.payload().decode("utf-8", "replace")
        else:
            text = call.parameters.get("query", "")
        if not text.strip():
            raise missing("query")
        found = run_query(books, text)
        if self._wants_links(call, "a query"):
            found = extras.with_invoice_links(books, found)
        return self._timed(f'{{"QueryResponse":{found}}}')

    def _wants_links(self, call: Call, where: str) -> bool:
        """``include=invoiceLink``; other things to include are not simulated."""
        wanted = call.parameters.get("include", "")
        if wanted and wanted.lower() != "invoicelink":
            raise NotSimulated(f"include={wanted} on {where}")
        return bool(wanted)

    def _batch(self, call: Call, books: Books) -> Answer:
        if call.method != "POST":
            raise unsupported(f"{call.method} {call.path}")
        text = self.batch.run(books, read_body(call, BATCH), call.parameters.get("requestid", ""), call.mishap)
        return self._timed(f"{{{text}}}")

    def _read(self, call: Call, books: Books, entity: EntityType, rest: list[str]) -> Answer:
        if entity.name == "Preferences" and len(rest) == 1:
            return self._timed(operations.read(books, entity, "1"))
        if len(rest) == 2:
            found = operations.read(books, entity, rest[1])
            return self._timed(extras.with_invoice_links(books, found) if self._wants_links(call, "a read") else found)
        if len(rest) == 3 and rest[2].lower() == PDF and PDF in entity.operations:
            operations.read(books, entity, rest[1])
            return Answer(200, pdf(f"{entity.label} {rest[1]}"), "application/pdf")
        raise self._no_resource(call)

    def _post(self, call: Call, books: Books, entity: EntityType, rest: list[str]) -> Answer:
        request_id = call.parameters.get("requestid", "")
        check_length(request_id, LONGEST)
        return self._timed(
            self.memory.once(books, request_id, call.body, lambda: self._write(call, books, entity, rest))
        )

    def _write(self, call: Call, books: Books, entity: EntityType, rest: list[str]) -> operations.Outcome:
        if len(rest) == 3 and rest[2].lower() == SEND and SEND in entity.operations:
            # Without a body the type does not matter: a public client names a form's.
            if call.body and call.content_type not in ("application/octet-stream", "application/json"):
                raise Fault(
                    "1050", f"Unsupported content type : {call.content_type}; send takes application/octet-stream."
                )
            return operations.write(books, entity, SEND, {"Id": rest[1]}, send_to=call.parameters.get("sendto"))
        if len(rest) != 1:
            raise self._no_resource(call)
        raw = read_body(call, roots_of(entity))
        operation = operations.operation_of(entity.name, raw, call.parameters)
        flags = frozenset(
            part.strip().lower() for part in call.parameters.get("include", "").split(",") if part.strip()
        )
        if flags - {"allowduplicatedocnum", "void"} and operation in (CREATE, UPDATE):
            raise NotSimulated(f"include={call.parameters['include']} on a write")
        if call.mishap:
            strike(call.mishap, entity)
        return operations.write(books, entity, operation, raw, flags)


def gap_answer(gap: NotSimulated) -> Answer:
    """501: louder than the original on what the simulator does not know."""
    error = {"Message": "Not simulated", "Detail": f"The simulator does not know {gap}.", "code": "501"}
    return Answer(501, wire.encode({"Fault": {"Error": [error], "type": "SimulatorGap"}}).encode(), JSON_ERROR)


def pdf(title: str) -> bytes:
    """A small valid PDF of one page that says what it stands for."""
    text = "".join(character for character in title if character.isalnum() or character in " -#.")
    stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    document = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, part in enumerate(parts, 1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(document)
    document += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    document += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    document += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, start)
    return bytes(document)
