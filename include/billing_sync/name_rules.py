"""What QuickBooks accepts as a name, and when two names are one to it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

ITEM_NAME_LENGTH = 100

# Pictographs with what joins and colours them. The circled letters of the basic plane (©, ®, ™) are none.
_PICTOGRAPH_BLOCKS = "\u231a-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2b05-\u2b55\u3030\u303d\u3297\u3299"
_ONE_EMOJI = (
    rf"(?:[{_PICTOGRAPH_BLOCKS}]|[\U0001f000-\U0001faff]|[\U000e0020-\U000e007f]|[\ue000-\uf8ff])"
    rf"(?:[\ufe0e\ufe0f\u200d\u20e3]|[\U0001f3fb-\U0001f3ff]|[\U000e0020-\U000e007f])*"
)
_EMOJI = re.compile(rf"(\s*)((?:{_ONE_EMOJI})+)(\s*)")
_BREAKS = re.compile(r"[^\S\n\r\t\v\f\u2028\u2029\x85]*[\n\r\t\v\f\u2028\u2029\x85]+\s*")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u20e3\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff\ufffe\uffff]"
)
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f]")
"""Spaces that look like the ordinary one. The ideographic space is wide, and belongs to its scripts."""
_COLON = re.compile(":")
_OUTER_SPACE = re.compile(r"^\s+|\s+$")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")


def customer_display_name(name: str, name_length: int = 100) -> tuple[str, tuple[str, ...]]:
    """The DisplayName for a billing name, and one sentence for each thing that had to be changed.

    QuickBooks refuses colon, tab and newline in a name. A cut never splits a character from its marks. The result may
    be empty when nothing of the name can be kept.
    """
    cleaned, changes = cleaned_name(name)
    if len(cleaned) <= name_length:
        return cleaned, changes
    cut = _cut(cleaned, name_length)
    return cut, (*changes, f"cut from {len(cleaned)} to {len(cut)} characters: {cleaned!r} became {cut!r}")


def item_name(name: str) -> tuple[str, tuple[str, ...]]:
    """The Name of an item to create for a billing name (QuickBooks: at most 100 characters), and what was changed."""
    return customer_display_name(name, ITEM_NAME_LENGTH)


def name_key(name: str) -> str:
    """The form under which a name is one with others: outer spaces and case do not count, nor what looks alike to the letter."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", name)).strip().casefold()


def names_equal(one: str, other: str) -> bool:
    """Whether QuickBooks would refuse one of the names because the other is in use."""
    return name_key(one) == name_key(other)


def cleaned_name(name: str) -> tuple[str, tuple[str, ...]]:
    """The name without what QuickBooks refuses, and what was changed."""
    emoji = " ".join(found.group(2) for found in _EMOJI.finditer(name))
    changes = [f"{emoji} removed"] if emoji else []
    text = _EMOJI.sub(lambda found: " " if found.group(1) or found.group(3) else "", name)
    for pattern, replacement, change in (
        (_LONE_SURROGATE, "", "broken characters removed"),
        (_BREAKS, " ", "tab or line break replaced by a space"),
        (_SPACES, " ", "unusual space replaced by a space"),
        (_INVISIBLE, "", "invisible characters removed"),
        (_COLON, "-", "colon replaced by a hyphen"),
        (_OUTER_SPACE, "", "outer spaces removed"),
    ):
        replaced = pattern.sub(replacement, text)
        if replaced != text and (pattern is not _OUTER_SPACE or not changes):
            points = f" ({code_points(pattern.findall(text))})" if pattern in (_SPACES, _INVISIBLE) else ""
            changes.append(change + points)
        text = replaced
    joined = unicodedata.normalize("NFC", text)
    if joined != text:
        apart = code_points(one for one in text if unicodedata.combining(one))
        changes.append(f"accents joined to their letters ({apart})")
    return joined, tuple(changes)


def code_points(characters: Iterable[str]) -> str:
    """Characters that nobody sees, each once by number and name, such as ``U+200B ZERO WIDTH SPACE``."""
    named = {one: unicodedata.name(one, "") for text in characters for one in text}
    return ", ".join(f"U+{ord(one):04X} {name}".strip() for one, name in named.items())


def _cut(text: str, length: int) -> str:
    """The first ``length`` characters, less the last one's letter when its marks would stay behind."""
    end = length
    while end > 0 and (unicodedata.combining(text[end]) or text[end] in _JOINERS or text[end - 1] in _JOINERS):
        end -= 1
    return (text[:end] or text[:length]).rstrip()
