"""Document numbers: given or assigned, and their duplicates."""

from qbo_simulator.books import Books, Record
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault
from qbo_simulator.wire import Json

SALES_FORMS = ("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt", "Estimate")
# Cheques have one number space, whether they pay a bill or an expense.
CHEQUES = ("BillPayment", "Purchase")
MARKS = ",".join("?" * len(SALES_FORMS))
ALLOW_DUPLICATE = "allowduplicatedocnum"


def settle_doc_number(
    books: Books, entity: EntityType, form: Json, record: Record | None, flags: frozenset[str]
) -> None:
    """Assign the next number where the company (or ``AutoDocNumber``) wants it, and refuse duplicates (6140)."""
    preferences = books.company.preferences
    is_automatic = form.pop("AutoDocNumber", None) or (record is None and not preferences["CustomTxnNumbers"])
    number = form.get("DocNumber")
    if record is not None and number == record.document.get("DocNumber"):
        return
    if is_automatic and (number is None or _is_replaced(books, record)):
        form["DocNumber"] = next_number(books)
    elif number is not None and preferences["WarnDuplicateDocNumbers"] and ALLOW_DUPLICATE not in flags:
        refuse_duplicate(books, entity, number, record.id if record else 0)


def _is_replaced(books: Books, record: Record | None) -> bool:
    """Whether a number that was sent gives way, because QBO numbers the company's forms itself."""
    is_custom = bool(books.company.preferences["CustomTxnNumbers"])
    return record is None and not is_custom and books.settings.number_when_automatic == "replace"


def next_number(books: Books) -> str:
    """The company's next number of sales forms that is not taken."""
    while True:
        number = str(1000 + books.next_id("document numbers"))
        taken = books.database.execute(
            f"select 1 from objects where company = ? and entity in ({MARKS}) "  # noqa: S608 - question marks only
            "and deleted = 0 and doc_number = ? limit 1",
            (books.company.key, *SALES_FORMS, number),
        ).fetchone()
        if not taken:
            return number


def refuse_duplicate_number(
    books: Books, entity: EntityType, form: Json, record: Record | None, flags: frozenset[str]
) -> None:
    """6140 for a number that was given and is taken, where the company wants to be warned."""
    number = form.get("DocNumber")
    is_new = number is not None and (record is None or number != record.document.get("DocNumber"))
    if is_new and books.company.preferences["WarnDuplicateDocNumbers"] and ALLOW_DUPLICATE not in flags:
        refuse_duplicate(books, entity, str(number), record.id if record else 0)


def refuse_duplicate(books: Books, entity: EntityType, number: str, own_id: int) -> None:
    """6140 names the transaction that has the number."""
    is_shared = books.settings.duplicate_numbers_across == "sales_forms" and entity.name in SALES_FORMS
    spaces = SALES_FORMS if is_shared else CHEQUES if entity.name in CHEQUES else (entity.name,)
    marks = ",".join("?" * len(spaces))
    for name, object_id in books.database.execute(
        f"select entity, id from objects where company = ? and entity in ({marks}) "  # noqa: S608 - question marks only
        "and deleted = 0 and doc_number = ? order by id",
        (books.company.key, *spaces, number),
    ):
        if object_id != own_id:
            raise Fault(
                "6140",
                "Duplicate Document Number Error : You must specify a different number. This number has already been "
                f"used. DocNumber={number} is assigned to TxnType={ENTITIES[name].label} with TxnId={object_id}",
            )
