"""The minute that simulator/README.md promises, in each of its languages, copied out of the page itself."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qbo_simulator.testing import RunningSimulator

PAGE = Path(__file__).resolve().parents[2] / "simulator" / "README.md"


def block(language: str, holding: str, simulator: RunningSimulator) -> str:
    """The block of the page in a language that holds some words, with the address of a running simulator."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (found,) = (text for text in blocks if holding in text)
    return str(found).replace("http://127.0.0.1:8099", simulator.base_url)


def output(*command: str, text: str) -> str:
    """What a program prints that is given a text to run."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_first_invoice_by_curl(simulator: RunningSimulator) -> None:
    """The commands, one after the other: a token, then an invoice of 100."""
    lines = block("console", "ACCESS_TOKEN", simulator).splitlines()
    commands = [line.removeprefix("$ ") for line in lines if line.startswith(("$ ", "    "))]

    printed = output("bash", text="\n".join(commands))

    assert '"token_type":"bearer"' in printed
    assert '"TotalAmt":100.00' in printed
    assert len(simulator.state("Invoice")) == 1


@pytest.mark.parametrize(
    ("language", "holding", "program"),
    [("python", "from quickbooks import", sys.executable), ("js", "await fetch", "node")],
)
def test_the_first_query_in_a_language(simulator: RunningSimulator, language: str, holding: str, program: str) -> None:
    """Three customers, printed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    options = ["--input-type=module"] if program == "node" else []

    printed = output(program, *options, "-", text=block(language, holding, simulator))

    assert "Amy's Bird Sanctuary" in printed
    assert "Cool Cars" in printed
