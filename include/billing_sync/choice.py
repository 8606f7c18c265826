"""What one call takes along, decided item by item inside the transaction that claims them (DESIGN, exactly once, rule 3)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from include.billing_sync import outcomes
from include.billing_sync.ports import Claimed, Inputs, Item, Ready, Settled, Write
from include.billing_sync.statuses import Action

_ENVELOPE = 150
"""Bytes that a batch needs around each payload, at most."""


class Choice:
    """What one call takes along: the ids of the call, and as many items as fit into its body (rule 3).

    The ids are random and of fixed width for a new decision, the stored ones for a repeat.
    """

    def __init__(self, inputs: Inputs, group: Sequence[Item], max_bytes: int) -> None:
        self._inputs = inputs
        self._room = max_bytes
        self._is_empty = True
        repeated = {item.batch_id for item in group}
        self._is_repeat = len(repeated) == 1 and None not in repeated
        self.batch_id = str(repeated.pop()) if self._is_repeat else secrets.token_hex(18)

    def decide(self, item: Item) -> Claimed | Settled | None:
        """What becomes of the item at its claim; None: it does not fit any more and goes with a later call."""
        ready = self._inputs.ready(item)
        if ready.stale:
            return outcomes.stale(item, ready.stale)
        if ready.already:
            return outcomes.already(item, ready.already)
        if ready.waits:
            return outcomes.waits(item, ready.waits)
        if ready.blocked:
            return outcomes.stopped(item, ready.blocked, ready.blocked_detail, outcome="blocked")
        if item.action == Action.NONE:
            return outcomes.adopted_name(item)
        self._room -= len((ready.text or "").encode()) + _ENVELOPE
        if self._room < 0 and not self._is_empty:
            return None
        self._is_empty = False
        return Claimed(replace(item, meant=ready.meant or item.meant), self._write(item, ready))

    def _write(self, item: Item, ready: Ready) -> Write:
        b_id = item.b_id if self._is_repeat and item.b_id else secrets.token_hex(5)
        return Write(
            entity=item.entity,
            action=item.action,
            text=ready.text or "",
            b_id=b_id,
            request_id=self.batch_id + b_id,
            qbo_id=ready.qbo_id or item.qbo_id,
            send_to=ready.send_to,
        )
