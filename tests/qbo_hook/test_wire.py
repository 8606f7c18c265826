"""Requests and answers as values: exact bytes in, exact numbers out."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from qbo_hook import Answer, RawAnswer, Request, wire_json


@pytest.mark.parametrize(
    "request_",
    [
        Request(method="GET", path="/a"),
        Request(
            method="POST",
            path="/v3/company/1/invoice",
            params=(("operation", "void"), ("requestid", "x&y")),
            body='{"Name":"Zoë 🙂","Amount":100.00}'.encode(),
            content_type="application/json",
            request_id="x&y",
            kind="write",
        ),
        Request(method="POST", path="/a", body=b""),
        Request(
            method="POST", path="/a", body=b"\xff\x00\xfe", kind="batch", operations=30, reads=2, is_idempotent=True
        ),
        Request(method="POST", path="/a", body=b"a\x00b"),
    ],
)
def test_a_request_survives_json_byte_for_byte(request_: Request) -> None:
    """What was stored before sending is what is sent, on another day by another worker."""
    assert Request.from_json(request_.to_json()) == request_
    assert Request.from_dict(request_.to_dict()) == request_
    assert "\\u0000" not in request_.to_json()


def test_a_stored_body_stays_readable() -> None:
    """An auditor reads the text, not an encoding of it."""
    assert Request(method="POST", path="/a", body=b'{"Id":"1"}').to_dict()["body"] == '{"Id":"1"}'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("100.00"), b"100.00"),
        (Decimal("1E+2"), b"100"),
        (Decimal("0.1"), b"0.1"),
        (Decimal("-0.005"), b"-0.005"),
        (7, b"7"),
        (True, b"true"),
        (False, b"false"),
        (None, b"null"),
        ('a"\\\n🙂', '"a\\"\\\\\\n🙂"'.encode()),
        ([], b"[]"),
        ({}, b"{}"),
        ({"b": [1, {"a": (Decimal("1.10"), "x")}], "a": None}, b'{"b":[1,{"a":[1.10,"x"]}],"a":null}'),
    ],
)
def test_values_are_written_exactly(value: Any, written: bytes) -> None:
    """Money keeps its cents, keys keep their order."""
    assert wire_json.dumps(value) == written
    assert wire_json.loads(written) == wire_json.loads(wire_json.dumps(wire_json.loads(written)))


@pytest.mark.parametrize("value", [1.5, {"a": [0.1]}, {1: "a"}, object(), b"a", {"a": {1}}])
def test_a_float_never_goes_out(value: Any) -> None:
    """A float cannot hold cents; nor is anything written whose meaning is not plain."""
    with pytest.raises(TypeError):
        wire_json.dumps(value)


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), "\ud800"])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    """No number without end, no half of a character."""
    with pytest.raises(ValueError, match=r"not a number|surrogates"):
        wire_json.dumps(value)


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b'{"a":Infinity}', b"\xff\xff", b"[" * 100_000, b"<html>"])
def test_what_is_not_json_is_a_value_error(body: bytes) -> None:
    """Truncated, foreign, endless nesting: one kind of error."""
    with pytest.raises(ValueError, match=r"Expect|not JSON|decode|deeply"):
        wire_json.loads(body)


@pytest.mark.parametrize("name", ["intuit_tid", "intuit-tid"])
def test_the_trace_id_is_found_under_both_names(name: str) -> None:
    """QBO writes it in two ways."""
    raw = RawAnswer(200, {name: "1-abc"}, b'{"TotalAmt":100.00,"Qty":3}', 12, datetime(2026, 11, 22, tzinfo=UTC))

    answer = Answer.from_raw(raw)

    assert answer.intuit_tid == "1-abc"
    assert answer.json() == {"TotalAmt": Decimal("100.00"), "Qty": 3}
    assert isinstance(answer.json()["Qty"], int)
    assert answer.json() is answer.json()
    assert (answer.duration_ms, answer.sent_at) == (12, raw.sent_at)


def test_an_answer_made_by_hand_knows_when() -> None:
    """Its time is in UTC."""
    assert Answer(200, {}, b"{}").sent_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'{"a":"b\u0000c","d\u0000":[1.50]}', {"a": r"b\u0000c", r"d\u0000": [Decimal("1.50")]}),
        (rb'["\ud83d\ude00", "x\ud83d", "\\u0000"]', ["\U0001f600", r"x\ud83d", r"\u0000"]),
        ('["b\\u0000c"]'.encode("utf-16"), [r"b\u0000c"]),
        (b'["caf\xc3\xa9"]', ["café"]),
    ],
)
def test_text_that_no_database_takes_is_shown_as_its_escape(body: bytes, value: Any) -> None:
    """NUL and half a surrogate pair become visible, whole pairs and all else stay as they are."""
    assert wire_json.loads(body) == value


def test_a_body_is_text_that_can_be_stored() -> None:
    """Whatever bytes came: what is not UTF-8 is replaced, a zero byte is shown."""
    assert Answer(502, {}, b"a\0b\xff").text == "a\\u0000b\ufffd"


ITEMS = (
    '{"bId":"a","Invoice":{"Id":"1","TotalAmt":10.50}}',
    '{"bId":"c","Text":"what no database takes: \\u0000 and \\ud83d"}',
    '{ "bId" : "b" , "Fault":{"x":"],[\\"BatchItemResponse\\":["}}',
)


@pytest.mark.parametrize("blank", ["", " ", "\r\n\t"])
def test_a_batch_answer_is_read_once_with_the_words_of_each_item(blank: str) -> None:
    """The same values as from the whole body, and each item's text to the letter."""
    listed = f"{blank},{blank}".join(ITEMS)
    body = f'{{"time":"x",{blank}"BatchItemResponse"{blank}:{blank}[{blank}{listed}{blank}]{blank}}}'.encode()
    answer = Answer(200, {}, body)

    assert answer.json() == wire_json.loads(body)
    assert answer.item_texts() == ITEMS
    assert isinstance(answer.json()["BatchItemResponse"][0]["Invoice"]["TotalAmt"], Decimal)


