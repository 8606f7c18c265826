"""Reading include/mappings/<realm>/settings.yaml: validated as a whole, each error on one line.

An error names the file, the line and the key, what was found and what is allowed. A realm with an error has no settings
at all: nothing is done by half.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from include.billing_sync.settings import RealmSettings
from include.wiring import strict_yaml
from include.wiring.settings_model import ALLOWED, SettingsModel, contradictions, realm_settings

FOLDER_VARIABLE = "LEDGERLINE_MAPPINGS"
"""Environment variable that names another folder than include/mappings."""

FILE_NAME = "settings.yaml"
REALM_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class SettingsError(ValueError):
    """Settings that cannot be used. ``problems`` holds one line each."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the lines; the text of the error is all of them."""
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class UnknownRealmError(SettingsError):
    """No folder of this name holds a settings.yaml."""


def mappings_folder(folder: Path | str | None = None) -> Path:
    """The folder that holds one folder per realm."""
    chosen = folder or os.environ.get(FOLDER_VARIABLE) or Path(__file__).resolve().parents[1] / "mappings"
    return Path(chosen)


def realm_keys(folder: Path | str | None = None) -> list[str]:
    """The realms that have a settings.yaml, sorted. Reads no file."""
    return sorted(path.parent.name for path in mappings_folder(folder).glob(f"*/{FILE_NAME}"))


def load_settings(realm_key: str, folder: Path | str | None = None) -> RealmSettings:
    """The settings of one realm.

    :raises UnknownRealmError: when there is no such realm.
    :raises SettingsError: when its file is wrong; all its errors at once.
    """
    root = mappings_folder(folder)
    path = root / realm_key / FILE_NAME
    if not REALM_KEY.fullmatch(realm_key):
        raise SettingsError(
            [
                f"{root}: found realm key {realm_key[:60]!r}, allowed: up to 40 of a-z, 0-9, _ and -, a letter or digit first"
            ]
        )
    if not path.is_file():
        known = ", ".join(realm_keys(folder)) or "none"
        raise UnknownRealmError([f"realm {realm_key!r} is unknown: {path} does not exist; known realms: {known}"])
    return _checked(realm_key, path)


def load_each(folder: Path | str | None = None) -> tuple[dict[str, RealmSettings], dict[str, SettingsError]]:
    """The realms whose settings are good, and the errors of the others: one realm's mistake stops no other."""
    good: dict[str, RealmSettings] = {}
    bad: dict[str, SettingsError] = {}
    for realm_key in realm_keys(folder):
        try:
            good[realm_key] = load_settings(realm_key, folder)
        except SettingsError as error:
            bad[realm_key] = error
    for realm_key, other in _shared_connections(good):
        path = mappings_folder(folder) / realm_key / FILE_NAME
        found = good[realm_key].connection
        bad[realm_key] = SettingsError(
            [f"{path}: connection: found {found}, which realm {other} uses already; allowed: one connection per realm"]
        )
    return {key: settings for key, settings in good.items() if key not in bad}, bad


def _shared_connections(settings: dict[str, RealmSettings]) -> Iterator[tuple[str, str]]:
    """Every realm whose connection another realm names too, with that other."""
    for realm_key, own in settings.items():
        other = next(
            (key for key, its in settings.items() if key != realm_key and its.connection == own.connection), None
        )
        if other is not None:
            yield realm_key, other


def _checked(realm_key: str, path: Path) -> RealmSettings:
    try:
        content, lines = strict_yaml.read(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path}: not UTF-8 text (byte {error.start})"]) from error
    except strict_yaml.YamlProblem as error:
        raise SettingsError([f"{path}{_at(error.line)}: {error}"]) from error
    if not isinstance(content, dict):
        raise SettingsError([f"{path}: found {_shown(content)}, allowed: one setting per line, key: value"])
    try:
        model = SettingsModel.model_validate(content)
    except ValidationError as error:
        raise SettingsError(sorted(set(_problems(error, path, lines)), key=_in_file_order)) from error
    problems = [f"{path}{_at(lines.get((key,)))}: {key}: {sentence}" for key, sentence in contradictions(model)]
    if problems:
        raise SettingsError(problems)
    return realm_settings(realm_key, model)


def _problems(error: ValidationError, path: Path, lines: dict[tuple[str | int, ...], int]) -> Iterator[str]:
    for fault in error.errors():
        where = fault["loc"]
        known = max((where[:size] for size in range(len(where) + 1) if where[:size] in lines), key=len, default=())
        named = where if fault["type"] in _ABOUT_KEYS or not known else known
        key = ".".join(part for part in named if isinstance(part, str))
        place = f"{path}{_at(lines.get(known))}: {key}"
        if fault["type"] == "extra_forbidden":
            yield f"{place}: unknown setting{_meant(key) or f'; allowed: {_siblings(key)}'}"
        elif fault["type"] == "missing":
            yield f"{place}: missing; allowed: {_allowed(key)}"
        else:
            exactness = (
                " (without quotes it is a binary fraction, not an exact amount)" if "exact" in fault["msg"] else ""
            )
            yield f"{place}: found {_shown(fault['input'])}{exactness}, allowed: {_allowed(key)}"


_ABOUT_KEYS = frozenset({"extra_forbidden", "missing"})


def _allowed(key: str) -> str:
    """What is allowed for a key, or for the nearest block that holds it."""
    while key not in ALLOWED and "." in key:
        key = key.rpartition(".")[0]
    return ALLOWED.get(key, "one of " + ", ".join(_top_keys()))


def _siblings(key: str) -> str:
    block = key.rpartition(".")[0]
    return ALLOWED[block] if block in ALLOWED else ", ".join(_top_keys())


def _top_keys() -> list[str]:
    return [key for key in ALLOWED if "." not in key]


def _meant(key: str) -> str:
    close = difflib.get_close_matches(key, ALLOWED, n=1)
    return f"; is {close[0]} meant?" if close else ""


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _at(line: int | None) -> str:
    return "" if line is None else f", line {line}"


def _in_file_order(problem: str) -> tuple[int, str]:
    found = re.search(r", line (\d+): ", problem)
    return (int(found.group(1)) if found else 0), problem
