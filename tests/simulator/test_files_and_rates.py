"""Attachments with their files, exchange rates, and tax codes through the tax service."""

import json
from typing import Any

from tests.simulator.client import Answer, Qbo, invoice, item_line, ref


def upload(qbo: Qbo, *files: tuple[Any, str, bytes], **headers: str) -> Answer:
    """One multipart call; each file has metadata, a name and content."""
    parts = []
    for number, (metadata, name, content) in enumerate(files):
        head = f'--x\r\nContent-Disposition: form-data; name="file_metadata_{number}"\r\nContent-Type: application/json\r\n\r\n'
        parts.append(head.encode() + json.dumps(metadata).encode() + b"\r\n")
        head = f'--x\r\nContent-Disposition: form-data; name="file_content_{number}"; filename="{name}"\r\n'
        parts.append(head.encode() + b"Content-Type: application/pdf\r\n\r\n" + content + b"\r\n")
    body = b"".join(parts) + b"--x--\r\n"
    return qbo.call("POST", "upload", body, {"Content-Type": "multipart/form-data; boundary=x", **headers})


def on(entity: str, id: str, **more: Any) -> dict[str, Any]:
    """What an attachment is attached to."""
    return {"AttachableRef": [{"EntityRef": {"type": entity, "value": id}, **more}]}


def test_a_file_is_uploaded_described_downloaded_and_deleted(qbo: Qbo) -> None:
    """The very bytes come back; the description names size, type and where to find it."""
    made = qbo.create("Invoice", **invoice())
    content = b"%PDF-1.4\r\n\x00\xff--\r\nend"

    answer = upload(qbo, (on("Invoice", made["Id"], IncludeOnSend=True) | {"Note": "n"}, "a.pdf", content))

    [one] = answer["AttachableResponse"]
    attachable = one["Attachable"]
    assert (attachable["FileName"], attachable["ContentType"], attachable["Size"]) == (
        "a.pdf", "application/pdf", len(content),
    )  # fmt: skip
    assert attachable["AttachableRef"] == [
        {"EntityRef": {"value": made["Id"], "type": "Invoice"}, "IncludeOnSend": True}
    ]
    address = qbo.get(f"download/{attachable['Id']}").text
    fetched = qbo.call("GET", address.partition(f":{qbo.simulator.port}")[2])
    assert (address, fetched.headers["content-length"]) == (attachable["TempDownloadUri"], str(len(content)))
    found = qbo.query(
        f"select * from Attachable where AttachableRef.EntityRef.type = 'Invoice' and "
        f"AttachableRef.EntityRef.value = '{made['Id']}'"
    )
    assert found.rows == [attachable]
    changed = qbo.post("attachable", {"Id": attachable["Id"], "SyncToken": "0", "sparse": True, "Note": "other"})
    assert (changed["Attachable"]["Note"], changed["Attachable"]["Size"]) == ("other", len(content))
    qbo.post("attachable", {"Id": attachable["Id"], "SyncToken": "1"}, operation="delete")
    assert qbo.get(f"attachable/{attachable['Id']}").error["code"] == "610"
    assert qbo.call("GET", address.partition(f":{qbo.simulator.port}")[2]).status == 404


def test_each_file_of_an_upload_stands_for_itself(qbo: Qbo) -> None:
    """A 200 holds a Fault for the one whose target does not exist, and the other file."""
    answer = upload(qbo, (on("Estimate", "75"), "a.pdf", b"a"), ({}, "b.pdf", b"b"))

    refused, taken = answer["AttachableResponse"]
    [error] = refused["Fault"]["Error"]
    assert (error["code"], error["element"]) == ("6000", "")
    assert "The entity Estimate 75 that you are trying to link does not exist. Estimate 75" in error["Detail"]
    assert taken["Attachable"]["FileName"] == "b.pdf"
    assert len(qbo.simulator.state("Attachable")) == 1


def test_a_note_needs_no_file_and_an_upload_needs_one(qbo: Qbo) -> None:
    """Notes are created like anything else; an upload without parts or of another type is refused."""
    note = qbo.create("Attachable", Note="call them", **on("Customer", "1"))

    assert (note["Note"], "Size" in note) == ("call them", False)
    assert qbo.get(f"download/{note['Id']}").error["code"] == "610"
    assert qbo.post("attachable", {}).error["code"] == "2020"
    assert upload(qbo).error["code"] == "2020"
    assert qbo.post("upload", {}).error["code"] == "1050"


