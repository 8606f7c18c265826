"""What must hold in the books of a company, whatever was done: each equation is computed from the documents alone."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.simulator.bookkeeper import (
    BOUGHT,
    CHECKING,
    ENTITIES,
    EXPENSES,
    HOLDERS,
    MASTERCARD,
    PAYABLE,
    RECEIVABLE,
    SALES,
    SAVINGS,
    SHRINKAGE,
    UNDEPOSITED,
    in_names,
)
from tests.simulator.client import Qbo

CENT = Decimal("0.01")
COST_OF_SALES, STOCK = "80", "81"
# What leaves (or comes back) with a sale.
SOLD = (("Invoice", -1), ("SalesReceipt", -1), ("CreditMemo", 1), ("RefundReceipt", 1))
# What others are made from, and the property that says so.
SOURCES = {"Estimate": "TxnStatus", "PurchaseOrder": "POStatus"}
# Documents that move money: what it leaves, and what it comes to.
MOVES = (
    ("Transfer", "FromAccountRef", "ToAccountRef"),
    ("CreditCardPayment", "BankAccountRef", "CreditCardAccountRef"),
    ("Purchase", "AccountRef", ""),
    ("BillPayment", "CheckPayment.BankAccountRef", ""),
    ("BillPayment", "CreditCardPayment.CCAccountRef", ""),
    ("RefundReceipt", "DepositToAccountRef", ""),
    ("Deposit", "", "DepositToAccountRef"),
)
Documents = dict[str, list[Any]]
Sums = dict[str, Decimal]


def check_books(qbo: Qbo, is_foreign: bool = False) -> None:
    """All equations; in a foreign currency those that hold there."""
    documents = {name: qbo.query(f"select * from {name} maxresults 1000").rows for name in ENTITIES}
    ledger = qbo.simulator.ledger(qbo.realm_id)
    posted: Sums = defaultdict(Decimal, {account: Decimal(total) for account, total in ledger["accounts"].items()})

    assert ledger["unbalanced"] == []
    assert sum(posted.values()) == 0
    forms_add_up(documents)
    links_are_on_both_sides(documents)
    charges_are_of_billable_lines(qbo, documents)
    stock_is_what_was_bought_and_not_sold(qbo, documents, posted)
    if is_foreign:
        what_is_open_is_at_its_own_rate(qbo, documents, posted)
        return
    accounts_show_what_was_posted(qbo, posted)
    names_owe_what_their_documents_say(qbo, documents, posted)
    money_is_where_it_was_put(documents, posted)
    income_and_tax_come_from_lines(qbo, documents, posted)


def accounts_show_what_was_posted(qbo: Qbo, posted: Sums) -> None:
    """Balances of balance-sheet accounts; income and expenses show zero."""
    for account in qbo.query("select * from Account maxresults 1000").rows:
        total = Decimal(0) if account["Classification"] in ("Revenue", "Expense") else posted[account["Id"]]
        assert account["CurrentBalance"] == (-total if account["Id"] == MASTERCARD else total), account["Name"]


def names_owe_what_their_documents_say(qbo: Qbo, documents: Documents, posted: Sums) -> None:
    """Customer by customer and vendor by vendor; and all together what the control accounts hold."""
    customers = {row["Id"]: row["Balance"] for row in qbo.query("select * from Customer maxresults 1000").rows}
    vendors = {row["Id"]: row["Balance"] for row in qbo.query("select * from Vendor maxresults 1000").rows}
    receivable, payable = on_account(documents, RECEIVABLE), on_account(documents, PAYABLE)
    for payment in documents["BillPayment"]:
        payable[payment["VendorRef"]["value"]] += payment["TotalAmt"] - used(documents, payment)
    for account, name, amount, _holder in on_open_lines(documents):
        (receivable if account == RECEIVABLE else payable)[name] -= amount

    for number, balance in customers.items():
        owed = of_name(documents["Invoice"], "CustomerRef", number, "Balance")
        owed -= of_name(documents["CreditMemo"], "CustomerRef", number, "Balance")
        owed -= of_name(documents["Payment"], "CustomerRef", number, "UnappliedAmt")
        assert balance == owed + receivable[number], f"customer {number}"
    for number, balance in vendors.items():
        owed = of_name(documents["Bill"], "VendorRef", number, "Balance")
        owed -= of_name(documents["VendorCredit"], "VendorRef", number, "Balance")
        assert balance == owed - payable[number], f"vendor {number}"
    assert (posted[RECEIVABLE], posted[PAYABLE]) == (sum(customers.values()), -sum(vendors.values()))


def money_is_where_it_was_put(documents: Documents, posted: Sums) -> None:
    """Undeposited funds hold what came in and lies in no deposit; banks and cards what was moved, spent and paid."""
    moved: Sums = defaultdict(Decimal)
    for name, gives, takes in MOVES:
        for one in documents[name]:
            amount = one.get("TotalAmt", one.get("Amount"))
            for place, sign in ((gives, -1), (takes, 1)):
                account = account_at(one, place)
                moved[account] += -sign * amount if one.get("Credit") else sign * amount
    for one in documents["Deposit"]:
        if "CashBack" in one:
            moved[one["CashBack"]["AccountRef"]["value"]] += one["CashBack"]["Amount"]
    for account in (CHECKING, SAVINGS, MASTERCARD):
        assert posted[account] == moved[account], f"account {account}"
    waiting = [
        one["TotalAmt"]
        for name in ("Payment", "SalesReceipt")
        for one in documents[name]
        if not any(link["TxnType"] == "Deposit" for link in one.get("LinkedTxn", ()))
    ]
    assert posted[UNDEPOSITED] == sum(waiting) + sum(one.get("Deposit", 0) for one in documents["Invoice"])


def account_at(one: Any, place: str) -> str:
    """The account that a document names at a place; an empty text where it names none."""
    for step in place.split("."):
        one = one.get(step, {})
    return str(one.get("value", ""))


def income_and_tax_come_from_lines(qbo: Qbo, documents: Documents, posted: Sums) -> None:
    """Each income account holds the lines of its items, the tax account what the forms say."""
    items = qbo.query("select * from Item maxresults 1000").rows
    income = {row["Id"]: row["IncomeAccountRef"]["value"] for row in items if "IncomeAccountRef" in row}
    (tax_account,) = qbo.query("select * from Account where Name = 'Sales Tax Payable'").rows or [{"Id": ""}]
    expected: Sums = defaultdict(Decimal)
    for name, sign in (("Invoice", 1), ("SalesReceipt", 1), ("CreditMemo", -1), ("RefundReceipt", -1)):
        for one in documents[name]:
            expected[tax_account["Id"]] -= sign * one["TxnTaxDetail"].get("TotalTax", 0)
            for line in flat(one["Line"]):
                detail = line.get("SalesItemLineDetail")
                if detail:
                    expected[income[detail["ItemRef"]["value"]]] -= sign * line["Amount"]
                elif line["DetailType"] == "DiscountLineDetail":
                    account = line["DiscountLineDetail"]["DiscountAccountRef"]["value"]
                    expected[account] += sign * line["Amount"]
    for name, sign in (("Bill", 1), ("VendorCredit", -1), ("Purchase", 1)):
        for one in documents[name]:
            way = -sign if one.get("Credit") else sign
            expected[tax_account["Id"]] += way * one.get("TxnTaxDetail", {}).get("TotalTax", 0)
    for account in {*income.values(), tax_account["Id"], *expected}:
        assert posted[account] == expected[account], f"account {account}"


def forms_add_up(documents: Documents) -> None:
    """Lines, discount and tax make the total; what is applied makes the balance; tax is its rates on their nets."""
    applied: Sums = defaultdict(Decimal)
    for payment in (*documents["Payment"], *documents["BillPayment"]):
        for line in payment["Line"]:
            applied[" ".join(line_target(line))] += line["Amount"]
    for name in (*SALES, *BOUGHT):
        for one in documents[name]:
            tax = one.get("TxnTaxDetail", {}).get("TotalTax", 0)
            subtotal, discount = line_sums(one)
            assert one["TotalAmt"] == subtotal - discount + tax >= 0, (name, one)
            if name in ("Invoice", "CreditMemo", "Bill", "VendorCredit"):
                paid = applied[f"{name} {one['Id']}"] + one.get("Deposit", 0)
                assert one["Balance"] == one["TotalAmt"] - paid >= 0, (name, one)
            check_tax(name, one)
    for one in documents["CreditMemo"]:
        assert one["RemainingCredit"] == one["Balance"]
    for one in documents["Payment"]:
        assert one["UnappliedAmt"] == one["TotalAmt"] - used(documents, one) >= 0
    for name in HOLDERS:
        for one in documents[name]:
            for line, _account, debit, _name in in_names(one):
                assert abs(debit) >= applied[f"{name} {one['Id']} {line['Id']}"], one
    for one in documents["Deposit"]:
        back = one.get("CashBack", {}).get("Amount", 0)
        assert one["TotalAmt"] == sum(line["Amount"] for line in one["Line"]) - back


def line_sums(one: Any) -> tuple[Decimal, Decimal]:
    """The lines of a form without its discount, and the discount, which is its percentage of them."""
    kinds = ("SalesItemLineDetail", "GroupLineDetail", "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail")
    subtotal = sum((line["Amount"] for line in one["Line"] if line["DetailType"] in kinds), Decimal(0))
    discount = Decimal(0)
    for line in one["Line"]:
        if line["DetailType"] == "SubTotalLineDetail":
            assert line["Amount"] == subtotal
        elif line["DetailType"] == "DiscountLineDetail":
            percent = Decimal(line["DiscountLineDetail"]["DiscountPercent"])
            discount = line["Amount"]
            assert discount == (subtotal * percent / 100).quantize(CENT, ROUND_HALF_UP)
    return subtotal, discount


def check_tax(name: str, one: Any) -> None:
    """Gross amounts stay what they were to the cent; else every rate is taken of its net, rounded half up once."""
    detail = one.get("TxnTaxDetail", {})
    lines = detail.get("TaxLine", [])
    assert detail.get("TotalTax", 0) == sum(line["Amount"] for line in lines), (name, one)
    if one.get("GlobalTaxCalculation") == "TaxInclusive":
        gross = sum(detail.get("TaxInclusiveAmt", 0) for line in flat(one["Line"]) for detail in details(line))
        assert gross == (one["TotalAmt"] if lines else gross), (name, one)
        return
    nets = [Decimal(line["TaxLineDetail"]["NetAmountTaxable"]) for line in lines]
    if one.get("GlobalTaxCalculation") == "TaxExcluded":
        assert sum(nets) == line_sums(one)[0], (name, one)
    elif nets:
        assert set(nets) == {taxable_of(one)}, (name, one)
    for line in lines:
        rate = line["TaxLineDetail"]
        tax = Decimal(rate["NetAmountTaxable"]) * Decimal(rate["TaxPercent"]) / 100
        assert line["Amount"] == tax.quantize(CENT, ROUND_HALF_UP), (name, one)


def taxable_of(one: Any) -> Decimal:
    """In the US: the lines with tax, less their share of the discount."""
    sold = [line for line in flat(one["Line"]) if "SalesItemLineDetail" in line]
    taxed = [line["Amount"] for line in sold if line["SalesItemLineDetail"]["TaxCodeRef"]["value"] == "TAX"]
    taxable = sum(taxed, Decimal(0))
    subtotal, discount = line_sums(one)
    return (taxable - discount * taxable / subtotal).quantize(CENT, ROUND_HALF_UP) if subtotal else Decimal(0)


def flat(lines: list[Any]) -> Iterator[Any]:
    """All lines, those inside a bundle behind it, whose sum is the bundle's amount."""
    for line in lines:
        yield line
        members = line.get("GroupLineDetail", {}).get("Line", [])
        assert not members or line["Amount"] == sum(member["Amount"] for member in members)
        yield from members


