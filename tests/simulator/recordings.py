"""Reading recorded exchanges, and comparing answers by one general rule."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "qbo_recordings"
COMPANY = "-COMPANY_ID-"
# Headers of the connection, not of QBO.
OF_THE_CONNECTION = {"date", "connection", "transfer-encoding", "content-length"}
_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
FORMATS = (
    ("moment with milliseconds", re.compile(_MOMENT + r"\.\d{3}[+-]\d\d:\d\d")),
    ("moment", re.compile(_MOMENT + r"[+-]\d\d:\d\d")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("digits", re.compile(r"\d+")),
    ("coordinate", re.compile(r"-?\d+\.\d+|INVALID")),
)


class Number(str):
    """A JSON number as it was printed."""

    __slots__ = ()

    @property
    def format(self) -> str:
        """whole, money (two decimals) or fraction."""
        decimals = len(self.partition(".")[2])
        return "whole" if "." not in self else "money" if decimals == 2 else "fraction"


def parse(text: str) -> Any:
    """JSON with numbers as printed."""
    return json.loads(text, parse_float=Number, parse_int=Number)


def dump(tree: Any) -> bytes:
    """JSON of what ``parse`` returned."""
    if isinstance(tree, dict):
        return b"{" + b",".join(json.dumps(name).encode() + b":" + dump(value) for name, value in tree.items()) + b"}"
    if isinstance(tree, list):
        return b"[" + b",".join(dump(entry) for entry in tree) + b"]"
    return tree.encode() if isinstance(tree, Number) else json.dumps(tree).encode()


@dataclass
class Exchange:
    """One recorded request and its answer."""

    method: str
    path: str
    parameters: dict[str, str]
    request: Any
    status: int
    headers: dict[str, str]
    answer: Any

    @property
    def resource(self) -> str:
        """First segment behind the company."""
        return self.path.partition("/")[0]


@dataclass
class Recording:
    """One file."""

    name: str
    exchanges: list[Exchange] = field(default_factory=list)


def read_all() -> list[Recording]:
    """All recordings of the folder."""
    return [read(path) for path in sorted(FOLDER.rglob("*.yml"))]


def read(path: Path) -> Recording:
    """One file; the company of the URI was masked in two ways, both are undone."""
    recording = Recording(str(path.relative_to(FOLDER)))
    for entry in yaml.safe_load(path.read_text())["http_interactions"]:
        request, response = entry["request"], entry["response"]
        target = urlsplit(request["uri"])
        resource = target.path.removeprefix("/v3/").removeprefix(f"company/{COMPANY}/")
        recording.exchanges.append(
            Exchange(
                method=request["method"].upper(),
                path=resource,
                parameters=dict(parse_qsl(target.query, keep_blank_values=True)),
                request=parse(request["body"]["string"]) if request["body"]["string"] else None,
                status=response["status"]["code"],
                headers={
                    name.lower().replace("intuit-tid", "intuit_tid"): values[0]
                    for name, values in response["headers"].items()
                },
                answer=parse(response["body"]["string"]),
            )
        )
    return recording


def shown_objects(tree: Any, names: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Whole objects of an answer: entity and document."""
    if isinstance(tree, list):
        for entry in tree:
            yield from shown_objects(entry, names)
    elif isinstance(tree, dict):
        for name, value in tree.items():
            for document in value if isinstance(value, list) else [value]:
                if name in names and isinstance(document, dict) and "SyncToken" in document:
                    yield name, document
                else:
                    yield from shown_objects(document, names)


def text_format(text: str) -> str:
    """What kind of text a string is."""
    return next((name for name, pattern in FORMATS if pattern.fullmatch(text)), "text")


def differences(recorded: Any, ours: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Path, kind (type, keys, order, length, format, value) and both sides of every difference."""
    if type(recorded) is not type(ours):
        yield path, "type", f"{recorded!r} / {ours!r}"
    elif isinstance(recorded, dict):
        if set(recorded) != set(ours):
            missing, extra = sorted(set(recorded) - set(ours)), sorted(set(ours) - set(recorded))
            yield path, "keys", f"missing {missing}, extra {extra}"
        elif list(recorded) != list(ours):
            yield path, "order", f"{list(recorded)} / {list(ours)}"
        for name in recorded:
            if name in ours:
                yield from differences(recorded[name], ours[name], f"{path}.{name}" if path else name)
    elif isinstance(recorded, list):
        if len(recorded) != len(ours):
            yield path, "length", f"{len(recorded)} / {len(ours)}"
        for one, other in zip(recorded, ours, strict=False):
            yield from differences(one, other, f"{path}[]")
    elif isinstance(recorded, Number) and recorded.format != ours.format:
        yield path, "format", f"{recorded} / {ours}"
    elif isinstance(recorded, str) and not isinstance(recorded, Number) and text_format(recorded) != text_format(ours):
        yield path, "format", f"{recorded!r} / {ours!r}"
    elif recorded != ours:
        yield path, "value", f"{recorded!r} / {ours!r}"
