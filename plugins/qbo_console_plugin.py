"""What Airflow's plugin loader reads: the pages under /qbo and where Airflow's UI shows them. No I/O, nothing heavy.

Every task process imports this file, so FastAPI and the pages are imported only where Airflow asks for them: in the
api-server.
"""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

_ICON = (
    "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='{colour}'"
    " stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'><rect x='4' y='3' width='16' height='18' rx='2'/>"
    "<path d='M8 8h8M8 12h8M8 16h4'/></svg>"
)
_ICONS = {"icon": _ICON.format(colour="%236b7f99"), "icon_dark_mode": _ICON.format(colour="%23cbd5e0")}


class QboConsolePlugin(AirflowPlugin):
    """The QuickBooks pages. Airflow's own login guards them; see ``qbo_console.guards``."""

    name = "qbo_console"

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]  # a property, so that it is built when asked for
        """The app under /qbo, built when the api-server asks for it."""
        from qbo_console.web import build_app

        return [{"app": build_app(), "url_prefix": "/qbo", "name": "QuickBooks"}]

    external_views = [  # noqa: RUF012 - Airflow reads this attribute from the class and never changes it
        {
            "name": "QuickBooks",
            "href": "/qbo/",
            "destination": "nav",
            "url_route": "quickbooks",
            "nav_top_level": True,
            **_ICONS,
        },
        {
            # Without url_route Airflow opens it in a new tab: inside its frame no page may lead to Intuit's sign-on.
            "name": "Connect QuickBooks",
            "href": "/qbo/connect",
            "destination": "nav",
            "category": "admin",
            **_ICONS,
        },
        {
            "name": "Findings",
            "href": "/qbo/runs/{DAG_ID}/{RUN_ID}",
            "destination": "dag_run",
            "url_route": "qbo-findings",
            **_ICONS,
        },
    ]