def details(line: Any) -> Iterator[Any]:
    """The detail of a line that is sold or bought."""
    yield from (line[kind] for kind in line if kind.endswith("LineDetail"))


def links_are_on_both_sides(documents: Documents) -> None:
    """What a payment or a deposit names points back to it, and nothing points to what does not name it."""
    named, pointed = set(), set()
    for payment in documents["Payment"]:
        for line in payment["Line"]:
            named.add((*line_target(line)[:2], "Payment", payment["Id"]))
    for payment in documents["BillPayment"]:
        for line in payment["Line"]:
            named.add((*line_target(line)[:2], f"BillPayment{payment['PayType']}", payment["Id"]))
    for deposit in documents["Deposit"]:
        for line in deposit["Line"]:
            if line.get("LinkedTxn"):
                named.add((*line_target(line)[:2], "Deposit", deposit["Id"]))
    for name in ("Invoice", "CreditMemo", "Bill", "VendorCredit", *HOLDERS, "Payment", "SalesReceipt"):
        for one in documents[name]:
            for link in one.get("LinkedTxn", ()):
                if link["TxnType"] not in (*SOURCES, "ReimburseCharge"):
                    pointed.add((name, one["Id"], link["TxnType"], link["TxnId"]))
    assert not named ^ pointed, sorted(named ^ pointed)

    made_from, became = set(), set()
    there = {(name, one["Id"]) for name in SOURCES for one in documents[name]}
    for name in ("Invoice", "Bill", "Purchase"):
        for one in documents[name]:
            links = {(link["TxnType"], link["TxnId"]) for link in one.get("LinkedTxn", ())} & there
            made_from |= {(*link, name, one["Id"]) for link in links}
    for name, field in SOURCES.items():
        for one in documents[name]:
            links = {(link["TxnType"], link["TxnId"]) for link in one.get("LinkedTxn", ())}
            became |= {(name, one["Id"], *link) for link in links}
            assert one[field] == "Closed" or not links, (name, one)
    assert not made_from ^ became, sorted(made_from ^ became)


