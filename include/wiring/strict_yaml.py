"""YAML for settings: nothing is guessed from the look of a word, and no key may stand twice.

PyYAML reads `off` as False, `010` as 8, `12:30` as 750 and takes the last of two equal keys. In a file that decides how
books are written each of these would be an accident; here they stay text, and a repeated key is an error.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Any

import yaml


class YamlProblem(ValueError):
    """The text is no YAML as we read it. ``line`` counts from 1 where it is known."""

    def __init__(self, what: str, line: int | None = None) -> None:
        """Keep the one-line description and the line."""
        super().__init__(what)
        self.line = line


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalar rules of YAML 1.2, dates left as text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own name and shape

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """As PyYAML does, but refuse a key that stands twice."""
        lines: dict[Any, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise YamlProblem(f"found {key!r} as a key, allowed: text", line)
            if key in lines:
                raise YamlProblem(f"{key}: stands twice, first in line {lines[key]}", line)
            lines[key] = line
        return super().construct_mapping(node, deep)


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


def read(text: str) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    """The content of one YAML document, and the line of each of its keys by its path.

    :raises YamlProblem: for text that is no YAML, a key that stands twice, or a tag that is not plain data.
    """
    try:
        loader = _StrictLoader(text)
        try:
            node = loader.get_single_node()
            content = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        raise YamlProblem(f"not readable as YAML: {what}", mark.line + 1 if mark else None) from error
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, YamlProblem):
            raise
        raise YamlProblem(f"not readable as YAML: {' '.join(str(error).split())}") from error
    return content, dict(_lines(node, ())) if node is not None else {}


def _lines(node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), key.start_mark.line + 1
            yield from _lines(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield (*path, position), value.start_mark.line + 1
            yield from _lines(value, (*path, position))
