"""`ledgerline settle`: look up in QuickBooks what became of sendings whose answer was lost."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from include.wiring.cli_check import FOUND_SOMETHING
from include.wiring.cli_output import say

if TYPE_CHECKING:
    from include.billing_sync.ports import Settled


def add_parser(commands: Any) -> None:
    """Add the command of this module."""
    settle = commands.add_parser(
        "settle",
        help="look up in QuickBooks what became of sendings whose answer was lost",
        description="Sends nothing. Exit code 0: every outcome is known. 3: some are not yet; the lines say which and why.",
    )
    settle.add_argument("--realm", metavar="KEY", help="this realm alone")
    settle.add_argument("--wait", action="store_true", help="wait until QuickBooks may be asked about all of them")
    settle.set_defaults(run=run_settle)


def run_settle(arguments: argparse.Namespace) -> int:
    """Settle one realm or all that are set up, one after the other."""
    from include.wiring.settings import realm_keys

    keys = [arguments.realm] if arguments.realm else realm_keys()
    known = [_settle(key, wait=arguments.wait) for key in keys]
    return 0 if all(known) else FOUND_SOMETHING


class _Said:
    """Says each outcome as a line."""

    def document(self, settled: Settled) -> None:
        from include.wiring.pushing import journal_line

        say(journal_line(settled))

    def note(self, text: str) -> None:
        say(text)


def _settle(realm_key: str, *, wait: bool) -> bool:
    from include.wiring.realms import NotConnectedError, open_realm
    from include.wiring.settling import settle_unknowns

    try:
        with open_realm(realm_key) as realm:
            counts = settle_unknowns(realm, "ledgerline settle", _Said(), sleep=time.sleep if wait else None)
    except NotConnectedError as error:
        say(str(error))
        return True
    if counts.is_busy:
        say(f"{realm_key}: a push is running, which settles what is unknown itself")
        return False
    more = f"; QuickBooks may be asked about them in {counts.waits:.0f} s" if counts.waits else ""
    say(f"{realm_key}: {counts.settled} settled, {counts.left} unknown{more}")
    return not counts.left
