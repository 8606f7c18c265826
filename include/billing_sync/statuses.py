"""The words for what becomes of a document: statuses, actions, and the states of a plan item."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """What the user sees. Pending and Unknown exist only until settled."""

    SYNCED = "Synced"
    SKIPPED = "Skipped"
    ERROR = "Error"
    PENDING = "Pending"
    UNKNOWN = "Unknown"


GRAVITY = {Status.ERROR: 5, Status.SKIPPED: 4, Status.UNKNOWN: 3, Status.PENDING: 2, Status.SYNCED: 1}
"""A document with several reasons has the gravest status: Error, then Skipped, then Synced."""


class Action(StrEnum):
    """What a plan item does in QuickBooks."""

    CREATE = "create"
    UPDATE = "update"
    VOID = "void"
    SEND = "send"
    NONE = "none"


class ItemState(StrEnum):
    """Where a plan item is on its way. PLANNED blocks nothing; HELD waits for a person."""

    PLANNED = "planned"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    STALE = "stale"
    HELD = "held"
