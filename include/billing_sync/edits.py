"""Which of our fields somebody changed in QuickBooks after our last write, each with what we put there and what stands now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from include.billing_sync.owned import owned_fields
from include.billing_sync.pairs import Edit
from include.billing_sync.ports import Entity

SHOWN = 200
"""Characters of a value that are shown."""
LINES_SHOWN = 5

_NOT_EDITED = frozenset({"SyncToken", "Id", "Line"})


def edits(answer: Mapping[str, Any], entity: Entity) -> tuple[Edit, ...]:
    """The fields that differ. A payment that bumped the SyncToken, or a mail that was sent, is no edit.

    :param answer: what owned.owned_fields kept of QuickBooks' answer to our last write.
    :param entity: the object as QuickBooks holds it now.
    """
    now = owned_fields(entity)
    names = [name for name in dict.fromkeys((*answer, *now)) if name not in _NOT_EDITED]
    found = [
        Edit(name, _text(answer.get(name)), _text(now.get(name))) for name in names if answer.get(name) != now.get(name)
    ]
    lines = list(_lines(answer.get("Line") or (), now.get("Line") or ()))
    if lines:
        shown, more = lines[:LINES_SHOWN], len(lines) - LINES_SHOWN
        rest = f", and {more} more" if more > 0 else ""
        found.append(
            Edit("Line", "; ".join(ours for ours, _ in shown) + rest, "; ".join(theirs for _, theirs in shown) + rest)
        )
    return tuple(found)


def marked_by_us(entity: Entity) -> str | None:
    """The billing id that our mark names, the last line of the memo of whatever we write (payloads); None without one."""
    *_, last = str(entity.get("PrivateNote") or "").splitlines() or [""]
    mark, _, billing_id = last.strip().partition(" ")
    return billing_id if mark == "Ref" and billing_id else None


def _lines(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """What differs line by line: lines that were changed, removed or added, by their ids."""
    left = {str(line.get("Id")): line for line in theirs}
    for place, line in enumerate(ours, start=1):
        now = left.pop(str(line.get("Id")), None)
        if now is None:
            yield f"line {place}: {_line(line)}", f"line {place}: removed"
        else:
            yield from _parts(place, line, now)
    for line in left.values():
        yield "no such line", f"added: {_line(line)}"
    before, after = [str(line.get("Id")) for line in ours], [str(line.get("Id")) for line in theirs]
    if before != after and sorted(before) == sorted(after):
        yield "lines in our order", "lines in another order"


def _parts(place: int, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys((*ours, *theirs)):
        if ours.get(name) != theirs.get(name):
            where = f"line {place} {name}: "
            yield where + _text(ours.get(name)), where + _text(theirs.get(name))


def _line(line: Mapping[str, Any]) -> str:
    return _text(f"{line.get('Amount', '')} {line.get('Description') or ''}".strip())


def _text(value: Any) -> str:
    text = "nothing" if value is None or value == "" else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
