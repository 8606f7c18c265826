"""Signing on to a QuickBooks company, and off again: what happens between our page, Intuit's page and the callback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class SealBroken(ValueError):
    """A sealed text was changed, is too old, or was sealed for something else."""


class NoFernetKey(RuntimeError):
    """Airflow has no Fernet key, so nothing can be kept secret."""


def seal(purpose: str, content: Mapping[str, Any]) -> str:
    """Content as a text that only this Airflow can read or make, with its time, for one purpose.

    :raises NoFernetKey: if Airflow has none
    """
    sealed: bytes = _fernet().encrypt(json.dumps({"for": purpose, **content}).encode())
    return sealed.decode()


def open_seal(purpose: str, text: str, life: int) -> dict[str, Any]:
    """What :func:`seal` was given.

    :param life: seconds for which the text is good
    :raises SealBroken: if it was changed, is older, or has another purpose
    :raises NoFernetKey: if Airflow has none
    """
    from cryptography.fernet import InvalidToken

    try:
        content: dict[str, Any] = json.loads(_fernet().decrypt(text.encode(), life))
    except InvalidToken:
        raise SealBroken(f"not a valid {purpose}") from None
    if content.pop("for", None) != purpose:
        raise SealBroken(f"not a {purpose}")
    return content


def _fernet() -> Any:
    from airflow.sdk.crypto import get_fernet

    fernet = get_fernet()
    if not fernet.is_encrypted:
        raise NoFernetKey("Airflow has no Fernet key ([core] fernet_key): tokens cannot be kept encrypted")
    return fernet
