"""Customers, vendors and employees: one namespace, limits, hierarchy, activity."""

from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, ref
from tests.simulator.payloads import expense_line


def test_a_new_customer_gets_quickbooks_defaults(qbo: Qbo) -> None:
    """Only a DisplayName is needed; the rest is filled in as recorded."""
    customer = qbo.create("Customer", DisplayName="Doe5, Jane")

    assert list(customer) == [
        "Taxable", "Job", "BillWithParent", "Balance", "BalanceWithJobs", "CurrencyRef", "PreferredDeliveryMethod", "domain",
        "sparse", "Id", "SyncToken", "MetaData", "FullyQualifiedName", "DisplayName", "PrintOnCheckName", "Active",
    ]  # fmt: skip
    assert customer["CurrencyRef"] == {"value": "USD", "name": "United States Dollar"}
    assert (customer["Balance"], customer["PreferredDeliveryMethod"], customer["SyncToken"]) == (0, "Print", "0")


def test_a_company_with_manual_tax_gives_customers_its_tax_code(make_company: Any) -> None:
    """Outside automated sales tax DefaultTaxCodeRef is filled in."""
    qbo = make_company(preferences={"PartnerTaxEnabled": False})

    customer = qbo.create("Customer", DisplayName="Jane")

    assert customer["DefaultTaxCodeRef"] == {"value": "2"}


def test_the_display_name_is_built_from_the_parts_of_a_name(qbo: Qbo) -> None:
    """Title, given, middle and family name and suffix make the DisplayName."""
    customer = qbo.create("Customer", GivenName="Ada", FamilyName="Lovelace", Title="Ms.")

    assert customer["DisplayName"] == "Ms. Ada Lovelace"


