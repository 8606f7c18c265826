"""What QuickBooks is told of a document: the body of the write, what it is meant to become, and what had to be changed."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeVar

from include.billing_sync.book import Book
from include.billing_sync.closing import posting_date
from include.billing_sync.documents import Invoice, plain
from include.billing_sync.exact_json import dumps, loads, replace_texts
from include.billing_sync.parties import customer_payload, item_payload
from include.billing_sync.payload import Payload
from include.billing_sync.payload_lines import SALES_LINE, LineBuilder
from include.billing_sync.reasons import Finding
from include.billing_sync.settings import Company, RealmSettings
from include.billing_sync.tax import TaxPlan, TaxTable, plan_tax, rounding_target
from include.billing_sync.texts import cut, is_email

__all__ = [
    "MOST_LINES",
    "Payload",
    "customer_payload",
    "dumps",
    "entity_for",
    "invoice_payload",
    "item_payload",
    "loads",
    "name_of",
    "references",
    "resolve_references",
    "update_payload",
    "void_payload",
]

MOST_LINES = 750
"""QBO facts, section 9.4."""
NOTE_LENGTH = 4000

Entity = Literal["Invoice", "CreditMemo"]
Part = TypeVar("Part")

_REFERENCE = re.compile(r"@(account|customer|item):(.+)", re.DOTALL)
_REFERENCE_KEYS = frozenset({"value", "customer"})
# A quote inside a JSON text stands behind a backslash, so this finds members of objects and nothing inside a text.
_REFERENCE_IN_TEXT = re.compile(r'("(?:value|customer)": ?)("@(?:account|customer|item):(?:[^"\\]|\\.)+")')


def entity_for(invoice: Invoice, settings: RealmSettings) -> Entity:
    """Invoice; or a credit memo for a negative document where the setting is ``negative_invoices: credit_memo``."""
    is_credit = settings.negative_invoices == "credit_memo" and invoice.total_amount < 0
    return "CreditMemo" if is_credit else "Invoice"


def invoice_payload(
    invoice: Invoice,
    book: Book,
    settings: RealmSettings,
    company: Company,
    customer_ref: str,
    *,
    taxes: TaxTable | None = None,
    mode: Literal["copy", "send"] = "copy",
) -> Payload:
    """The create of a document that passed the checks.

    :param customer_ref: id of the customer in QBO, or ``@customer:<billing id>`` where the plan creates it first.
    :param taxes: the rates of QBO's tax codes; needed wherever QuickBooks computes.
    :param mode: ``send`` adds the billing e-mail. Nothing in the body ever makes QuickBooks mail by itself.
    :raises ValueError: for what the checks stop: nothing mapped, too many lines, a setting that contradicts the country.
    """
    plan = plan_tax(invoice, book, settings, company, taxes)
    if plan.unmapped:
        raise ValueError(f"invoice {invoice.invoice_id}: no mapping for {', '.join(plan.unmapped)}")
    entity = entity_for(invoice, settings)
    sign = -1 if entity == "CreditMemo" else 1
    rounding = _rounding_code(plan, book, settings, company, taxes)
    builder = LineBuilder(book, settings, company, sign)
    lines = builder.build(plan, rounding)
    if len(lines) > MOST_LINES:
        raise ValueError(f"invoice {invoice.invoice_id}: {len(lines)} lines, and QuickBooks takes {MOST_LINES}")
    header = _header(invoice, entity, settings, company, customer_ref, mode)
    body = header | {"Line": lines} | _tax_part(plan, company, sign)
    meant = _meant(invoice, plan, sign, header, lines, is_rounded=rounding is not None)
    changed = [*_moved(invoice, settings, company), *_memo_cut(invoice, settings, company), *builder.warnings]
    return Payload(entity, body, meant, changed)


def _rounding_code(
    plan: TaxPlan, book: Book, settings: RealmSettings, company: Company, taxes: TaxTable | None
) -> str | None:
    """The tax code of the rounding line, or None where the document needs none or the settings want none."""
    if not plan.variance or settings.tax_variance != "rounding_line":
        return None
    code = rounding_target(book, settings, company, taxes)
    if code is None:
        raise ValueError("a rounding line needs generic_item and, outside the US, a mapping of the tax code 'rounding'")
    return code


def _header(
    invoice: Invoice, entity: Entity, settings: RealmSettings, company: Company, customer_ref: str, mode: str
) -> dict[str, Any]:
    day = posting_date(invoice.invoice_date, settings, company)
    body: dict[str, Any] = {"DocNumber": invoice.doc_number, "TxnDate": day.isoformat()}
    if invoice.due_date and entity == "Invoice":
        body["DueDate"] = _due_date(invoice.due_date, invoice.invoice_date, day).isoformat()
    body["CustomerRef"] = {"value": customer_ref}
    if company.is_multi_currency:
        body["CurrencyRef"] = {"value": invoice.currency}
    if mode == "send" and is_email(invoice.billing_email):
        body["BillEmail"] = {"Address": str(invoice.billing_email).strip()}
    body["PrivateNote"] = _note(invoice, day)
    return body


def _due_date(due: date, original: date, day: date) -> date:
    """Billing's own due date; when the document was moved behind closing, never one before the document itself."""
    return due if day == original else max(due, day)


