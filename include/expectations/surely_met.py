"""Which rules are met by all rows, as the smallest and the greatest value of their column already prove.

Great Expectations takes as long for a rule over three documents as over three thousand, and most rules are met by all. So it is
asked only about those of which the extremes of the column do not show it. The bounds are read from the expectation itself,
so that each rule still stands in one place; an expectation of another kind, or one with any further wish, is always asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_TOLD = frozenset({"column", "meta", "severity"})
_BOUNDS = frozenset({"min_value", "max_value"})


def is_surely_met(rule: Any, rows: DataFrame) -> bool:
    """Whether no row can fail this expectation; false does not say that one does.

    :param rows: what ``runner.frame`` made: whole numbers and flags, in which null fails no rule.
    """
    import great_expectations.expectations as known

    wishes = frozenset(rule.__fields_set__) - _TOLD
    if type(rule) not in (known.ExpectColumnValuesToBeBetween, known.ExpectColumnValuesToBeInSet):
        return False
    if rule.column not in rows:
        return False
    extremes, kind = _extremes(rows[rule.column]), str(rows[rule.column].dtype)
    if type(rule) is known.ExpectColumnValuesToBeInSet:
        return kind == "boolean" and wishes == {"value_set"} and _are_among(extremes, rule.value_set)
    has_bounds = bool(wishes) and wishes <= _BOUNDS
    return kind == "Int64" and has_bounds and _lie_between(extremes, rule.min_value, rule.max_value)


def _extremes(column: Series[Any]) -> list[Any]:
    """The smallest and the greatest value; none when all are null."""
    from pandas import NA

    return [value for value in (column.min(), column.max()) if value is not NA]


def _are_among(extremes: list[Any], allowed: Any) -> bool:
    """Whether the two values of a flag's column are allowed; of other columns the extremes do not tell it."""
    if not isinstance(allowed, list) or any(type(value) is not bool for value in allowed):
        return False
    return all(bool(value) in allowed for value in extremes)


def _lie_between(extremes: list[Any], least: Any, most: Any) -> bool:
    """Whether whole numbers lie between two numbers, of which one may not be there. Python compares the two kinds exactly."""
    if any(bound is not None and type(bound) not in (int, float) for bound in (least, most)):
        return False
    return all((least is None or value >= least) and (most is None or value <= most) for value in map(int, extremes))
