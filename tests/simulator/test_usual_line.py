"""The short way for usual lines does exactly what the generic way does."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qbo_simulator import wire
from qbo_simulator.entities.fields import Shape
from qbo_simulator.entities.shapes import LINE
from qbo_simulator.entities.usual_line import SalesLineShape, print_document, print_line
from qbo_simulator.errors import Fault

# DEL marks decimals inside the simulator's parser, which refuses it in a request before any shape sees it.
TEXTS = st.text(max_size=12).filter(lambda text: "\x7f" not in text) | st.sampled_from(
    ["", '"Line":null', "x" * 4001, "\\", "ü€🦄"]
)
NUMBERS = st.sampled_from(
    ["0", "0.00", "12.5", "12.345", "-3", "1e3", "0.0000001", "99999999999.99", '"7.50"', '"abc"', "null", "true", "[]"]
)
REFERENCES = st.sampled_from(
    ['{"value":"1"}', '{"value":1}', '{"value":"1","name":"n"}', '{"value":""}', "null", '"1"', '{"v":"1"}', "{}"]
)


def joined(values: dict[str, str]) -> str:
    """JSON of an object whose values are JSON already."""
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in values.items()) + "}"


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A line as a client may send it, in any order of properties."""
    detail = {
        name: draw(values)
        for name, values in (
            ("ItemRef", REFERENCES),
            ("Qty", NUMBERS),
            ("UnitPrice", NUMBERS),
            ("TaxCodeRef", REFERENCES),
        )
        if draw(st.booleans())
    }
    line = {"DetailType": '"SalesItemLineDetail"', "Amount": draw(NUMBERS), "SalesItemLineDetail": joined(detail)}
    if draw(st.booleans()):
        line["Description"] = json.dumps(draw(TEXTS))
    return joined({name: line[name] for name in draw(st.permutations(list(line)))})


def outcome(shape: Shape, line: Any) -> tuple[str, Any]:
    """What reading a line leads to."""
    try:
        return "read", shape(line, "Line")
    except Fault as fault:
        return "refused", fault.body()


@given(lines())
@settings(max_examples=200, deadline=None)
def test_both_ways_read_the_same(text: str) -> None:
    """Values, their order, and the faults."""
    usual, generic = (
        outcome(SalesLineShape(LINE), wire.decode(text.encode())),
        outcome(LINE, wire.decode(text.encode())),
    )

    assert usual == generic
    assert json.dumps(usual, default=str) == json.dumps(generic, default=str)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"Id": st.just("1"), "LineNum": st.integers(1, 9)},
            optional={
                "Description": TEXTS,
                "Amount": st.sampled_from([0, Decimal("12.50"), Decimal("-0.01")]),
            },
        )
    ),
    st.sampled_from([4, Decimal("4.5"), Decimal("1E-7"), None]),
)
def test_both_ways_print_the_same(heads: list[dict[str, Any]], quantity: Any) -> None:
    """Each line, and a document around them whose texts look like a line list."""
    detail: dict[str, Any] = {"ItemRef": {"value": "1", "name": 'a "b" \\'}}
    if quantity is not None:
        detail |= {"UnitPrice": quantity, "Qty": 2}
    detail["TaxCodeRef"] = {"value": "NON"}
    printed = [{**head, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail} for head in heads]
    document = {"PrivateNote": '"Line":null', "Line": printed, "Memo": '"Line":null'}

    assert [print_line(line) for line in printed] == [wire.encode(line) for line in printed]
    assert print_document(document) == wire.encode(document)
