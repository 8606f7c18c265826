"""How Airflow repeats a task: by what the typed error says, so that its repeats and the client's do not multiply."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy

BUSY_DELAY = timedelta(minutes=2)
BUSY_RETRIES = 50


class SyncRetryPolicy(RetryPolicy):
    """Busy realm: every two minutes. Throttled or unreachable: after the wait it asks for. A cause for a person: not at all."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Decide by the error's ``failure_mode``, a plain attribute, so that nothing has to be imported here.

        :param exception: what the task raised
        :param try_number: 1 for the first try
        :param max_tries: as set on the task
        :param context: not used
        """
        mode = getattr(exception, "failure_mode", None)
        if mode == "busy":
            return RetryDecision.retry(BUSY_DELAY, reason=str(exception))
        if mode == "wait":
            return RetryDecision.retry(
                timedelta(seconds=getattr(exception, "retry_after", None) or 60), reason=str(exception)
            )
        if mode in {"person", "realm", "refused"}:
            return RetryDecision.fail(reason=str(exception))
        if try_number > 3:
            return RetryDecision.fail(reason=f"failed three times for another cause than a busy company: {exception}")
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """Nothing is kept in the policy."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> SyncRetryPolicy:
        """A policy without state."""
        return cls()
