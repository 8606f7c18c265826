"""`ledgerline mappings load`, `save` and `report`: the mapping book between its CSV files and the database."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from include.billing_sync.mapping_files import FILES
from include.stores import reference
from include.stores.mappings import ChangedByPersonError
from include.stores.realms import RealmRow, disagreements, realm_behind, require_agreement
from include.wiring import connections, mapping_folder
from include.wiring.cli_output import CommandError, complain, say
from include.wiring.settings import load_settings, mappings_folder

if TYPE_CHECKING:
    from include.billing_sync.settings import RealmSettings

FAILED = 1


@dataclass(frozen=True, slots=True)
class _Place:
    """A realm, its row, and an open connection to our state."""

    settings: RealmSettings
    row: RealmRow
    state: psycopg.Connection[Any]


def add_parser(commands: Any) -> None:
    """Add the commands of this module."""
    mappings = commands.add_parser("mappings", help="move the mapping book between its CSV files and the database")
    actions = mappings.add_subparsers(metavar="ACTION", required=True)
    load = _action(actions, "load", run_load, "make the book equal to the files, or say all that is wrong in them")
    load.add_argument("--by", metavar="NAME", help="who changes the book (default: the user of this shell)")
    load.add_argument("--refresh", action="store_true", help="read QuickBooks' lists again before comparing with them")
    _action(actions, "save", run_save, "write the book, with what was decided on the pages, into the files")
    _action(actions, "report", run_report, "list what is not mapped yet, with suggestions, and what shares an item")


def _action(actions: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("--realm", metavar="KEY", required=True)
    parser.set_defaults(run=run)
    return parser


def run_load(arguments: argparse.Namespace) -> int:
    """Check the whole folder first; write only when nothing is wrong with it."""
    folder = mappings_folder() / arguments.realm
    with _opened(arguments.realm) as place:
        try:
            files = mapping_folder.read_folder(folder)
            _refresh(place, mapping_folder.lists_named(files), is_wanted=arguments.refresh)
            company = reference.company(place.state, place.row.id)
            is_us = company is not None and company.is_us
            mapping_folder.check_folder(place.state, place.row.id, files, is_us=is_us)
            counts = mapping_folder.load_folder(place.state, place.row.id, files, arguments.by or _me())
        except mapping_folder.MappingFilesError as error:
            return _refused(f"{folder}: nothing was loaded", error.problems)
        except ChangedByPersonError as error:
            cure = f"run: ledgerline mappings save --realm {arguments.realm}, then edit the files and load again"
            return _refused(
                f"{folder}: nothing was loaded, it would undo what people decided; {cure}",
                list(map(str, error.conflicts)),
            )
    for kind, count in counts.items():
        say(
            f"{FILES[kind]}: {count.added} added, {count.changed} changed, {count.removed} removed, "
            f"{count.unchanged} unchanged"
        )
    return 0


def run_save(arguments: argparse.Namespace) -> int:
    """Write all files of the realm."""
    folder = mappings_folder() / arguments.realm
    with _opened(arguments.realm) as place:
        try:
            counts = mapping_folder.save_folder(place.state, place.row.id, folder)
        except OSError as error:
            raise CommandError(
                f"{error.filename} cannot be written ({error.strerror}): make {folder} writable"
            ) from error
    for kind, count in counts.items():
        say(f"{folder / FILES[kind]}: {count} rows")
    return 0


def run_report(arguments: argparse.Namespace) -> int:
    """Print what is left to map, unmapped first."""
    from include.wiring.mapping_report import mapping_report

    with _opened(arguments.realm) as place, connections.connect_billing() as billing:
        for line in mapping_report(place.settings, place.row.id, place.state, billing):
            say(line)
    return 0


@contextmanager
def _opened(realm_key: str) -> Iterator[_Place]:
    """The realm's row and our state, open for the block."""
    from include.wiring.migrations import require_current_schema

    settings = load_settings(realm_key)
    place = connections.quickbooks(settings.connection)
    with connections.connect_state() as state:
        require_current_schema(state)
        row = realm_behind(state, realm_key, place)
        if row is None:
            raise CommandError(f"realm {realm_key} was never connected: open Connect QuickBooks in Airflow and sign on")
        require_agreement(disagreements(place, row, realm_key=realm_key))
        yield _Place(settings, row, state)


def _refresh(place: _Place, entities: list[str], *, is_wanted: bool) -> None:
    """Read the lists that the files name, where they were never read or a person asks for it."""
    unread = entities if is_wanted else reference.needs_refresh(place.state, place.row.id, entities)
    is_unknown = reference.company(place.state, place.row.id) is None
    if not unread and not is_unknown:
        return
    from include.wiring.clients import shared_hook
    from include.wiring.reference import refresh_company, refresh_lists

    with closing(shared_hook(place.settings, place.row.id, connections.connect_state)) as shared:
        if is_unknown:
            refresh_company(shared.client, place.state, place.row)
        for entity, count in refresh_lists(shared.client, place.state, place.row.id, unread).items():
            say(f"{entity}: {count.read} read from QuickBooks")


def _refused(headline: str, problems: tuple[str, ...] | list[str]) -> int:
    for problem in problems:
        complain(problem)
    complain(f"ledgerline: {headline}")
    return FAILED


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "the command line"
