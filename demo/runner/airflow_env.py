"""The environment in which every Airflow process of a stack runs; one place, so that all of them agree."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from demo.runner.layout import CHECKOUT, VENV, Home, Ports
from demo.runner.ports import HOST

USERS = {"admin": "admin", "viewer": "viewer"}  # name: role
# Temporary folders hold unix sockets of Python's own making, whose paths may not exceed 107 bytes.
_LONGEST_TEMPORARY_PATH = 60


def base_environment(home: Home) -> dict[str, str]:
    """Return the caller's environment without what would change our processes, and with our own folders."""
    unwanted = ("AIRFLOW", "_AIRFLOW", "PYTHON", "PG")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    kept |= {
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": os.pathsep.join(str(CHECKOUT / part) for part in ("", "simulator")),
        "PYTHONUNBUFFERED": "1",
        "LEDGERLINE_HOME": str(home.root),
        # Libraries keep caches and settings of their own; they belong to the state folder like everything else.
        "XDG_CACHE_HOME": str(home.temporary / "cache"),
        "XDG_CONFIG_HOME": str(home.temporary / "config"),
        "MPLCONFIGDIR": str(home.temporary / "matplotlib"),
    }
    if len(str(home.temporary).encode()) <= _LONGEST_TEMPORARY_PATH:
        kept["TMPDIR"] = str(home.temporary)
    kept.setdefault("LOGNAME", "ledgerline")  # Airflow asks for a name, which a container's bare uid does not have
    # A company's proxy must never see what goes from one local program to another.
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, (kept.get(name), HOST, "localhost")))
    return kept


def airflow_environment(
    home: Home, chosen: Ports, metadata_dsn: str, dags_folder: Path, plugins_folder: Path
) -> dict[str, str]:
    """Return the complete environment of an Airflow process.

    :param metadata_dsn: SQLAlchemy URL of Airflow's own database.
    """
    keys = secret_keys(home)
    ui = ui_address(chosen)
    settings = {
        "core__executor": "LocalExecutor",
        "core__dags_folder": dags_folder,
        "core__plugins_folder": plugins_folder,
        "core__load_examples": False,
        "core__dags_are_paused_at_creation": True,
        "core__parallelism": 8,
        "core__hostname_callable": "socket.gethostname",  # the default asks the network, which may take its time
        "core__test_connection": "Enabled",
        "core__fernet_key": keys["fernet_key"],
        "core__execution_api_server_url": f"{ui}/execution/",
        "core__auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "core__simple_auth_manager_users": ",".join(f"{name}:{role}" for name, role in USERS.items()),
        "core__simple_auth_manager_passwords_file": home.airflow / "passwords.json",
        "database__sql_alchemy_conn": metadata_dsn,
        "api__base_url": ui,
        "api__host": HOST,
        "api__port": chosen.ui,
        "api__workers": 1,
        "api__instance_name": "Ledgerline",
        "api__secret_key": keys["api_secret_key"],
        "api_auth__jwt_secret": keys["jwt_secret"],
        # Tasks of the demo are short: without these three, waiting takes most of a run's time.
        "scheduler__scheduler_idle_sleep_time": 0.2,
        "workers__min_heartbeat_interval": 1,
        "dag_processor__min_file_process_interval": 10,
        "dag_processor__refresh_interval": 15,
        "dag_processor__bundle_refresh_check_interval": 5,
        "logging__base_log_folder": home.airflow / "logs",
        "logging__logging_config_class": "demo.runner.task_logs.LOGGING",
        "usage_data_collection__enabled": False,
    }
    names = {f"AIRFLOW__{name.upper()}": str(value) for name, value in settings.items()}
    return base_environment(home) | {"AIRFLOW_HOME": str(home.airflow)} | names


def ui_address(chosen: Ports) -> str:
    """Return the address of the Airflow UI."""
    return f"http://{HOST}:{chosen.ui}"


def simulator_address(chosen: Ports) -> str:
    """Return the address of the simulator."""
    return f"http://{HOST}:{chosen.simulator}"


def user_passwords(home: Home) -> dict[str, str]:
    """Return the passwords of the UI's users; made at random once, because the stack stays when `make demo` ends."""
    return _keep(home.airflow / "passwords.json", {name: secrets.token_urlsafe(9) for name in USERS})


def secret_keys(home: Home) -> dict[str, str]:
    """Return the keys that all Airflow processes of the stack share; made at random once."""
    fresh = {
        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "jwt_secret": secrets.token_urlsafe(48),
        "api_secret_key": secrets.token_urlsafe(32),
        "app_password": secrets.token_hex(16),
        "webhook_verifier_token": secrets.token_urlsafe(24),
    }
    return _keep(home.root / "keys.json", fresh)


def _keep(path: Path, fresh: Mapping[str, str]) -> dict[str, str]:
    """Return what the file holds, completed by fresh values for what it lacks."""
    held = json.loads(path.read_text()) if path.exists() else {}
    values = dict(fresh) | held
    if values != held:
        unfinished = path.with_suffix(".new")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(values, file)
        unfinished.replace(path)
    return values
