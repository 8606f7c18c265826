"""Journal entries, deposits and transfers: money between accounts, sometimes in somebody's name."""

from decimal import Decimal

from qbo_simulator import openlines, wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.fields import object_id
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.entities.shapes import DEPOSIT_DETAIL, JOURNAL_DETAIL
from qbo_simulator.errors import Fault, NotSimulated, bad_reference, business, missing
from qbo_simulator.openlines import CONTROL
from qbo_simulator.rules.expenses import NEEDS_NAME, named, require_type
from qbo_simulator.rules.lines import Lines, identify
from qbo_simulator.rules.links import undeposited_funds
from qbo_simulator.rules.tracking import settle_tracking
from qbo_simulator.rules.transactions import refuse_deposited
from qbo_simulator.wire import Json

DEPOSITED = ("Payment", "SalesReceipt")


def settle_journal(books: Books, document: Json, record: Record | None) -> int:
    """At least two lines, each posted to an account; debits equal credits (2300)."""
    given, old = document.get("Line", []), record.document if record else {}
    before = {line["Id"]: line for line in old.get("Line", ())}
    # The first line of a journal entry has the id 0.
    lines = Lines(last_id=record.last_line if record else -1)
    total = Decimal(0)
    for line in given:
        if line.get("DetailType") == "DescriptionOnly":
            continue
        lines.items.append(_journal_line(books, line, before, lines))
        detail = lines.items[-1]["JournalEntryLineDetail"]
        total += line["Amount"] if detail["PostingType"] == "Debit" else -line["Amount"]
    if len(lines.items) < 2:
        raise business("Fill out at least two detail lines to continue.", "Line")
    if total:
        raise Fault("2300", f"Total debits must equal total credits. Difference:{total}", element="Line")
    document["Line"] = lines.items
    document.setdefault("Adjustment", False)
    document["TxnTaxDetail"] = {}
    return lines.last_id


def _journal_line(books: Books, line: Json, before: dict[str, Json], lines: Lines) -> Json:
    detail = line.get("JournalEntryLineDetail")
    if detail is None:
        raise missing("Line.JournalEntryLineDetail")
    if "PostingType" not in detail:
        raise Fault("2260", "PostingType is required on each line of a journal entry.", element="PostingType")
    if line.get("Amount") is None:
        raise missing("Line.Amount")
    if line["Amount"] < 0:
        raise Fault("2290", f"Line amount must not be negative. Supplied value:{line['Amount']}", element="Line.Amount")
    if "AccountRef" not in detail:
        raise missing("Line.JournalEntryLineDetail.AccountRef")
    if "TaxCodeRef" in detail or detail.get("TaxAmount"):
        raise NotSimulated("tax on journal entries")
    # A public client always says how much tax there is and on what: none.
    for name in ("TaxAmount", "TaxApplicableOn"):
        detail.pop(name, None)
    line_id = identify(line, before, lines)
    known: Json = before.get(line_id, {}).get("JournalEntryLineDetail", {})
    account = books.refer("Account", detail["AccountRef"], was=known.get("AccountRef"))
    name = detail.get("Entity", {})
    if name:
        if "EntityRef" not in name or "Type" not in name:
            raise missing("Entity.EntityRef")
        named(books, name["EntityRef"], name["Type"])
    kind = account.document["AccountType"]
    if kind in CONTROL and name.get("Type", "").title() != CONTROL[kind][0]:
        raise business(NEEDS_NAME[kind])
    if "JournalCodeRef" in detail:
        raise NotSimulated("JournalCodeRef on journal entries")
    settle_tracking(books, detail, known)
    result: Json = {"Id": line_id}
    for part in ("Description", "Amount", "DetailType"):
        if part in line:
            result[part] = line[part]
    result["JournalEntryLineDetail"] = JOURNAL_DETAIL.arrange(detail)
    return result


def settle_deposit(books: Books, document: Json, record: Record | None) -> int:
    """Lines are received payments taken out of Undeposited Funds, or amounts on an account."""
    given, old = document.get("Line"), record.document if record else {}
    if not given:
        raise missing("Line")
    before = {line["Id"]: line for line in old.get("Line", ()) if "Id" in line}
    lines = Lines(last_id=record.last_line if record else 0)
    for line in given:
        if line.get("Amount") is None:
            raise missing("Line.Amount")
        if line.get("LinkedTxn"):
            own_id, currency = str(record.id) if record else "", document["CurrencyRef"]["value"]
            lines.items.append(_linked_line(books, line, before, lines, own_id, currency))
        else:
            lines.items.append(_deposit_line(books, line, before, lines))
    total = sum((line["Amount"] for line in lines.items), Decimal(0))
    back = document.get("CashBack")
    if back:
        if "AccountRef" not in back or "Amount" not in back:
            raise missing("CashBack.AccountRef")
        require_type(books, back["AccountRef"], (), "CashBack", old.get("CashBack", {}).get("AccountRef"))
        total -= back["Amount"]
    if total < 0:
        raise business(books.settings.negative_total_text)
    document["Line"] = lines.items
    document["TotalAmt"] = wire.money(total)
    return lines.last_id


