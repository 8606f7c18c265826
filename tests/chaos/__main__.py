"""`make chaos`: kill, stop and cut pushes at their steps, then compare both sides. `python -m tests.chaos --help`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.chaos.play import Outcome
    from tests.chaos.site import Site
    from tests.chaos.temper import Wish

# One thread each: the workers are forked from this process.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

_STARTED = time.monotonic()


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
    from tests.chaos.warm import warm_up

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
    """Take one safeguard away after the other: each has to be missed, in one of so many runs."""
    from tests.chaos.mutations import MUTATIONS, NOT_ENOUGH
    from tests.chaos.play import Play

    names = list(MUTATIONS) if wanted.mutate == "all" else [wanted.mutate]
    found: dict[str, str] = {}
    if len(names) > 1 and not _is_green(site, wanted, replace(wish, temper=MUTATIONS[names[0]].temper), folder):
        return 1
    for place, name in enumerate(names):
        mutation = MUTATIONS[name]
        say(f"without {mutation.what}")
        for number in range(1, wanted.runs + 1):
            label = place * wanted.runs + number
            play = Play(
                site,
                label,
                wanted.seed + number - 1,
                replace(wish, temper=mutation.temper),
                folder / f"without_{name}_{number}",
                say,
                mutation.take_away,
            )
            kinds = Counter(violation.kind for violation in play.run().report.violations)
            told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
            if kinds.keys() - NOT_ENOUGH:
                found[name] = told
                break
            say(f"  not missed: {told or 'no violation'}")
    print()
    for name in names:
        print(f"{name.ljust(12)}  {'RED:   ' + found[name] if name in found else 'GREEN: nobody missed it'}")
    return 0 if len(found) == len(names) else 1


def _is_green(site: Site, wanted: argparse.Namespace, wish: Wish, folder: Path) -> bool:
    """Whether a run is green before anything is taken away."""
    from tests.chaos.play import Play

    say("with every safeguard in its place")
    violations = Play(site, 0, wanted.seed, wish, folder / "whole", say).run().report.violations
    for violation in violations:
        say(f"  wrong before anything was taken away: {violation}")
    return not violations


if __name__ == "__main__":
    sys.exit(main())
