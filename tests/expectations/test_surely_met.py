"""Rules that are not put to Great Expectations, because the extremes of their column prove them: it would say the same."""

from __future__ import annotations

import itertools
from typing import Any

import great_expectations.expectations as gx
import pandas
import pytest

from include.expectations.runner import _batches, _validated
from include.expectations.surely_met import is_surely_met

COLUMNS: dict[str, Any] = {
    "none": pandas.array([None, None, None], dtype="Int64"),
    "zero": pandas.array([0, None, 0], dtype="Int64"),
    "mixed": pandas.array([-1, None, 5], dtype="Int64"),
    "huge": pandas.array([2**63 - 1, -(2**63) + 1, 3], dtype="Int64"),
    "unknown": pandas.array([None, None, None], dtype="boolean"),
    "yes": pandas.array([True, None, True], dtype="boolean"),
    "both": pandas.array([True, False, None], dtype="boolean"),
}
ROWS = pandas.DataFrame({"row": pandas.array(range(3), dtype="Int64"), **COLUMNS})
TOLD = {"meta": {"reason": "no_lines"}}
BOUNDS = ({"max_value": 0}, {"max_value": 4}, {"min_value": 0}, {"min_value": -1}, {"min_value": -1, "max_value": 5})
SETS: tuple[list[Any], ...] = ([True], [False], [True, False])
RULES = [
    *(
        gx.ExpectColumnValuesToBeBetween(column=column, **bounds, **TOLD)
        for column, bounds in itertools.product(("none", "zero", "mixed", "huge"), BOUNDS)
    ),
    *(
        gx.ExpectColumnValuesToBeInSet(column=column, value_set=values, **TOLD)
        for column, values in itertools.product(("unknown", "yes", "both"), SETS)
    ),
]


def test_what_is_surely_met_is_what_great_expectations_calls_met():
    """Whole numbers and flags, null and huge ones among them, against every kind of bound: the two agree on each rule."""
    batch = _batches().get_batch(batch_parameters={"dataframe": ROWS})
    verdicts = _validated(batch, RULES, {"result_format": "BOOLEAN_ONLY"})

    said = [(rule.column, rule.dict(), verdict.success) for rule, verdict in zip(RULES, verdicts, strict=True)]
    ours = [(rule.column, rule.dict(), is_surely_met(rule, ROWS)) for rule in RULES]

    assert ours == said
    assert {met for *_, met in ours} == {True, False}


@pytest.mark.parametrize(
    "rule",
    [
        gx.ExpectColumnValuesToBeBetween(column="zero", max_value=0, strict_max=True, **TOLD),
        gx.ExpectColumnValuesToBeBetween(column="zero", max_value=0, mostly=0.5, **TOLD),
        gx.ExpectColumnValuesToBeBetween(column="yes", max_value=1, **TOLD),
        gx.ExpectColumnValuesToBeInSet(column="zero", value_set=[0], **TOLD),
        gx.ExpectColumnValuesToBeInSet(column="yes", value_set=["True", True], **TOLD),
        gx.ExpectColumnValuesToNotBeNull(column="zero", **TOLD),
        gx.ExpectColumnValuesToBeBetween(column="no_such_fact", max_value=0, **TOLD),
    ],
    ids=["strict", "mostly", "bounds of a flag", "a set of numbers", "a set of texts", "another kind", "no fact"],
)
def test_a_rule_with_any_further_wish_is_put_to_great_expectations(rule):
    """Only plain bounds of whole numbers and plain sets of flags are read from the extremes."""
    assert not is_surely_met(rule, ROWS)