@pytest.mark.parametrize(
    "body",
    [
        b'{"BatchItemResponse":[],"time":"x"}',
        rb'{"a":"b\u0000c","BatchItemResponse":[]}',
        b'{"BatchItemResponse":{}}',
        b'{"Other":{"BatchItemResponse":[{"bId":"a"}]}}',
        b'{"BatchItemResponse":[{"bId":"a"}],"BatchItemResponse":[{"bId":"b"}]}',
        b'{"Text":"\\"BatchItemResponse\\":[1,2]"}',
        b'[{"BatchItemResponse":[1]}]',
        '{"BatchItemResponse":[{"bId":"ä"}]}'.encode("utf-16"),
    ],
)
def test_an_answer_of_another_shape_is_read_as_a_whole(body: bytes) -> None:
    """What only looks like the list of items changes nothing, and no words are cut out of it."""
    answer = Answer(200, {}, body)

    assert answer.json() == wire_json.loads(body)
    assert answer.item_texts() == ()


@pytest.mark.parametrize(
    "body",
    [
        b'{"BatchItemResponse":[{"bId":"a"}',
        b'{"BatchItemResponse":[{"bId":"a"} {"bId":"b"}]}',
        b'{"BatchItemResponse":[{"bId":"a"},]}',
        b'{"BatchItemResponse":[,{"bId":"a"}]}',
        b'{"BatchItemResponse":[{"bId":NaN}]}',
        b'{"BatchItemResponse":[{"bId":"a"}]}}',
        b'{"BatchItemResponse":[{"bId":"\xff"}]}',
        b'{"BatchItemResponse":[' + b"[" * 100_000 + b"]}",
    ],
)
def test_a_torn_batch_answer_is_no_json(body: bytes) -> None:
    """Half an answer proves nothing of any item, not even of those that are whole."""
    with pytest.raises(ValueError, match=r"."):
        Answer(200, {}, body).json()
