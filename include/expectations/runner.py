"""Runs the suites over rows of facts and gives each row all its findings.

The core has computed the facts; Great Expectations judges them; nothing here knows a rule. Amounts are whole numbers all
the way, so that no money passes through a float.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from include.billing_sync.facts import FACTS, FLAG_FACTS, TEXT_FACTS
from include.billing_sync.reason_catalogue import Severity
from include.billing_sync.reasons import Finding, worst_of_each
from include.billing_sync.settings import RealmSettings
from include.expectations.result import CheckResult
from include.expectations.surely_met import is_surely_met

if TYPE_CHECKING:
    from pandas import DataFrame

CHUNK = 5_000
"""Rows judged at once: memory does not grow with the number of documents."""

KEY = "billing_id"
_ROW = "row"
_NAMING = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [_ROW],
    "return_unexpected_index_query": False,
}
_LARGEST = 2**63 - 1
NOTE = "note"
"""The severity of an expectation that only counts."""


def check(
    rows: Iterable[Mapping[str, Any]], settings: RealmSettings, *, chunk: int = CHUNK
) -> tuple[dict[str, list[Finding]], CheckResult]:
    """Judge all rows at once: the findings of each document that has any, by billing id, and the counts.

    For more documents than fit into memory, make a :class:`Gate` and judge chunk by chunk.
    """
    gate = Gate(settings)
    findings: dict[str, list[Finding]] = {}
    stream = iter(rows)
    while part := list(islice(stream, chunk)):
        findings |= gate.judge(part)
    return findings, gate.result


class Gate:
    """One realm's suite; made ready with the first documents of a run, since Great Expectations takes seconds to import.

    ``result`` counts over all chunks what was expected and met, for the plan and the page.
    """

    def __init__(self, settings: RealmSettings, rules: Sequence[Any] | None = None) -> None:
        """Remember what to judge by.

        :param rules: expectations to judge by, with the ``meta`` that invoices.py describes; by default the realm's suite.
        """
        self.result = CheckResult()
        self._settings = settings
        self._rules = rules

    def judge(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Finding]]:
        """All findings of each document that has any, by billing id, the gravest severity of each reason.

        :param rows: what ``facts.facts`` gave for each document, with ``billing_id`` beside it; ``doc_number`` is shown to
            people; ``is_new`` false says that the document has not changed since the last run.
        :raises RuntimeError: when an expectation could not be evaluated: a fault of the gate, never of a document.
        """
        found: dict[int, list[Finding]] = defaultdict(list)
        for meta, unexpected in self._run(rows) if rows else ():
            self.result.count(
                meta, len(rows), [str(rows[row].get("doc_number") or rows[row][KEY]) for row in unexpected]
            )
            if meta["severity"] == NOTE:
                continue
            for row in unexpected:
                detail = str(meta["detail"]).format_map(rows[row])
                found[row].append(Finding(meta["reason"], detail, Severity(meta["severity"])))
        judged = {row: worst_of_each(findings) for row, findings in found.items()}
        for row, facts in enumerate(rows):
            self.result.add(judged.get(row, ()), is_new=bool(facts.get("is_new", True)))
        return {str(rows[row][KEY]): findings for row, findings in judged.items()}

    @cached_property
    def _expectations(self) -> Sequence[Any]:
        from include.expectations.invoices import suite

        return suite(self._settings) if self._rules is None else list(self._rules)

    def _run(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], list[int]]]:
        """Each expectation's meta with the rows that do not meet it.

        Naming rows is what costs Great Expectations most, and most rules are met by all: which ones are not is asked
        first, of those that are not surely met, and rows are asked only of these. A rule that is content when most rows
        meet it is asked in any case.
        """
        rules = self._expectations
        facts = frame(rows)
        doubtful = [rule for rule in rules if not is_surely_met(rule, facts)]
        batch = _batches().get_batch(batch_parameters={"dataframe": facts}) if doubtful else None
        verdicts = zip(doubtful, _validated(batch, doubtful, {"result_format": "BOOLEAN_ONLY"}), strict=True)
        asked = [rule for rule, verdict in verdicts if not verdict.success or getattr(rule, "mostly", 1) != 1]
        named = {id(rule): one for rule, one in zip(asked, _validated(batch, asked, _NAMING), strict=True)}
        for rule in rules:
            unmet = named[id(rule)].result.get("unexpected_index_list") if id(rule) in named else None
            yield rule.meta, [int(row[_ROW]) for row in unmet or ()]


@cache
def _batches() -> Any:
    """What makes a batch of Great Expectations out of a frame; one for all gates of a process."""
    import great_expectations

    _hush()
    context: Any = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("candidates").add_dataframe_asset("facts")
    return asset.add_batch_definition_whole_dataframe("all")


def _validated(batch: Any, rules: Sequence[Any], result_format: Mapping[str, Any]) -> Sequence[Any]:
    """What Great Expectations found for each rule, in their order.

    :raises RuntimeError: when a rule could not be evaluated.
    """
    if not rules:
        return ()
    from great_expectations import ExpectationSuite

    results = batch.validate(
        ExpectationSuite("invoices", expectations=list(rules)), result_format=result_format
    ).results
    for one in results:
        if one.exception_info.get("raised_exception", one.exception_info):
            reason = one.expectation_config.meta["reason"]
            raise RuntimeError(f"the expectation for {reason} could not be evaluated: {one.exception_info}")
    return list(results)


def _hush() -> None:
    """Keep to warnings the loggers of Great Expectations that set a level of their own."""
    for name, logger in logging.root.manager.loggerDict.items():
        if name.startswith("great_expectations.") and isinstance(logger, logging.Logger):
            logger.setLevel(max(logger.level, logging.WARNING) if logger.level else logging.NOTSET)


def frame(rows: Sequence[Mapping[str, Any]]) -> DataFrame:
    """The facts as a frame: whole numbers as nullable integers, flags as nullable booleans, no text, no float."""
    import pandas

    columns: dict[str, Any] = {_ROW: pandas.array(range(len(rows)), dtype="Int64")}
    for column in FACTS:
        if column in TEXT_FACTS:
            continue
        values = [row[column] for row in rows]
        if column in FLAG_FACTS:
            columns[column] = pandas.array(values, dtype="boolean")
        else:
            columns[column] = pandas.array([_bounded(value) for value in values], dtype="Int64")
    return pandas.DataFrame(columns)


def _bounded(value: int | None) -> int | None:
    """The number, kept within 64 bits: what is larger fails each rule just the same."""
    return None if value is None else max(-_LARGEST, min(_LARGEST, value))
