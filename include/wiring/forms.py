"""The trigger form of the export, and the choices that come out of it. A bookkeeper reads these texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from airflow.sdk import Param

from include.wiring.waits import MOST_DAYS, days

MODES = {
    "push": "Push: write to QuickBooks now",
    "push_after_approval": "Push after approval: show me the plan, then wait for my yes",
    "plan_only": "Plan only: show what would happen, write nothing",
}
DELIVERIES = {
    "setting": "As the company's settings say",
    "copy": "Copy: mail nothing",
    "send": "Send: let QuickBooks mail each invoice to its customer",
}
STATUSES = ["Pending", "Skipped", "Error", "Unknown", "Synced"]


class ChoiceError(ValueError):
    """The form asks for something that cannot be: which field, what was found, what is allowed."""

    failure_mode = "person"


@dataclass(frozen=True, slots=True)
class Choices:
    """What one run is asked to do. Dates are the realm's local dates, both included; empty tuples mean no filter."""

    realms: tuple[str, ...] = ()
    from_date: date | None = None
    to_date: date | None = None
    numbers: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    plan_id: int | None = None
    mode: str = "push"
    delivery: str = "setting"
    recopy: bool = False
    repair_moved: bool = False
    everything: bool = False
    accept_suspicious_extract: bool = False

    def to_json(self) -> dict[str, Any]:
        """The choices as they are kept with the plan."""
        return {name: _json(value) for name, value in asdict(self).items()}


def export_form() -> dict[str, Param]:
    """The params of ``qbo_export_invoices``, in the order in which the form shows them; named sections start closed."""
    return {**_which_invoices(), **_what_to_do(), **_fewer_invoices(), **_for_experts()}


def _which_invoices() -> dict[str, Param]:
    return {
        "realm": Param(
            None,
            type=["null", "string"],
            title="Company",
            description="Its short name, as the page QuickBooks lists it. Empty: every company.",
        ),
        "from_date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Invoices dated from",
            description="Empty: from the company's start date on.",
        ),
        "to_date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Invoices dated to (included)",
            description="Empty: up to the newest.",
        ),
        "invoice_numbers": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            title="Only these invoice numbers",
            description="One per line. Empty: all of the dates above.",
        ),
    }


def _what_to_do() -> dict[str, Param]:
    return {
        "mode": Param("push", type="string", enum=list(MODES), values_display=MODES, title="What to do"),
        "delivery": Param(
            "setting",
            type="string",
            enum=list(DELIVERIES),
            values_display=DELIVERIES,
            title="Mail to customers",
            description="An invoice that was mailed before is not mailed again.",
        ),
    }


def _fewer_invoices() -> dict[str, Param]:
    section = "Fewer invoices: by customer, status or total"
    return {
        "customers": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            title="Only these customers",
            description="Billing's customer ids, one per line. Empty: all.",
            section=section,
        ),
        "statuses": Param(
            [],
            type="array",
            items={"type": "string", "enum": STATUSES},
            examples=STATUSES,
            title="Only invoices with these statuses",
            description="As the last run left them; choose Skipped and Error to try again what was stopped. Empty: all.",
            section=section,
        ),
        "amount_from": Param(
            None,
            type=["null", "string"],
            title="Total from",
            description="Billing's total of the invoice, tax included, for example 100.00.",
            section=section,
        ),
        "amount_to": Param(
            None, type=["null", "string"], title="Total to (included)", description="Empty: no limit.", section=section
        ),
    }


def _for_experts() -> dict[str, Param]:
    section = "For experts"
    return {
        "plan_id": Param(
            None,
            type=["null", "integer"],
            title="Push this stored plan",
            description="The number of a plan made before, at most 7 days old, and above the company that made it. All dates and "
            "filters are then ignored.",
            section=section,
        ),
        "recopy": Param(
            False,
            type="boolean",
            title="Re-copy: write again what billing did not change",
            description="After a change of mappings: the invoices in QuickBooks are made to say what they would say now. "
            "What somebody edited in QuickBooks is left as it is.",
            section=section,
        ),
        "repair_moved": Param(
            False,
            type="boolean",
            title="Repair moved invoices: void them here, so that they go where billing has them now",
            description="For the invoice numbers above, in the company that holds them, and only where their status is `moved`. "
            "The next run creates each in its new company, or as its new type.",
            section=section,
        ),
        "accept_suspicious_extract": Param(
            False,
            type="boolean",
            title="Push although many invoices of this run fail the checks",
            description="Only after the data team has looked at billing: so many failures usually mean a fault in its views.",
            section=section,
        ),
    }


def sync_form() -> dict[str, Param]:
    """The params of ``qbo_auto_sync``: the company, and whether everything in scope is looked at."""
    return {
        "realm": export_form()["realm"],
        "everything": Param(
            False,
            type="boolean",
            title="Look at everything in scope",
            description="As the nightly run does: also documents that were refused, and late changes of billing.",
        ),
    }


def reconcile_form() -> dict[str, Param]:
    """The params of ``qbo_reconcile``: the company and the dates. No date: this month and the three before."""
    return {
        "realm": export_form()["realm"],
        "from_date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Compare what is dated from",
            description="Empty: the first day of the month three months ago.",
        ),
        "to_date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Compare what is dated to (included)",
            description="Empty: the end of this month.",
        ),
        "everything": Param(
            False,
            type="boolean",
            title="Compare all documents",
            description="From the company's start date on, whatever the dates above.",
        ),
    }


