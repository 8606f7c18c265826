"""`make chaos`: kill, stop and cut pushes at their steps, then compare both sides. `python -m tests.chaos --help`."""

from __future__ import annotations

import argparse
import itertools
import logging
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos.auditor import Violation

if TYPE_CHECKING:
    from tests.chaos.mutations import Mutation
    from tests.chaos.play import Outcome
    from tests.chaos.site import Site
    from tests.chaos.temper import Wish

# One thread each: the workers are forked from this process.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

_STARTED = time.monotonic()
_NUMBERS = itertools.count(1)


def say(text: str) -> None:
    """Print one line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - _STARTED:6.0f} s] {text}", flush=True)


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; each further run takes the next one")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--documents", type=int, default=2000, help="of each run")
    parser.add_argument("--faults", type=int, default=200, help="of each run, at least")
    parser.add_argument("--companies", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reconnect", type=int, default=0, help="so often disconnect and connect again at the end")
    parser.add_argument(
        "--mutate",
        metavar="SAFEGUARD",
        help="see that the suite goes red without this safeguard of the product, or without each in turn: all",
    )
    parser.add_argument("--keep", type=Path, help="a folder for logs and databases; by default a temporary one")
    return parser.parse_args()


def main() -> int:
    """Run the suite; 1 when anything was found."""
    wanted = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before it was done"))
    with tempfile.TemporaryDirectory(prefix="ledgerline-chaos-") as temporary:
        os.environ.setdefault("AIRFLOW_HOME", str(Path(temporary) / "airflow"))
        os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        os.environ.setdefault("AIRFLOW__CORE__UNIT_TEST_MODE", "True")
        return _play(wanted, wanted.keep or Path(temporary))


def _play(wanted: argparse.Namespace, folder: Path) -> int:
    from tests.chaos.figures import lines_of, table
    from tests.chaos.play import Play
    from tests.chaos.site import Site
    from tests.chaos.temper import Wish
    from tests.warm import warm_up

    logging.getLogger("qbo_hook").setLevel(logging.WARNING)
    warm_up()
    wish = Wish(wanted.documents, wanted.faults, wanted.companies, wanted.rounds, reconnects=wanted.reconnect)
    outcomes: list[Outcome] = []
    with Site(folder) as site:
        say("PostgreSQL and QuickBooks run")
        if wanted.mutate:
            return _mutate(site, wanted, wish, folder)
        try:
            for number in range(1, wanted.runs + 1):
                play = Play(site, number, wanted.seed + number - 1, wish, folder / f"run_{number}", say)
                outcome = play.run()
                outcomes.append(outcome)
                for line in lines_of(outcome, play.auditor()):
                    say(f"  {line}")
        finally:
            if outcomes:
                print(table(outcomes), flush=True)
    return 1 if any(outcome.report.violations for outcome in outcomes) else 0


def _mutate(site: Site, wanted: argparse.Namespace, wish: Wish, folder: Path) -> int:
    """Take one safeguard away after the other. Without faults nobody may notice; with faults it has to be missed in some run."""
    from tests.chaos.mutations import MUTATIONS

    names = list(MUTATIONS) if wanted.mutate == "all" else [wanted.mutate]
    found: dict[str, str] = {}
    if len(names) > 1:
        say("with every safeguard in its place")
        if kinds := _kinds(site, wanted.seed, replace(wish, temper=MUTATIONS[names[0]].temper), folder / "whole"):
            say(f"  wrong before anything was taken away: {_told(kinds)}")
            return 1
    for name in names:
        mutation = MUTATIONS[name]
        tempered = replace(wish, temper=mutation.temper)
        say(f"without {mutation.what}, and without faults")
        if kinds := _kinds(site, wanted.seed, replace(tempered, faults=0), folder / f"calm_{name}", mutation):
            found[name] = f"WRONG:  {_told(kinds)} without any fault, so that a red run would prove nothing"
            continue
        say(f"without {mutation.what}")
        for number in range(1, wanted.runs + 1):
            kinds = _kinds(site, wanted.seed + number - 1, tempered, folder / f"without_{name}_{number}", mutation)
            if kinds.keys() & mutation.leads_to:
                found[name] = f"RED:    {_told(kinds)}"
                break
            say(f"  not missed: {_told(kinds) or 'no violation'}")
    print()
    for name in names:
        print(f"{name.ljust(12)}  {found.get(name, 'GREEN:  nobody missed it')}")
    return 0 if all(found.get(name, "").startswith("RED") for name in names) else 1


def _kinds(site: Site, seed: int, wish: Wish, folder: Path, without: Mutation | None = None) -> Counter[str]:
    """What kinds of violations one run has, and how many of each."""
    from tests.chaos.play import Play

    play = Play(site, next(_NUMBERS), seed, wish, folder, say, without.take_away if without else None)
    report = play.run().report
    missing = report.documents - report.in_qbo
    if not wish.faults and missing:
        report.violations.append(Violation("missing", "", "", f"{missing} documents never came to QuickBooks"))
    for violation in report.violations[:3]:
        say(f"    {violation}")
    return Counter(violation.kind for violation in report.violations)


def _told(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


if __name__ == "__main__":
    sys.exit(main())