def _deposit_line(books: Books, line: Json, before: dict[str, Json], lines: Lines) -> Json:
    detail = line.get("DepositLineDetail")
    if detail is None or "AccountRef" not in detail:
        raise missing("Line.DepositLineDetail.AccountRef")
    line_id = identify(line, before, lines)
    known: Json = before.get(line_id, {}).get("DepositLineDetail", {})
    account = books.refer("Account", detail["AccountRef"], was=known.get("AccountRef"))
    name = detail.get("Entity")
    if name:
        name.setdefault("type", "CUSTOMER")
        kind = name["type"]
        named(books, name, kind)
        name["type"] = kind
    control = CONTROL.get(account.document["AccountType"])
    if control and (not name or name["type"].title() != control[0]):
        raise business(NEEDS_NAME[account.document["AccountType"]])
    if "PaymentMethodRef" in detail:
        books.refer("PaymentMethod", detail["PaymentMethodRef"], was=known.get("PaymentMethodRef"))
    if "TaxCodeRef" in detail:
        raise NotSimulated("tax on deposits")
    settle_tracking(books, detail, known)
    result: Json = {"Id": line_id, "LineNum": len(lines.items) + 1}
    if "Description" in line:
        result["Description"] = line["Description"]
    result |= {"Amount": line["Amount"], "DetailType": "DepositLineDetail"}
    result["DepositLineDetail"] = DEPOSIT_DETAIL.arrange(detail)
    return result


def _linked_line(books: Books, line: Json, before: dict[str, Json], lines: Lines, own_id: str, currency: str) -> Json:
    link = line["LinkedTxn"][0]
    kind, source_id = link.get("TxnType", ""), str(link.get("TxnId", ""))
    if kind not in DEPOSITED:
        raise NotSimulated(f"deposits of {kind or 'nothing'}")
    number = object_id(source_id)
    source = books.find(ENTITIES[kind], number) if number is not None else None
    if source is None:
        raise bad_reference("Transactions", source_id)
    links = [one for one in source.document.get("LinkedTxn", ()) if one.get("TxnId") != own_id]
    refuse_deposited({"LinkedTxn": links})
    if source.document["CurrencyRef"]["value"] != currency:
        raise business(f"The {source.entity.label} {source_id} is in another currency.", "LinkedTxn")
    undeposited = undeposited_funds(books)
    if source.document.get("DepositToAccountRef", {}).get("value") != (undeposited or {}).get("value"):
        raise business(f"The {source.entity.label} {source_id} is not in Undeposited Funds.", "LinkedTxn")
    if line["Amount"] != source.document["TotalAmt"]:
        raise business(
            f"The amount of the {source.entity.label} {source_id} must be deposited as a whole.", "Line.Amount"
        )
    return {
        "Id": identify(line, before, lines),
        "LineNum": len(lines.items) + 1,
        "Amount": line["Amount"],
        "LinkedTxn": [{"TxnId": source_id, "TxnLineId": str(link.get("TxnLineId", "0")), "TxnType": kind}],
    }


def link_deposit(books: Books, id: int, old: Json | None, new: Json | None) -> None:
    """What is deposited points to its deposit, and is free again when it is taken out."""
    link = {"TxnId": str(id), "TxnType": "Deposit"}
    before, after = _deposited(old), _deposited(new)
    for kind, source_id in before ^ after:
        source = books.find(openlines.entity_of(kind), source_id)
        if source is not None:
            document = dict(source.document)
            others = [one for one in document.get("LinkedTxn", []) if one != link]
            document["LinkedTxn"] = [*others, link] if (kind, source_id) in after else others
            if not document["LinkedTxn"]:
                del document["LinkedTxn"]
            books.replace(source, document, bump=False)


def _deposited(document: Json | None) -> set[tuple[str, int]]:
    lines = (document or {}).get("Line", [])
    return {(link["TxnType"], int(link["TxnId"])) for line in lines for link in line.get("LinkedTxn", [])}


def settle_transfer(books: Books, document: Json, record: Record | None) -> int:
    """A positive amount between two different accounts."""
    ends = [document[name]["value"] for name in document if name.endswith("AccountRef")]
    if len(set(ends)) < len(ends):
        raise business("The two accounts must be different.")
    if document["Amount"] <= 0:
        raise business("You must set a transaction amount.", "Amount")
    document.pop("Line", None)
    return 0
