"""Texts on their way to QuickBooks: what is cut, and what cannot go at all."""

from __future__ import annotations

import re
import unicodedata

LONGEST_SENSIBLE_TEXT = 100_000
"""Characters. A longer text was not written by anyone: the extract is damaged, and cutting it would hide that."""

EMAIL_LENGTH = 100

_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")


def cut(text: str, length: int) -> str:
    """The first ``length`` characters (code points), except that no letter or emoji is parted from what belongs to it."""
    if len(text) <= length:
        return text
    end = length
    while end > 0 and (_continues(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return text[: end or length]


def _continues(character: str) -> bool:
    """Whether it belongs to the character before it: a combining mark, a joiner, or the skin colour of an emoji."""
    is_skin_colour = "\U0001f3fb" <= character <= "\U0001f3ff"
    return bool(unicodedata.combining(character)) or character in _JOINERS or is_skin_colour


def broken_characters(text: str) -> int:
    """How many characters no accounting text may hold: controls other than tab and line ends, halves of surrogates."""
    return len(_BROKEN.findall(text))


def unseen_characters(text: str) -> str:
    """What of a text nobody sees or tells apart: invisible characters, spaces of other kinds, accents apart from their letter."""
    kinds = {"Cf", "Zl", "Zp"}
    unseen = [
        one for one in text if unicodedata.category(one) in kinds or (unicodedata.category(one) == "Zs" and one != " ")
    ]
    apart = [one for one in text if unicodedata.combining(one)] if unicodedata.normalize("NFC", text) != text else []
    return "".join(dict.fromkeys(unseen + apart))


def is_email(text: str | None) -> bool:
    """Whether QBO would take it as BillEmail: one address with @ and a dot after it, 100 characters at most."""
    return text is not None and len(text.strip()) <= EMAIL_LENGTH and _EMAIL.fullmatch(text.strip()) is not None
