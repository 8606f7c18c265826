"""Rules of templates: a template is a transaction that QBO would take, says how it recurs, and is made when its day comes."""

from collections.abc import Callable
from typing import Any

from qbo_simulator.books import Books, Record
from qbo_simulator.clock import add_days
from qbo_simulator.entities.fields import PACKAGE, ill_typed, unknown
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.entities.recurring import RECURRING_INFO, RECURRING_TRANSACTION, SCHEDULE, TEMPLATES, made_on
from qbo_simulator.errors import Fault, NotSimulated, missing
from qbo_simulator.rules.base import SERVER_MADE, Rules, is_sparse
from qbo_simulator.rules.schedule import check_schedule, first_from
from qbo_simulator.wire import Json

# What a transaction has, and the template of one has not yet.
OF_A_TRANSACTION = ("DocNumber", "TxnDate", "DueDate", "LinkedTxn")
# Behind every day.
LATER = "9999-12-31"
# What QBO works out again from the rest.
DERIVED = ("TxnTaxDetail", "HomeTotalAmt", "HomeBalance", "RecurDataRef", "MetaData")


def check_template(raw: Json) -> None:
    """A request holds one transaction under its name (2010, 2020)."""
    for name, body in raw.items():
        if name not in TEMPLATES:
            raise unknown(name, RECURRING_TRANSACTION.name, TEMPLATES)
        if not isinstance(body, dict):
            raise ill_typed(body, f"{PACKAGE}.{name}", name)
    if len(raw) != 1:
        raise missing("a single transaction")


class RecurringRules(Rules):
    """Templates; the automated ones are made when a call finds their day come.

    :param make: creates a transaction of an entity from a request, with all its rules.
    """

    gaps = ("change data capture",)

    def __init__(self, entity: EntityType, make: Callable[[str, Books, Json], Record]) -> None:
        super().__init__(entity)
        self.make = make

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """Store a template."""
        ((name, body),) = raw.items()
        document, last_line = self._settled(books, name, body, None)
        number = books.next_id(self.entity.sequence)
        document["RecurDataRef"] = {"value": str(number)}
        return books.insert(self.entity, {name: document}, last_line=last_line, id=number)

    def update(self, books: Books, record: Record, raw: Json, flags: frozenset[str]) -> Record:
        """Store a new version; sparse keeps what is left out, how it recurs is always kept."""
        ((name, body),) = raw.items()
        if name not in record.document:
            raise missing(next(iter(record.document)))
        old = record.document[name]
        kept = {key: value for key, value in old.items() if key not in (*SERVER_MADE, *DERIVED)}
        wanted = {**kept, **body} if is_sparse(body) else {"RecurringInfo": old["RecurringInfo"], **body}
        document, last_line = self._settled(books, name, wanted, old)
        document["RecurDataRef"] = old["RecurDataRef"]
        return books.replace(record, {name: document}, last_line=last_line)

    def delete(self, books: Books, record: Record) -> None:
        """Remove a template."""
        books.delete(record)

    def _settled(self, books: Books, name: str, body: Json, old: Json | None) -> tuple[Json, int]:
        """The transaction that would be made today, which then is not made; and how it recurs."""
        info = self._info(books, body.get("RecurringInfo"), (old or {}).get("RecurringInfo"))
        request = {key: value for key, value in body.items() if key not in (*SERVER_MADE, *OF_A_TRANSACTION)}
        books.database.execute("savepoint template")
        try:
            made = self.make(name, books, request)
        finally:
            books.database.execute("rollback to template")
            books.database.execute("release template")
            books.cache.clear()
        document = {key: value for key, value in made.document.items() if key not in OF_A_TRANSACTION}
        return {**document, "RecurringInfo": info}, made.last_line

    def _info(self, books: Books, given: Any, old: Json | None) -> Json:
        info = RECURRING_INFO(given, "RecurringInfo") if given else dict(old or {})
        if not info or "Name" not in info:
            raise missing("RecurringInfo.Name")
        schedule = info.setdefault("ScheduleInfo", {})
        if info.setdefault("RecurType", "Automated") == "Automated" and "IntervalType" not in schedule:
            raise missing("RecurringInfo.ScheduleInfo.IntervalType")
        info.setdefault("Active", True)
        check_schedule(schedule)
        if "IntervalType" in schedule:
            schedule.setdefault("StartDate", books.today)
            schedule.setdefault("NumInterval", 1)
            due = schedule.pop("NextDate", "")
            # Days that have passed are not made up for.
            if due := due if due >= books.today else first_from(schedule, books.today):
                schedule["NextDate"] = due
        return RECURRING_INFO.arrange({**info, "ScheduleInfo": SCHEDULE.arrange(schedule)})

    def make_due(self, books: Books) -> None:
        """Make the transactions of all templates whose day has come, one for each day that has passed."""
        rows = books.database.execute(
            "select id from objects where company = ? and entity = ? and deleted = 0 and due_date <= ? order by due_date, id",
            (books.company.key, self.entity.name, books.today),
        ).fetchall()
        for (number,) in rows:
            self._make_due(books, books.get(self.entity, number))

    def _make_due(self, books: Books, record: Record) -> None:
        ((name, body),) = record.document.items()
        info: Json = {**body["RecurringInfo"], "ScheduleInfo": dict(body["RecurringInfo"]["ScheduleInfo"])}
        schedule = info["ScheduleInfo"]
        request = {key: value for key, value in body.items() if key not in (*SERVER_MADE, *DERIVED, "RecurringInfo")}
        while (made_on(info) or LATER) <= books.today:
            due = schedule["PreviousDate"] = schedule.pop("NextDate")
            following = first_from(schedule, add_days(due, 1))
            is_made = self._made(books, name, {**request, "TxnDate": due}, record.id)
            number = books.next_id(f"template {record.id}") if is_made else 0
            if following and number < schedule.get("MaxOccurrences", number + 1):
                schedule["NextDate"] = following
        info["ScheduleInfo"] = SCHEDULE.arrange(schedule)
        books.replace(record, {name: {**body, "RecurringInfo": info}}, bump=False)

    def _made(self, books: Books, name: str, request: Json, template: int) -> bool:
        """One transaction; where QBO would refuse it (books closed, a customer inactive) nothing is made."""
        books.database.execute("savepoint due")
        try:
            record = self.make(name, books, request)
        except (Fault, NotSimulated):
            books.database.execute("rollback to due")
            books.cache.clear()
            return False
        finally:
            books.database.execute("release due")
        document = {**record.document, "RecurDataRef": {"value": str(template)}}
        books.replace(record, document, bump=False)
        books.note(name, record.id, "Create")
        return True
