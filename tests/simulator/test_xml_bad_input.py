"""Requests in XML that nobody should send: refused with the words of JSON, or as unreadable, and nothing is made."""

from typing import Any

import pytest

from qbo_simulator.testing import RunningSimulator
from tests.simulator.client import Qbo
from tests.simulator.xml_client import NAMESPACE, call, document, error

XMLNS = f'xmlns="{NAMESPACE}"'


@pytest.fixture(scope="module")
def company(process: RunningSimulator) -> Qbo:
    """A client of the default company, which refuses all of this."""
    process.reset()
    return Qbo(process)


@pytest.mark.parametrize(
    "body",
    [
        {"Nonsense": "1", "DisplayName": "X"},
        {"DisplayName": {"GivenName": "X"}},
        {"DisplayName": "X", "Taxable": "perhaps"},
        {"DisplayName": "X", "OpenBalanceDate": "tomorrow"},
        {"DisplayName": "X", "Balance": "much"},
        {"DisplayName": "X", "BillAddr": "a street"},
        {"DisplayName": "X", "BillAddr": {"Nonsense": "1"}},
        {"DisplayName": "X", "CustomField": [{"Type": "NoType"}]},
        {"DisplayName": "X", "ParentRef": {"value": "1", "type": "Customer"}, "PreferredDeliveryMethod": "Pigeon"},
        {"DisplayName": "X" * 501},
        {"DisplayName": "X:Y"},
        {"Id": "a"},
        {"Id": "99", "SyncToken": "0"},
    ],
)
def test_a_wrong_value_is_refused_with_the_same_fault_as_in_json(company: Qbo, body: dict[str, Any]) -> None:
    """Unknown names, wrong types, lengths, enumerations: code, words, element and status."""
    as_json = company.post("customer", body)
    as_xml = call(company, "POST", "customer", document("Customer", body))

    assert (as_xml.status, error(as_xml)) == (as_json.status, {**as_json.error})
    assert as_json.status == 400


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "not well-formed"),
        ("{}", "not well-formed"),
        ('{"DisplayName":"X"}', "not well-formed"),
        (f"<Customer {XMLNS}>", "not well-formed"),
        (f"<Customer {XMLNS}><DisplayName>X</Customer>", "not well-formed"),
        (f"<Customer {XMLNS}/><Customer {XMLNS}/>", "not well-formed"),
        (f"<Customer {XMLNS}><Notes>&other;</Notes></Customer>", "not well-formed"),
        (f"<Customer {XMLNS}><Notes>&#1;</Notes></Customer>", "not well-formed"),
        (f'<?xml version="1.0" encoding="nonsense"?><Customer {XMLNS}/>', "not well-formed"),
        (f'<?xml version="1.0" encoding="shift_jis"?><Customer {XMLNS}/>', "not well-formed"),
        ("<Customer><DisplayName>X</DisplayName></Customer>", f"Unexpected element <Customer>; expected is <{{{NAMESPACE}}}"),
        ('<Customer xmlns="http://example.com/"/>', "Unexpected element <{http://example.com/}Customer>"),
        (f'<Customer {XMLNS}><DisplayName xmlns="">X</DisplayName></Customer>', "Unexpected element <DisplayName>"),
        (f"<Vendor {XMLNS}><DisplayName>X</DisplayName></Vendor>", "Unexpected element <Vendor>; expected is"),
        (f"<IntuitResponse {XMLNS}><Customer/></IntuitResponse>", "Unexpected element <IntuitResponse>"),
        (f"<!DOCTYPE Customer><Customer {XMLNS}><DisplayName>X</DisplayName></Customer>", "document type declaration"),
        (f'<!DOCTYPE C [<!ENTITY e "X">]><Customer {XMLNS}><DisplayName>&e;</DisplayName></Customer>', "document type"),
        (f'<!DOCTYPE C [<!ENTITY e SYSTEM "file:///etc/passwd">]><Customer {XMLNS}><Notes>&e;</Notes></Customer>', "type"),
        (f'<!DOCTYPE C SYSTEM "http://127.0.0.1:1/x.dtd"><Customer {XMLNS}/>', "document type declaration"),
        (f"<!DOCTYPE C [{LAUGHS}]><Customer {XMLNS}><Notes>&l9;</Notes></Customer>", "document type declaration"),
        (f"<Customer {XMLNS}>some text<DisplayName>X</DisplayName></Customer>", "Text beside the elements in <Customer>"),
        (f"<Customer {XMLNS}><DisplayName>X\x7f</DisplayName></Customer>", "Invalid character (DEL)"),
        (f'<Customer {XMLNS} explode="&#127;"><DisplayName>X</DisplayName></Customer>', "Invalid character (DEL)"),
        (f'<Customer {XMLNS} sparse="yes"><DisplayName>X</DisplayName></Customer>', "neither true nor false"),
        (f'<Customer {XMLNS} DisplayName="X"/>', 'Unrecognized field "@DisplayName"'),
        (f'<Customer {XMLNS} explode="true"><DisplayName>X</DisplayName></Customer>', 'Unrecognized field "explode"'),
        (f"<Customer {XMLNS}><sparse>true</sparse></Customer>", 'Unrecognized field "<sparse>"'),
        (f'<Customer {XMLNS}><DisplayName>X</DisplayName><ParentRef value="1"/></Customer>', 'Unrecognized field "@value"'),
        (f'<Customer {XMLNS}><DisplayName lang="en">X</DisplayName></Customer>', "instance of java.lang.String"),
        (f"<Customer {XMLNS}><DisplayName>X</DisplayName><DisplayName>Y</DisplayName></Customer>", "out of START_ARRAY"),
        ("<Line>" * 100_000, "Unexpected element <Line>"),
        (f"<Customer {XMLNS}>{'<BillAddr>' * 50}", "nested too deeply"),
        (f"<Customer {XMLNS}>{'<CustomField/>' * 600_001}</Customer>", "too many elements"),
        (f"<Customer {XMLNS}>X</Customer>", "Can not deserialize"),
    ],
)  # fmt: skip
def test_what_is_no_customer_is_refused_and_nothing_is_made(company: Qbo, body: str, told: str) -> None:
    """2010 in words that say what is wrong; no entity is ever expanded and nothing is fetched; the server lives."""
    before = len(company.simulator.state("Customer"))

    answer = call(company, "POST", "customer", body)

    assert (answer.status, error(answer)["code"]) == (400, "2010")
    assert told in error(answer)["Detail"]
    assert len(company.simulator.state("Customer")) == before


def test_the_tax_service_takes_json_alone(company: Qbo) -> None:
    """1050."""
    answer = company.call("POST", "taxservice/taxcode", document("TaxService", {}), {"Content-Type": "application/xml"})

    assert (answer.status, answer.error["code"]) == (400, "1050")
