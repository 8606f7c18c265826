"""What QuickBooks makes of our payloads: the simulator takes each of them, and its answer is what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from include.billing_sync.diff import changes, compare_answer
from include.billing_sync.mapping import MappingBook, MappingRow
from include.billing_sync.owned import owned_fields
from include.billing_sync.payloads import (
    customer_payload,
    dumps,
    invoice_payload,
    item_payload,
    update_payload,
    void_payload,
)
from include.billing_sync.settings import Named
from include.billing_sync.tax import tax_table
from qbo_simulator.testing import DEFAULT_REALM, RunningSimulator, running_simulator
from tests.core.builders import ANNA, GB, SETTINGS, US, charge, invoice, settings, tax_line

GB_REALM = "9130000000000044"
INCOME = Named("79", "Sales of Product Income")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    """One simulator with the US sample company and a British one, both with numbers of their own."""
    with running_simulator(tmp_path_factory.mktemp("payloads") / "simulator.sqlite") as running:
        running.seed(realm_id=GB_REALM, country="GB", preferences={"CustomTxnNumbers": True})
        running.preferences(CustomTxnNumbers=True)
        yield running


class Books:
    """One company as the payloads need it: its lists, and a customer of its own."""

    def __init__(self, simulator: RunningSimulator, realm_id: str, company, chosen=SETTINGS) -> None:
        self.simulator, self.realm_id, self.company, self.settings = simulator, realm_id, company, chosen
        self.taxes = tax_table(simulator.state("TaxCode", realm_id), simulator.state("TaxRate", realm_id))
        self.items = {row["Name"]: row["Id"] for row in simulator.state("Item", realm_id)}
        self.codes = {row["Name"]: row["Id"] for row in simulator.state("TaxCode", realm_id)}
        known = simulator.state("Customer", realm_id, name=ANNA.name)
        self.customer = (
            known[0]["Id"] if known else self.post("customer", customer_payload(ANNA, SETTINGS, company).body)["Id"]
        )

    @property
    def book(self) -> MappingBook:
        """Every category on Services; the taxes on Hours; each QBO tax code under its own name."""
        rows = [MappingRow("category", "*", None, self.items["Services"], "Services")]
        rows.append(MappingRow("category", "tax", None, self.items["Hours"], "Hours"))
        rows += [MappingRow("tax_code", name, None, code, name) for name, code in self.codes.items()]
        return MappingBook(rows)

    def post(self, path: str, body, **parameters: str):
        """One write; QuickBooks must take it. Answers the object."""
        status, answer = self.simulator.call("POST", path, dumps(body).encode(), realm_id=self.realm_id, **parameters)
        assert status == 200, answer
        return next(value for name, value in answer.items() if name != "time")

    def payload(self, document):
        """The payload of a document under this company's lists."""
        return invoice_payload(document, self.book, self.settings, self.company, self.customer, taxes=self.taxes)

    def create(self, document):
        """The document in QuickBooks: payload and answer."""
        payload = self.payload(document)
        return payload, self.post(payload.entity.lower(), payload.body)


@pytest.fixture
def us(simulator) -> Books:
    """The US sample company."""
    return Books(simulator, DEFAULT_REALM, US)


@pytest.fixture
def gb(simulator) -> Books:
    """The British company."""
    return Books(simulator, GB_REALM, GB)


NY = (tax_line("4.00", "California", 90), tax_line("4.88", "California", 91))
DISCOUNT = charge(
    "-10.00", position=2, kind="discount", category="discount", description="Loyalty", tax_code="California"
)
CREDIT = charge("-15.00", position=3, kind="credit", category="credit", description="Outage")
TAXED = charge(tax_code="California", quantity=Decimal(3), unit_price=Decimal("33.33333"))


