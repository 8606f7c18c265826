"""Faults: every form is read, every error kept, every code of QBO known."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from qbo_hook import Fault, FaultError, classify, parse_fault
from qbo_hook.fault_catalogue import CATALOGUE

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "qbo_recordings" / "error"

PERIOD_CLOSED = (
    "The account period has closed and the account books cannot be updated through through the QBO Services API. "
    "Please use the QBO website to make these changes."
)
STALE = (
    "Stale Object Error : You and Ann Smith were working on this at the same time. Ann Smith finished before you did."
)


def fault_of(code: str, detail: str = "", kind: str = "ValidationFault") -> Fault:
    return Fault((FaultError(code, "Message", detail),), kind)


def test_all_errors_of_a_business_fault_are_kept() -> None:
    """A Fault may hold several errors; each one is told, with its element."""
    body = b"""{"Fault":{"Error":[
        {"Message":"Invalid ID","Detail":"Id should be a valid number. Supplied value:1.5","code":"2030","element":"Id"},
        {"Message":"Required","Detail":"Line is missing","code":2020,"element":""}],"type":"ValidationFault"}}"""

    fault = parse_fault(body)

    assert fault is not None
    assert fault.type == "ValidationFault"
    assert [(error.code, error.element) for error in fault.errors] == [("2030", "Id"), ("2020", None)]
    assert "Supplied value:1.5" in str(fault)
    assert "(code 2020)" in str(fault)


def test_the_gateway_writes_in_small_letters_and_quotes_our_token() -> None:
    """Inside an envelope of nulls; the piece of the token it quotes is hidden at once."""
    body = json.dumps(
        {
            "warnings": None,
            "fault": {
                "error": [
                    {
                        "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                        "detail": "Token expired: AB01601390262kxzxOlnHYdhtEVRXISU7piPqQrCmmbDN35Yjd",
                        "code": "3200",
                        "element": None,
                    }
                ],
                "type": "AUTHENTICATION",
            },
            "queryResponse": None,
            "batchItemResponse": [],
        }
    ).encode()

    fault = parse_fault(body)

    assert fault is not None
    assert (fault.errors[0].code, fault.type) == ("3200", "AUTHENTICATION")
    assert fault.errors[0].detail == "Token expired: ***"
    assert classify(fault).name == "access_token_rejected"


@pytest.mark.parametrize("namespace", ["", ' xmlns="http://schema.intuit.com/finance/v3"'])
def test_a_fault_in_xml_is_read(namespace: str) -> None:
    """Some gateway errors are XML although JSON was asked for."""
    body = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
        <IntuitResponse{namespace} time="2026-11-22T00:00:00"><Fault type="SERVICE"><Error code="3001">
        <Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>
        <Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>""".encode()

    fault = parse_fault(body)

    assert fault is not None
    assert fault.errors[0].detail.startswith("The request limit")
    assert classify(fault).name == "throttled"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<html><body>Bad Gateway</body></html>",
        b"<!DOCTYPE html><html></html>",
        b"<html><br></html>",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><Fault type="x"><Error code="1"/></Fault>',
        b"<\x00F\x00",
        b'{"Invoice":{"Id":"1"}}',
        b'{"fault":null}',
        b'{"Fault":"odd"}',
        b'{"Fault":{"Error"',
        b'["Fault"]',
        b"Fault",
    ],
)
def test_what_holds_no_fault_is_none(body: bytes) -> None:
    """HTML, torn JSON and successes are no faults; a document type is not even parsed."""
    assert parse_fault(body) is None


@pytest.mark.parametrize(
    "body", [b'{"Fault":{}}', b'{"Fault":{"Error":[]}}', b'{"Fault":{"Error":[null]}}', b"<Fault/>"]
)
def test_a_fault_without_errors_is_still_a_fault(body: bytes) -> None:
    """It must not pass for a success; and with nothing known, nothing is known of the outcome."""
    fault = parse_fault(body)

    assert fault is not None
    assert len(fault.errors) == 1
    assert classify(fault).failure_mode == "unknown"


