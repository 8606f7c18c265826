"""Public clients of QuickBooks Online work against the simulator without a change to their code."""

import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests

from qbo_simulator.testing import CLIENT_ID, CLIENT_SECRET, DEFAULT_REALM, REFRESH_TOKEN, RunningSimulator

intuitlib = pytest.importorskip("intuitlib.client", reason="intuit-oauth is not installed")
quickbooks = pytest.importorskip("quickbooks", reason="python-quickbooks is not installed")

from intuitlib.enums import Scopes  # noqa: E402 - only where the client is installed
from intuitlib.exceptions import AuthClientError  # noqa: E402 - as above
from quickbooks.batch import batch_create, batch_delete  # noqa: E402 - as above
from quickbooks.cdc import change_data_capture  # noqa: E402 - as above
from quickbooks.exceptions import ObjectNotFoundException, QuickbooksException  # noqa: E402 - as above
from quickbooks.objects.account import Account  # noqa: E402 - as above
from quickbooks.objects.attachable import Attachable  # noqa: E402 - as above
from quickbooks.objects.base import AttachableRef, Ref  # noqa: E402 - as above
from quickbooks.objects.bill import Bill  # noqa: E402 - as above
from quickbooks.objects.billpayment import BillPayment, BillPaymentLine, CheckPayment  # noqa: E402 - as above
from quickbooks.objects.creditcardpayment_entity import CreditCardPayment  # noqa: E402 - as above
from quickbooks.objects.creditmemo import CreditMemo  # noqa: E402 - as above
from quickbooks.objects.customer import Customer  # noqa: E402 - as above
from quickbooks.objects.department import Department  # noqa: E402 - as above
from quickbooks.objects.deposit import Deposit, DepositLine, DepositLineDetail  # noqa: E402 - as above
from quickbooks.objects.detailline import (  # noqa: E402 - as above
    AccountBasedExpenseLine,
    AccountBasedExpenseLineDetail,
    SalesItemLine,
    SalesItemLineDetail,
)
from quickbooks.objects.employee import Employee  # noqa: E402 - as above
from quickbooks.objects.estimate import Estimate  # noqa: E402 - as above
from quickbooks.objects.invoice import Invoice  # noqa: E402 - as above
from quickbooks.objects.item import Item  # noqa: E402 - as above
from quickbooks.objects.journalentry import (  # noqa: E402 - as above
    JournalEntry,
    JournalEntryLine,
    JournalEntryLineDetail,
)
from quickbooks.objects.payment import Payment, PaymentLine  # noqa: E402 - as above
from quickbooks.objects.paymentmethod import PaymentMethod  # noqa: E402 - as above
from quickbooks.objects.purchase import Purchase  # noqa: E402 - as above
from quickbooks.objects.purchaseorder import PurchaseOrder  # noqa: E402 - as above
from quickbooks.objects.recurringtransaction import (  # noqa: E402 - as above
    RecurringBill,
    RecurringInfo,
    RecurringTransaction,
    ScheduleInfo,
)
from quickbooks.objects.refundreceipt import RefundReceipt  # noqa: E402 - as above
from quickbooks.objects.salesreceipt import SalesReceipt  # noqa: E402 - as above
from quickbooks.objects.taxservice import TaxRateDetails, TaxService  # noqa: E402 - as above
from quickbooks.objects.term import Term  # noqa: E402 - as above
from quickbooks.objects.timeactivity import TimeActivity  # noqa: E402 - as above
from quickbooks.objects.trackingclass import Class  # noqa: E402 - as above
from quickbooks.objects.transfer import Transfer  # noqa: E402 - as above
from quickbooks.objects.vendor import Vendor  # noqa: E402 - as above
from quickbooks.objects.vendorcredit import VendorCredit  # noqa: E402 - as above

REDIRECT = "https://app.example/callback"


def auth_client(simulator: RunningSimulator, **tokens: str) -> Any:
    """Intuit's own OAuth client, pointed at the simulator's discovery document."""
    document = f"{simulator.base_url}/.well-known/openid_sandbox_configuration/"
    return intuitlib.AuthClient(CLIENT_ID, CLIENT_SECRET, REDIRECT, document, **tokens)


