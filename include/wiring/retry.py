"""How Airflow repeats a task: by what the typed error says, so that its repeats and the client's do not multiply."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy

from include.wiring.waits import BUSY_DELAY

BUSY_RETRIES = 50
"""Of the push alone: a backfill starts several runs at once, and this is how they queue for their company."""
WAIT_TRIES = 10
"""For a company that throttles or cannot be reached."""
RETRIES = 3
"""For every other cause that may pass: a database that restarts, an api-server that does not answer."""

_WILL_NOT_PASS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    NotImplementedError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""A wrong entry, file or setting, or a mistake in the program: the same again would come of a repeat."""


class SyncRetryPolicy(RetryPolicy):
    """Busy realm: every two minutes. Throttled or unreachable: after the wait it asks for. A cause for a person: not at all."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Decide by the error's ``failure_mode``, a plain attribute, so that nothing has to be imported here.

        :param exception: what the task raised
        :param try_number: 1 for the first try; tries that met a busy company count as well
        :param max_tries: as set on the task, which no decision here goes beyond
        :param context: not used
        """
        mode = getattr(exception, "failure_mode", None)
        if mode == "busy":
            return RetryDecision.retry(BUSY_DELAY, reason=str(exception))
        if mode in {"person", "realm", "refused"} or (mode is None and isinstance(exception, _WILL_NOT_PASS)):
            return RetryDecision.fail(reason=_words(exception))
        tries = WAIT_TRIES if mode == "wait" else RETRIES
        if try_number > tries:
            return RetryDecision.fail(reason=f"repeated {tries} times: {_words(exception)}")
        if wait := getattr(exception, "retry_after", None):
            return RetryDecision.retry(timedelta(seconds=wait), reason=_words(exception))
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """Nothing is kept in the policy."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> SyncRetryPolicy:
        """A policy without state."""
        return cls()


def _words(exception: BaseException) -> str:
    return str(exception) or type(exception).__name__
