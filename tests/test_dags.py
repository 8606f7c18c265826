"""Policy over all DAGs: what holds for every file in dags/."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from include.billing_sync.windows import local_window

DAGS = Path(__file__).resolve().parents[1] / "dags"
FILES = sorted(DAGS.glob("*.py"))


@pytest.fixture(scope="module")
def bag() -> object:
    """All DAGs as Airflow reads them."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(DAGS))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dag_file_names_its_dag_explains_it_and_is_short(bag: object, file: Path) -> None:
    """File name = DAG id, the module docstring is its doc, an explicit data interval, tags, retries by the typed errors."""
    dag = bag.dags[file.stem]  # type: ignore[attr-defined]

    assert bag.import_errors == {}  # type: ignore[attr-defined]
    assert dag.doc_md
    assert len(dag.doc_md) > 200
    assert dag.tags
    assert not dag.catchup
    assert type(dag.timetable).__name__ != "CronTriggerTimetable", "a cron string has no data interval in Airflow 3"
    assert len(file.read_text().splitlines()) <= 120


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_realm_waits_for_another(bag: object, file: Path) -> None:
    """Work is mapped over realms; inside, only the report runs whatever happened; the last task raises for those that failed."""
    tasks = {task.task_id: task for task in bag.dags[file.stem].tasks}  # type: ignore[attr-defined]
    mapped = [task for task in tasks.values() if task.get_closest_mapped_task_group() or task.is_mapped]

    assert mapped
    for task in mapped:
        expected = "all_done" if task.task_id == "realm.report" else "all_success"
        assert task.trigger_rule == expected, task.task_id
    assert tasks["finish"].trigger_rule == "all_done"
    assert tasks["finish"].downstream_list == []
    assert {task.task_id for task in tasks.values()} - {task.task_id for task in mapped} <= {"choose", "finish", "tidy"}


def test_there_is_a_dag() -> None:
    """A wrong folder must not pass on zero DAGs."""
    assert {"qbo_export_invoices", "qbo_care"} <= {file.stem for file in FILES}


@pytest.mark.row("X4")
def test_the_schedule_is_hourly_for_the_push_and_nightly_for_the_comparison(bag: object) -> None:
    """What the pages promise: each hour, each night, each day."""
    schedules = {name: dag.timetable.expression for name, dag in bag.dags.items()}  # type: ignore[attr-defined]
    wanted = {
        "qbo_auto_sync": "0 * * * *",
        "qbo_reconcile": "30 4 * * *",
        "qbo_refresh_lists": "30 2 * * *",
        "qbo_export_invoices": "0 3 * * *",
        "qbo_care": "30 5 * * *",
    }

    assert {name: schedules[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("zone", "days_later"),
    [
        ("Europe/London", 0),
        ("Africa/Lagos", 0),
        ("Asia/Kolkata", 0),
        ("Australia/Sydney", 0),
        ("Pacific/Auckland", 0),
        ("America/New_York", 1),
        ("America/Mexico_City", 1),
        ("America/Los_Angeles", 1),
    ],
)
@pytest.mark.parametrize("month", range(1, 13))
def test_a_backfill_of_these_days_is_that_month(bag: object, zone: str, days_later: int, month: int) -> None:
    """What the export's page says of logical dates: each date of the month once, and no other; in North America a day later."""
    minute, hour, *_ = bag.dags["qbo_export_invoices"].timetable.expression.split()  # type: ignore[attr-defined]
    first = date(2026, month, 1)
    after = date(2026 + month // 12, month % 12 + 1, 1)
    days = [first + timedelta(days=number) for number in range((after - first).days)]
    starts = [datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=UTC) for day in days]

    taken = [
        local_window(start + timedelta(days=days_later), start + timedelta(days=days_later + 1), zone)
        for start in starts
    ]

    assert taken == [(day, day) for day in days]
