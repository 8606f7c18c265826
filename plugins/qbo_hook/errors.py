"""Every error of the wire, and what each one means for what was sent.

::

    QboError
    ├── QboConfigError            realm         asked for something that cannot be sent at all
    ├── QboTooLate                not_executed  the time in which the caller allowed the sending had passed
    ├── QboNotConnected           not_executed  no byte of the request left this machine
    │   └── QboTlsFailure         not_executed  the server's certificate is not to be trusted
    ├── QboAuthError              not_executed  401: the access token is not accepted
    │   ├── QboTokenUnavailable   not_executed  no access token could be had just now
    │   └── QboTokenExpired       realm         the sign-on is over: a person must reconnect
    ├── QboRealmFault             realm         the whole company is closed to us (120, 130, 150, 3100, 5020, 6190 …)
    ├── QboThrottled              not_executed  429: too many calls
    ├── QboNameLock               not_executed  someone else holds a name list
    ├── QboValidationError        refused       QBO read the request and said no
    │   ├── QboNotFound           refused       610
    │   ├── QboStaleObject        refused       5010
    │   ├── QboDuplicateNumber    refused       6140
    │   ├── QboDuplicateName      refused       6240
    │   └── QboPeriodClosed       refused       6200, 6210
    ├── QboBatchRefused           not_executed  a batch refused as a whole (413, 1040, unreadable)
    └── QboUnknownOutcome         unknown       sent, and no answer that tells what became of it
        └── QboBadAnswer          unknown       an answer came, and it cannot be read or trusted

``failure_mode`` says what may happen next (DESIGN.md, section 5, rule 5):

* ``refused``: answered to a first sending with a ValidationFault; nothing was executed, the same content will be refused again.
* ``not_executed``: surely not executed; the same bytes may be sent again.
* ``unknown``: it may or may not have been executed; ask QBO before anything is repeated.
* ``realm``: nothing was executed and nothing will be until a person has acted; no document is to blame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from qbo_hook.faults import CatalogueEntry, Fault
    from qbo_hook.wire import Answer

FailureMode = Literal["refused", "not_executed", "unknown", "realm"]


class QboError(Exception):
    """Something that kept a call to QBO from succeeding.

    :param message: a sentence for people
    :param fault: QBO's own error body with all its errors, if there was one
    :param entry: what the fault catalogue says about the fault
    :param http_status: status of the answer, None when none came
    :param intuit_tid: Intuit's trace id of the answer
    :param realm_id: Intuit's id of the company
    :param method: HTTP method
    :param path: path of the request without its query
    :param request_id: idempotency key that was sent
    :param retry_after: seconds that the server asked us to wait
    :param answer: the answer itself, so that it can be kept as evidence
    :param failure_mode: overrides that of the class, for instance when a fault answers a repeat
    """

    failure_mode: FailureMode = "unknown"

    def __init__(
        self,
        message: str,
        *,
        fault: Fault | None = None,
        entry: CatalogueEntry | None = None,
        http_status: int | None = None,
        intuit_tid: str | None = None,
        realm_id: str | None = None,
        method: str | None = None,
        path: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        answer: Answer | None = None,
        failure_mode: FailureMode | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fault = fault
        self.entry = entry
        self.http_status = http_status
        self.intuit_tid = intuit_tid
        self.realm_id = realm_id
        self.method = method
        self.path = path
        self.request_id = request_id
        self.retry_after = retry_after
        self.answer = answer
        if failure_mode is not None:
            self.failure_mode = failure_mode

    @property
    def fault_class(self) -> str | None:
        """Our name of the fault from the catalogue, ``unclassified`` for one that it does not know, None without a fault."""
        return self.entry.name if self.entry else None

    @property
    def cure(self) -> str | None:
        """What a person can do about it, from the fault catalogue."""
        return self.entry.cure if self.entry else None

    def add_context(self, **facts: Any) -> None:
        """Fill in facts that were not known where the error arose; what is already there stays.

        :param facts: names and values of this error's attributes
        """
        for name, value in facts.items():
            if getattr(self, name) is None:
                setattr(self, name, value)

    def __str__(self) -> str:
        where = f"{self.method} {self.path}" if self.method else None
        status = f"HTTP {self.http_status}" if self.http_status else None
        trace = f"intuit_tid {self.intuit_tid}" if self.intuit_tid else None
        known = ", ".join(part for part in (where, status, trace) if part)
        return f"{self.message} [{known}]" if known else self.message


class QboConfigError(QboError):
    """The call cannot be made as asked: a setting is missing, contradicts another, or an argument breaks QBO's limits."""

    failure_mode: FailureMode = "realm"


class QboTooLate(QboError):
    """Nothing was sent, because the moment until which the caller allowed it had passed."""

    failure_mode: FailureMode = "not_executed"


class QboNotConnected(QboError):
    """No byte of the request left this machine: name not resolved, connection refused, handshake failed."""

    failure_mode: FailureMode = "not_executed"


class QboTlsFailure(QboNotConnected):
    """The server's certificate could not be verified, so nothing was sent; waiting does not cure it."""


class QboAuthError(QboError):
    """The access token was not accepted (HTTP 401); nothing was executed."""

    failure_mode: FailureMode = "not_executed"


class QboTokenUnavailable(QboAuthError):
    """No access token could be had just now (the token endpoint did not answer); nothing was sent to QBO."""


class QboTokenExpired(QboAuthError):
    """The refresh token is dead (``invalid_grant``) or was never there: a person must sign on again."""

    failure_mode: FailureMode = "realm"


class QboRealmFault(QboError):
    """The company as a whole is closed to us; no single document is to blame."""

    failure_mode: FailureMode = "realm"


class QboThrottled(QboError):
    """Too many calls (HTTP 429, code 3001). ``retry_after`` holds the server's wish in seconds, if it had one."""

    failure_mode: FailureMode = "not_executed"


class QboNameLock(QboError):
    """QBO lets one writer at a time change a list of names, and it was not us."""

    failure_mode: FailureMode = "not_executed"


class QboValidationError(QboError):
    """QBO read the request and refused it; the data need a change."""

    failure_mode: FailureMode = "refused"


class QboNotFound(QboValidationError):
    """Code 610: what was asked for, or something it refers to, is missing, deleted or inactive."""


class QboStaleObject(QboValidationError):
    """Code 5010: someone has changed the entity since its SyncToken was read."""


class QboDuplicateNumber(QboValidationError):
    """Code 6140: the document number is already taken."""


class QboDuplicateName(QboValidationError):
    """Code 6240: the name is already taken by a customer, vendor or employee, or by another entry of the same list."""


class QboPeriodClosed(QboValidationError):
    """The date lies in a closed accounting period (6200, 6210 and their variants)."""


class QboBatchRefused(QboError):
    """A batch was refused as a whole (too big, too many items, unreadable): none of its items was executed."""

    failure_mode: FailureMode = "not_executed"


class QboUnknownOutcome(QboError):
    """Sent, and no answer that tells what became of it: ask QBO before anything is repeated."""

    failure_mode: FailureMode = "unknown"


class QboBadAnswer(QboUnknownOutcome):
    """An answer came, but it is cut off, not JSON, a redirect, or does not fit what was asked."""
