"""Journal entries, deposits, transfers, payments of credit cards, and the balances of accounts."""

from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import deposit_line, journal_line, named


def balance(qbo: Qbo, account: str) -> Any:
    """CurrentBalance of an account."""
    return qbo.read("Account", account)["CurrentBalance"]


def test_a_journal_entry_posts_and_moves_what_names_owe(qbo: Qbo) -> None:
    """Line ids begin with 0; a line on receivables raises the customer's balance; deleting it undoes both."""
    made = qbo.create(
        "JournalEntry",
        Line=[journal_line("Debit", 25.5, "84", Entity=named("Customer", "1")), journal_line("Credit", 25.5, "35")],
    )

    assert [line["Id"] for line in made["Line"]] == ["0", "1"]
    assert made["Line"][0]["JournalEntryLineDetail"]["Entity"]["EntityRef"]["name"] == "Amy's Bird Sanctuary"
    assert (balance(qbo, "84"), balance(qbo, "35"), qbo.read("Customer", "1")["Balance"]) == (25.5, -25.5, 25.5)
    qbo.post("journalentry", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
    assert (balance(qbo, "84"), balance(qbo, "35"), qbo.read("Customer", "1")["Balance"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("lines", "code", "detail"),
    [
        ([journal_line("Debit", 1, "35")], "6000", "Fill out at least two detail lines to continue."),
        ([journal_line("Debit", 2, "35"), journal_line("Credit", 1, "36")], "2300", "Difference:1"),
        ([journal_line("Debit", -1, "35"), journal_line("Credit", -1, "36")], "2290", "-1"),
        ([journal_line("Sideways", 1, "35")], "2170", "Sideways"),
        (
            [{**journal_line("Debit", 1, "35"), "JournalEntryLineDetail": {"AccountRef": ref(35)}}],
            "2260",
            "PostingType",
        ),
        ([journal_line("Debit", 1, "999"), journal_line("Credit", 1, "36")], "2500", "Accounts element id 999"),
        (
            [journal_line("Debit", 1, "84"), journal_line("Credit", 1, "36")],
            "6000",
            "When you use Accounts Receivable, you must choose a customer in the Name field.",
        ),
        (
            [journal_line("Debit", 1, "36"), journal_line("Credit", 1, "33", Entity=named("Customer", "1"))],
            "6000",
            "When you use Accounts Payable, you must choose a vendor in the Name field.",
        ),
    ],
)
def test_journal_entries_that_quickbooks_refuses(qbo: Qbo, lines: Any, code: str, detail: str) -> None:
    """Each with its code and text; nothing is posted."""
    refused = qbo.post("journalentry", {"Line": lines})

    assert refused.error["code"] == code
    assert detail in refused.error["Detail"]
    assert (balance(qbo, "35"), balance(qbo, "36")) == (0, 0)


def test_a_deposit_takes_payments_out_of_undeposited_funds_and_locks_them(qbo: Qbo) -> None:
    """The payment points to its deposit and cannot be changed (6540) until it is taken out."""
    payment = qbo.create("Payment", CustomerRef=ref(1), TotalAmt=50)
    link = {"Amount": 50, "LinkedTxn": [{"TxnId": payment["Id"], "TxnLineId": "0", "TxnType": "Payment"}]}
    deposit = qbo.create("Deposit", DepositToAccountRef=ref(35), Line=[link, deposit_line(5)])
    identity = {"Id": payment["Id"], "SyncToken": "0"}

    refused = [
        qbo.post("payment", {**payment, "TotalAmt": 60}),
        qbo.post("payment", identity, operation="delete"),
        qbo.post("payment", {**identity, "sparse": True}, operation="update", include="void"),
        qbo.post("deposit", {"DepositToAccountRef": ref(35), "Line": [link]}),
    ]

    assert [answer.error["code"] for answer in refused] == ["6540"] * 4
    assert (deposit["TotalAmt"], balance(qbo, "35"), balance(qbo, "4")) == (55, 55, 0)
    assert qbo.read("Payment", payment["Id"])["LinkedTxn"] == [{"TxnId": deposit["Id"], "TxnType": "Deposit"}]
    qbo.post("deposit", {"Id": deposit["Id"], "SyncToken": "0"}, operation="delete")
    assert (balance(qbo, "35"), balance(qbo, "4")) == (0, 50)
    assert qbo.post("payment", identity, operation="delete").status == 200


def test_a_deposit_is_refused_for_part_of_a_payment_and_for_money_that_is_elsewhere(qbo: Qbo) -> None:
    """6000 for both, and cash back lowers what reaches the bank."""
    waiting = qbo.create("Payment", CustomerRef=ref(1), TotalAmt=50)
    banked = qbo.create("SalesReceipt", **invoice(DepositToAccountRef=ref(36)))

    part = {"Amount": 20, "LinkedTxn": [{"TxnId": waiting["Id"], "TxnType": "Payment"}]}
    elsewhere = {"Amount": 100, "LinkedTxn": [{"TxnId": banked["Id"], "TxnType": "SalesReceipt"}]}
    answers = [qbo.post("deposit", {"DepositToAccountRef": ref(35), "Line": [line]}) for line in (part, elsewhere)]
    cash = {"AccountRef": ref(34), "Amount": 5}
    kept = qbo.create("Deposit", DepositToAccountRef=ref(35), CashBack=cash, Line=[deposit_line(20)])

    assert [answer.error["code"] for answer in answers] == ["6000", "6000"]
    assert (kept["TotalAmt"], balance(qbo, "35"), balance(qbo, "34")) == (15, 15, 5)


def test_transfers_move_money_between_two_accounts(qbo: Qbo) -> None:
    """And are refused between an account and itself, over nothing, and onto the wrong type of account."""
    qbo.create("Transfer", FromAccountRef=ref(35), ToAccountRef=ref(36), Amount=120)
    qbo.create("CreditCardPayment", CreditCardAccountRef=ref(41), BankAccountRef=ref(35), Amount=30)

    answers = [
        qbo.post("transfer", {"FromAccountRef": ref(35), "ToAccountRef": ref(35), "Amount": 1}),
        qbo.post("transfer", {"FromAccountRef": ref(35), "ToAccountRef": ref(36), "Amount": 0}),
        qbo.post("transfer", {"FromAccountRef": ref(35), "ToAccountRef": ref(36)}),
        qbo.post("creditcardpayment", {"CreditCardAccountRef": ref(36), "BankAccountRef": ref(35), "Amount": 1}),
    ]

    assert [answer.error["code"] for answer in answers] == ["6000", "6000", "2020", "6430"]
    assert (balance(qbo, "35"), balance(qbo, "36"), balance(qbo, "41")) == (-150, 120, -30)


def test_sales_post_to_receivables_income_discounts_and_tax(qbo: Qbo) -> None:
    """Balance-sheet accounts show their balance, income accounts print zero; a void takes everything back."""
    discount = {"Amount": 10, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}
    made = qbo.create("Invoice", **invoice(item_line(100, tax="TAX"), discount))
    tax = made["TxnTaxDetail"]["TotalTax"]

    assert tax > 0
    assert (balance(qbo, "84"), balance(qbo, "90"), balance(qbo, "1")) == (90 + tax, -tax, 0)
    qbo.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="void")
    assert (balance(qbo, "84"), balance(qbo, "90")) == (0, 0)


def test_an_opening_balance_is_a_journal_entry(qbo: Qbo) -> None:
    """A new account with one is posted against opening balance equity; it needs a date."""
    made = qbo.create("Account", Name="Vault", AccountType="Bank", OpeningBalance=100, OpeningBalanceDate="2026-01-01")

    assert (made["CurrentBalance"], balance(qbo, "34")) == (100, -100)
    assert qbo.simulator.state("JournalEntry")[0]["TxnDate"] == "2026-01-01"
    assert qbo.query("select * from Account where CurrentBalance = '100'").rows == [made]


@pytest.mark.parametrize(("account", "kind"), [("84", "Bank"), ("35", "Accounts Payable")])
def test_receivables_and_payables_stay_what_they_are(qbo: Qbo, account: str, kind: str) -> None:
    """501: what names owe is read from these accounts; other types change."""
    body = {**qbo.read("Account", account), "AccountSubType": None}

    refused = qbo.post("account", {**body, "AccountType": kind})
    changed = qbo.post("account", {**qbo.read("Account", "36"), "AccountType": "Other Asset", "AccountSubType": None})

    assert (refused.status, qbo.read("Account", account)["AccountType"]) == (501, body["AccountType"])
    assert changed["Account"]["AccountType"] == "Other Asset"


def test_an_account_shows_what_stands_on_its_sub_accounts(qbo: Qbo) -> None:
    """CurrentBalanceWithSubAccounts; references print the whole path of the sub-account."""
    petty = qbo.create("Account", Name="Petty", AccountType="Bank", ParentRef=ref(35))
    made = qbo.create("Transfer", FromAccountRef=ref(36), ToAccountRef=ref(petty["Id"]), Amount=5)

    above = qbo.read("Account", "35")

    assert made["ToAccountRef"]["name"] == "Checking:Petty"
    assert (above["CurrentBalance"], above["CurrentBalanceWithSubAccounts"]) == (0, 5)
