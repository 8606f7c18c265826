"""Time activities, classes, locations and the currencies of a company."""

from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import TRANSACTIONS, expense_line

TIME = TRANSACTIONS["TimeActivity"]
SPAN = {"StartTime": "2026-03-02T09:00:00-08:00", "EndTime": "2026-03-02T17:30:00+01:00", "Hours": None}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"NameOf": None}, "6290"),
        ({"EmployeeRef": None}, "6300"),
        ({"NameOf": "Vendor"}, "6300"),
        ({"EmployeeRef": ref(1)}, "2500"),
        ({"Hours": None}, "6350"),
        ({"StartTime": "2026-03-02T09:00:00", "EndTime": "2026-03-02T10:00:00"}, "6390"),
        ({**SPAN, "EndTime": None}, "6350"),
        ({**SPAN, "EndTime": "2026-03-02T08:00:00"}, "6370"),
        ({**SPAN, "BreakHours": 9}, "6360"),
        ({**SPAN, "StartTime": "yesterday"}, "2060"),
        ({"Hours": 9000}, "6380"),
        ({"Minutes": 60}, "6380"),
        ({"BillableStatus": "Billable"}, "6330"),
        ({"BillableStatus": "Billable", "CustomerRef": None, "HourlyRate": 5}, "6310"),
        ({"BillableStatus": "HasBeenBilled"}, "2170"),
        ({"HourlyRate": -1}, "2140"),
        ({"ItemRef": ref(11)}, "6000"),
    ],
)
def test_time_activities_that_quickbooks_refuses(qbo: Qbo, change: dict[str, Any], code: str) -> None:
    """Each rule has its own code."""
    assert qbo.post("timeactivity", {**TIME, **change}).error["code"] == code


def test_time_is_hours_or_a_span_without_regard_to_offsets(qbo: Qbo) -> None:
    """Defaults: today, not billable, not taxable, no rate."""
    short = qbo.create("TimeActivity", **TIME)
    span = qbo.post("timeactivity", {**TIME, **SPAN})["TimeActivity"]

    assert (short["Hours"], short["Minutes"], short["BillableStatus"], short["HourlyRate"]) == (3, 0, "NotBillable", 0)
    assert (span["StartTime"], "Hours" in span) == (SPAN["StartTime"], False)


def test_time_on_an_invoice_has_been_billed(qbo: Qbo) -> None:
    """Linked in the header or on a line; given back by an update that drops it, by a void and by a deletion; 620 for none."""
    billable = {**TIME, "BillableStatus": "Billable", "HourlyRate": 10}
    first, second = (qbo.create("TimeActivity", **billable) for _ in range(2))
    links = [[{"TxnId": one["Id"], "TxnType": "TimeActivity"}] for one in (first, second)]

    def statuses() -> list[str]:
        return [qbo.read("TimeActivity", one["Id"])["BillableStatus"] for one in (first, second)]

    made = qbo.create("Invoice", **invoice({**item_line(10), "LinkedTxn": links[1]}, LinkedTxn=links[0]))

    assert statuses() == ["HasBeenBilled", "HasBeenBilled"]
    less = qbo.post("invoice", {**made, "Line": [item_line(10)]})["Invoice"]
    assert statuses() == ["HasBeenBilled", "Billable"]
    qbo.post("invoice", {"Id": less["Id"], "SyncToken": less["SyncToken"]}, operation="void")
    assert statuses() == ["Billable", "Billable"]
    again = qbo.create("Invoice", **invoice(LinkedTxn=links[0]))
    qbo.post("invoice", {"Id": again["Id"], "SyncToken": "0"}, operation="delete")
    assert statuses() == ["Billable", "Billable"]
    missing = [{"TxnId": "99", "TxnType": "TimeActivity"}]
    assert qbo.post("invoice", invoice(LinkedTxn=missing)).error["code"] == "620"
    assert qbo.post("invoice", invoice({**item_line(10), "LinkedTxn": missing})).error["code"] == "620"


def test_time_activities_are_not_captured(qbo: Qbo) -> None:
    """Change data capture does not know them."""
    refused = qbo.get("cdc", entities="TimeActivity", changedSince="2026-01-01T00:00:00Z")

    assert refused.error["code"] == "4001"


