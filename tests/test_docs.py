"""What the pages say exists: links, pages that the code names, commands with their options, make targets, DAGs, faults."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.wiring.cli import _parser
from qbo_hook.fault_page import as_markdown

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "simulator").glob("*.md")])
CODE = [
    file
    for folder in ("dags", "plugins", "include", "demo", "simulator")
    for file in (ROOT / folder).rglob("*")
    if file.suffix in {".py", ".sql", ".html", ".yaml"} and "build" not in file.parts
]


def anchors(page: Path) -> set[str]:
    """What a link into the page may point to: its headings as they are published, and the anchors it sets itself."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)"', text))


def commands_shown(name: str) -> Iterator[tuple[str, list[str]]]:
    """Page and words of each command of this name that a page shows in code."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"```(?:\w*)\n(.*?)```", text, re.DOTALL)
        inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        for line in [*inline, *(line for block in blocks for line in block.splitlines())]:
            if found := re.match(rf"(?:\$ )?(?:docker compose exec \w+ )?{name} (.+)", line):
                yield page.name, re.split(r"\s+#|\s{2,}", found[1])[0].split()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Files that links name exist, and so does the heading behind a #."""
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            dead.append(target)

    assert dead == []


def test_every_page_that_the_code_names_exists() -> None:
    """A cure that leads to a page which is not there cures nothing."""
    named = {
        (match, file.name)
        for file in CODE
        for match in re.findall(r"docs/[\w/-]+\.md", file.read_text(encoding="utf-8"))
    }

    assert len(named) > 10
    assert sorted(one for one in named if not (ROOT / one[0]).is_file()) == []


def test_every_command_on_the_pages_exists_with_its_options() -> None:
    """``ledgerline …`` as the pages show it: the command, what it does, and each option."""
    shown = [(page, words) for page, words in commands_shown("ledgerline") if words[0] != "…"]

    wrong = [(page, " ".join(words)) for page, words in shown if not _is_accepted(_parser(), words)]

    assert len(shown) > 10
    assert wrong == []


def _is_accepted(parser: argparse.ArgumentParser, words: list[str]) -> bool:
    for word in words:
        choices = next((a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction)), {})
        if word.startswith("--"):
            if word.partition("=")[0] not in parser._option_string_actions:
                return False
        elif choices:
            if word not in choices:
                return False
            parser = choices[word]
    return True


def test_every_make_target_on_the_pages_exists() -> None:
    """What is printed as ``make …`` can be typed."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = {words[0] for _, words in commands_shown("make")}

    assert {"demo", "test", "stop", "reset"} <= shown
    assert shown - targets == set()


def test_every_variable_on_the_pages_is_read_somewhere() -> None:
    """``LEDGERLINE_…`` as the pages name it stands in code, compose file or image as well, or where tests learn of a sandbox."""
    named = {name for page in PAGES for name in re.findall(r"LEDGERLINE_[A-Z_]+", page.read_text(encoding="utf-8"))}
    places = [
        *CODE,
        *(ROOT / name for name in ("compose.yaml", "Dockerfile", "Makefile", "tests/qbo_hook/companies.py")),
    ]
    known = " ".join(place.read_text(encoding="utf-8") for place in places)

    assert {"LEDGERLINE_MAPPINGS", "LEDGERLINE_HOME"} <= named
    assert {name for name in named if name not in known} == set()


def test_the_table_of_dags_is_complete() -> None:
    """README.md has one row for each DAG, and none for another."""
    rows = re.findall(r"^\| `(qbo_\w+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert sorted(rows) == sorted(file.stem for file in (ROOT / "dags").glob("*.py"))


def test_the_page_of_faults_is_what_the_catalogue_says() -> None:
    """docs/faults.md is the catalogue; ``python -m qbo_hook.fault_page > docs/faults.md`` writes it."""
    assert (ROOT / "docs" / "faults.md").read_text(encoding="utf-8") == as_markdown()
