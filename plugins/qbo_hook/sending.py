"""Sends one request: permit, token, the sending itself, the verdict, and the few repeats that are always safe."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from qbo_hook.auth import Refresher
from qbo_hook.environments import badge
from qbo_hook.errors import (
    QboAuthError,
    QboConfigError,
    QboError,
    QboThrottled,
    QboTokenExpired,
    QboTokenUnavailable,
    QboTooLate,
)
from qbo_hook.faults import without_token
from qbo_hook.governor import Governor, Permit, PermitKind
from qbo_hook.retries import Randomness, Waits, delay, may_retry
from qbo_hook.tokens import TokenSet, TokenStore, usable_tokens
from qbo_hook.transport import Transport
from qbo_hook.verdicts import judge
from qbo_hook.wire import Answer, Request, Timeout

log = logging.getLogger("qbo_hook")


@dataclass
class _Sending:
    """One call on its way through its repeats."""

    request: Request
    permit: Permit | None
    is_first_sending: bool
    not_after: datetime | None
    meanwhile: Callable[[], None] | None = None
    tokens: TokenSet | None = None
    rejected: TokenSet | None = None
    met: Counter[type[QboError]] = field(default_factory=Counter)

    def take_permit(self) -> Permit | None:
        """The permit that the caller brought, once."""
        permit, self.permit = self.permit, None
        return permit


class Sender:
    """Sends requests to one company.

    :param transport: carries them
    :param auth: buys new tokens
    :param tokens: keeps them
    :param realm_id: Intuit's id of the company; a request for another one is refused
    :param base_url: of the API
    :param governor: says when a call may go out
    :param clock: gives the time in UTC
    :param sleep: waits for a number of seconds
    :param waits: how patient to be
    :param app_name: sent as User-Agent
    :param rng: source of jitter
    """

    def __init__(
        self,
        *,
        transport: Transport,
        auth: Refresher,
        tokens: TokenStore,
        realm_id: str,
        base_url: str,
        governor: Governor,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        waits: Waits,
        app_name: str,
        rng: Randomness | None = None,
    ) -> None:
        self._transport = transport
        self._auth = auth
        self._tokens = tokens
        self._realm_id = realm_id
        self._base_url = base_url.rstrip("/")
        self._governor = governor
        self._clock = clock
        self._sleep = sleep
        self._waits = waits
        self._app_name = app_name
        self._rng = rng or random.Random()  # noqa: S311 - jitter needs no secrecy

    def send(
        self,
        request: Request,
        permit: Permit | None,
        *,
        is_first_sending: bool,
        not_after: datetime | None,
        meanwhile: Callable[[], None] | None = None,
    ) -> Answer:
        """See :meth:`qbo_hook.client.QboClient.send`."""
        sending = _Sending(request, permit, is_first_sending, not_after, meanwhile)
        while True:
            try:
                return self._send_once(sending)
            except QboError as error:
                error.add_context(realm_id=self._realm_id)
                if not self._may_repeat(error, sending):
                    raise

    def _send_once(self, sending: _Sending) -> Answer:
        request = sending.request
        kind: PermitKind = "batch" if request.kind == "batch" else "request"
        permit = sending.take_permit() or self._governor.acquire(kind, request.operations, request.reads)
        try:
            sending.tokens = self._usable_tokens(request, sending.rejected)
            answer = self._carry(request, sending.tokens, self._timeout(sending.not_after), sending.meanwhile)
        finally:
            self._governor.release(permit)
        return judge(request, answer, now=self._clock(), is_first_sending=sending.is_first_sending)

    def _usable_tokens(self, request: Request, rejected: TokenSet | None) -> TokenSet:
        if not request.path.startswith(f"/v3/company/{self._realm_id}/"):
            raise QboConfigError(f"{request.path} is not of company {self._realm_id}")
        tokens = usable_tokens(self._tokens, self._auth.refresh, self._clock(), rejected=rejected)
        if tokens.realm_id != self._realm_id:
            raise QboConfigError(f"the stored sign-on is for company {tokens.realm_id}, not {self._realm_id}")
        return tokens

    def _timeout(self, not_after: datetime | None) -> Timeout:
        connect = self._waits.connect_limit
        if not_after is not None:
            left = (not_after - self._clock()).total_seconds()
            if left <= 0:
                raise QboTooLate("The time in which this could be sent is over; nothing was sent")
            connect = min(connect, left)
        return Timeout(connect=connect, total=self._waits.call_limit)

    def _carry(
        self, request: Request, tokens: TokenSet, timeout: Timeout, meanwhile: Callable[[], None] | None
    ) -> Answer:
        headers = {
            "Authorization": f"Bearer {tokens.access_token}",
            "Accept": request.accept,
            "User-Agent": self._app_name,
            **({"Content-Type": request.content_type} if request.content_type else {}),
        }
        try:
            answer = Answer.from_raw(self._transport.send(request, headers, self._base_url, timeout, meanwhile))
        except QboError as error:
            error.add_context(method=request.method, path=request.path, request_id=request.request_id)
            self._log_line(logging.WARNING, request, type(error).__name__, 0, None)
            raise
        if answer.status >= 400:
            # Whatever keeps the answer as evidence keeps this one: it must not hold a piece of a token.
            answer = replace(answer, body=without_token(answer.body, tokens.access_token))
        level = logging.INFO if answer.status < 400 else logging.WARNING
        self._log_line(level, request, str(answer.status), answer.duration_ms, answer.intuit_tid)
        return answer

    def _log_line(self, level: int, request: Request, outcome: str, duration_ms: int, intuit_tid: str | None) -> None:
        # Neither query nor body: they hold customers' names, and a query in an address may hold anything.
        where = (self._realm_id, badge(self._base_url))
        line = "QBO %s %s: %s, %d ms, realm=%s (%s), intuit_tid=%s"
        log.log(level, line, request.method, request.path, outcome, duration_ms, *where, intuit_tid)

    def _may_repeat(self, error: QboError, sending: _Sending) -> bool:
        """Prepare a repeat and wait for its time, or say that there is none."""
        sending.met[type(error)] += 1
        attempt = sending.met[type(error)]
        pause = delay(error, attempt, self._rng, self._waits)
        if isinstance(error, QboThrottled):
            if error.http_status is None:
                return False  # our own governor's word, not QBO's: the reads of this month are used up
            self._governor.pause(pause, error.message)
        if _is_rejection(error):
            sending.rejected = sending.tokens
            if attempt > 1:
                error.failure_mode = "realm"  # a fresh token was refused as well: no document can be sent
        is_write = not sending.request.is_idempotent
        if not may_retry(error, attempt, is_write, self._waits) or self._is_too_late(pause, sending.not_after):
            return False
        if not isinstance(error, QboThrottled):
            self._sleep(pause)  # after a 429 the governor makes everybody wait, us included
        return True

    def _is_too_late(self, pause: float, not_after: datetime | None) -> bool:
        return not_after is not None and pause >= (not_after - self._clock()).total_seconds()


def _is_rejection(error: QboError) -> bool:
    return isinstance(error, QboAuthError) and not isinstance(error, QboTokenExpired | QboTokenUnavailable)
