"""The company doctor: all that stands between a realm and its first, or next, good push (FEATURES.md F2, F169, G8)."""

from __future__ import annotations

from include.billing_sync.diagnosis import (
    Diagnosis,
    Examined,
    Level,
    Lists,
    PreflightReport,
    SignOn,
    Usage,
    Use,
)
from include.billing_sync.doctor_books import book_checks
from include.billing_sync.doctor_company import company_checks, sign_on_checks

__all__ = ["Diagnosis", "Examined", "Level", "Lists", "PreflightReport", "SignOn", "Usage", "Use", "examine"]


def examine(examined: Examined) -> PreflightReport:
    """Run all checks. Those that need the company's facts wait until QuickBooks was asked once (F7)."""
    findings = list(sign_on_checks(examined))
    if examined.facts is not None:
        findings += company_checks(examined, examined.facts)
        findings += book_checks(examined, examined.facts)
    return PreflightReport(examined.settings.realm_key, tuple(findings))
