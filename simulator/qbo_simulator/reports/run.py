"""``GET /reports/{name}``."""

from collections.abc import Callable
from datetime import date

from qbo_simulator import ledger
from qbo_simulator.books import Books
from qbo_simulator.clock import add_days
from qbo_simulator.entities.fields import day
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, NotSimulated, unsupported
from qbo_simulator.openlines import open_of
from qbo_simulator.reports.layout import amount, column, data, report, section
from qbo_simulator.wire import Json

# account type: (group, title) in the order of the report
PROFIT_AND_LOSS = {
    "Income": ("Income", "Income"),
    "Cost of Goods Sold": ("COGS", "Cost of Goods Sold"),
    "Expense": ("Expenses", "Expenses"),
    "Other Income": ("OtherIncome", "Other Income"),
    "Other Expense": ("OtherExpenses", "Other Expenses"),
}
ASSETS = {
    "Bank": ("BankAccounts", "Bank Accounts"),
    "Accounts Receivable": ("AR", "Accounts Receivable"),
    "Other Current Asset": ("OtherCurrentAssets", "Other Current Assets"),
    "Fixed Asset": ("FixedAssets", "Fixed Assets"),
    "Other Asset": ("OtherAssets", "Other Assets"),
}
LIABILITIES = {
    "Accounts Payable": ("AP", "Accounts Payable"),
    "Credit Card": ("CreditCards", "Credit Cards"),
    "Other Current Liability": ("OtherCurrentLiabilities", "Other Current Liabilities"),
    "Long Term Liability": ("LongTermLiabilities", "Long-Term Liabilities"),
}
EQUITY = {"Equity": ("Equity", "Equity")}
AGES = ("Current", "1 - 30", "31 - 60", "61 - 90", "91 and over")
DAYS_OF_AN_AGE = 30
# Of these no report tells.
NOT_LISTED = ("TimeActivity", "RecurringTransaction", "ReimburseCharge", "Attachable")
MONEY = column("Total", "Money", "total")
KNOWN = frozenset({"minorversion", "start_date", "end_date", "report_date", "accounting_method", "format"})


def run(books: Books, name: str, parameters: dict[str, str]) -> Json:
    """The report of that name; 501 for others and for parameters that would change it."""
    rule = REPORTS.get(name.lower())
    if rule is None:
        raise NotSimulated(f"the report {name}") if name.lower() in OTHER_REPORTS else unsupported(f"report {name}")
    if unknown := sorted(set(parameters) - KNOWN):
        raise NotSimulated(f"the parameter {unknown[0]} of the report {name}")
    if parameters.get("accounting_method", "Accrual").lower() != "accrual":
        raise NotSimulated("reports on cash basis")
    ledger.settle(books)
    return rule(books, parameters)


def _period(books: Books, parameters: dict[str, str]) -> tuple[str, str]:
    """From the first of January to today, unless dates are given."""
    end = _day(parameters, "end_date", books.today)
    start = _day(parameters, "start_date", f"{end[:4]}-01-01")
    if start > end:
        raise Fault("2060", f"start_date is after end_date. Supplied value:{start}", element="start_date")
    return start, end


def _macro(parameters: dict[str, str]) -> dict[str, str]:
    """Without dates a report of accounts is of the year so far, and says so."""
    return {} if {"start_date", "end_date"} & set(parameters) else {"DateMacro": "this calendar year-to-date"}


def _day(parameters: dict[str, str], name: str, otherwise: str) -> str:
    return day(parameters.get(name), name) or otherwise


def _sums(books: Books, start: str, end: str) -> dict[str, list[tuple[str, str, int]]]:
    """Accounts with what was posted in a period, by account type: (path, id, cents with debits positive)."""
    by_type: dict[str, list[tuple[str, str, int]]] = {}
    rows = books.database.execute(
        "select account, sum(amount) from postings where company = ? and txn_date between ? and ? group by account",
        (books.company.key, start, end),
    ).fetchall()
    for account, cents in rows:
        record = books.find(ENTITIES["Account"], account)
        if record is not None and cents:
            entry = (record.shown, str(account), cents)
            by_type.setdefault(record.document["AccountType"], []).append(entry)
    return {kind: sorted(entries) for kind, entries in by_type.items()}


def _group(
    sums: dict[str, list[tuple[str, str, int]]], kind: str, title: tuple[str, str], sign: int
) -> tuple[Json, int]:
    entries = sums.get(kind, [])
    total = sign * sum(cents for _path, _id, cents in entries)
    rows = [data([(path, account), amount(sign * cents)]) for path, account, cents in entries]
    return section(title[0], title[1], rows, [f"Total {title[1]}", amount(total)]), total


def _profit(sums: dict[str, list[tuple[str, str, int]]]) -> int:
    return -sum(cents for kind in PROFIT_AND_LOSS for _path, _id, cents in sums.get(kind, []))


