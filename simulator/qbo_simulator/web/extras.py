"""Resources that are not addressed by an Id: uploads and downloads, exchange rates, the tax service."""

import hashlib
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from qbo_simulator import wire
from qbo_simulator.books import Books
from qbo_simulator.entities.fields import day, object_id
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, missing, not_found
from qbo_simulator.rules import ATTACHABLES
from qbo_simulator.rules.rates import read_rate, set_rate
from qbo_simulator.rules.taxservice import create_tax_code
from qbo_simulator.web.forms import JSON, XML, read, roots_of
from qbo_simulator.web.http import Answer, Call
from qbo_simulator.world import World

METADATA, CONTENT = "file_metadata_", "file_content_"


def base_url(call: Call) -> str:
    """The address under which the caller knows the simulator."""
    return f"http://{call.headers.get('host', 'localhost')}"


def upload(world: World, books: Books, call: Call) -> str:
    """``AttachableResponse`` of a multipart upload: each file stored, or refused by itself with the status 200."""
    parts = _parts(call)
    numbers = sorted(name.removeprefix(CONTENT) for name in parts if name.startswith(CONTENT))
    if not numbers:
        raise missing("file_content_0")
    answers = []
    for number in numbers:
        content = parts[CONTENT + number]
        try:
            with world.savepoint():
                answers.append(_one_file(books, parts.get(METADATA + number), content, base_url(call)))
        except Fault as fault:
            answers.append(wire.encode({"Fault": fault.body(in_batch=True)}))
    return f'{{"AttachableResponse":[{",".join(answers)}]}}'


def _one_file(books: Books, metadata: Message | None, content: Message, url: str) -> str:
    raw: Any = {}
    if metadata is not None:
        # A form need not name the type of a part.
        kind = metadata.get_content_type()
        raw = read(kind if kind in XML else JSON, _bytes(metadata), roots_of(ENTITIES["Attachable"]))
    if not isinstance(raw, dict):
        raise Fault("2010", "Property Name:Can not deserialize instance of com.intuit.schema.finance.v3.Attachable")
    raw = {"FileName": content.get_filename(), "ContentType": content.get_content_type(), **raw}
    record = ATTACHABLES.upload(books, raw, _bytes(content), content.get_content_type(), url)
    return f'{{"Attachable":{record.text}}}'


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _parts(call: Call) -> dict[str, Message]:
    """Parts of the form by their names."""
    if call.content_type != "multipart/form-data":
        raise Fault(
            "1050", f"Unsupported content type : {call.content_type or 'none'}; multipart/form-data is expected."
        )
    head = f"Content-Type: {call.headers['content-type']}\r\n\r\n".encode("latin-1")
    form = BytesParser(policy=HTTP).parsebytes(head + call.payload())
    found: dict[str, Message] = {}
    for part in form.walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str):
            found[name] = part
    return found


def download(books: Books, id: str, call: Call) -> Answer:
    """The address of a file, as plain text."""
    number = object_id(id)
    record = books.find(ENTITIES["Attachable"], number) if number is not None else None
    if record is None or "Size" not in record.document:
        raise not_found()
    return Answer(200, f"{base_url(call)}/files/{books.company.realm_id}/{record.id}".encode(), "text/plain")


def file(world: World, call: Call) -> Answer | None:
    """The bytes behind a ``TempDownloadUri``; None when there are none."""
    company = world.companies.get(call.segments[1]) if len(call.segments) == 3 else None
    number = object_id(call.segments[2]) if company else None
    if company is None or number is None:
        return None
    books = world.books(company)
    record = books.find(ENTITIES["Attachable"], number)
    row = world.database.execute("select content from files where company = ? and id = ?", (company.key, number))
    found = row.fetchone()
    if record is None or found is None:
        return None
    return Answer(200, bytes(found[0]), str(record.document.get("ContentType", "application/octet-stream")))


def with_invoice_links(books: Books, text: str) -> str:
    """The same answer, its invoices with the link that their customers are sent."""
    answer = wire.parse(text)
    held = answer.get("Invoice", [])
    invoices = held if isinstance(held, list) else [held]
    shown = [ENTITIES["Invoice"].shape.arrange({**one, "InvoiceLink": _invoice_link(books, one)}) for one in invoices]
    if shown:
        answer["Invoice"] = shown if isinstance(held, list) else shown[0]
    return wire.encode(answer)


def _invoice_link(books: Books, invoice: wire.Json) -> str:
    """The portal's address; empty for an invoice that nobody can be sent, or that is not paid online."""
    is_online = invoice.get("AllowOnlineCreditCardPayment") or invoice.get("AllowOnlineACHPayment")
    if not is_online or not invoice.get("BillEmail", {}).get("Address"):
        return ""
    name = f"{books.company.realm_id}/{invoice['Id']}"
    token = f"scs-v1-{hashlib.sha256(name.encode()).hexdigest()}"
    if books.company.environment == "sandbox":
        return f"https://developer.intuit.com/comingSoonview/{token}?locale=en_US&cta=v3invoicelink"
    return f"https://connect.intuit.com/portal/app/CommerceNetwork/view/{token}?locale=en_US&cta=v3invoicelink"


def exchange_rate(books: Books, call: Call, raw: Any) -> str:
    """Read (GET) or set (POST) a rate."""
    if call.method == "POST":
        if not isinstance(raw, dict):
            raise Fault(
                "2010", "Property Name:Can not deserialize instance of com.intuit.schema.finance.v3.ExchangeRate"
            )
        return wire.encode({"ExchangeRate": set_rate(books, raw)})
    code = call.parameters.get("sourcecurrencycode", "")
    if not code:
        raise missing("sourcecurrencycode")
    date = day(call.parameters.get("asofdate"), "asofdate") or books.today
    return wire.encode({"ExchangeRate": read_rate(books, code, date)})


def tax_service(books: Books, raw: Any) -> Answer:
    """A new tax code; the one answer without a time."""
    return Answer(200, wire.encode(create_tax_code(books, raw)).encode())