def charges_are_of_billable_lines(qbo: Qbo, documents: Documents) -> None:
    """One for each line that waits to be billed or has been, with its amount; invoiced is what an invoice names."""
    charged = {
        line["LinkedTxn"][0]["TxnId"]: (line["Amount"], detail["BillableStatus"] == "HasBeenBilled")
        for name in ("Bill", "Purchase")
        for one in documents[name]
        for line in one["Line"]
        for detail in details(line)
        if detail.get("BillableStatus", "NotBillable") != "NotBillable"
    }
    rows = qbo.query("select * from ReimburseCharge maxresults 1000").rows
    links = [link for one in documents["Invoice"] for link in one["LinkedTxn"] if link["TxnType"] == "ReimburseCharge"]
    assert {one["Id"]: (one["Amount"], one["HasBeenInvoiced"]) for one in rows} == charged
    assert sorted(link["TxnId"] for link in links) == sorted(one["Id"] for one in rows if one["HasBeenInvoiced"])


def line_target(line: Any) -> tuple[str, ...]:
    """What a line is linked to: entity, id, and of what has lines in names the line."""
    link = line["LinkedTxn"][0]
    name = "Purchase" if link["TxnType"] in EXPENSES else link["TxnType"]
    return (name, link["TxnId"], *([link["TxnLineId"]] if name in HOLDERS else []))


