"""The page docs/faults.md, made from the catalogue: what QuickBooks says, what happens next by itself, and what cures it."""

from __future__ import annotations

from itertools import groupby

from qbo_hook.fault_catalogue import CATALOGUE
from qbo_hook.faults import UNCLASSIFIED, CatalogueEntry

_HEAD = """# Faults of QuickBooks

What QuickBooks may answer, by our name for it. This page is made from the catalogue in `plugins/qbo_hook/fault_catalogue.py`;
a test compares the two, and `python -m qbo_hook.fault_page > docs/faults.md` writes it anew. QuickBooks' own words stand in the
detail of the document; look here for its code. One code may mean several things; then the text decides, and a row with a text
goes before one without.
"""

_NEXT = {
    "refused": "refused: nothing was done, and the same content would be refused again",
    "not_executed": "surely not executed: it is tried again by itself",
    "unknown": "unknown: QuickBooks is asked what became of it before anything is sent again",
    "realm": "the company is closed to us: the push ends, its documents stay *Pending*, and none is blamed",
}


def as_markdown() -> str:
    """The whole page."""
    entries = sorted((*CATALOGUE, UNCLASSIFIED), key=lambda entry: entry.name)
    return _HEAD + "".join(_section(list(same)) for _, same in groupby(entries, key=lambda entry: entry.name))


def _section(entries: list[CatalogueEntry]) -> str:
    first = entries[0]
    heading = f'\n### <a id="{first.page}"></a>`{first.name}`\n\n'
    told = "; ".join(filter(None, (_told(entry) for entry in entries)))
    cures = " ".join(dict.fromkeys(entry.cure for entry in entries))
    said = f"- **QuickBooks says:** {told}\n" if told else ""
    return f"{heading}{said}- **Then:** {_NEXT[first.failure_mode]}\n- **Cure:** {cures}\n"


def _told(entry: CatalogueEntry) -> str:
    text = f" with a text like `{entry.pattern.pattern}`" if entry.pattern else ""
    return f"{', '.join(entry.codes)}{text}" if entry.codes else ""


if __name__ == "__main__":  # pragma: no cover - a test compares the page with as_markdown itself
    import sys

    sys.stdout.write(as_markdown())
