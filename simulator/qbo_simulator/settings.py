"""What QBO does not document is a setting here, each with a documented default. ``/_sim/settings`` reads and changes them."""

from dataclasses import asdict, dataclass
from typing import Any

# name: (allowed values or type, what it decides). The fidelity page prints this table.
DOCUMENTATION: dict[str, str] = {
    "requestid_memory": "on | off | lapsed (every id forgotten at once) | fault (a repeat is answered with a 6000 fault)",
    "requestid_changed_payload": "original (the first answer is returned) | fault (code 600)",
    "requestid_remembers_faults": "whether a refused first attempt is remembered too",
    "requestid_retention_seconds": "how long an id is remembered; 0 = for ever",
    "duplicate_numbers_across": "sales_forms (one number space for all sales forms) | same_entity",
    "negative_total_text": "text of the 6000 for a total below zero",
    "over_application_text": "text of the 6000 for a payment applied beyond an invoice's balance",
    "number_when_automatic": "replace (QBO assigns the next number) | keep: a DocNumber sent while CustomTxnNumbers is false",
    "maxresults_above_1000": "refuse (4001) | clamp",
    "non_us_tax_detail": "refuse | match (must equal what QBO computes) | accept: TxnTaxDetail.TaxLine outside the US",
    "payment_bumps_sync_token": "whether applying a payment raises the invoice's SyncToken",
    "refresh_rotation_seconds": "age at which a refresh returns a new refresh token",
    "refresh_grace_seconds": "how long the old value of a rotated refresh token still works; 0 = dies at once",
    "access_token_seconds": "life of an access token",
    "refresh_idle_seconds": "life of a refresh token that is not used",
    "refresh_hard_seconds": "hard end of a grant, reported in x_refresh_token_hard_expires_in",
    "invalid_client_status": '401 | 400: HTTP status of {"error": "invalid_client"}',
    "authorization_code_seconds": "life of an authorization code",
    "latency_seconds": "time that every data call takes at least",
    "query_lag_seconds": "a query does not show what was created in the last n seconds",
    "cdc_days": "how far back change data capture reaches; 0 = without end",
    "journal_keep": "number of journal entries that are kept",
    "journal_bodies": "whether the journal keeps bodies",
}


@dataclass(slots=True)
class Settings:
    """Choices where the original is undocumented, and times of tokens."""

    requestid_memory: str = "on"
    requestid_changed_payload: str = "original"
    requestid_remembers_faults: bool = False
    requestid_retention_seconds: float = 0
    duplicate_numbers_across: str = "sales_forms"
    negative_total_text: str = "Transaction amount must be 0 or greater"
    over_application_text: str = (
        "The payments you entered add up to more than the amount of the transactions they are applied to."
    )
    number_when_automatic: str = "replace"
    maxresults_above_1000: str = "refuse"
    non_us_tax_detail: str = "refuse"
    payment_bumps_sync_token: bool = True
    refresh_rotation_seconds: float = 86_400
    refresh_grace_seconds: float = 0
    access_token_seconds: float = 3_600
    refresh_idle_seconds: float = 8_726_400
    refresh_hard_seconds: float = 157_680_000
    invalid_client_status: int = 401
    authorization_code_seconds: float = 300
    latency_seconds: float = 0
    query_lag_seconds: float = 0
    cdc_days: float = 30
    journal_keep: float = 20_000
    journal_bodies: bool = True

    def change(self, values: dict[str, Any]) -> None:
        """Set several at once; raises ``ValueError`` for an unknown name or a wrong type or value."""
        for name, value in values.items():
            if name not in DOCUMENTATION:
                raise ValueError(f"unknown setting {name!r}; known: {', '.join(DOCUMENTATION)}")
            setattr(self, name, _checked(name, getattr(self, name), value))

    def as_dict(self) -> dict[str, Any]:
        """All settings with their values."""
        return asdict(self)


def _checked(name: str, current: Any, value: Any) -> Any:
    kind = type(current)
    if kind in (int, float):
        if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
            raise ValueError(f"setting {name} takes a number that is not negative")
        return value
    if not isinstance(value, kind):
        raise ValueError(f"setting {name} takes a {kind.__name__}")
    if kind is str and not name.endswith("_text"):
        options = [part.split(" (")[0].split(":")[0].strip() for part in DOCUMENTATION[name].split("|")]
        if value not in options:
            raise ValueError(f"setting {name} takes one of: {', '.join(options)}")
    return value