def test_an_error_that_stands_alone_is_read() -> None:
    """One error without its list counts as well."""
    fault = parse_fault(
        b'{"Fault":{"Error":{"Message":"m","Detail":"m and more","code":"610"},"type":"ValidationFault"}}'
    )

    assert fault is not None
    assert fault.errors[0].text == "m and more"


def test_a_code_hidden_in_the_message_is_found() -> None:
    """The gateway sometimes gives its number in the text alone."""
    fault = parse_fault(
        b'{"fault":{"error":[{"message":"message=x; errorCode=003100; statusCode=403"}],"type":"SERVICE"}}'
    )

    assert fault is not None
    assert classify(fault).name == "not_authorised"


# The catalogue

# The codes of QBO.md, section 10, with the texts that make a difference.
KNOWN_CODES = re.findall(
    r"\d+",
    """
    100 110 120 130 140 150 500 600 610 620 630 700 800 900 1000 1010 1020 1040 1050 2000 2010 2020 2030 2040 2050
    2060 2070 2080 2090 2100 2110 2120 2130 2140 2150 2160 2170 2180 2190 2200 2210 2220 2230 2240 2250 2260 2270
    2280 2290 2300 2500 2600 3000 3001 3100 3200 3202 4000 4001 4002 5010 5020 5030 6000 6010 6020 6030 6040 6050
    6060 6070 6080 6090 6100 6130 6140 6150 6160 6170 6180 6190 6200 6210 6220 6230 6240 6250 6270 6280 6290 6300
    6310 6320 6330 6340 6350 6360 6370 6380 6390 6400 6420 6430 6440 6450 6480 6520 6530 6540 10000 10100 10200
    """,
)


@pytest.mark.parametrize("code", KNOWN_CODES)
@pytest.mark.row("G18")
def test_every_code_of_qbo_is_classified(code: str) -> None:
    """No documented code reaches a person as unclassified."""
    assert classify(fault_of(code)).name != "unclassified"


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
@pytest.mark.row("G18")
def test_every_entry_has_a_cure_a_page_and_a_plain_name(entry: object) -> None:
    """A person is told what to do, and where to read more."""
    assert re.fullmatch(r"[a-z_]+", entry.name)  # type: ignore[attr-defined]  # parametrised over catalogue entries
    assert entry.page == entry.name.replace("_", "-")  # type: ignore[attr-defined]  # as above
    assert entry.cure.endswith(".")  # type: ignore[attr-defined]  # as above


