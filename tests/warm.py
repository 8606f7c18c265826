"""Everything that a task imports, imported once before the workers are forked."""

from __future__ import annotations

import importlib
import logging

_MODULES = (
    "great_expectations",
    "pandas",
    "airflow.sdk",
    "airflow.sdk.crypto",
    "include.wiring.changes",
    "include.wiring.checking",
    "include.wiring.clients",
    "include.wiring.extracting",
    "include.wiring.plan_making",
    "include.wiring.pushing",
    "include.wiring.reference",
    "include.wiring.runs",
    "qbo_hook.hook",
)


def warm_up() -> None:
    """Import what the workers need and let the checks run once, so that each worker starts within milliseconds."""
    for name in _MODULES:
        importlib.import_module(name)
    logging.getLogger("qbo_hook").setLevel(logging.WARNING)
    import tqdm

    from include.billing_sync.facts import FACTS
    from include.billing_sync.settings import RealmSettings
    from include.expectations.runner import Gate

    tqdm.tqdm.monitor_interval = 0  # its thread must not be there when a worker is forked
    Gate(RealmSettings("any", "any", "UTC")).judge([{**dict.fromkeys(FACTS), "billing_id": "any"}])
