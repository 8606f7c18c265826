"""The small bodies that public examples and clients send work in the default company, and come back in QBO's formats."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.testing import RunningSimulator
from tests.simulator.client import Qbo
from tests.simulator.usual_bodies import CASES, USUAL

FORMS = (
    (re.compile(r"Id|SyncToken"), re.compile(r"\d+")),
    (re.compile(r"CreateTime|LastUpdatedTime"), re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[78]:00")),
    (re.compile(r"\w*Date"), re.compile(r"\d{4}-\d\d-\d\d")),
)
MONEY = re.compile(r"\w*(Amount|Amt|Balance|TotalTax|RemainingCredit|BalanceWithJobs)")
# References whose names QBO does not print.
WITHOUT_NAME = {"TaxCodeRef", "TxnTaxCodeRef", "TaxRateRef", "ItemRef.SHIPPING_ITEM_ID"}


@pytest.fixture(scope="module")
def company(process: RunningSimulator) -> Qbo:
    """A client of the default company, which all these bodies go into one after the other."""
    process.reset()
    return Qbo(process)


@pytest.mark.parametrize(("entity", "number"), CASES)
def test_a_usual_body_is_printed_in_quickbooks_formats_and_can_be_sent_back(
    company: Qbo, entity: str, number: int
) -> None:
    """Formats of ids, money, days, moments and references; a client that changes nothing changes token and time alone."""
    made = company.post(entity.lower(), USUAL[entity][number])[entity]
    again = company.post(entity.lower(), made)

    assert list(wrong_formats(made)) == []
    assert (made["SyncToken"], made["domain"], made["sparse"]) == ("0", "QBO", False)
    if "update" in ENTITIES[entity].operations:
        kept = {name: value for name, value in made.items() if name not in ("SyncToken", "MetaData")}
        assert {name: again[entity].get(name) for name in kept} == kept
        assert set(again[entity]) == set(made)
    else:
        assert again.error["code"] == "500"


def test_a_payment_that_is_sent_back_still_names_what_was_open_before_it(qbo: Qbo) -> None:
    """``txnOpenBalance`` is what the payment found, not what it left."""
    invoice = qbo.post("invoice", USUAL["Invoice"][0])["Invoice"]
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    paid = qbo.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 100, "Line": [line]})["Payment"]

    again = qbo.post("payment", paid)["Payment"]

    assert again["Line"] == paid["Line"]
    assert qbo.read("Invoice", invoice["Id"])["Balance"] == 0


def wrong_formats(node: Any, name: str = "") -> Iterator[str]:
    """Values that are not printed as QBO prints them."""
    if isinstance(node, list):
        for entry in node:
            yield from wrong_formats(entry, name)
    elif isinstance(node, dict):
        is_reference = name.endswith("Ref") and "value" in node
        if is_reference and not {name, f"{name}.{node['value']}"} & WITHOUT_NAME and not node.get("name"):
            yield f"{name}: {node}"
        for key, value in node.items():
            yield from wrong_formats(value, key)
    elif MONEY.fullmatch(name):
        if node != 0 and not (isinstance(node, Decimal) and node.as_tuple().exponent == -2):
            yield f"{name}: {node!r}"
    else:
        is_number = name in ("Id", "SyncToken", "value") and not isinstance(node, str)
        if is_number or any(names.fullmatch(name) and not form.fullmatch(str(node)) for names, form in FORMS):
            yield f"{name}: {node!r}"