@pytest.mark.parametrize(
    ("values", "code", "detail"),
    [
        ({}, "6080", "At least one of Title, GivenName"),
        ({"DisplayName": "a:b"}, "2040", "Invalid String : a:b"),
        ({"DisplayName": "a\tb"}, "2040", "Invalid String"),
        ({"GivenName": "a\nb", "DisplayName": "x"}, "2040", "Invalid String"),
        ({"DisplayName": "x" * 501}, "2050", "Min:0 Max:500 supported. Supplied length:501"),
        ({"DisplayName": "x", "CompanyName": "c" * 101}, "2050", "Min:0 Max:100 supported. Supplied length:101"),
        ({"DisplayName": "x", "GivenName": "c" * 101}, "2050", "Supplied length:101"),
        ({"DisplayName": "x", "Title": "c" * 17}, "2050", "Min:0 Max:16 supported. Supplied length:17"),
        ({"DisplayName": "x", "PrimaryPhone": {"FreeFormNumber": "1" * 31}}, "2050", "Min:0 Max:30"),
        ({"DisplayName": "x", "Notes": "n" * 2001}, "2050", "Min:0 Max:2000"),
        ({"DisplayName": "x", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210", "Supplied value:nobody"),
        ({"DisplayName": "x", "BillAddr": {"Line1": "l" * 501}}, "2050", "Min:0 Max:500"),
        ({"DisplayName": "x", "BillAddr": {"PostalCode": "l" * 31}}, "2050", "Min:0 Max:30"),
        ({"DisplayName": "x", "Job": True}, "6150", "ParentRef is required"),
        ({"DisplayName": "x", "ParentRef": {"value": "999"}}, "2500", "Invalid Reference Id : Names element id 999 not found"),
        ({"DisplayName": "x", "SalesTermRef": {"value": "99"}}, "2500", "Invalid Reference Id : Terms element id 99 not found"),
        ({"DisplayName": "x", "PreferredDeliveryMethod": "Pigeon"}, "2170", "Invalid Enumeration : Pigeon"),
        ({"DisplayName": "x", "CurrencyRef": {"value": "EUR"}}, "5030", "Multi-currency is not enabled"),
        ({"DisplayName": "x", "Nickname": "y"}, "2010", 'Property Name:Unrecognized field "Nickname" (class com.intuit.schema.'),
        ({"DisplayName": "x", "BillAddr": {"Street": "y"}}, "2010", "finance.v3.PhysicalAddress), not marked as ignorable"),
        ({"DisplayName": {"a": 1}}, "2010", "Property Name:Can not deserialize instance of java.lang.String"),
        ({"DisplayName": "x", "Taxable": "maybe"}, "2010", "Property Name:Can not construct instance of java.lang.Boolean"),
    ],
)  # fmt: skip
def test_a_customer_that_breaks_a_rule_is_refused(qbo: Qbo, values: dict[str, Any], code: str, detail: str) -> None:
    """HTTP 400 with the code of the rule, and nothing is stored."""
    answer = qbo.post("customer", values)

    assert answer.status == 400
    assert answer.error["code"] == code
    assert detail in answer.error["Detail"]
    assert len(qbo.simulator.state("Customer")) == 29


def test_500_characters_are_a_legal_display_name(qbo: Qbo) -> None:
    """The limit of DisplayName is 500 since 2019; PrintOnCheckName is cut to its own limit."""
    customer = qbo.create("Customer", DisplayName="x" * 500)

    assert len(customer["PrintOnCheckName"]) == 110


@pytest.mark.parametrize(
    ("entity", "label"), [("Customer", "customer"), ("Vendor", "vendor"), ("Employee", "employee")]
)
def test_names_are_unique_across_customers_vendors_and_employees(qbo: Qbo, entity: str, label: str) -> None:
    """One namespace, whatever the case: 6240 naming the kind that has the name."""
    qbo.create(entity, DisplayName="Weiskopf Partners", GivenName="W")

    for other in ("customer", "vendor", "employee"):
        answer = qbo.post(other, {"DisplayName": "WEISKOPF partners", "GivenName": "W"})

        assert (answer.status, answer.error["code"], answer.error["Message"]) == (
            400,
            "6240",
            "Duplicate Name Exists Error",
        )
        assert answer.error["Detail"] == (
            f"The name supplied already exists. : Another {label} is already using this name. Please use a different name."
        )


def test_an_inactive_name_is_marked_deleted_and_its_name_is_free(qbo: Qbo) -> None:
    """Active false appends " (deleted)" to the name, but not to PrintOnCheckName."""
    old = qbo.create("Customer", DisplayName="Gone Ltd")

    gone = qbo.post("customer", {"Id": old["Id"], "SyncToken": "0", "sparse": True, "Active": False})["Customer"]
    new = qbo.create("Customer", DisplayName="Gone Ltd")

    assert (gone["DisplayName"], gone["FullyQualifiedName"], gone["Active"]) == (
        "Gone Ltd (deleted)",
        "Gone Ltd (deleted)",
        False,
    )
    assert gone["PrintOnCheckName"] == "Gone Ltd"
    assert new["Id"] != old["Id"]


def test_a_name_becomes_active_again_under_its_old_name(qbo: Qbo) -> None:
    """Active true takes the suffix away."""
    old = qbo.create("Customer", DisplayName="Back Ltd")
    qbo.post("customer", {"Id": old["Id"], "SyncToken": "0", "sparse": True, "Active": False})

    back = qbo.post("customer", {"Id": old["Id"], "SyncToken": "1", "sparse": True, "Active": True})["Customer"]

    assert (back["DisplayName"], back["Active"], back["SyncToken"]) == ("Back Ltd", True, "2")


def test_an_update_without_effect_leaves_the_sync_token(qbo: Qbo) -> None:
    """Making an inactive object inactive once more changes neither SyncToken nor LastUpdatedTime."""
    account = qbo.create("Account", Name="Spare", AccountType="Bank")
    first = qbo.post("account", {**account, "Active": False})["Account"]
    qbo.simulator.clock(advance=60)

    second = qbo.post("account", {**first, "Active": False})["Account"]

    assert second == first


def test_a_customer_with_an_open_balance_stays_active(qbo: Qbo) -> None:
    """6220 while something is owed."""
    qbo.create("Invoice", **invoice(customer="3"))

    answer = qbo.post("customer", {"Id": "3", "SyncToken": "0", "sparse": True, "Active": False})

    assert (answer.status, answer.error["code"]) == (400, "6220")


def test_a_customer_with_unbilled_charges_stays_active(qbo: Qbo) -> None:
    """6280 while time or a line of a bill waits to be billed to this customer; what waits for another is no hindrance."""
    time, bought, other = (qbo.create("Customer", DisplayName=f"Charged {number}")["Id"] for number in range(3))
    worked = {"NameOf": "Employee", "EmployeeRef": ref(54), "Hours": 1, "HourlyRate": 5}
    activity = qbo.create("TimeActivity", **worked, CustomerRef=ref(time), BillableStatus="Billable")
    lines = [
        expense_line(5, CustomerRef=ref(other), BillableStatus="NotBillable"),
        expense_line(5, CustomerRef=ref(bought), BillableStatus="Billable"),
    ]
    qbo.create("Bill", VendorRef=ref(30), Line=lines)

    def deactivate(customer: str) -> str:
        body = {"Id": customer, "SyncToken": "0", "sparse": True, "Active": False}
        answer = qbo.post("customer", body)
        return "done" if answer.status == 200 else str(answer.error["code"])

    assert [deactivate(customer) for customer in (time, bought, other)] == ["6280", "6280", "done"]
    qbo.post("timeactivity", activity, operation="delete")
    assert deactivate(time) == "done"


def test_who_is_billed_stays_once_there_is_an_invoice(qbo: Qbo) -> None:
    """6130 for a change of BillWithParent; leaving it out, also in a full update, leaves it as it is."""
    job = qbo.create("Customer", DisplayName="Job", ParentRef=ref(1), BillWithParent=True)
    free = qbo.post("customer", {**job, "BillWithParent": False})["Customer"]
    bound = qbo.post("customer", {**free, "BillWithParent": True})["Customer"]
    qbo.create("Invoice", **invoice(customer=job["Id"]))

    refused = qbo.post("customer", {**bound, "BillWithParent": False})
    full = {name: bound[name] for name in ("Id", "SyncToken", "DisplayName", "ParentRef", "Job")}
    kept = qbo.post("customer", full)["Customer"]

    assert free["BillWithParent"] is False
    assert (refused.status, refused.error["code"]) == (400, "6130")
    assert kept["BillWithParent"] is True


def test_jobs_are_named_under_their_parent_and_only_four_levels_deep(qbo: Qbo) -> None:
    """FullyQualifiedName joins the names with colons; the fifth level below the top is 6180."""
    parent = "1"
    for level in range(1, 5):
        job = qbo.create("Customer", DisplayName=f"Job {level}", Job=True, ParentRef=ref(parent))
        parent = job["Id"]

    answer = qbo.post("customer", {"DisplayName": "Job 5", "Job": True, "ParentRef": ref(parent)})

    assert job["FullyQualifiedName"] == "Amy's Bird Sanctuary:Job 1:Job 2:Job 3:Job 4"
    assert job["Level"] == 4
    assert (answer.status, answer.error["code"]) == (400, "6180")


def test_a_job_may_have_the_name_of_another_customer(qbo: Qbo) -> None:
    """Names are unique by FullyQualifiedName, as in the recordings."""
    qbo.create("Customer", DisplayName="Jack Doe")

    job = qbo.create("Customer", DisplayName="Jack Doe", Job=True, ParentRef=ref(1))

    assert job["FullyQualifiedName"] == "Amy's Bird Sanctuary:Jack Doe"


def test_the_balance_with_jobs_includes_the_jobs(qbo: Qbo) -> None:
    """Balance is the customer's own; BalanceWithJobs adds what its jobs owe."""
    qbo.create("Invoice", **invoice(customer="9"))

    parent = qbo.read("Customer", "7")

    assert (parent["Balance"], f"{parent['BalanceWithJobs']}") == (0, "100.00")


def test_a_full_update_clears_what_it_leaves_out(qbo: Qbo) -> None:
    """As recorded: DisplayName and one phone remain, the currency stays, PrintOnCheckName follows."""
    created = qbo.create("Customer", DisplayName="Doe2, Jane", Notes="to go", CompanyName="Doe")

    update = {
        "DisplayName": "Jack Moe",
        "PrimaryPhone": {"FreeFormNumber": "(415) 444-1234"},
        "Id": created["Id"],
        "SyncToken": "0",
    }
    changed = qbo.post("customer", update)["Customer"]

    assert "Notes" not in changed
    assert "CompanyName" not in changed
    assert (changed["PrintOnCheckName"], changed["CurrencyRef"]["value"], changed["SyncToken"]) == (
        "Jack Moe",
        "USD",
        "1",
    )


def test_a_sparse_update_keeps_what_it_leaves_out_and_empties_what_is_empty(qbo: Qbo) -> None:
    """sparse true: omitted properties stay, an empty string clears."""
    created = qbo.create("Customer", DisplayName="Doe", Notes="keep", CompanyName="go")

    changed = qbo.post("customer", {"Id": created["Id"], "SyncToken": "0", "sparse": True, "CompanyName": ""})[
        "Customer"
    ]

    assert changed["Notes"] == "keep"
    assert "CompanyName" not in changed


def test_a_stale_sync_token_is_refused(qbo: Qbo) -> None:
    """5010 with the name of the other user; nothing changes."""
    answer = qbo.post("customer", {"Id": "1", "SyncToken": "7", "sparse": True, "Notes": "x"})

    assert answer.status == 400
    assert answer.error == {
        "Message": "Stale Object Error",
        "Detail": "Stale Object Error : You and Craig Carlson were working on this at the same time. "
        "Craig Carlson finished before you did, so your work was not saved.",
        "code": "5010",
    }


def test_an_update_needs_a_sync_token(qbo: Qbo) -> None:
    """2020 without it."""
    answer = qbo.post("customer", {"Id": "1", "sparse": True, "Notes": "x"})

    assert (answer.error["code"], answer.error["element"]) == ("2020", "SyncToken")


def test_names_cannot_be_deleted(qbo: Qbo) -> None:
    """The delete operation does not exist for list entities: 500 Unsupported Operation, HTTP 400."""
    answer = qbo.post("customer", {"Id": "1", "SyncToken": "0"}, operation="delete")

    assert (answer.status, answer.error["code"], answer.error["Message"]) == (400, "500", "Unsupported Operation")


def test_a_rename_shows_in_older_documents(qbo: Qbo) -> None:
    """References are printed with the current name."""
    made = qbo.create("Invoice", **invoice())
    customer = qbo.read("Customer", "1")

    qbo.post("customer", {**customer, "DisplayName": "Birds & Co"})

    read = qbo.read("Invoice", made["Id"])
    assert read["CustomerRef"] == {"value": "1", "name": "Birds & Co"}
    assert read["SyncToken"] == "0"


def test_an_address_gets_an_id_and_no_coordinates(qbo: Qbo) -> None:
    """Lat and Long are INVALID for an address that was not found on a map."""
    made = qbo.create("Customer", DisplayName="Addressed", BillAddr={"Line1": "1 Way", "City": "X"})

    assert list(made["BillAddr"]) == ["Id", "Line1", "City", "Lat", "Long"]
    assert made["BillAddr"]["Lat"] == "INVALID"


def test_a_vendor_has_its_own_defaults_and_a_masked_tax_number(qbo: Qbo) -> None:
    """Balance, Vendor1099 and Active are filled in; of the tax identifier only the end is shown."""
    vendor = qbo.create("Vendor", DisplayName="Boraski Family Store", TaxIdentifier="12-3456789")

    assert list(vendor) == [
        "TaxIdentifier", "Balance", "Vendor1099", "CurrencyRef", "domain", "sparse", "Id", "SyncToken", "MetaData", "DisplayName",
        "PrintOnCheckName", "Active",
    ]  # fmt: skip
    assert vendor["TaxIdentifier"] == "XXXXXX6789"


def test_an_employee_needs_a_given_or_family_name(qbo: Qbo) -> None:
    """2020 for a DisplayName alone; the social security number is masked."""
    refused = qbo.post("employee", {"DisplayName": "Nobody"})
    employee = qbo.create("Employee", GivenName="Ann", FamilyName="Li", SSN="123-45-6789")

    assert refused.error["code"] == "2020"
    assert (employee["DisplayName"], employee["SSN"]) == ("Ann Li", "XXX-XX-XXXX")


def test_ids_of_names_come_from_one_sequence(qbo: Qbo) -> None:
    """Customer and vendor ids follow each other, as recorded."""
    customer = qbo.create("Customer", DisplayName="c")
    vendor = qbo.create("Vendor", DisplayName="v")

    assert int(vendor["Id"]) == int(customer["Id"]) + 1


def test_lenient_on_values_as_public_clients_send_them(qbo: Qbo) -> None:
    """Empty strings, Id "", SyncToken 0, names in references, numbers as strings and strings as numbers are accepted."""
    values = {
        "DisplayName": 12345,
        "Id": "",
        "SyncToken": 0,
        "sparse": False,
        "domain": "QBO",
        "CompanyName": "",
        "Taxable": "true",
    }

    customer = qbo.create("Customer", **values, SalesTermRef={"value": 3, "name": "whatever", "type": "Term"})

    assert (customer["DisplayName"], customer["Taxable"]) == ("12345", True)
    assert customer["SalesTermRef"] == {"value": "3", "name": "Net 30"}


def test_a_customer_begins_with_what_it_owes(qbo: Qbo) -> None:
    """Balance and OpenBalanceDate of a new customer are a journal entry against opening balance equity, which is then paid."""
    made = qbo.create("Customer", DisplayName="Opened", Balance="100.50", OpenBalanceDate="2026-01-31")
    [entry] = qbo.simulator.state("JournalEntry")

    link = {"TxnId": entry["Id"], "TxnType": "JournalEntry"}
    line = {"Amount": 40, "LinkedTxn": [link]}
    qbo.create("Payment", CustomerRef=ref(made["Id"]), TotalAmt=40, Line=[line])

    assert (f"{made['Balance']}", made["SyncToken"], "OpenBalanceDate" in made) == ("100.50", "0", False)
    assert (entry["TxnDate"], entry["Line"][0]["Description"]) == ("2026-01-31", "Opening Balance")
    assert f"{qbo.read('Customer', made['Id'])['Balance']}" == "60.50"
    assert [f"{qbo.read('Account', one)['CurrentBalance']}" for one in ("84", "34")] == ["60.50", "-100.50"]


def test_a_vendor_begins_with_what_it_is_owed(qbo: Qbo) -> None:
    """On the credit side, today where no date is told; a negative balance is a credit of ours; zero is no entry."""
    vendors = [qbo.create("Vendor", DisplayName=f"Opened {balance}", Balance=balance) for balance in (70, -20, "0.00")]

    entries = qbo.simulator.state("JournalEntry")

    assert [one["Balance"] for one in vendors] == [70, -20, 0]
    assert {one["TxnDate"] for one in entries} == {qbo.create("Payment", CustomerRef=ref(1), TotalAmt=1)["TxnDate"]}
    assert (len(entries), qbo.read("Account", "33")["CurrentBalance"]) == (2, -50)
    assert qbo.read("Account", "34")["CurrentBalance"] == 50


def test_an_opening_balance_belongs_to_the_creation_alone(qbo: Qbo) -> None:
    """An update with another Balance moves nothing."""
    made = qbo.create("Customer", DisplayName="Opened", Balance=100)

    changed = qbo.post("customer", {**made, "Notes": "n", "Balance": 300, "OpenBalanceDate": "2026-01-01"})["Customer"]

    assert (changed["Balance"], "OpenBalanceDate" in changed, len(qbo.simulator.state("JournalEntry"))) == (
        100,
        False,
        1,
    )


def test_a_name_whose_opening_balance_is_refused_is_not_created(qbo: Qbo) -> None:
    """6210 for a date in closed books, and the name stays free for one after them."""
    qbo.simulator.preferences(BookCloseDate="2026-03-31")
    body = {"DisplayName": "Opened", "Balance": 100}

    refused = qbo.post("vendor", {**body, "OpenBalanceDate": "2026-03-31"})
    accepted = qbo.post("vendor", {**body, "OpenBalanceDate": "2026-04-01"})

    assert (refused.status, refused.error["code"]) == (400, "6210")
    assert (accepted["Vendor"]["Balance"], len(qbo.simulator.state("JournalEntry"))) == (100, 1)


def test_what_a_name_would_need_more_of_quickbooks_is_a_gap(qbo: Qbo) -> None:
    """Price levels answer 501 with their name."""
    typed = qbo.post("customer", {"DisplayName": "x", "PriceLevelRef": ref(1)})

    assert (typed.status, "PriceLevelRef" in typed.text) == (501, True)