def profit_and_loss(books: Books, parameters: dict[str, str]) -> Json:
    """Income less expenses, by account."""
    start, end = _period(books, parameters)
    sums = _sums(books, start, end)
    parts = {kind: _group(sums, kind, title, -1 if "Income" in kind else 1) for kind, title in PROFIT_AND_LOSS.items()}
    gross = parts["Income"][1] - parts["Cost of Goods Sold"][1]
    operating = gross - parts["Expense"][1]
    other = parts["Other Income"][1] - parts["Other Expense"][1]
    rows = [
        parts["Income"][0],
        parts["Cost of Goods Sold"][0],
        section("GrossProfit", "", [], ["Gross Profit", amount(gross)]),
        parts["Expense"][0],
        section("NetOperatingIncome", "", [], ["Net Operating Income", amount(operating)]),
        parts["Other Income"][0],
        parts["Other Expense"][0],
        section("NetOtherIncome", "", [], ["Net Other Income", amount(other)]),
        section("NetIncome", "", [], ["Net Income", amount(operating + other)]),
    ]
    columns = [column("", "Account", "account"), MONEY]
    return report(books, "ProfitAndLoss", (start, end), columns, rows, **_macro(parameters), SummarizeColumnsBy="Total")


def balance_sheet(books: Books, parameters: dict[str, str]) -> Json:
    """What there is, and whose it is; the profit of past years stands in retained earnings."""
    start, end = _period(books, parameters)
    new_year = f"{end[:4]}-01-01"
    sums = _sums(books, "0000-01-01", end)
    earlier, this_year = (
        _profit(_sums(books, *span)) for span in (("0000-01-01", add_days(new_year, -1)), (new_year, end))
    )
    assets = [_group(sums, kind, title, 1) for kind, title in ASSETS.items()]
    liabilities = [_group(sums, kind, title, -1) for kind, title in LIABILITIES.items()]
    equity_rows, equity = _equity(books, sums, earlier, this_year)
    owned, owed = (sum(total for _part, total in parts) for parts in (assets, liabilities))
    total_liabilities = section(
        "Liabilities", "Liabilities", [part for part, _total in liabilities], ["Total Liabilities", amount(owed)]
    )
    rows = [
        section("TotalAssets", "ASSETS", [part for part, _total in assets], ["TOTAL ASSETS", amount(owned)]),
        section(
            "TotalLiabilitiesAndEquity",
            "LIABILITIES AND EQUITY",
            [total_liabilities, section("Equity", "Equity", equity_rows, ["Total Equity", amount(equity)])],
            ["TOTAL LIABILITIES AND EQUITY", amount(owed + equity)],
        ),
    ]
    columns = [column("", "Account", "account"), MONEY]
    return report(books, "BalanceSheet", (start, end), columns, rows, **_macro(parameters), SummarizeColumnsBy="Total")


def _equity(
    books: Books, sums: dict[str, list[tuple[str, str, int]]], earlier: int, this_year: int
) -> tuple[list[Json], int]:
    entries = {(path, account): -cents for path, account, cents in sums.get("Equity", [])}
    row = books.database.execute(
        "select id, name from objects where company = ? and entity = 'Account' and "
        "json_extract(body, '$.AccountSubType') = 'RetainedEarnings' order by id limit 1",
        (books.company.key,),
    ).fetchone()
    retained = (row[1], str(row[0])) if row else ("Retained Earnings", "")
    entries[retained] = entries.get(retained, 0) + earlier
    rows = [data([name, amount(cents)]) for name, cents in sorted(entries.items()) if cents]
    rows.append(data(["Net Income", amount(this_year)]))
    return rows, sum(entries.values()) + this_year


def customer_balance(books: Books, parameters: dict[str, str]) -> Json:
    """What every customer owes today."""
    _refuse_foreign(books, "CustomerBalance")
    found = books.database.execute(
        "select id, full_name, balance from objects where company = ? and entity = 'Customer' and deleted = 0 "
        "and balance <> 0 order by full_name, id",
        (books.company.key,),
    ).fetchall()
    rows = [data([(name, str(row_id)), amount(cents)]) for row_id, name, cents in found]
    if rows:
        rows.append(section("GrandTotal", "", [], ["TOTAL", amount(sum(row[2] for row in found))]))
    columns = [column("", "Customer", "cust_name"), MONEY]
    return report(books, "CustomerBalance", (None, books.today), columns, rows)


