"""Makefile, CI script, image and compose file agree with each other and with the pins."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from demo.runner.layout import Ports, settings

CHECKOUT = Path(__file__).resolve().parents[2]
COMPOSE = CHECKOUT / "compose.yaml"
FIXED_TARGETS = {"demo", "stop", "reset", "test", "check", "bench", "chaos"}


def test_the_help_lists_every_fixed_target():
    """`make` alone shows what DESIGN.md promises, one line each."""
    listing = subprocess.run(["make", "-s"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout

    assert {line.split()[1] for line in listing.splitlines()} >= FIXED_TARGETS


@pytest.mark.parametrize("document", sorted(path.name for path in (CHECKOUT / "docs").glob("*.md")))
def test_every_make_target_that_the_docs_name_exists(document):
    """A reader can type what a page says."""
    targets = set(re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))

    named = set(re.findall(r"[`$] ?make ([a-z]+)", (CHECKOUT / "docs" / document).read_text()))

    assert named <= targets


def test_ci_is_a_program_that_the_shell_can_read():
    """`.ci/run` is executable and free of syntax errors."""
    script = CHECKOUT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_the_image_holds_the_pinned_airflow_and_build_tool():
    """The base image's tag, the pins and the local runner name the same versions."""
    dockerfile = (CHECKOUT / "Dockerfile").read_text()
    pinned = re.search(r"^apache-airflow==(\S+)", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE)[1]
    build_tool = re.search(r"^setuptools==(\S+)", (CHECKOUT / "requirements-dev.txt").read_text(), re.MULTILINE)[1]

    assert f"FROM apache/airflow:{pinned}-python3.12\n" in dockerfile
    assert f"ARG SETUPTOOLS_VERSION={build_tool}\n" in dockerfile


def test_the_image_copies_every_folder_that_the_project_installs():
    """A package that pyproject.toml names, and the image lacks, would break its build."""

    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    sources = {Path(folder).parts[0] for folder in project["tool"]["setuptools"]["package-dir"].values()}
    dockerfile = (CHECKOUT / "Dockerfile").read_text()
    sent = (CHECKOUT / ".dockerignore").read_text().splitlines()

    assert {folder for folder in sources if f"COPY --chown=airflow:0 {folder} ./{folder}\n" in dockerfile} == sources
    assert {f"!{folder}" for folder in sources} <= set(sent)


def test_compose_publishes_on_loopback_only():
    """No port of any service can be reached from another machine."""
    services = yaml.safe_load(COMPOSE.read_text())["services"]

    published = [port for service in services.values() for port in service.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_compose_service_says_when_it_is_healthy():
    """`docker compose up --wait` ends when the product works, and not before."""
    services = yaml.safe_load(COMPOSE.read_text())["services"]

    assert {name for name, service in services.items() if "healthcheck" not in service} == {"init"}


def test_compose_asks_only_for_settings_that_the_example_names():
    """Whoever fills in `.env.example` has everything; no secret has a default."""
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", COMPOSE.read_text()))
    example = _example()

    assert asked <= set(example)
    for name in asked:
        if re.search("PASSWORD|SECRET|KEY", name):
            assert example[name] == ""
            assert f"${{{name}:?" in COMPOSE.read_text()
            assert f"${{{name}:-" not in COMPOSE.read_text()


def test_the_example_names_the_default_ports(tmp_path, monkeypatch):
    """Copying `.env.example` changes nothing of the demo."""
    for name in _example():
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text((CHECKOUT / ".env.example").read_text())

    values = {name: value for name, value in settings(tmp_path).items() if name in _example()}

    assert Ports.from_environment(values) == Ports()
    assert {Ports().variable(name) for name in asdict(Ports())} <= set(_example())


def _example() -> dict[str, str]:
    lines = (CHECKOUT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
