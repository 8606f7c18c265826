"""The walk of `make demo`: everything up, the export run once, and a summary of what happened to each invoice."""

from __future__ import annotations

import subprocess
import time

from demo.runner.airflow_api import AirflowApi
from demo.runner.layout import CHECKOUT
from demo.runner.problems import RunnerError
from demo.runner.progress import Progress
from demo.runner.setup_steps import EXPORT_CONF, EXPORT_DAG, EXPORT_SECONDS, LEFT_PAUSED, SUMMARY, set_up
from demo.runner.stack import Stack

_PARSE_SECONDS = 120


def walk(stack: Stack) -> None:
    """Start, set up, export, unpause and show; whatever is in place already is left as it is."""
    stack.start_postgres()
    stack.start_simulator()
    stack.migrate_airflow()
    set_up(stack)
    stack.start_airflow()
    wait_for_dag(stack.api, EXPORT_DAG)
    export(stack)
    unpause_the_others(stack.api)
    print()
    subprocess.run(SUMMARY, env=stack.environment(), cwd=CHECKOUT, check=False)
    print(closing_words(stack))


def wait_for_dag(api: AirflowApi, dag_id: str) -> None:
    """Wait until Airflow has read a DAG.

    :raises RunnerError: when its file cannot be imported, or the time is over.
    """
    deadline = time.monotonic() + _PARSE_SECONDS
    with Progress("reading the DAGs") as progress:
        while api.dag(dag_id) is None:
            errors = api.import_errors()
            if errors:
                raise RunnerError(f"a DAG cannot be read: {errors[0]}", "correct the file; Airflow reads it again")
            if time.monotonic() > deadline:
                raise RunnerError(f"Airflow does not see the DAG {dag_id}", "read the dag-processor's log")
            progress.show("waiting")
            time.sleep(0.5)


def export(stack: Stack) -> None:
    """Run the export as the trigger form does, and wait for its end."""
    api = stack.api
    api.set_paused(EXPORT_DAG, paused=False)
    with Progress("exporting the invoices") as progress:
        run_id = api.trigger(EXPORT_DAG, EXPORT_CONF)
        try:
            run = api.wait_for_run(EXPORT_DAG, run_id, EXPORT_SECONDS, progress.show)
        except TimeoutError as error:
            raise RunnerError(str(error), f"look at {stack.ui}/dags/{EXPORT_DAG}/runs/{run_id}") from error
        if run["state"] != "success":
            raise RunnerError(f"the export failed: {_failed_tasks(api, run_id)}", f"look at {_run_page(stack, run_id)}")
        progress.done("done")


def unpause_the_others(api: AirflowApi) -> None:
    """Switch the schedules of the project's other DAGs on, except those that stay paused."""
    for dag_id in api.dag_ids():
        if dag_id.startswith("qbo_") and dag_id not in LEFT_PAUSED:
            api.set_paused(dag_id, paused=False)


def closing_words(stack: Stack) -> str:
    """Say where the UI is, who may enter, and what to look at first."""
    export_page = f"{stack.ui}/dags/{EXPORT_DAG}"
    return f"""
Airflow UI   {stack.ui}
user         admin     password  {stack.passwords["admin"]}
look only    viewer    password  {stack.passwords["viewer"]}

Next         {export_page}
             1. open the newest run, task `push`, tab Logs: one line for each invoice
             2. press Trigger: the form by which a bookkeeper exports by date, number or customer
             3. switch on qbo_auto_sync: what changes in billing then reaches QuickBooks every hour
Stop         make stop     (make demo starts it again with all its data; make reset deletes the data)
"""


def _failed_tasks(api: AirflowApi, run_id: str) -> str:
    failed = {task["task_id"] for task in api.task_instances(EXPORT_DAG, run_id) if task["state"] == "failed"}
    return ", ".join(sorted(failed)) or "no task failed by itself"


def _run_page(stack: Stack, run_id: str) -> str:
    return f"{stack.ui}/dags/{EXPORT_DAG}/runs/{run_id}"