def aged_receivables(books: Books, parameters: dict[str, str]) -> Json:
    """What is open today, by customer and by the days since it was due; credits count from their own date."""
    _refuse_foreign(books, "AgedReceivables")
    at = _day(parameters, "report_date", books.today)
    if at < books.today:
        raise NotSimulated("aged receivables of a past day")
    ages: dict[int, list[int]] = {}
    for customer, since, cents in _open(books):
        days = (date.fromisoformat(at) - date.fromisoformat(since)).days
        age = min(max(0, -(-days // DAYS_OF_AN_AGE)), len(AGES) - 1)
        ages.setdefault(customer, [0] * len(AGES))[age] += cents
    names = {one: books.get(ENTITIES["Customer"], one).document["FullyQualifiedName"] for one in ages}
    rows = [
        data([(names[row_id], str(row_id)), *map(amount, parts), amount(sum(parts))])
        for row_id, parts in sorted(ages.items(), key=lambda one: (names[one[0]], one[0]))
        if any(parts)
    ]
    if rows:
        sums = [sum(parts[place] for parts in ages.values()) for place in range(len(AGES))]
        rows.append(section("GrandTotal", "", [], ["TOTAL", *map(amount, sums), amount(sum(sums))]))
    keys = ("current", "0", "1", "2", "3")
    ageing = [column(title, "Money", key) for title, key in zip(AGES, keys, strict=True)]
    return report(books, "AgedReceivables", (None, at), [column("", "Customer", "cust_name"), *ageing, MONEY], rows)


def _open(books: Books) -> list[tuple[int, str, int]]:
    """Open amounts: (customer, day they count from, cents)."""
    found: list[tuple[int, str, int]] = books.database.execute(
        "select customer, due_date, balance from objects where company = :c and entity = 'Invoice' and deleted = 0 "
        "and balance > 0 union all "
        "select customer, txn_date, -balance from objects where company = :c and entity = 'CreditMemo' and deleted = 0 "
        "and balance > 0 union all "
        "select customer, txn_date, -cast(round(json_extract(body, '$.UnappliedAmt') * 100) as integer) from objects "
        "where company = :c and entity = 'Payment' and deleted = 0",
        {"c": books.company.key},
    ).fetchall()
    for name, row_id in books.database.execute(
        "select entity, id from objects where company = ? and deleted = 0 and (entity in ('JournalEntry', 'Deposit') or "
        "entity = 'Purchase' and json_extract(body, '$.EntityRef.type') = 'Customer')",
        (books.company.key,),
    ).fetchall():
        record = books.get(ENTITIES[name], row_id)
        lines = open_of(books, record)
        found += [(party, record.document["TxnDate"], cents) for kind, party, cents in lines if kind == "Customer"]
    return [one for one in found if one[2]]


def _refuse_foreign(books: Books, name: str) -> None:
    if books.company.is_multicurrency:
        raise NotSimulated(f"the report {name} of a company with several currencies")


def transaction_list(books: Books, parameters: dict[str, str]) -> Json:
    """All transactions of a period, with their names and amounts."""
    start, end = _period(books, parameters)
    names = [name for name, entity in ENTITIES.items() if entity.is_transaction and name not in NOT_LISTED]
    marks = ",".join("?" * len(names))
    found = books.database.execute(
        "select entity, id, txn_date, doc_number, customer, coalesce(total, 0) from objects "  # noqa: S608 - question marks only
        f"where company = ? and deleted = 0 and entity in ({marks}) and txn_date between ? and ? order by txn_date, id",
        (books.company.key, *names, start, end),
    ).fetchall()
    rows = [
        data(
            [
                txn_date,
                (ENTITIES[entity].label, str(row_id)),
                number or "",
                "Yes" if ENTITIES[entity].posts else "No",
                _name(books, party),
                amount(cents),
            ]
        )
        for entity, row_id, txn_date, number, party, cents in found
    ]
    columns = [
        column("Date", "Date", "tx_date"),
        column("Transaction Type", "String", "txn_type"),
        column("Num", "String", "doc_num"),
        column("Posting", "Boolean", "is_no_post"),
        column("Name", "String", "name"),
        column("Amount", "Money", "subt_nat_amount"),
    ]
    return report(books, "TransactionList", (start, end), columns, rows)


def _name(books: Books, party: int | None) -> str | tuple[str, str]:
    for entity in ("Customer", "Vendor", "Employee") if party else ():
        record = books.find(ENTITIES[entity], int(party or 0))
        if record is not None:
            return record.name, str(record.id)
    return ""


REPORTS: dict[str, Callable[[Books, dict[str, str]], Json]] = {
    "profitandloss": profit_and_loss,
    "balancesheet": balance_sheet,
    "customerbalance": customer_balance,
    "agedreceivables": aged_receivables,
    "transactionlist": transaction_list,
}
# QBO has these and the simulator does not.
OTHER_REPORTS = frozenset(
    {
        "accountlist", "agedpayables", "agedpayabledetail", "agedreceivabledetail", "cashflow", "classsales",
        "customerbalancedetail", "customerincome", "customersales", "departmentsales", "fecreport", "generalledger",
        "inventoryvaluationdetail", "inventoryvaluationsummary", "itemsales", "journalreport", "profitandlossdetail",
        "salesbyproductandservice", "taxsummary", "transactionlistbycustomer", "transactionlistbyvendor",
        "transactionlistwithsplits", "trialbalance", "vendorbalance", "vendorbalancedetail", "vendorexpenses",
    }
)  # fmt: skip
