"""How the api-server of the stack reads tasks' logs: from the files, which lie on the same machine.

Airflow asks the log server of the machine on which a task runs, besides reading the file, and shows that it does not answer. The
stack has no such server, since Airflow's would listen on all interfaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG
from airflow.utils.log.file_task_handler import FileTaskHandler

if TYPE_CHECKING:
    from airflow._shared.logging.remote import StreamingLogResponse
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.taskinstancehistory import TaskInstanceHistory


class FilesAlone(FileTaskHandler):
    """Airflow's own handler, which asks no log server."""

    def _read_from_logs_server(
        self, ti: TaskInstance | TaskInstanceHistory, worker_log_rel_path: str
    ) -> StreamingLogResponse:
        """Nothing beside what the file holds."""
        return [], []


_HANDLERS: dict[str, Any] = DEFAULT_LOGGING_CONFIG["handlers"]
LOGGING = {
    **DEFAULT_LOGGING_CONFIG,
    "handlers": {**_HANDLERS, "task": {**_HANDLERS["task"], "class": f"{__name__}.{FilesAlone.__name__}"}},
}
"""For Airflow's setting ``[logging] logging_config_class``."""
