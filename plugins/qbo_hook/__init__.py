"""The wire to QuickBooks Online: a client that knows QBO and HTTP, and nothing of billing.

Works without Airflow; the Airflow hook is in :mod:`qbo_hook.hook` and is not imported here.
"""

from qbo_hook.auth import QboAuth
from qbo_hook.batch import BatchItem, ItemAnswer, parse_batch
from qbo_hook.client import Changes, QboClient
from qbo_hook.environments import PRODUCTION_URL, SANDBOX_URL, Endpoints, badge, base_url_for, endpoints_for
from qbo_hook.errors import (
    QboAuthError,
    QboBadAnswer,
    QboBatchRefused,
    QboConfigError,
    QboDuplicateName,
    QboDuplicateNumber,
    QboError,
    QboNameLock,
    QboNotConnected,
    QboNotFound,
    QboPeriodClosed,
    QboRealmFault,
    QboStaleObject,
    QboThrottled,
    QboTlsFailure,
    QboTokenExpired,
    QboTokenUnavailable,
    QboTooLate,
    QboUnknownOutcome,
    QboValidationError,
)
from qbo_hook.faults import CatalogueEntry, Fault, FaultError, classify, parse_fault
from qbo_hook.governor import Governor, Limits, MemoryGovernor, Permit
from qbo_hook.retries import Waits
from qbo_hook.tokens import MemoryTokenStore, TokenSet, TokenStore
from qbo_hook.transport import RequestsTransport, Transport
from qbo_hook.wire import Answer, RawAnswer, Request, Timeout
from qbo_hook.wire_json import Encoded

__all__ = [
    "PRODUCTION_URL",
    "SANDBOX_URL",
    "Answer",
    "BatchItem",
    "CatalogueEntry",
    "Changes",
    "Encoded",
    "Endpoints",
    "Fault",
    "FaultError",
    "Governor",
    "ItemAnswer",
    "Limits",
    "MemoryGovernor",
    "MemoryTokenStore",
    "Permit",
    "QboAuth",
    "QboAuthError",
    "QboBadAnswer",
    "QboBatchRefused",
    "QboClient",
    "QboConfigError",
    "QboDuplicateName",
    "QboDuplicateNumber",
    "QboError",
    "QboNameLock",
    "QboNotConnected",
    "QboNotFound",
    "QboPeriodClosed",
    "QboRealmFault",
    "QboStaleObject",
    "QboThrottled",
    "QboTlsFailure",
    "QboTokenExpired",
    "QboTokenUnavailable",
    "QboTooLate",
    "QboUnknownOutcome",
    "QboValidationError",
    "RawAnswer",
    "Request",
    "RequestsTransport",
    "Timeout",
    "TokenSet",
    "TokenStore",
    "Transport",
    "Waits",
    "badge",
    "base_url_for",
    "classify",
    "endpoints_for",
    "parse_batch",
    "parse_fault",
]
