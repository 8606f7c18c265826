"""Transactions in a foreign currency: journal entries, deposits, transfers, expenses, and the accounts they move."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.applying import CHECKING, EURO, RECEIVABLE, applied, deposit, entry, expense, payment
from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import deposit_line, expense_line, journal_line, named


@pytest.fixture
def qbo(make_company: Callable[..., Qbo]) -> Qbo:
    """A US company in which a euro is 1.25 dollars and a pound 1.5."""
    rates = {"EUR": "1.25", "GBP": "1.5"}
    return make_company(preferences={"MultiCurrencyEnabled": True}, exchange_rates=rates)


def bank(qbo: Qbo, currency: str = "EUR", **values: Any) -> dict[str, Any]:
    """A bank account in a currency."""
    body = {"Name": f"Bank {currency}", "AccountType": "Bank", "CurrencyRef": ref(currency), **values}
    return dict(qbo.post("account", body)["Account"])


def balance(qbo: Qbo, account: str) -> Any:
    """CurrentBalance of an account."""
    return qbo.read("Account", account)["CurrentBalance"]


def posted(qbo: Qbo, account: str) -> str:
    """What the ledger holds on an account, in dollars."""
    ledger = qbo.simulator.ledger(qbo.realm_id)
    assert ledger["unbalanced"] == []
    return str(ledger["accounts"].get(account, "0"))


def test_a_journal_entry_in_euros_is_posted_in_dollars(qbo: Qbo) -> None:
    """At the rate of the day or its own; a euro account shows euros, a dollar account dollars."""
    euros = bank(qbo)["Id"]
    lines = [journal_line("Debit", 100, euros), journal_line("Credit", 100, CHECKING)]

    made = qbo.create("JournalEntry", Line=lines, **EURO)
    own = qbo.create("JournalEntry", Line=lines, ExchangeRate=2, **EURO)

    assert (made["ExchangeRate"], own["ExchangeRate"]) == (Decimal("1.25"), 2)
    assert (posted(qbo, euros), posted(qbo, CHECKING)) == ("325.00", "-325.00")
    assert (balance(qbo, euros), balance(qbo, CHECKING)) == (200, -325)


def test_a_euro_account_follows_what_becomes_of_its_documents(qbo: Qbo) -> None:
    """Changed, and deleted."""
    euros = bank(qbo)["Id"]
    body = {"FromAccountRef": ref(CHECKING), "ToAccountRef": ref(euros), **EURO}
    made = qbo.create("Transfer", Amount=80, **body)
    before = balance(qbo, euros)

    changed = qbo.post("transfer", {**made, "Amount": 60})["Transfer"]
    after = balance(qbo, euros)
    qbo.post("transfer", changed, operation="delete")

    assert (before, after, balance(qbo, euros), posted(qbo, euros)) == (80, 60, 0, "0")


def test_a_deposit_in_euros_tells_its_total_in_dollars(qbo: Qbo) -> None:
    """HomeTotalAmt; a customer of that currency on the line owes less, in euros."""
    customer = qbo.create("Customer", DisplayName="Berlin", **EURO)["Id"]
    qbo.create("Invoice", **invoice(item_line(100), customer=customer, **EURO))
    euros = bank(qbo)["Id"]
    line = deposit_line(40, RECEIVABLE, Entity={"value": customer, "type": "CUSTOMER"})

    made = qbo.create("Deposit", DepositToAccountRef=ref(euros), Line=[line], **EURO)

    assert (made["TotalAmt"], made["HomeTotalAmt"]) == (40, 50)
    assert qbo.read("Customer", customer)["Balance"] == 60
    assert (balance(qbo, euros), posted(qbo, euros)) == (40, "50.00")


def test_a_payment_in_euros_is_deposited_in_euros_only(qbo: Qbo) -> None:
    """6000 for a deposit in dollars."""
    customer = qbo.create("Customer", DisplayName="Berlin", **EURO)["Id"]
    paid = qbo.create("Payment", CustomerRef=ref(customer), TotalAmt=30, **EURO)
    line = {"Amount": 30, "LinkedTxn": [{"TxnId": paid["Id"], "TxnType": "Payment", "TxnLineId": "0"}]}
    body = {"DepositToAccountRef": ref(CHECKING), "Line": [line]}

    refused = qbo.post("deposit", {**body, "CurrencyRef": ref("USD")})
    made = qbo.post("deposit", {**body, **EURO})

    assert (refused.status, refused.error["code"]) == (400, "6000")
    assert (made["Deposit"]["TotalAmt"], posted(qbo, CHECKING)) == (30, "37.50")


def test_an_opening_balance_is_in_the_currency_of_its_account(qbo: Qbo) -> None:
    """200 euros are 250 dollars of equity."""
    euros = bank(qbo, OpeningBalance=200, OpeningBalanceDate="2026-01-01")["Id"]

    assert (balance(qbo, euros), posted(qbo, euros)) == (200, "250.00")


def test_a_customer_in_euros_begins_with_euros(qbo: Qbo) -> None:
    """100 of them are 125 dollars of receivables."""
    made = qbo.create("Customer", DisplayName="Berlin", Balance=100, **EURO)

    assert (made["Balance"], posted(qbo, RECEIVABLE)) == (100, "125.00")


def euro_customer_line(qbo: Qbo) -> dict[str, Any]:
    """A debit on what a customer in euros owes."""
    customer = qbo.create("Customer", DisplayName="Berlin", **EURO)["Id"]
    return journal_line("Debit", 5, RECEIVABLE, Entity=named("Customer", customer))


REFUSED: dict[str, Callable[[Qbo], tuple[str, dict[str, Any]]]] = {
    "a dollar transfer from a euro account": lambda qbo: (
        "transfer",
        {"FromAccountRef": ref(bank(qbo)["Id"]), "ToAccountRef": ref(CHECKING), "Amount": 5, "CurrencyRef": ref("USD")},
    ),
    "an entry in euros on an account in pounds": lambda qbo: (
        "journalentry",
        {"Line": [journal_line("Debit", 5, bank(qbo, "GBP")["Id"]), journal_line("Credit", 5, CHECKING)], **EURO},
    ),
    "an entry in dollars on a customer in euros": lambda qbo: (
        "journalentry",
        {"Line": [euro_customer_line(qbo), journal_line("Credit", 5, CHECKING)], "CurrencyRef": ref("USD")},
    ),
    "an expense in euros for a vendor in dollars": lambda qbo: (
        "purchase",
        {"PaymentType": "Check", "AccountRef": ref(CHECKING), "Line": [expense_line(5)], **EURO}
        | {"EntityRef": {"value": "30", "type": "Vendor"}},
    ),
    "a payment in dollars into a euro account": lambda qbo: (
        "payment",
        {"CustomerRef": ref(1), "TotalAmt": 5, "DepositToAccountRef": ref(bank(qbo)["Id"]), "CurrencyRef": ref("USD")},
    ),
    "a receipt in dollars into a euro account": lambda qbo: (
        "salesreceipt",
        {**invoice(), "DepositToAccountRef": ref(bank(qbo)["Id"]), "CurrencyRef": ref("USD")},
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_document_of_two_foreign_currencies_is_refused(qbo: Qbo, case: str) -> None:
    """6000, and nothing is written."""
    path, body = REFUSED[case](qbo)

    answer = qbo.post(path, body)

    assert (answer.status, answer.error["code"]) == (400, "6000"), answer.text
    assert qbo.query(f"select count(*) from {path}").body["QueryResponse"]["totalCount"] == 0


@pytest.mark.parametrize(("code", "fault"), [("XXX", "2220"), ("eur", "2220")])
def test_a_currency_must_be_one(qbo: Qbo, code: str, fault: str) -> None:
    """2220."""
    lines = [journal_line("Debit", 5, CHECKING), journal_line("Credit", 5, "36")]

    answer = qbo.post("journalentry", {"Line": lines, "CurrencyRef": ref(code)})

    assert (answer.status, answer.error["code"]) == (400, fault)


def gains(qbo: Qbo) -> str:
    """What stands on the account for exchange gains (credits) and losses (debits)."""
    found = qbo.query("select * from Account where AccountSubType = 'ExchangeGainOrLoss'").rows
    return posted(qbo, found[0]["Id"]) if found else "none"


def in_euros(qbo: Qbo, rate: Any, entity: str = "Invoice", customer: str = "") -> dict[str, Any]:
    """A form over 100 euros at a rate."""
    customer = customer or qbo.create("Customer", DisplayName=f"Berlin {rate}", **EURO)["Id"]
    return qbo.create(entity, **invoice(item_line(100), customer=customer, ExchangeRate=rate, **EURO))


def pay(qbo: Qbo, rate: Any, *lines: tuple[Any, dict[str, Any], str], amount: Any = 100) -> dict[str, Any]:
    """A payment in euros at a rate, on the given documents."""
    applied = [{"Amount": part, "LinkedTxn": [{"TxnId": one["Id"], "TxnType": kind}]} for part, one, kind in lines]
    owner = lines[0][1]["CustomerRef"]
    return qbo.create("Payment", CustomerRef=owner, TotalAmt=amount, Line=applied, ExchangeRate=rate, **EURO)


def test_a_payment_at_another_rate_is_a_gain_or_a_loss(qbo: Qbo) -> None:
    """An invoice of 125 dollars is paid with 130: receivables are even, five dollars are gained; the void gives them back."""
    sold = in_euros(qbo, 1.25)
    paid = pay(qbo, 1.3, (100, sold, "Invoice"))
    gained = gains(qbo)

    qbo.post("payment", {"Id": paid["Id"], "SyncToken": "0"}, include="void")

    assert (gained, gains(qbo)) == ("-5.00", "0")
    assert posted(qbo, RECEIVABLE) == "125.00"


def test_what_a_payment_leaves_unapplied_is_at_its_own_rate(qbo: Qbo) -> None:
    """40 of 100 euros paid at 1.20: two dollars lost on these, the rest has no other rate."""
    sold = in_euros(qbo, 1.25)

    pay(qbo, 1.2, (40, sold, "Invoice"))

    assert gains(qbo) == "2.00"
    assert posted(qbo, RECEIVABLE) == "3.00"
    assert posted(qbo, "4") == "120.00"


def test_a_credit_memo_of_another_rate_pays_an_invoice(qbo: Qbo) -> None:
    """No money moves; ten dollars are lost between 1.50 and 1.40."""
    sold = in_euros(qbo, 1.5)
    credit = in_euros(qbo, 1.4, "CreditMemo", sold["CustomerRef"]["value"])

    pay(qbo, 1.25, (100, sold, "Invoice"), (100, credit, "CreditMemo"), amount=0)

    assert (gains(qbo), posted(qbo, RECEIVABLE)) == ("10.00", "0.00")


def test_another_rate_of_the_invoice_is_another_gain(qbo: Qbo) -> None:
    """The payment is posted anew when what it paid changes its rate."""
    sold = in_euros(qbo, 1.25)
    pay(qbo, 1.3, (100, sold, "Invoice"))
    before = gains(qbo)

    qbo.post("invoice", {**qbo.read("Invoice", sold["Id"]), "ExchangeRate": 1.28})["Invoice"]

    assert (before, gains(qbo), posted(qbo, RECEIVABLE)) == ("-5.00", "-2.00", "0.00")


def test_a_bill_is_paid_at_another_rate(qbo: Qbo) -> None:
    """A bill of 125 dollars costs 130: five are lost, payables are even."""
    vendor = ref(qbo.create("Vendor", DisplayName="Paris", **EURO)["Id"])
    bill = qbo.create("Bill", VendorRef=vendor, Line=[expense_line(100)], **EURO)

    qbo.create(
        "BillPayment",
        VendorRef=vendor,
        TotalAmt=100,
        ExchangeRate=1.3,
        PayType="Check",
        CheckPayment={"BankAccountRef": ref(CHECKING)},
        Line=[{"Amount": 100, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}],
        **EURO,
    )

    assert (gains(qbo), posted(qbo, "33"), posted(qbo, CHECKING)) == ("5.00", "0.00", "-130.00")


def test_a_payment_is_deposited_at_another_rate(qbo: Qbo) -> None:
    """125 dollars of undeposited funds are worth 130 in the bank."""
    paid = pay(qbo, 1.25, (100, in_euros(qbo, 1.25), "Invoice"))
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": paid["Id"], "TxnLineId": "0", "TxnType": "Payment"}]}

    qbo.create("Deposit", DepositToAccountRef=ref(CHECKING), Line=[line], ExchangeRate=1.3, **EURO)

    assert (gains(qbo), posted(qbo, "4"), posted(qbo, CHECKING)) == ("-5.00", "0.00", "130.00")


Maker = tuple[str, str, Callable[[str], dict[str, Any]]]
"""Of a document: its entity, how links name it, and the request for a customer."""


@pytest.mark.parametrize(
    ("debt", "credit"),
    [
        (
            ("JournalEntry", "JournalEntry", lambda customer: entry("Debit", 100, customer)),
            ("JournalEntry", "JournalEntry", lambda customer: entry("Credit", 50, customer)),
        ),
        (
            ("Purchase", "Check", lambda customer: expense(100, customer)),
            ("Deposit", "Deposit", lambda customer: deposit((50, customer))),
        ),
    ],
    ids=["journal entries", "a refund and a deposit"],
)
def test_what_is_owed_without_a_form_is_settled_at_another_rate(qbo: Qbo, debt: Maker, credit: Maker) -> None:
    """A debt of 125 dollars paid with 130 gains five, a credit of 75 used for 65 gains ten; a new rate of the debt counts."""
    customer = qbo.create("Customer", DisplayName="Berlin", **EURO)["Id"]
    (entity, kind, owing), (other, other_kind, owed) = debt, credit
    ours = qbo.create(entity, **owing(customer), **EURO)
    his = qbo.create(other, **owed(customer), ExchangeRate=1.5, **EURO)
    lines = applied(100, ours, kind), applied(50, his, other_kind)

    qbo.create("Payment", **payment(50, *lines, customer=customer, ExchangeRate=1.3, **EURO))
    before = gains(qbo)
    qbo.post(entity.lower(), {**qbo.read(entity, ours["Id"]), "ExchangeRate": 1.28})

    assert (before, gains(qbo), posted(qbo, RECEIVABLE)) == ("-15.00", "-12.00", "0.00")
