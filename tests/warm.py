"""Everything that a task imports, imported once before the processes of tasks are forked."""

from __future__ import annotations

import importlib
import logging

DAG_FILES = ("include.wiring.forms", "include.wiring.pipeline", "include.wiring.runs")
"""What the files of the DAGs import when they are read."""
_MODULES = (
    "great_expectations",
    "pandas",
    "airflow.sdk",
    "airflow.sdk.crypto",
    "airflow.providers.standard.operators.hitl",
    *DAG_FILES,
    "include.wiring.caring",
    "include.wiring.changes",
    "include.wiring.checking",
    "include.wiring.clients",
    "include.wiring.extracting",
    "include.wiring.findings",
    "include.wiring.plan_making",
    "include.wiring.preflight",
    "include.wiring.pushing",
    "include.wiring.reconcile_report",
    "include.wiring.reconciling",
    "include.wiring.reference",
    "qbo_hook.hook",
)


def load(names: tuple[str, ...] = DAG_FILES) -> None:
    """Import these modules."""
    for name in names:
        importlib.import_module(name)


def warm_up() -> None:
    """Import what the tasks need and let the checks run once, so that each task starts within milliseconds."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    load(_MODULES)
    import tqdm

    from include.billing_sync.facts import FACTS
    from include.billing_sync.settings import RealmSettings
    from include.expectations.runner import Gate
    from include.wiring.settings_model import SettingsModel

    tqdm.tqdm.monitor_interval = 0  # its thread must not be there when a process is forked
    SettingsModel(connection="any", time_zone="UTC")
    # Of what is wrong Great Expectations is asked: too few lines, and a flag.
    wrong = {"line_count": 0, "is_draft": True}
    Gate(RealmSettings("any", "any", "UTC")).judge([{**dict.fromkeys(FACTS), "billing_id": "any", **wrong}])
