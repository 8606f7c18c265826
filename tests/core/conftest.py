"""Golden files: the exact text that QuickBooks would be sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from include.billing_sync.exact_json import loads

# A busy machine is no fault of the code: no deadline, and the same examples in every run.
settings.register_profile("ledgerline", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ledgerline")

FOLDER = Path(__file__).with_name("golden")
NUMBER = "number:"


def readable(text: str) -> str:
    """JSON with indents, every number digit for digit as it was."""

    def marked(value: Any) -> Any:
        if isinstance(value, Decimal):
            return f"{NUMBER}{value:f}"
        if isinstance(value, dict):
            return {key: marked(part) for key, part in value.items()}
        return [marked(part) for part in value] if isinstance(value, list) else value

    pretty = json.dumps(marked(loads(text)), indent=2, ensure_ascii=False)
    return re.sub(rf'"{NUMBER}([^"]+)"', r"\1", pretty) + "\n"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text of JSON with tests/core/golden/<name>.json; a missing file fails and shows what to put there."""

    def compare(name: str, text: str) -> None:
        path = FOLDER / f"{name}.json"
        shown = readable(text)
        assert path.exists(), f"{path} is missing; it would read:\n{shown}"
        assert shown == path.read_text(encoding="utf-8")

    return compare