def test_classes_and_locations_are_put_on_documents_where_the_company_uses_them(qbo: Qbo) -> None:
    """5030 while the preference is off, 2500 for one that does not exist; then the whole path is printed."""
    above = qbo.create("Class", Name="Region")
    below = qbo.create("Class", Name="North", ParentRef=ref(above["Id"]))
    place = qbo.create("Department", Name="Shop")
    body = invoice(item_line(ClassRef=ref(below["Id"])), DepartmentRef=ref(place["Id"]))

    refused = qbo.post("invoice", body)
    qbo.simulator.preferences(ClassTrackingPerTxnLine=True, TrackDepartments=True)
    made = qbo.post("invoice", body)["Invoice"]
    bill = qbo.create("Bill", VendorRef=ref(30), Line=[expense_line(ClassRef=ref(below["Id"]))])
    missing = qbo.post("invoice", invoice(item_line(ClassRef=ref(99))))

    assert (below["SubClass"], below["FullyQualifiedName"]) == (True, "Region:North")
    assert refused.error["code"] == "5030"
    assert made["Line"][0]["SalesItemLineDetail"]["ClassRef"] == {"value": below["Id"], "name": "Region:North"}
    assert made["DepartmentRef"] == {"value": place["Id"], "name": "Shop"}
    assert bill["Line"][0]["AccountBasedExpenseLineDetail"]["ClassRef"]["value"] == below["Id"]
    assert missing.error["Detail"] == "Invalid Reference Id : Klasses element id 99 not found"


def test_names_in_a_tree_are_unique_under_their_parent_and_five_levels_deep(qbo: Qbo) -> None:
    """6240 for a second one of the name, 6180 for a sixth level."""
    parent = qbo.create("Class", Name="1")
    for name in "2345":
        parent = qbo.create("Class", Name=name, ParentRef=ref(parent["Id"]))

    assert qbo.post("class", {"Name": "1"}).error["code"] == "6240"
    assert qbo.post("class", {"Name": "1", "ParentRef": ref("1")}).status == 200
    assert qbo.post("class", {"Name": "6", "ParentRef": ref(parent["Id"])}).error["code"] == "6180"


def test_what_is_below_follows_when_a_name_changes(qbo: Qbo) -> None:
    """Whole names of jobs, classes and sub-accounts, and the references that print them; no SyncToken moves."""
    qbo.simulator.preferences(ClassTrackingPerTxnLine=True)
    above = qbo.create("Class", Name="Region")
    below = qbo.create("Class", Name="North", ParentRef=ref(above["Id"]))
    lowest = qbo.create("Class", Name="City", ParentRef=ref(below["Id"]))
    made = qbo.create("Invoice", **invoice(item_line(ClassRef=ref(lowest["Id"]))))

    qbo.post("class", {**above, "Name": "Area"})
    qbo.post("customer", {"Id": "7", "SyncToken": "0", "sparse": True, "DisplayName": "Freeman"})

    again = qbo.read("Class", lowest["Id"])
    assert again == {**lowest, "FullyQualifiedName": "Area:North:City"}
    line = qbo.read("Invoice", made["Id"])["Line"][0]["SalesItemLineDetail"]
    assert line["ClassRef"]["name"] == "Area:North:City"
    assert qbo.query("select * from Class where FullyQualifiedName = 'Area:North'").rows[0]["Id"] == below["Id"]
    assert qbo.post("class", {"Name": "North", "ParentRef": ref(above["Id"])}).error["code"] == "6240"
    assert qbo.read("Customer", "8")["FullyQualifiedName"] == "Freeman:0969 Ocean View Road"
    assert qbo.post("customer", {"DisplayName": "Freeman Sporting Goods"}).status == 200


def test_a_company_with_several_currencies_lists_them(make_company: Any, qbo: Qbo) -> None:
    """Code known (2220), once (6240), fixed; without the preference 5030."""
    several = make_company(preferences={"MultiCurrencyEnabled": True})

    made = several.create("CompanyCurrency", Code="EUR")

    assert (made["Code"], made["Name"], made["Active"]) == ("EUR", "Euro", True)
    assert several.post("companycurrency", {"Code": "EUR"}).error["code"] == "6240"
    assert several.post("companycurrency", {"Code": "XXX"}).error["code"] == "2220"
    assert several.post("companycurrency", {**made, "Code": "GBP"}).error["code"] == "6000"
    assert qbo.post("companycurrency", {"Code": "EUR"}).error["code"] == "5030"


def test_customer_types_are_read_and_referred_to(qbo: Qbo) -> None:
    """The API cannot create them; what the company has is listed, and customers may carry one."""
    qbo.simulator.load(
        "CustomerType",
        [
            {
                "Name": "Wholesale",
                "Active": True,
                "Id": "5",
                "SyncToken": "0",
                "MetaData": {"CreateTime": "2026-01-01T00:00:00-08:00", "LastUpdatedTime": "2026-01-01T00:00:00-08:00"},
            }
        ],
    )

    made = qbo.create("Customer", DisplayName="Typed", CustomerTypeRef=ref(5))

    assert qbo.query("select * from CustomerType").rows[0]["Name"] == "Wholesale"
    assert made["CustomerTypeRef"]["value"] == "5"
    assert qbo.post("customertype", {"Name": "Retail"}).error["code"] == "500"
    assert qbo.post("customer", {"DisplayName": "X", "CustomerTypeRef": ref(9)}).error["code"] == "2500"