def used(documents: Documents, payment: Any) -> Decimal:
    """How much of its money, and of the credits on it, a payment has put on debts."""
    total = Decimal(0)
    for line in payment["Line"]:
        name = line_target(line)[0]
        if name not in HOLDERS:
            total += -line["Amount"] if name in ("CreditMemo", "VendorCredit") else line["Amount"]
    for account, _name, amount, _holder in on_open_lines(documents, payment):
        total += amount if account == RECEIVABLE else -amount
    return total


def on_open_lines(documents: Documents, *payments: Any) -> Iterator[tuple[str, str, Decimal, Any]]:
    """What payments (all, unless some are given) took of lines in names: account, name, amount as a debit, document."""
    lines = {
        (name, one["Id"], found[0]["Id"]): (one, *found[1:])
        for name in HOLDERS
        for one in documents[name]
        for found in in_names(one)
    }
    for payment in payments or (*documents["Payment"], *documents["BillPayment"]):
        for target, amount in ((line_target(line), line["Amount"]) for line in payment["Line"]):
            if target[0] in HOLDERS:
                one, account, debit, name = lines[target[0], target[1], target[2]]
                yield account, name, amount if debit > 0 else -amount, one


def of_name(rows: list[Any], field: str, id: str, amount: str) -> Decimal:
    """Sum of a property over the documents of one name."""
    return sum((one[amount] for one in rows if one[field]["value"] == id), Decimal(0))


