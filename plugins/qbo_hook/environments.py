"""Where QBO lives: hosts of the API and of the sign-on, Intuit's two and a simulator's (QBO.md, sections 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qbo_hook.errors import QboConfigError

Environment = Literal["sandbox", "production"]

PRODUCTION_URL = "https://quickbooks.api.intuit.com"
SANDBOX_URL = "https://sandbox-quickbooks.api.intuit.com"
ACCOUNTING_SCOPE = "com.intuit.quickbooks.accounting"

_API_URLS: dict[str, str] = {"production": PRODUCTION_URL, "sandbox": SANDBOX_URL}
_DISCOVERY_FILES: dict[str, str] = {"production": "openid_configuration", "sandbox": "openid_sandbox_configuration"}
_DISCOVERY_HOST = "https://developer.intuit.com"


@dataclass(frozen=True)
class Endpoints:
    """Addresses of the OAuth2 service.

    :param authorization: where a person signs on
    :param token: where codes and refresh tokens become access tokens
    :param revocation: where tokens are given up
    :param discovery: the document that lists these
    """

    authorization: str
    token: str
    revocation: str
    discovery: str


def base_url_for(environment: str, base_url: str | None = None) -> str:
    """The API's address without a slash at its end.

    :param environment: ``sandbox`` or ``production``
    :param base_url: another server in its place (the simulator)
    :raises QboConfigError: if the environment is neither of the two
    """
    if environment not in _API_URLS:
        raise QboConfigError(f"environment must be sandbox or production, not {environment!r}")
    return (base_url or _API_URLS[environment]).rstrip("/")


def endpoints_for(environment: str, base_url: str | None = None) -> Endpoints:
    """The OAuth2 addresses: Intuit's own, or derived from the base URL of a simulator.

    :param environment: ``sandbox`` or ``production``
    :param base_url: another server in place of Intuit's; one of Intuit's own two changes nothing
    :raises QboConfigError: if the environment is neither of the two
    """
    root = base_url_for(environment, base_url)
    file = _DISCOVERY_FILES[environment]
    if root in _API_URLS.values():
        return Endpoints(
            authorization="https://appcenter.intuit.com/connect/oauth2",
            token="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",  # noqa: S106 - an address, not a secret
            revocation="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
            discovery=f"{_DISCOVERY_HOST}/.well-known/{file}/",
        )
    return Endpoints(
        authorization=f"{root}/connect/oauth2",
        token=f"{root}/oauth2/v1/tokens/bearer",
        revocation=f"{root}/v2/oauth2/tokens/revoke",
        discovery=f"{root}/.well-known/{file}/",
    )


def badge(base_url: str) -> str:
    """The word that log lines and pages show for a server: production, sandbox or simulator.

    :param base_url: of the API
    """
    names = {url: name for name, url in _API_URLS.items()}
    return names.get(base_url.rstrip("/"), "simulator")