@pytest.mark.parametrize(
    ("name", "document", "chosen"),
    [
        ("override", invoice(TAXED, DISCOUNT, CREDIT, *NY, doc_number="US-1"), SETTINGS),
        ("as lines", invoice(TAXED, DISCOUNT, CREDIT, *NY, doc_number="US-2"), settings(tax="as_lines")),
        ("no tax", invoice(charge(), DISCOUNT, doc_number="US-3"), SETTINGS),
        (
            "discount account",
            invoice(TAXED, DISCOUNT, CREDIT, *NY, doc_number="US-4"),
            settings(discount_account=Named("86", "Discounts given")),
        ),
        ("total of nothing", invoice(charge("15.00"), CREDIT, doc_number="US-5"), SETTINGS),
        (
            "credit memo",
            invoice(charge("-40.00", tax_code="California"), tax_line("-3.55", "California"), doc_number="US-6"),
            settings(negative_invoices="credit_memo"),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_us_company_holds_what_was_meant(us, name, document, chosen):
    """Number, dates, customer, currency, tax, total and number of lines, to the cent."""
    us.settings = chosen

    payload, answer = us.create(document)

    assert compare_answer(payload.meant, answer) == []


def test_a_british_company_computes_the_tax_that_we_said_it_would(gb):
    """Twenty documents of random lines over all sales codes: the computed tax is QuickBooks' own, to the penny."""
    random = Random(7)
    codes = [name for name, code in gb.codes.items() if gb.taxes[code]]
    gb.settings = settings(tax_variance="push")

    for number in range(20):
        lines = [
            charge(
                f"{random.randint(-500, 9999)}.{random.randint(0, 99):02}",
                position=place,
                tax_code=random.choice(codes),
            )
            for place in range(1, random.randint(3, 9))
        ]
        document = invoice(
            *lines, charge("6000.00", position=99, tax_code=codes[0]), currency="GBP", doc_number=f"GB-{number}"
        )
        payload, answer = gb.create(document)

        assert compare_answer(payload.meant, answer) == []


def test_a_rounding_line_makes_a_british_total_agree(gb):
    """Billing rounded each line, QuickBooks the sum: the line closes the gap, and carries no tax itself."""
    gb.codes["rounding"] = gb.codes["No VAT"]
    gb.settings = settings(tax_variance="rounding_line", generic_item=Named(gb.items["Services"], "Services"))
    lines = tuple(charge("0.33", position=place, tax_code="20.0% S") for place in (1, 2, 3))

    payload, answer = gb.create(invoice(*lines, currency="GBP", tax_amount=Decimal("0.21"), doc_number="GB-R"))

    assert compare_answer(payload.meant, answer) == []
    assert str(answer["TotalAmt"]) == "1.2"


def test_an_update_changes_the_same_invoice_and_nothing_else(us):
    """Same id, next version, all lines kept; what the plan showed as changes is what happened."""
    _, answer = us.create(invoice(TAXED, DISCOUNT, CREDIT, *NY, doc_number="US-U"))
    kept = owned_fields(answer)
    changed = invoice(replace(TAXED, description="Fiber 1000"), CREDIT, doc_number="US-U")

    update = update_payload(us.payload(changed), kept)
    after = us.post("invoice", update.body)

    assert (after["Id"], after["SyncToken"]) == (answer["Id"], "1")
    assert compare_answer(update.meant, after) == []
    assert [line.get("Id") for line in after["Line"][:2]] == [answer["Line"][0]["Id"], answer["Line"][2]["Id"]]
    assert [change.field for change in changes(kept, update.body)] == [
        "TotalTax",
        "line 1 Description",
        "line 1 TaxCodeRef",
        f"line id {answer['Line'][1]['Id']}",
    ]
    assert changes(owned_fields(after), update.body) == []


def test_a_void_leaves_the_number_at_zero(us):
    """Id and version are all that QuickBooks needs."""
    _, answer = us.create(invoice(doc_number="US-V"))

    after = us.post("invoice", void_payload(owned_fields(answer)), operation="void")

    assert (after["TotalAmt"], after["DocNumber"]) == (0, "US-V")


def test_an_item_is_created_with_its_account_and_sku(us):
    """F41, F48: name, account and the id of the catalogue."""
    payload = item_payload(charge(service_id="svc-7", service_name="Hosting"), settings(income_account=INCOME))

    answer = us.post("item", payload.body)

    assert (answer["Name"], answer["IncomeAccountRef"]["value"], answer["Sku"]) == ("Hosting", "79", "svc-7")
