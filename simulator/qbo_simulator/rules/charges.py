"""What is bought for a customer: each billable line has a charge, which an invoice takes up and lets go of again."""

from qbo_simulator.books import Books, Record
from qbo_simulator.entities.charges import CHARGE_DETAIL
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, NotSimulated
from qbo_simulator.openlines import KINDS, kind_of
from qbo_simulator.wire import Json

CHARGE = "ReimburseCharge"
ACCOUNT_LINE, ITEM_LINE = "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"
CHANGED = "a change of an expense's line that has been invoiced (take it out of the invoice first)"
# What of a line its charge is made of.
CONTENT = ("Amount", "Description", ACCOUNT_LINE, ITEM_LINE)


def settle_charges(books: Books, name: str, document: Json, old: Json) -> None:
    """Every billable line gets the link to its charge, or keeps it; the charge itself is made when the form is stored."""
    is_credit = name == "VendorCredit" or document.get("Credit")
    before = {line["Id"]: line for line in old.get("Line", ()) if "Id" in line}
    for line in document["Line"]:
        known = before.get(line["Id"], {})
        links = [link for link in line.pop("LinkedTxn", ()) if link["TxnType"] != CHARGE]
        if _status(line) in ("Billable", "HasBeenBilled"):
            if is_credit:
                raise NotSimulated("billable lines of a credit")
            links += _links(known) or [{"TxnId": str(books.next_id(ENTITIES[CHARGE].sequence)), "TxnType": CHARGE}]
        if links:
            line["LinkedTxn"] = links
        if any(_status(member) == "Billable" for member in line.get("GroupLineDetail", {}).get("Line", ())):
            raise NotSimulated("billable lines inside a bundle")
    after = {line["Id"]: line for line in document["Line"]}
    for line_id, line in before.items():
        if _status(line) == "HasBeenBilled" and _content(after.get(line_id, {})) != _content(line):
            raise NotSimulated(CHANGED)


def follow_charges(books: Books, name: str, id: int, old: Json | None, new: Json | None) -> None:
    """The charges of a form are those of its lines as they are now; what has been invoiced does not go away."""
    before, after = _charged(old), _charged(new)
    for number in sorted(before.keys() - after.keys()):
        charge = books.find(ENTITIES[CHARGE], number)
        if charge and charge.document["HasBeenInvoiced"]:
            raise NotSimulated(CHANGED)
        if charge:
            books.delete(charge)
    for number, line in after.items():
        content = _charge(new or {}, {"TxnId": str(id), "TxnType": kind_of(name, new or {})}, line)
        found = books.find(ENTITIES[CHARGE], number)
        if found is None:
            books.insert(ENTITIES[CHARGE], content, id=number, last_line=1)
        elif not found.document["HasBeenInvoiced"] and any(found.document.get(one) != content[one] for one in content):
            books.replace(found, content)


def set_invoiced(books: Books, charge: Record, link: Json, is_used: bool) -> None:
    """620 for one that another invoice has; its line of the expense says what it is now.

    :param link: the link to the invoice.
    """
    document = dict(charge.document)
    if is_used and document["HasBeenInvoiced"]:
        raise _unlinkable(charge, "has been invoiced already")
    document["HasBeenInvoiced"] = is_used
    others = [one for one in document["LinkedTxn"] if one != link]
    document["LinkedTxn"] = [*others, link] if is_used else others
    books.replace(charge, document)
    for one in others:
        _set_status(books, charge, one, "HasBeenBilled" if is_used else "Billable")


def check_owner(charge: Record, invoice: Json) -> None:
    """620 for a charge of another customer than the invoice's."""
    if charge.document["CustomerRef"]["value"] != invoice["CustomerRef"]["value"]:
        raise _unlinkable(charge, "belongs to another customer")


def _set_status(books: Books, charge: Record, link: Json, status: str) -> None:
    name = KINDS.get(link["TxnType"], link["TxnType"])
    expense = books.find(ENTITIES[name], int(link["TxnId"])) if name in ("Bill", "Purchase") else None
    if expense is None:
        return
    lines = [dict(line) for line in expense.document["Line"]]
    for line in lines:
        if {"TxnId": str(charge.id), "TxnType": CHARGE} in line.get("LinkedTxn", ()):
            line[line["DetailType"]] = {**line[line["DetailType"]], "BillableStatus": status}
    books.replace(expense, {**expense.document, "Line": lines})


def _unlinkable(charge: Record, why: str) -> Fault:
    text = f"The {charge.entity.label} {charge.id} that you are trying to link {why}."
    return Fault("620", text, element="LinkedTxn")


def _status(line: Json) -> str:
    detail: Json = line.get(ACCOUNT_LINE) or line.get(ITEM_LINE) or {}
    return str(detail.get("BillableStatus", ""))


def _content(line: Json) -> list[object]:
    return [line.get(name) for name in CONTENT]


def _links(line: Json) -> list[Json]:
    return [link for link in line.get("LinkedTxn", ()) if link["TxnType"] == CHARGE]


def _charged(form: Json | None) -> dict[int, Json]:
    lines = (form or {}).get("Line", ())
    return {int(link["TxnId"]): line for line in lines for link in _links(line)}


def _charge(form: Json, link: Json, line: Json) -> Json:
    detail = line.get(ACCOUNT_LINE) or line[ITEM_LINE]
    told = {name: detail[name] for name in ("ItemRef", "ClassRef", "UnitPrice", "Qty", "TaxCodeRef") if name in detail}
    if "AccountRef" in detail:
        told["ItemAccountRef"] = detail["AccountRef"]
    described = {"Description": line["Description"]} if "Description" in line else {}
    printed: Json = {
        "Id": "1",
        "LineNum": 1,
        **described,
        "Amount": line["Amount"],
        "DetailType": "ReimburseLineDetail",
    }
    printed["ReimburseLineDetail"] = CHARGE_DETAIL.arrange(told)
    charge: Json = {
        "CustomerRef": detail["CustomerRef"],
        "HasBeenInvoiced": _status(line) == "HasBeenBilled",
        "Amount": line["Amount"],
        "TxnDate": form["TxnDate"],
        "CurrencyRef": form["CurrencyRef"],
        "LinkedTxn": [{**link, "TxnLineId": line["Id"]}],
        "Line": [printed],
    }
    if "ExchangeRate" in form:
        charge["ExchangeRate"] = form["ExchangeRate"]
    return charge
