"""Airflow around our pages: its login, its roles and the mount point, in this process and without its servers."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

import pytest
import requests
import uvicorn
from cryptography.fernet import Fernet
from fastapi import FastAPI

from demo.runner.ports import free_port

# Airflow reads these when it is first imported; where its home is, tests/conftest.py has said already.
os.environ.setdefault("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
os.environ.setdefault("AIRFLOW__API_AUTH__JWT_SECRET", "only-for-tests-" * 5)
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")


def airflow_app(prefix: str = "") -> FastAPI:
    """An app with the plugin mounted where Airflow mounts it, behind Airflow's own auth manager.

    :param prefix: the path of ``[api] base_url``, for an Airflow that lives under one
    """
    with warnings.catch_warnings():
        # Airflow imports svcs, svcs imports FastAPI's test client, and that one wants a newer httpx.
        warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient` is deprecated")
        from airflow.api_fastapi.app import create_auth_manager
    from airflow import settings
    from airflow.models import import_all_models
    from airflow.models.base import Base

    from qbo_console_plugin import QboConsolePlugin

    # The permission check asks Airflow's own tables whether a DAG belongs to a team.
    import_all_models()
    if settings.engine is None:
        settings.configure_orm()
    Base.metadata.create_all(settings.engine)
    with pytest.MonkeyPatch.context() as for_now:
        for_now.setenv("AIRFLOW__CORE__AUTH_MANAGER", "tests.console.narrow_roles.NarrowRoles")
        create_auth_manager()
    app = FastAPI(root_path=prefix)
    for mounted in QboConsolePlugin().fastapi_apps:
        app.mount(mounted["url_prefix"], mounted["app"])
    return app


def login_token(name: str, role: str) -> str:
    """The token that Airflow's login puts into the cookie ``_token``."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    return get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=name, role=role))


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The app on a real server in this process, so that a real browser can come as well."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, ws="none", log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


class Visitor(requests.Session):
    """Somebody at a browser: paths of one site, cookies kept, redirections shown rather than followed."""

    def __init__(self, site: str, role: str | None, name: str) -> None:
        super().__init__()
        self._site = site
        if role:
            self.cookies.set("_token", login_token(name, role))

    def request(self, method, url, *args, **kwargs):  # type: ignore[no-untyped-def]  # as requests declares it
        """Ask for a path of the site."""
        return super().request(method, urljoin(self._site, url), *args, **kwargs | {"allow_redirects": False})