@pytest.mark.row("F102")
@pytest.mark.parametrize(
    ("code", "detail", "name", "mode"),
    [
        ("610", "Object Not Found : Another user has deleted this transaction.", "inactive_reference", "refused"),
        ("2500", "Invalid Reference Id : Accounts element id 7 not found", "reference_not_found", "refused"),
        ("5010", STALE, "stale_object", "refused"),
        ("5010", PERIOD_CLOSED, "period_closed", "refused"),
        ("6210", PERIOD_CLOSED, "period_closed", "refused"),
        ("6200", "", "period_closed", "refused"),
        ("6000", "You can only add or edit one name at a time. Please try again.", "name_lock", "not_executed"),
        ("6000", "You can only add or edit one product or service at a time.", "name_lock", "not_executed"),
        (
            "6000",
            "An unexpected error occurred while accessing or saving your data. Please wait",
            "saving_failed",
            "unknown",
        ),
        ("6000", "Unexpected Internal Error. (-30000)", "internal_error", "unknown"),
        ("6000", "Make sure all your transactions have a GST/HST rate before you save.", "tax_code_missing", "refused"),
        ("6000", "Make sure all your transactions have a VAT rate before you save.", "tax_code_missing", "refused"),
        ("6000", "We're sorry, QuickBooks encountered an error while calculating tax.", "tax_calculation", "refused"),
        ("6000", "Invalid TxnTaxDetail", "tax_detail_invalid", "refused"),
        ("6170", "TxnTaxDetail should not be provided", "tax_detail_invalid", "refused"),
        ("6000", "You must select a customer for this transaction.", "customer_missing", "refused"),
        (
            "6000",
            "When you use Accounts Receivable, you must choose a customer in the Name field.",
            "customer_missing",
            "refused",
        ),
        ("6000", "Fill out at least two detail lines to continue.", "lines_missing", "refused"),
        ("6000", "You must set a transaction amount.", "amount_missing", "refused"),
        ("6000", "The discount amount can't be greater than the subtotal.", "discount_too_large", "refused"),
        (
            "6000",
            "The entity Estimate 75 that you are trying to link does not exist.",
            "link_target_missing",
            "refused",
        ),
        ("6000", "Transaction amount must be 0 or greater", "amount_negative", "refused"),
        ("6000", "Something of its own", "business_rule", "refused"),
        ("6140", "You must specify a different number.", "duplicate_number", "refused"),
        ("6240", "Another $$customer$$ is already using this name", "duplicate_name", "refused"),
        ("600", "", "duplicate_request_id", "unknown"),
        ("1040", "", "batch_too_large", "not_executed"),
        ("10000", "System Failure Error", "system_failure", "unknown"),
        ("120", "", "access_denied", "realm"),
        ("130", "", "wrong_cluster", "realm"),
        ("150", "", "maintenance", "realm"),
        ("3100", "", "not_authorised", "realm"),
        ("5020", "", "permission_denied", "realm"),
        ("6190", "", "subscription_lapsed", "realm"),
        ("3001", "", "throttled", "not_executed"),
        ("3200", "", "access_token_rejected", "not_executed"),
    ],
)
def test_texts_that_matter_are_told_apart(code: str, detail: str, name: str, mode: str) -> None:
    """One code may mean several things; the text decides, and with it what may happen next."""
    entry = classify(fault_of(code, detail))

    assert (entry.name, entry.failure_mode) == (name, mode)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("ValidationFault", "refused"),
        ("SystemFault", "unknown"),
        ("SERVICE", "unknown"),
        ("", "unknown"),
        ("AuthenticationFault", "realm"),
        ("AuthorizatonFault", "realm"),
    ],
)
@pytest.mark.row("G18")
def test_an_unknown_code_is_judged_by_its_type(kind: str, mode: str) -> None:
    """Only a ValidationFault is sure to have executed nothing; its words are kept as they are."""
    fault = fault_of("98765", "News from QuickBooks", kind)
    entry = classify(fault)

    assert (entry.name, entry.failure_mode) == ("unclassified", mode)
    assert "News from QuickBooks" in str(fault)
    assert "98765" in str(fault)


def test_a_system_fault_is_unknown_whatever_its_code() -> None:
    """QBO broke down, so it may have executed the request before."""
    assert classify(fault_of("6240", kind="SystemFault")).failure_mode == "unknown"


@pytest.mark.parametrize(
    ("codes", "name"),
    [
        (("2010", "10000"), "system_failure"),
        (("2010", "6190"), "subscription_lapsed"),
        (("3001", "2010"), "unknown_property"),
        (("6190", "10000"), "system_failure"),
    ],
)
def test_of_several_errors_the_gravest_decides(codes: tuple[str, ...], name: str) -> None:
    """Doubt first, then the company, then the data, then mere waiting."""
    fault = Fault(tuple(FaultError(code, "m", "d") for code in codes), "ValidationFault")

    assert classify(fault).name == name


def test_the_recorded_faults_are_read_and_classified() -> None:
    """Bodies recorded from a real sandbox."""
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings are not beside this checkout")
    yaml = pytest.importorskip("yaml")
    names = []

    for file in sorted(RECORDINGS.glob("*.yml")):
        for exchange in yaml.safe_load(file.read_text())["http_interactions"]:
            fault = parse_fault(exchange["response"]["body"]["string"].encode())
            assert (fault is None) == (exchange["response"]["status"]["code"] == 200)
            names += [classify(fault).name] if fault else []

    assert names == ["query_invalid", "access_token_rejected", "unsupported_operation", "invalid_id", "duplicate_name"]