def test_exchange_rates_are_set_by_day_and_used_by_documents(make_company: Any, qbo: Qbo) -> None:
    """The newest rate up to the day of a document holds unless it names its own; they carry no Id."""
    several = make_company(preferences={"MultiCurrencyEnabled": True}, exchange_rates={"EUR": "1.5"})
    euro = several.create("Customer", DisplayName="Euro", CurrencyRef=ref("EUR"))
    body = {"SourceCurrencyCode": "EUR", "Rate": 1.25, "AsOfDate": "2026-03-01"}

    made = several.post("exchangerate", body)["ExchangeRate"]
    again = several.post("exchangerate", {**body, "Rate": 1.3, "SyncToken": "0"})["ExchangeRate"]
    stale = several.post("exchangerate", {**body, "SyncToken": "0"})

    assert (made["TargetCurrencyCode"], made["Rate"], "Id" in made) == ("USD", 1.25, False)
    assert (again["SyncToken"], float(again["Rate"]), stale.error["code"]) == ("1", 1.3, "5010")
    assert several.get("exchangerate", sourcecurrencycode="EUR", asofdate="2026-03-01")["ExchangeRate"] == again
    assert several.get("exchangerate", sourcecurrencycode="EUR", asofdate="2026-02-01")["ExchangeRate"]["Rate"] == 1.5
    assert several.query("select * from ExchangeRate where SourceCurrencyCode = 'EUR'").rows == [again]
    form = invoice(item_line(10), customer=euro["Id"], CurrencyRef=ref("EUR"), TxnDate="2026-03-05")
    bill = several.create("Invoice", **form)
    assert (float(bill["ExchangeRate"]), float(bill["HomeTotalAmt"])) == (1.3, 13.0)
    assert Qbo(several.simulator, several.realm_id).simulator.ledger(several.realm_id)["accounts"]["84"] == "13.00"
    assert several.post("exchangerate", {**body, "SourceCurrencyCode": "XXX"}).error["code"] == "2220"
    assert several.post("exchangerate", {**body, "Rate": 0}).error["code"] == "2070"
    assert qbo.get("exchangerate", sourcecurrencycode="EUR").error["code"] == "5030"


def test_the_tax_service_makes_codes_and_rates(make_company: Any) -> None:
    """The answer repeats the request with ids, agency ids as texts; the new code is charged at once."""
    qbo = make_company(country="GB")
    detail = {"TaxRateName": "Green 3", "RateValue": 3, "TaxAgencyId": 1, "TaxApplicableOn": "Sales"}
    body = {"TaxCode": "Green", "TaxRateDetails": [detail, {"TaxRateId": "1", "TaxApplicableOn": "Purchase"}]}

    answer = qbo.post("taxservice/taxcode", body).body

    code_id = answer["TaxCodeId"]
    assert answer["TaxRateDetails"][0] == {**detail, "TaxAgencyId": "1", "TaxRateId": "11"}
    assert set(answer) == {"TaxCode", "TaxCodeId", "TaxRateDetails"}
    made = qbo.create("Invoice", **invoice(item_line(100, tax=code_id)))
    assert made["TxnTaxDetail"]["TotalTax"] == 3
    again = qbo.post("taxservice/taxcode", {**body, "TaxCode": "Greener"})
    assert (again.error["code"], "Another tax rate is already using this \nname" in again.error["Detail"]) == (
        "6240",
        True,
    )


def test_tax_codes_that_the_service_refuses(qbo: Qbo) -> None:
    """Missing parts, unknown agencies and rates, and the batch, which does not take it."""
    rate = {"TaxRateName": "R", "RateValue": 3, "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}
    cases = [
        ({}, "2020"),
        ({"TaxCode": "X", "TaxRateDetails": []}, "2020"),
        ({"TaxCode": "California", "TaxRateDetails": [rate]}, "6240"),
        ({"TaxCode": "X", "TaxRateDetails": [{**rate, "TaxAgencyId": "99"}]}, "2500"),
        ({"TaxCode": "X", "TaxRateDetails": [{"TaxRateId": "99"}]}, "2500"),
        ({"TaxCode": "X", "TaxRateDetails": [{**rate, "TaxApplicableOn": None}]}, "2270"),
        ({"TaxCode": "X", "TaxRateDetails": [{**rate, "RateValue": 101}]}, "2150"),
        ([], "2010"),
    ]

    assert [qbo.post("taxservice/taxcode", body).error["code"] for body, _code in cases] == [
        code for _body, code in cases
    ]
    [item] = qbo.batch({"bId": "1", "operation": "create", "TaxService": {}})
    assert item["Fault"]["Error"][0]["code"] == "2010"


def test_tax_agencies_are_created_and_read(qbo: Qbo) -> None:
    """A name is enough; it is used once, and there is no update."""
    made = qbo.create("TaxAgency", DisplayName="City")

    assert made["TaxTrackedOnSales"] is True
    assert qbo.read("TaxAgency", made["Id"]) == made
    assert qbo.post("taxagency", {"DisplayName": "City"}).error["code"] == "6240"
    assert qbo.post("taxagency", {**made, "DisplayName": "Town"}).error["code"] == "500"
