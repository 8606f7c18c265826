"""An SMTP server for the mails of `qbo_care`."""

from __future__ import annotations

from tests.console.test_mails import inbox

__all__ = ["inbox"]