def _note(invoice: Invoice, day: date) -> str:
    """Billing's memo and the reference to the billing document, which is never cut.

    The memo goes where only the books show it: billing does not say that its customer may read it.
    """
    memo = cut(invoice.memo or "", memo_room(invoice, day))
    return f"{memo}\n{_reference(invoice, day)}" if memo else _reference(invoice, day)


def memo_room(invoice: Invoice, day: date) -> int:
    """Characters that billing's memo may have beside the reference, when the document goes to QuickBooks under this date."""
    return NOTE_LENGTH - len(_reference(invoice, day)) - 1


def _reference(invoice: Invoice, day: date) -> str:
    moved = f"Billing date {invoice.invoice_date}\n" if day != invoice.invoice_date else ""
    return f"{moved}Ref {invoice.invoice_id}"


def _tax_part(plan: TaxPlan, company: Company, sign: int) -> dict[str, Any]:
    """How the tax is stated: outside the US by the lines' codes alone, in the US by a code and billing's amount."""
    if not company.uses_sales_tax:
        return {}
    if not company.is_us:
        return {"GlobalTaxCalculation": "TaxExcluded"}
    if plan.header_code is None:
        return {}
    amount = {} if plan.total_tax is None else {"TotalTax": sign * plan.total_tax}
    return {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": plan.header_code}} | amount}


def _meant(
    invoice: Invoice,
    plan: TaxPlan,
    sign: int,
    header: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    *,
    is_rounded: bool,
) -> dict[str, Any]:
    """What QuickBooks shall hold afterwards. A tax variance that is pushed belongs to it: it was named before."""
    pushed = Decimal(0) if is_rounded else (plan.variance or Decimal(0))
    meant = {
        "doc_number": invoice.doc_number,
        "date": header["TxnDate"],
        "due_date": header.get("DueDate"),
        "customer": header["CustomerRef"]["value"],
        "currency": invoice.currency,
        "total": plain(sign * (invoice.total_amount + pushed)),
        "tax": None if plan.computed is None else plain(sign * plan.computed),
        "lines": sum(line["DetailType"] == SALES_LINE for line in lines),
    }
    return {name: value for name, value in meant.items() if value is not None}


def _moved(invoice: Invoice, settings: RealmSettings, company: Company) -> list[Finding]:
    day = posting_date(invoice.invoice_date, settings, company)
    if day == invoice.invoice_date:
        return []
    return [Finding("date_moved", f"{invoice.invoice_date} became {day}, the first day that is not closed")]


def _memo_cut(invoice: Invoice, settings: RealmSettings, company: Company) -> list[Finding]:
    memo = invoice.memo or ""
    kept = cut(memo, memo_room(invoice, posting_date(invoice.invoice_date, settings, company)))
    return [] if kept == memo else [Finding("text_cut", f"memo: {len(memo)} characters became {len(kept)}")]


def update_payload(payload: Payload, answer: Mapping[str, Any]) -> Payload:
    """The sparse update that turns what our last write left in QBO into ``payload``.

    ``Line`` is all or nothing, so it holds every line; each keeps the id of the line it continues, and a new one has none.

    :param answer: what owned.owned_fields kept of QBO's answer: Id, SyncToken and Line with ids.
    """
    lines = with_line_ids(payload.body["Line"], answer.get("Line") or [])
    body = (
        {"Id": str(answer["Id"]), "SyncToken": str(answer["SyncToken"]), "sparse": True}
        | payload.body
        | {"Line": lines}
    )
    if "GlobalTaxCalculation" not in body and "TxnTaxDetail" not in body and Decimal(str(answer.get("TotalTax") or 0)):
        # A sparse update keeps what it does not name, and the tax of before is no longer owed.
        body["TxnTaxDetail"] = {"TotalTax": Decimal(0)}
    if "DueDate" not in body and answer.get("DueDate"):
        # Nor does billing's due date of before stand any more: QuickBooks fills in its own, as it does for a create. Whatever
        # it shows then is named with the outcome.
        body["DueDate"] = None
    return Payload(payload.entity, body, payload.meant, payload.warnings)


def void_payload(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a void: QBO needs nothing but the id and the version."""
    return {"Id": str(answer["Id"]), "SyncToken": str(answer["SyncToken"])}


def with_line_ids(lines: Sequence[Mapping[str, Any]], held: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines, each with the id of the line in QBO that it continues.

    First those that say the same, then those of the same item, each in order; a line that continues none is new.
    """
    free = {str(line["Id"]): line for line in held if line.get("Id")}
    ids: dict[int, str] = {}
    for likeness in (_content, _kind):
        pools: dict[tuple[Any, ...], deque[str]] = defaultdict(deque)
        for line_id, line in free.items():
            pools[likeness(line)].append(line_id)
        for index, line in enumerate(lines):
            pool = pools.get(likeness(line))
            if pool and index not in ids:
                ids[index] = pool.popleft()
                del free[ids[index]]
    return [({"Id": ids[index]} if index in ids else {}) | dict(line) for index, line in enumerate(lines)]


def _content(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*_kind(line), Decimal(str(line["Amount"])), line.get("Description"))


def _kind(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """Type and item, from a body's nested form or the flat one that is kept of an answer."""
    detail = line.get(str(line.get("DetailType"))) or {}
    reference = detail.get("ItemRef") or line.get("ItemRef")
    return line.get("DetailType"), reference["value"] if isinstance(reference, Mapping) else reference


def references(value: Any) -> Iterator[str]:
    """Every ``@account:…``, ``@customer:…`` and ``@item:…`` in a body or in what is meant, each once and in order."""
    found: dict[str, None] = {}

    def note(key: str, text: str) -> str:
        if key in _REFERENCE_KEYS and _REFERENCE.fullmatch(text):
            found[text] = None
        return text

    replace_texts(value, note)
    return iter(found)


def name_of(reference: str) -> tuple[str, str]:
    """Kind and billing id that a reference such as ``@customer:42`` names."""
    kind, _, key = reference.removeprefix("@").partition(":")
    return kind, key


def resolve_in_text(text: str, lookup: Callable[[str], str | None]) -> str:
    """What :func:`resolve_references` does, to the text of a body. Raises LookupError likewise."""

    def resolved(found: re.Match[str]) -> str:
        reference = loads(found[2])
        qbo_id = lookup(reference)
        if qbo_id is None:
            raise LookupError(f"{reference} has no id in QuickBooks yet")
        return found[1] + dumps(qbo_id)

    return _REFERENCE_IN_TEXT.sub(resolved, text) if '"@' in text else text


def resolve_references(value: Part, lookup: Callable[[str], str | None]) -> Part:
    """A body, or what is meant, with every ``@…`` replaced by the QBO id that ``lookup`` gives for it.

    Raises LookupError naming the reference when it has no id yet.
    """

    def resolved(key: str, text: str) -> str:
        if key not in _REFERENCE_KEYS or not _REFERENCE.fullmatch(text):
            return text
        qbo_id = lookup(text)
        if qbo_id is None:
            raise LookupError(f"{text} has no id in QuickBooks yet")
        return qbo_id

    result: Part = replace_texts(value, resolved)
    return result
