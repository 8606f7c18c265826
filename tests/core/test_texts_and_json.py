"""Texts that are cut or refused, and JSON that keeps every digit."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.billing_sync.exact_json import StoredJson, digest, dumps, loads
from include.billing_sync.settings import Named
from include.billing_sync.texts import broken_characters, cut, is_email


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("ééé", 2, "éé"),
        ("ab\u0301", 2, "a"),
        ("a👩‍💻b", 3, "a"),
        ("a👍🏽", 2, "a"),
        ("\u0301\u0301", 1, "\u0301"),
    ],
)
def test_a_cut_never_parts_a_character_from_what_belongs_to_it(text, length, expected):
    """Accents, joined emoji and skin colours stay whole or go whole; a text of nothing but marks is cut all the same."""
    assert cut(text, length) == expected


@given(st.text(max_size=60), st.integers(min_value=1, max_value=50))
def test_a_cut_text_is_a_beginning_of_the_text_and_never_too_long(text, length):
    """Whatever the script, the limit holds and nothing is invented."""
    assert len(cut(text, length)) <= length
    assert text.startswith(cut(text, length))


def test_control_characters_and_halves_of_surrogates_are_broken():
    """Tab and line ends are text; a bell, a null and half an emoji are not."""
    assert broken_characters("plain\ttext\r\nwith 😀") == 0
    assert broken_characters("\x00\x07\x7f\ud83d\uffff") == 5


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("a@b.co", True),
        (" a@b.co ", True),
        (None, False),
        ("", False),
        ("a@b", False),
        ("a b@c.de", False),
        ("a@b.co, c@d.ef", False),
        ("x" * 95 + "@b.com", False),
    ],
)
def test_only_one_address_that_quickbooks_takes_is_an_email(address, is_one):
    """One @, a dot behind it, no blanks or lists, at most 100 characters."""
    assert is_email(address) is is_one


def test_a_decimal_is_written_as_the_number_it_is():
    """No exponent, no lost zero, no quotes."""
    value = {"a": Decimal("10.10"), "b": Decimal("1E+3"), "c": [True, None, 3, "é\n"], "d": date(2026, 1, 2)}

    assert dumps(value) == '{"a":10.10,"b":1000,"c":[true,null,3,"é\\n"],"d":"2026-01-02"}'


@pytest.mark.parametrize(("value", "error"), [(1.5, TypeError), (Decimal("NaN"), ValueError), ({1, 2}, TypeError)])
def test_what_is_not_exact_cannot_be_written(value, error):
    """A float is refused, and so is everything that is no JSON."""
    with pytest.raises(error):
        dumps({"amount": value})


def test_what_is_no_number_of_json_cannot_be_read():
    """NaN never enters."""
    with pytest.raises(ValueError, match="NaN"):
        loads('{"amount": NaN}')


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_json_comes_back_as_it_went(value):
    """Every Decimal keeps its value and every text its characters; json itself agrees."""
    assert loads(dumps(value)) == value
    assert json.loads(dumps(value), parse_float=Decimal) == value


def test_a_digest_tells_values_apart_and_not_their_order_of_keys():
    """Equal values have one digest in whatever order a mapping holds them; a date, a place of a Decimal, a type makes another."""
    named = Named("1", "Sales")
    value = {"a": [Decimal("1.00"), date(2026, 1, 2)], "b": {"x": named, "y": None}}

    assert digest(value) == digest(
        {"b": {"y": None, "x": Named("1", "Sales")}, "a": (Decimal("1.00"), date(2026, 1, 2))}
    )
    others = [
        value | {"a": [Decimal("1.0"), date(2026, 1, 2)]},
        value | {"a": [Decimal("1.00"), date(2026, 1, 3)]},
        value | {"b": {"x": Named("1", "Other"), "y": None}},
        value | {"b": {"x": named, "y": ""}},
        value | {"c": 1},
    ]
    assert len({digest(value), *map(digest, others)}) == 6


def test_a_stored_body_keeps_its_text_and_tells_its_values():
    """The text to the letter, blanks and trailing zeros included; read like the object that it is."""
    stored = StoredJson('{"b": 1.50, "a": "x"}')

    assert stored.text == '{"b": 1.50, "a": "x"}'
    assert dict(stored) == {"b": Decimal("1.50"), "a": "x"}
    assert (len(stored), stored.get("c")) == (2, None)
