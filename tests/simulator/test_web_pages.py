"""The simulator's pages for people, a grant's rights, and deeds with exact amounts."""

from __future__ import annotations

import re
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from qbo_simulator.testing import RunningSimulator


def page(simulator: RunningSimulator, path: str) -> tuple[int, str]:
    """Status and text of a page."""
    try:
        with urlopen(f"{simulator.base_url}{path}", timeout=30) as answer:  # noqa: S310 - our own http URL
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def an_invoice(simulator: RunningSimulator) -> dict[str, Any]:
    """An invoice of 100 for Cool Cars."""
    line = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    values = {"CustomerRef": {"value": "3"}, "DocNumber": "T-1", "Line": [line]}
    simulator.act("create", entity="Invoice", values=values)
    return next(one for one in simulator.state("Invoice") if one["DocNumber"] == "T-1")


def test_a_link_in_the_findings_leads_to_the_document(simulator: RunningSimulator) -> None:
    """Number, customer, lines and total of the invoice stand on the page; text in it is never markup."""
    invoice = an_invoice(simulator)
    simulator.act("edit", entity="Invoice", id=invoice["Id"], changes={"PrivateNote": "<script>alert(1)</script>"})

    status, text = page(simulator, f"/app/invoice?txnId={invoice['Id']}")

    assert status == 200
    for shown in (invoice["DocNumber"], invoice["CustomerRef"]["name"].split("'")[0], str(invoice["TotalAmt"])):
        assert shown in text
    assert "<script" not in text


@pytest.mark.parametrize("path", ["/app/invoice?txnId=999999", "/app/invoice?txnId=x", "/app/journal?txnId=1"])
def test_a_document_that_is_not_there_has_no_page(simulator: RunningSimulator, path: str) -> None:
    """Unknown ids and pages are told."""
    assert page(simulator, path)[0] == 404


def test_the_list_of_routes_needs_no_network(simulator: RunningSimulator) -> None:
    """Every route of the control plane is on it, and nothing is loaded from elsewhere."""
    status, text = page(simulator, "/_sim/docs")

    assert status == 200
    assert "/_sim/faults" in text
    assert "Do in QuickBooks what an accountant does" in text
    assert re.findall(r"(?:src|href)=.(?:https?:)?//", text) == []
    assert "<script" not in text


def test_an_accountant_receives_cents(simulator: RunningSimulator) -> None:
    """Amounts of a deed may be JSON numbers: they stay exact."""
    customer = an_invoice(simulator)["CustomerRef"]["value"]

    body = b'{"do":"receive_payment","customer":"%s","amount":10.10}' % customer.encode()
    simulator.control("POST", "act", body)

    assert simulator.totals("Payment")["total"] == "10.10"


def test_a_deed_that_is_no_json_is_told(simulator: RunningSimulator) -> None:
    """422 with the cause, and no stack."""
    with pytest.raises(Exception, match="422"):
        simulator.control("POST", "act", b"{")
