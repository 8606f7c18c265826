"""`make bench`, or `python -m tests.bench`: measures the pipeline and prints a table. It asserts nothing about time.

What it measures: real invoices end to end, counted in the simulator; the push against a bare loop; the use of the allowed rate;
memory; the calls of a run with nothing to do. Everything it starts ends with it, and its files with `--keep` alone remain.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from cryptography.fernet import Fernet


def main() -> int:
    """Run the chosen parts. 0 unless a part ended with an error."""
    options = _parse()
    folder = _folder()
    # Airflow reads these when it is first imported, here and in the processes of the tasks.
    os.environ["AIRFLOW_HOME"] = str(folder / "airflow")
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    # One key for all parts: Airflow reads it once in a process, and this process stores the sign-ons of all of them.
    os.environ.setdefault("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    logging.getLogger("qbo_hook").setLevel(logging.WARNING)
    try:
        return _measure(options, folder)
    finally:
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _measure(options: argparse.Namespace, folder: Path) -> int:
    from demo.runner.postgres import EmbeddedPostgres
    from tests.bench.parts import PARTS, Bench, Options
    from tests.bench.retail import WHOLE_FILE
    from tests.bench.similar_file import write_similar
    from tests.bench.table import Row, say, table

    is_made_up = not options.file.exists()
    if is_made_up:
        say(
            f"{options.file} does not exist (see demo/load_online_retail.py): made-up data of similar shape takes its place"
        )
    chosen = Options(
        file=write_similar(folder / "similar.csv.gz", WHOLE_FILE) if is_made_up else options.file,
        is_made_up=is_made_up,
        share=options.share,
        push_invoices=options.push_invoices,
        rounds=options.rounds,
        limits_seconds=options.limits_seconds,
        memory_invoices=options.memory_invoices,
        profile=options.profile,
    )
    source = "made-up data of similar shape" if is_made_up else options.file.name
    rows = [Row("data", "invoices come from", "-", source)]
    failed = False
    for name in options.only or PARTS:
        say(f"{name}: starting PostgreSQL")
        try:
            # Each part has a server of its own, or it would pay for what the one before left to be vacuumed and written.
            # Durable, as in the product: what is claimed must be on the disk before it is sent.
            with EmbeddedPostgres(folder / f"postgres_{name}") as pg:
                rows += PARTS[name](Bench(chosen, pg, folder))
        except Exception:  # noqa: BLE001 - the other parts are still measured, and the exit code tells
            traceback.print_exc()
            failed = True
            rows.append(Row(name, "ended with an error", "-", "see above", False))
    print("\n" + table(rows))
    return int(failed)


def _folder() -> Path:
    from demo.runner.layout import Home

    parent = Home.from_environment(os.environ).root / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=parent))


def _parse() -> argparse.Namespace:
    from tests.bench.parts import PARTS, Options
    from tests.bench.retail import FILE

    def parts(text: str) -> list[str]:
        names = text.split(",")
        if strange := set(names) - set(PARTS):
            raise argparse.ArgumentTypeError(f"no part {', '.join(strange)}; there are: {', '.join(PARTS)}")
        return names

    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", type=parts, metavar="PART,...", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--file", type=Path, default=FILE, help=f"the retail file (default: {FILE})")
    whole = Options(FILE)
    for name, kind, meaning in (
        ("share", float, "part of the file that `real` takes, such as 0.1"),
        ("push_invoices", int, "invoices that `push` reads"),
        ("rounds", int, "how often `push` compares"),
        ("limits_seconds", int, "how long `limits` watches"),
        ("memory_invoices", int, "`memory` takes these and ten times as many"),
    ):
        default = getattr(whole, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=kind, default=default, help=f"{meaning} (default: {default})"
        )
    parser.add_argument("--profile", type=Path, metavar="FILE", help="put a cProfile of the push of `push` here")
    parser.add_argument("--keep", action="store_true", help="keep databases and logs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