def refresh_form() -> dict[str, Param]:
    """The params of ``qbo_refresh_lists``: the company."""
    return {"realm": export_form()["realm"]}


KEEP_DAYS = days("LEDGERLINE_KEEP_DAYS", 35)
"""How long candidates, stale plans and reports are kept, unless the form says otherwise."""


def care_form() -> dict[str, Param]:
    """The params of ``qbo_care``: the company, and how long working data is kept."""
    return {
        "realm": export_form()["realm"],
        "keep_days": Param(
            KEEP_DAYS,
            type="integer",
            minimum=7,
            maximum=MOST_DAYS,
            title="Keep candidates, stale plans and reports for so many days",
            description="What was sent, the links and the totals of reconciliations are kept in any case.",
        ),
    }


def keep_days_of(params: Mapping[str, Any]) -> int:
    """The days of ``care_form``. Raises ChoiceError for anything but a number of days from 7 on: plans live for so long."""
    value = params.get("keep_days", KEEP_DAYS)
    if isinstance(value, bool) or not isinstance(value, int) or value < 7:
        raise ChoiceError(f"'keep_days' must be a whole number of days, at least 7, not {value!r}.")
    return value


FORMS: Mapping[str, Callable[[], dict[str, Param]]] = {
    "qbo_export_invoices": export_form,
    "qbo_auto_sync": sync_form,
    "qbo_reconcile": reconcile_form,
    "qbo_refresh_lists": refresh_form,
    "qbo_care": care_form,
}


def choices_from(params: Mapping[str, Any], dag_id: str) -> Choices:
    """The choices of a DAG's form (or of ``--dag-run-conf``). Raises ChoiceError naming the field, and what is allowed."""
    # A DAG that somebody made of the same tasks may have any of the fields.
    forms = [FORMS[dag_id]] if dag_id in FORMS else FORMS.values()
    known = {name: field for form in forms for name, field in form().items()}
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise ChoiceError(f"The form of {dag_id} has no field {', '.join(unknown)}; it has {', '.join(known)}.")
    chosen = Choices(
        realms=_texts(params, "realm"),
        from_date=_date(params, "from_date"),
        to_date=_date(params, "to_date"),
        numbers=_texts(params, "invoice_numbers"),
        customers=_texts(params, "customers"),
        statuses=_texts(params, "statuses"),
        amount_from=_amount(params, "amount_from"),
        amount_to=_amount(params, "amount_to"),
        plan_id=_number_of_plan(params),
        mode=_one_of(params, "mode", list(MODES), "push"),
        delivery=_one_of(params, "delivery", list(DELIVERIES), "setting"),
        recopy=bool(params.get("recopy")),
        repair_moved=bool(params.get("repair_moved")),
        everything=bool(params.get("everything")),
        accept_suspicious_extract=bool(params.get("accept_suspicious_extract")),
    )
    _check(chosen)
    return chosen


def _check(chosen: Choices) -> None:
    if chosen.from_date and chosen.to_date and chosen.from_date > chosen.to_date:
        raise ChoiceError(
            f"'Invoices dated from' ({chosen.from_date}) lies after 'Invoices dated to' ({chosen.to_date}): swap them."
        )
    if chosen.amount_from is not None and chosen.amount_to is not None and chosen.amount_from > chosen.amount_to:
        raise ChoiceError(
            f"'Total from' ({chosen.amount_from}) is more than 'Total to' ({chosen.amount_to}): swap them."
        )
    if strange := sorted(set(chosen.statuses) - set(STATUSES)):
        raise ChoiceError(f"'statuses' knows {', '.join(STATUSES)}, not {', '.join(strange)}.")
    if chosen.repair_moved and not chosen.numbers:
        raise ChoiceError("'Repair moved invoices' needs 'Only these invoice numbers': it voids what they name.")
    if chosen.plan_id and chosen.mode == "plan_only":
        raise ChoiceError(
            "A stored plan cannot be planned again: choose 'push', or leave the number of the plan empty."
        )


def _texts(params: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = params.get(name)
    if value is None or value == "":
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(part, str) for part in values):
        raise ChoiceError(f"{name!r} must be a list of texts, not {value!r}.")
    return tuple(dict.fromkeys(part.strip() for part in values if part.strip()))


def _date(params: Mapping[str, Any], name: str) -> date | None:
    value = params.get(name)
    if not value:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ChoiceError(f"{name!r} must be a date such as 2026-10-31, not {value!r}.") from None


def _amount(params: Mapping[str, Any], name: str) -> Decimal | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ChoiceError(f"{name!r} must be an amount such as 100.00, not {value!r}.") from None
    if not amount.is_finite():
        raise ChoiceError(f"{name!r} must be an amount such as 100.00, not {value!r}.")
    return amount


def _number_of_plan(params: Mapping[str, Any]) -> int | None:
    value = params.get("plan_id")
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise ChoiceError(f"'plan_id' must be the number of a stored plan, such as 12, not {value!r}.")
    return value


def _one_of(params: Mapping[str, Any], name: str, allowed: list[str], default: str) -> str:
    value = params.get(name, default)
    if value not in allowed:
        raise ChoiceError(f"{name!r} must be one of {', '.join(allowed)}, not {value!r}.")
    return str(value)


def _json(value: Any) -> Any:
    if isinstance(value, (date, Decimal)):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