def on_account(documents: Documents, account: str) -> Sums:
    """What journal entries, deposits and expenses put on an account, debits positive, by name."""
    totals: Sums = defaultdict(Decimal)
    for holder in HOLDERS:
        for one in documents.get(holder, ()):
            for _line, number, debit, name in in_names(one):
                totals[name] += debit if number == account else 0
    return totals


def stock_is_what_was_bought_and_not_sold(qbo: Qbo, documents: Documents, posted: Sums) -> None:
    """Quantity on hand; and what was paid for goods lies in stock, in what was sold, or in what is missing, to the cent."""
    [item] = qbo.query("select * from Item where Type = 'Inventory'").rows or [None]
    on_hand, paid = Decimal(10), Decimal("11.10")
    for name, sign in (*SOLD, ("Bill", 1), ("VendorCredit", -1), ("Purchase", 1)):
        for one in documents[name]:
            way = -sign if one.get("Credit") else sign
            for line in flat(one["Line"]):
                detail = line.get("SalesItemLineDetail") or line.get("ItemBasedExpenseLineDetail") or {}
                if item and detail.get("ItemRef", {}).get("value") == item["Id"]:
                    on_hand += way * detail["Qty"]
                if "ItemBasedExpenseLineDetail" in line:
                    paid += way * at_rate(line["Amount"], one)
    for one in documents["InventoryAdjustment"]:
        on_hand += sum(line["ItemAdjustmentLineDetail"]["QtyDiff"] for line in one["Line"])
    if item:
        assert item["QtyOnHand"] == on_hand
        assert posted[COST_OF_SALES] + posted[STOCK] + posted[SHRINKAGE] == paid


def at_rate(amount: Decimal, one: Any) -> Decimal:
    """The amount in the home currency."""
    return (Decimal(amount) * Decimal(one.get("ExchangeRate", 1))).quantize(CENT, ROUND_HALF_UP)


def what_is_open_is_at_its_own_rate(qbo: Qbo, documents: Documents, posted: Sums) -> None:
    """Receivables, payables and undeposited funds hold what is not settled, each document at its rate; the rest is gain or loss.

    Every posting is rounded by itself, so that a cent may stay on each line.
    """
    expected: Sums = defaultdict(Decimal)
    for name, account, sign, field in (
        ("Invoice", RECEIVABLE, 1, "Balance"),
        ("CreditMemo", RECEIVABLE, -1, "Balance"),
        ("Payment", RECEIVABLE, -1, "UnappliedAmt"),
        ("Bill", PAYABLE, -1, "Balance"),
        ("VendorCredit", PAYABLE, 1, "Balance"),
        ("Payment", UNDEPOSITED, 1, "TotalAmt"),
        ("SalesReceipt", UNDEPOSITED, 1, "TotalAmt"),
        ("Invoice", UNDEPOSITED, 1, "Deposit"),
    ):
        for one in documents[name]:
            is_deposited = any(link["TxnType"] == "Deposit" for link in one.get("LinkedTxn", ()))
            if account != UNDEPOSITED or not is_deposited:
                expected[account] += sign * at_rate(one.get(field, 0), one)
    for payment in documents["BillPayment"]:
        expected[PAYABLE] += at_rate(payment["TotalAmt"] - used(documents, payment), payment)
    for account, _name, amount, holder in on_open_lines(documents):
        expected[account] -= at_rate(amount, holder)
    for name in HOLDERS:
        for one in documents[name]:
            for account in (RECEIVABLE, PAYABLE):
                total = sum(on_account({name: [one]}, account).values(), Decimal(0))
                expected[account] += at_rate(total, one)
    lines = sum(len(one.get("Line", ())) + 1 for rows in documents.values() for one in rows)
    for account, total in expected.items():
        assert abs(posted[account] - total) <= CENT * lines, f"account {account}: {posted[account]} for {total}"