@pytest.fixture
def client(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """python-quickbooks, with the address of its production host replaced."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # oauthlib's own switch for http on this machine
    monkeypatch.setattr(quickbooks.QuickBooks, "api_url_v3", f"{simulator.base_url}/v3")
    with warnings.catch_warnings():
        # The client warns about its own future; that is not ours to mend.
        warnings.simplefilter("ignore")
        yield quickbooks.QuickBooks(
            auth_client=auth_client(simulator), refresh_token=REFRESH_TOKEN, company_id=DEFAULT_REALM
        )


def ref(value: str) -> Ref:
    """A reference."""
    reference = Ref()
    reference.value = value
    return reference


def an_invoice(amount: float = 100, customer: str = "1") -> Invoice:
    """An invoice object of the client."""
    line = SalesItemLine()
    line.Amount = amount
    line.Description = "by python-quickbooks"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = ref("1")
    invoice = Invoice()
    invoice.CustomerRef = ref(customer)
    invoice.Line.append(line)
    return invoice


@pytest.mark.row("G5")
def test_intuits_oauth_client_signs_on_refreshes_and_revokes(simulator: RunningSimulator) -> None:
    """Authorization URL, code, tokens, user, refresh, revocation; then its own exception."""
    client = auth_client(simulator)
    url = client.get_authorization_url([Scopes.ACCOUNTING, Scopes.OPENID])
    page = requests.get(url, timeout=30)
    decision = dict(parse_qsl(urlsplit(url).query)) | {"realm_id": DEFAULT_REALM, "decision": "connect"}
    back = requests.post(f"{simulator.base_url}/connect/oauth2", data=decision, allow_redirects=False, timeout=30)
    query = dict(parse_qsl(urlsplit(back.headers["location"]).query))

    client.get_bearer_token(query["code"], realm_id=query["realmId"])
    user = client.get_user_info()
    client.refresh()
    revoked = client.revoke()

    assert page.status_code == 200
    assert query["state"] == client.state_token
    assert user.json()["givenName"] == "Craig"
    assert revoked is True
    with pytest.raises(AuthClientError, match="invalid_grant"):
        client.refresh()


@pytest.mark.row("G5")
def test_python_quickbooks_creates_reads_updates_voids_and_deletes(client: Any, simulator: RunningSimulator) -> None:
    """Objects through their whole life, with its own method names."""
    made = an_invoice().save(qb=client)
    read = Invoice.get(int(made.Id), qb=client)
    read.PrivateNote = "seen"
    read.save(qb=client)

    assert simulator.state("Invoice")[0]["PrivateNote"] == "seen"
    Invoice.get(int(made.Id), qb=client).void(qb=client)
    assert simulator.state("Invoice")[0]["TotalAmt"] == 0
    Invoice.get(int(made.Id), qb=client).delete(qb=client)
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(int(made.Id), qb=client)


def test_python_quickbooks_queries(client: Any) -> None:
    """all, filter, where, choose, count, and its fixed query of items."""
    customers = Customer.all(qb=client)

    assert len(customers) == 29
    assert Customer.filter(Active=True, FamilyName="Cho", qb=client)[0].DisplayName == "Mark Cho"
    assert Customer.where("DisplayName LIKE 'Amy%'", qb=client)[0].Id == "1"
    assert len(Customer.choose(["1", "2"], field="Id", qb=client)) == 2
    assert Customer.count(qb=client) == 29
    assert len(Item.all(qb=client)) == 18


@pytest.mark.row("G5")
def test_python_quickbooks_batches(client: Any, simulator: RunningSimulator) -> None:
    """Good items are made, bad ones reported."""
    result = batch_create([an_invoice(), an_invoice(customer="999"), an_invoice()], qb=client)

    assert (len(result.successes), len(result.faults)) == (2, 1)
    assert result.faults[0].Error[0].code == "2500"
    deleted = batch_delete(result.successes, qb=client)
    assert len(deleted.successes) == 2
    assert simulator.state("Invoice") == []


def test_python_quickbooks_pays_an_invoice(client: Any, simulator: RunningSimulator) -> None:
    """A payment linked to the invoice by the client's own helper; then voided."""
    made = an_invoice(100).save(qb=client)
    line = PaymentLine()
    line.Amount = 40
    line.LinkedTxn.append(made.to_linked_txn())
    payment = Payment()
    payment.CustomerRef = ref("1")
    payment.TotalAmt = 40
    payment.Line.append(line)

    paid = payment.save(qb=client)

    assert simulator.state("Invoice")[0]["Balance"] == 60
    Payment.get(int(paid.Id), qb=client).void(qb=client)
    assert simulator.state("Invoice")[0]["Balance"] == 100


def test_python_quickbooks_captures_changes(client: Any) -> None:
    """CDC for several entities."""
    made = an_invoice().save(qb=client)
    # The client drops the offset of a time; QBO then takes it as Pacific.
    since = datetime.now(ZoneInfo("America/Los_Angeles")) - timedelta(minutes=10)

    changes = change_data_capture([Invoice, Customer], since, qb=client)

    assert [one.Id for one in changes.Invoice] == [made.Id]


def test_python_quickbooks_sends_and_downloads(client: Any, simulator: RunningSimulator) -> None:
    """send with an address, and the PDF."""
    made = an_invoice().save(qb=client)

    made.send(qb=client, send_to="x@y.example")

    assert simulator.state("Invoice")[0]["EmailStatus"] == "EmailSent"
    assert made.download_pdf(qb=client).startswith(b"%PDF-")


def test_python_quickbooks_reports_quickbooks_errors(client: Any) -> None:
    """Its exception carries code and detail."""
    with pytest.raises(QuickbooksException) as caught:
        an_invoice(customer="999").save(qb=client)

    assert (caught.value.error_code, "Names element id 999 not found" in caught.value.detail) == (2500, True)


def test_python_quickbooks_repeats_with_a_request_id(client: Any, simulator: RunningSimulator) -> None:
    """The same id twice makes one customer."""
    customers = []
    for _ in range(2):
        customer = Customer()
        customer.DisplayName = "Only once"
        customers.append(customer.save(qb=client, request_id="the-same"))

    assert customers[0].Id == customers[1].Id
    assert len(simulator.state("Customer", name="Only once")) == 1
    assert Decimal(str(customers[0].Balance)) == 0


def filled(kind: type, **values: Any) -> Any:
    """An object of the client with values."""
    one = kind()
    for name, value in values.items():
        setattr(one, name, value)
    return one


def bought(amount: float = 30) -> Any:
    """A line on an account."""
    detail = filled(AccountBasedExpenseLineDetail, AccountRef=ref("7"))
    return filled(AccountBasedExpenseLine, Amount=amount, AccountBasedExpenseLineDetail=detail)


def journal_line(side: str, account: str) -> Any:
    """A debit or a credit."""
    detail = filled(JournalEntryLineDetail, PostingType=side, AccountRef=ref(account))
    return filled(JournalEntryLine, Amount=12.5, JournalEntryLineDetail=detail)


def deposit_line() -> Any:
    """Money from an account."""
    return filled(DepositLine, Amount=20, DepositLineDetail=filled(DepositLineDetail, AccountRef=ref("83")))


OBJECTS: dict[str, Any] = {
    "account": lambda: filled(Account, Name="New", AccountType="Bank"),
    "bill": lambda: filled(Bill, VendorRef=ref("30"), Line=[bought()]),
    "class": lambda: filled(Class, Name="New"),
    "credit memo": lambda: filled(CreditMemo, CustomerRef=ref("1"), Line=an_invoice().Line),
    "credit card payment": lambda: filled(
        CreditCardPayment, CreditCardAccountRef=ref("41"), BankAccountRef=ref("35"), Amount=25, PrivateNote="x"
    ),
    "customer": lambda: filled(Customer, DisplayName="New"),
    "department": lambda: filled(Department, Name="New"),
    "deposit": lambda: filled(Deposit, DepositToAccountRef=ref("35"), Line=[deposit_line()]),
    "employee": lambda: filled(Employee, GivenName="New", FamilyName="One"),
    "estimate": lambda: filled(Estimate, CustomerRef=ref("1"), Line=an_invoice().Line),
    "invoice": an_invoice,
    "item": lambda: filled(Item, Name="New", Type="Service", IncomeAccountRef=ref("1")),
    "journal entry": lambda: filled(JournalEntry, Line=[journal_line("Debit", "35"), journal_line("Credit", "34")]),
    "payment method": lambda: filled(PaymentMethod, Name="New"),
    "purchase": lambda: filled(Purchase, PaymentType="CreditCard", AccountRef=ref("41"), Line=[bought()]),
    "purchase order": lambda: filled(PurchaseOrder, VendorRef=ref("30"), APAccountRef=ref("33"), Line=[bought()]),
    "refund": lambda: filled(
        RefundReceipt, CustomerRef=ref("1"), DepositToAccountRef=ref("35"), Line=an_invoice().Line
    ),
    "sales receipt": lambda: filled(SalesReceipt, CustomerRef=ref("1"), Line=an_invoice().Line),
    "term": lambda: filled(Term, Name="New", DueDays=7),
    "time": lambda: filled(TimeActivity, NameOf="Employee", EmployeeRef=ref("54"), Hours=2, Minutes=0),
    "transfer": lambda: filled(Transfer, FromAccountRef=ref("35"), ToAccountRef=ref("36"), Amount=10),
    "vendor": lambda: filled(Vendor, DisplayName="New"),
    "vendor credit": lambda: filled(VendorCredit, VendorRef=ref("30"), Line=[bought()]),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_python_quickbooks_knows_every_entity(client: Any, name: str) -> None:
    """Made, read, changed and found by the client's own objects, with all the fields that it sends; deleted where it can."""
    made = OBJECTS[name]().save(qb=client)
    kind = type(made)

    read = kind.get(int(made.Id), qb=client)
    changed = read.save(qb=client)
    found = kind.choose([made.Id], field="Id", qb=client)

    assert (read.Id, [one.Id for one in found]) == (made.Id, [made.Id])
    assert int(changed.SyncToken) in (0, 1)
    if hasattr(changed, "delete"):
        changed.delete(qb=client)
        with pytest.raises(ObjectNotFoundException):
            kind.get(int(made.Id), qb=client)


def test_python_quickbooks_pays_a_bill_and_voids_the_payment(client: Any, simulator: RunningSimulator) -> None:
    """Its bill payment, linked by its own helper."""
    bill = filled(Bill, VendorRef=ref("30"), Line=[bought(30)]).save(qb=client)
    line = filled(BillPaymentLine, Amount=20, LinkedTxn=[bill.to_linked_txn()])
    cheque = filled(CheckPayment, BankAccountRef=ref("35"))
    payment = filled(
        BillPayment, VendorRef=ref("30"), PayType="Check", CheckPayment=cheque, TotalAmt=20, Line=[line]
    ).save(qb=client)

    assert simulator.state("Bill")[0]["Balance"] == 10
    payment.void(qb=client)
    assert simulator.state("Bill")[0]["Balance"] == 30


def test_python_quickbooks_attaches_a_file(client: Any, simulator: RunningSimulator) -> None:
    """A file in base64, as it sends them, comes back as it was."""
    made = an_invoice().save(qb=client)
    target = filled(AttachableRef, EntityRef=filled(Ref, type="Invoice", value=made.Id))
    attachment = filled(Attachable, FileName="a.txt", ContentType="text/plain", AttachableRef=[target])
    attachment._FileBytes = b"hello"

    attachment.save(qb=client)

    [stored] = simulator.state("Attachable")
    assert (stored["FileName"], stored["Size"], stored["ContentType"]) == ("a.txt", 5, "text/plain")
    assert requests.get(stored["TempDownloadUri"], timeout=30).content == b"hello"


def test_python_quickbooks_makes_tax_codes_and_reads_reports(client: Any) -> None:
    """Its tax service, its exchange rates and the reports."""
    rate = filled(TaxRateDetails, TaxRateName="New", RateValue=3, TaxAgencyId=1, TaxApplicableOn="Sales")

    made = filled(TaxService, TaxCode="New", TaxRateDetails=[rate]).save(qb=client)

    assert made.TaxCodeId is not None
    assert client.get_report("BalanceSheet")["Header"]["ReportName"] == "BalanceSheet"


def test_python_quickbooks_keeps_templates(client: Any, simulator: RunningSimulator) -> None:
    """A recurring bill is saved, changed, listed and deleted; no bill is made."""
    line = AccountBasedExpenseLine()
    line.Amount = 30
    line.AccountBasedExpenseLineDetail = AccountBasedExpenseLineDetail()
    line.AccountBasedExpenseLineDetail.AccountRef = ref("7")
    info = RecurringInfo()
    info.Name, info.Active = "Telephone", True
    info.ScheduleInfo = ScheduleInfo()
    info.ScheduleInfo.IntervalType, info.ScheduleInfo.DayOfMonth = "Monthly", 1
    wanted = RecurringTransaction()
    wanted.Bill = RecurringBill()
    wanted.Bill.VendorRef, wanted.Bill.Line, wanted.Bill.RecurringInfo = ref("30"), [line], info

    made = wanted.save(qb=client)
    made.Bill.PrivateNote = "changed"
    changed = made.save(qb=client)
    listed = RecurringTransaction.all(qb=client)
    changed.delete(qb=client)

    assert (changed.Bill.Id, changed.Bill.PrivateNote) == (made.Bill.Id, "changed")
    assert [one.Bill.RecurringInfo.Name for one in listed] == ["Telephone"]
    assert RecurringTransaction.all(qb=client) == []
    assert simulator.state("Bill") == []
