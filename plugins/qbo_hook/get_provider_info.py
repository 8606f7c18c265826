"""What Airflow reads to know the connection type ``quickbooks``: plain data, no imports."""

from __future__ import annotations

from typing import Any

_HOOK = "qbo_hook.hook.QboHook"
_OPTIONAL_TEXT = ["string", "null"]


def get_provider_info() -> dict[str, Any]:
    """The provider's description with the form of its connection type (Airflow's ``provider_info`` schema)."""
    return {
        "package-name": "ledgerline",
        "name": "QuickBooks Online",
        "description": "QuickBooks Online by Ledgerline: connection type, hook and client of the Accounting API.",
        "integrations": [
            {
                "integration-name": "QuickBooks Online",
                "external-doc-url": "https://developer.intuit.com/app/developer/qbo/docs/develop",
                "tags": ["service"],
            }
        ],
        "hooks": [{"integration-name": "QuickBooks Online", "python-modules": ["qbo_hook.hook"]}],
        "connection-types": [
            {
                "connection-type": "quickbooks",
                "hook-name": "QuickBooks Online",
                "hook-class-name": _HOOK,
                "conn-fields": _fields(),
                "ui-field-behaviour": {
                    "hidden-fields": ["host", "schema", "port", "extra"],
                    "relabeling": {"login": "Client id", "password": "Client secret"},
                    "placeholders": {
                        "login": "from the app's keys in Intuit's developer portal",
                        "password": "from the same page; kept encrypted by Airflow",
                    },
                },
            }
        ],
    }


def _fields() -> dict[str, Any]:
    return {
        "environment": {
            "label": "Environment",
            "description": "sandbox for Intuit's test companies, production for real books",
            "schema": {"type": "string", "enum": ["sandbox", "production"], "default": "sandbox"},
        },
        "realm_id": {
            "label": "Company id (realm id)",
            "description": "In QuickBooks: Settings, Additional info. Digits only",
            "schema": {"type": _OPTIONAL_TEXT, "pattern": "^[0-9]+$"},
        },
        # Airflow hides the value of a key only if its name holds a word such as token or secret.
        "webhook_verifier_token": {
            "label": "Webhook verifier token",
            "description": "From the app's webhook page; only needed when Intuit shall call this Airflow",
            "schema": {"type": _OPTIONAL_TEXT, "format": "password"},
        },
        "base_url": {
            "label": "Server instead of Intuit's",
            "description": "Leave empty, unless this is a simulator: http://127.0.0.1:8099",
            "schema": {"type": _OPTIONAL_TEXT, "format": "url"},
        },
    }
