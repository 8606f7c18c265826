"""Airflow's simple roles with the one gap that matters to our pages."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

HIDDEN = (DagAccessEntity.TASK_LOGS, DagAccessEntity.CODE)


class NarrowRoles(SimpleAuthManager):
    """A viewer who may see DAGs and runs, but no task logs and no plugins: what FAB's Viewer is like after hardening."""

    def is_authorized_dag(self, *, method, user, access_entity=None, details=None):
        """Hide logs and code from viewers."""
        if user.role == "VIEWER" and access_entity in HIDDEN:
            return False
        return super().is_authorized_dag(method=method, user=user, access_entity=access_entity, details=details)

    def is_authorized_view(self, *, access_view, user):
        """Hide plugins from viewers, as FAB does."""
        if user.role == "VIEWER" and access_view is AccessView.PLUGINS:
            return False
        return super().is_authorized_view(access_view=access_view, user=user)
