"""Policy over all DAGs: what holds for every file in dags/."""

from __future__ import annotations

from pathlib import Path

import pytest

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
