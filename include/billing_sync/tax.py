"""Tax: what billing charged, what QuickBooks will compute, and what stands between the two.

Outside the US QuickBooks computes the tax from the code on each line and refuses a ``TxnTaxDetail``. In the US lines say
only TAX or NON; billing's tax is sent as an override with its code, or as lines of its own (QBO facts, section 11).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from include.billing_sync.book import CATCH_ALL, ROUNDING_CODE, Book, Target, line_item
from include.billing_sync.documents import Invoice, Line
from include.billing_sync.money import round_half_up
from include.billing_sync.settings import Company, RealmSettings

Method = Literal["qbo_computes", "override", "as_lines"]

TAXED, UNTAXED = "TAX", "NON"
"""What a line of a US company carries instead of the id of a tax code."""

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Rate:
    """One percentage of a tax code. ``applies`` is QBO's TaxTypeApplicable."""

    rate_id: str
    percent: Decimal
    applies: str = "TaxOnAmount"


TaxTable = Mapping[str, Sequence[Rate]]
"""The sales rates of each QBO tax code, by the code's id, in QBO's order."""


def tax_table(codes: Iterable[Mapping[str, Any]], rates: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Rate, ...]]:
    """The sales rates of each tax code, from QBO's TaxCode and TaxRate objects (numbers as Decimal, int or text)."""
    percents = {str(rate["Id"]): Decimal(str(rate.get("RateValue", 0))) for rate in rates}
    return {str(code["Id"]): _rates_of(code, percents) for code in codes}


def _rates_of(code: Mapping[str, Any], percents: Mapping[str, Decimal]) -> tuple[Rate, ...]:
    details = (code.get("SalesTaxRateList") or {}).get("TaxRateDetail") or ()
    ordered = sorted(details, key=lambda detail: int(detail.get("TaxOrder") or 0))
    ids = [
        (str(detail["TaxRateRef"]["value"]), str(detail.get("TaxTypeApplicable") or "TaxOnAmount"))
        for detail in ordered
    ]
    return tuple(Rate(rate_id, percents[rate_id], applies) for rate_id, applies in ids)


def tax_method(settings: RealmSettings, company: Company) -> Method:
    """How the realm's tax is sent. Raises ValueError when the setting contradicts the company's country."""
    method: Method = settings.tax or ("override" if company.is_us else "qbo_computes")
    if method == "override" and not company.is_us:
        raise ValueError(
            f"settings of {settings.realm_key}: tax: override works in US companies only, and this one is in "
            f"{company.country}; use qbo_computes or as_lines"
        )
    return method


def billing_tax(invoice: Invoice) -> Decimal:
    """The tax that billing charged: its header's, else the sum of its tax lines, else of the lines' own tax, to the cent."""
    if invoice.tax_amount is not None:
        return invoice.tax_amount
    return round_half_up(tax_of_lines(invoice) or _ZERO)


def tax_of_lines(invoice: Invoice) -> Decimal | None:
    """The tax that the lines show: lines of kind tax where there are any, else the tax on the lines. None when neither."""
    of_kind = [line.amount for line in invoice.lines if line.kind == "tax"]
    if of_kind:
        return sum(of_kind, _ZERO)
    on_lines = [line.tax_amount for line in invoice.lines if line.tax_amount is not None]
    return sum(on_lines, _ZERO) if on_lines else None


def lines_to_send(invoice: Invoice, method: Method) -> list[Line]:
    """The lines in their order: without tax lines, unless the tax itself is sent as lines, one for each jurisdiction."""
    ordered = sorted(invoice.lines, key=lambda line: line.position)
    if method != "as_lines":
        return [line for line in ordered if line.kind != "tax"]
    if any(line.kind == "tax" for line in ordered):
        return ordered
    return ordered + _taxes_as_lines(invoice, ordered)


def _taxes_as_lines(invoice: Invoice, lines: Sequence[Line]) -> list[Line]:
    """Lines for the tax where billing has none: by tax code from the lines' own tax, else one of the header's amount."""
    sums: dict[str | None, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.tax_amount:
            sums[line.tax_code] += line.tax_amount
    if not sums and invoice.tax_amount:
        sums[None] = invoice.tax_amount
    last = lines[-1].position if lines else 0
    return [
        Line(f"tax:{code or ''}", last + place, "tax", f"Tax {code}" if code else "Tax", amount, tax_code=code)
        for place, (code, amount) in enumerate(sorted(sums.items(), key=lambda pair: pair[0] or ""), start=1)
        if amount
    ]


@dataclass(frozen=True, slots=True)
class TaxPlan:
    """How the tax of one document is sent, and what will come of it.

    ``lines`` are the lines to send, ``codes`` the TaxCodeRef value of each (None: send none). ``meant`` is the tax that
    QBO shall show, ``computed`` the tax that it will show; None where nobody can know before it did. ``header_code`` goes
    into TxnTaxDetail, with ``total_tax`` where billing's tax overrides. ``unmapped`` names what nobody has mapped.
    """

    method: Method
    lines: tuple[Line, ...]
    codes: tuple[str | None, ...]
    meant: Decimal
    computed: Decimal | None
    header_code: str | None = None
    total_tax: Decimal | None = None
    unmapped: tuple[str, ...] = ()

    @property
    def variance(self) -> Decimal | None:
        """What QuickBooks will compute more than billing charged."""
        return None if self.computed is None else self.computed - self.meant


def plan_tax(
    invoice: Invoice, book: Book, settings: RealmSettings, company: Company, table: TaxTable | None = None
) -> TaxPlan:
    """How the document's tax will be sent and what QuickBooks will make of it.

    :param table: the rates of QBO's tax codes; needed wherever QuickBooks computes.
    :raises ValueError: when the setting contradicts the company's country.
    """
    method = tax_method(settings, company)
    lines = tuple(lines_to_send(invoice, method))
    tax = billing_tax(invoice)
    meant = _ZERO if method == "as_lines" else tax
    plan = TaxPlan(method, lines, (None,) * len(lines), meant, _ZERO)
    unmapped = tuple(
        dict.fromkeys(_name(line) for line in lines if line.kind == "tax" and line_item(line, book) is None)
    )
    if not company.uses_sales_tax:
        return replace(plan, unmapped=unmapped)
    if not company.is_us:
        return _by_line_codes(plan, book, table or {}, unmapped)
    if method == "as_lines" or not tax:
        return replace(plan, codes=(UNTAXED,) * len(lines), unmapped=unmapped)
    return _us(plan, invoice, book, settings, company, table or {})


def _by_line_codes(plan: TaxPlan, book: Book, table: TaxTable, unmapped: tuple[str, ...]) -> TaxPlan:
    targets = [book.tax_code(line.tax_code) for line in plan.lines]
    missing = dict.fromkeys(_name(line) for line, target in zip(plan.lines, targets, strict=True) if target is None)
    codes = tuple(target.qbo_id if target else None for target in targets)
    taxed = [(code, line.amount) for code, line in zip(codes, plan.lines, strict=True) if code is not None]
    computed = compute(taxed, table) if not missing else None
    return replace(plan, codes=codes, computed=computed, unmapped=tuple(dict.fromkeys((*unmapped, *missing))))


def _us(
    plan: TaxPlan, invoice: Invoice, book: Book, settings: RealmSettings, company: Company, table: TaxTable
) -> TaxPlan:
    codes = _us_codes(plan.lines, book)
    header, names = _header_code(invoice, plan.lines, codes, book)
    if plan.method == "override":
        if header is None:
            return replace(plan, codes=codes, computed=None, unmapped=names)
        # Without anything taxed there is nothing to override: QuickBooks answers with no tax at all.
        bearing = [line for line, code in zip(plan.lines, codes, strict=True) if code == TAXED]
        # A discount that goes into QuickBooks' own discount line has no code there, so that it alone makes nothing taxed.
        coded = [line for line in bearing if settings.discount_account is None or line.kind != "discount"]
        amounts = [sum((line.amount for line in lines), _ZERO) for lines in (bearing, coded)]
        computed = plan.meant if all(amounts) else _ZERO
        return replace(plan, codes=codes, computed=computed, header_code=header.qbo_id, total_tax=plan.meant)
    if company.uses_automated_tax:
        # QuickBooks computes from addresses that we do not have; its answer is compared with billing's tax afterwards.
        return replace(plan, codes=codes, computed=None)
    if header is None:
        return replace(plan, codes=codes, computed=None, unmapped=names)
    taxed = [(header.qbo_id, line.amount) for line, code in zip(plan.lines, codes, strict=True) if code == TAXED]
    return replace(plan, codes=codes, computed=compute(taxed, table), header_code=header.qbo_id)


def _us_codes(lines: Sequence[Line], book: Book) -> tuple[str, ...]:
    """TAX or NON for each line. Where billing does not say which lines were taxed, all its charges were."""
    codes = tuple(TAXED if _is_taxed(line, book) else UNTAXED for line in lines)
    if TAXED in codes:
        return codes
    return tuple(TAXED if line.kind == "charge" else UNTAXED for line in lines)


def _is_taxed(line: Line, book: Book) -> bool:
    if line.tax_amount is not None:
        return line.tax_amount != 0
    target = book.tax_code(line.tax_code)
    return target is not None and target.qbo_id != UNTAXED


def _header_code(
    invoice: Invoice, lines: Sequence[Line], codes: Sequence[str], book: Book
) -> tuple[Target | None, tuple[str, ...]]:
    """The one QBO tax code for the document's header, or else the billing codes that have to be mapped to one.

    It is what all the document's jurisdictions are mapped to; where they lead to several codes, the catch-all ``*``.
    """
    levied = [line.tax_code for line in invoice.lines if line.kind == "tax"]
    if not levied:
        levied = [line.tax_code for line, code in zip(lines, codes, strict=True) if code == TAXED]
    default = _levying(book.target("tax_code", CATCH_ALL))
    targets = {code: book.tax_code(code) or default for code in levied}
    unmapped = tuple(code or "(none)" for code, target in targets.items() if target is None)
    found = {target.qbo_id: target for target in targets.values() if target and _levying(target)}
    if len(found) == 1 and not unmapped:
        return next(iter(found.values())), ()
    return default, unmapped or tuple(_no_levy(code, target) for code, target in targets.items())


def _levying(target: Target | None) -> Target | None:
    """A code that a header can carry. TAX and NON say of a line whether it is taxed, and QuickBooks refuses them there."""
    return None if target is None or target.qbo_id in (TAXED, UNTAXED) else target


def _no_levy(code: str | None, target: Target | None) -> str:
    """A code that leads to no tax, for people who have to map it."""
    name = code or "(none)"
    return f"{name} (mapped to {target.qbo_id}, which is no tax)" if target and not _levying(target) else name


def compute(taxed: Iterable[tuple[str, Decimal]], table: TaxTable) -> Decimal | None:
    """The tax on (tax code id, net amount) pairs: per rate on the summed net, rounded half up. None for an unknown code.

    The rule is that of QBO facts, section 11: each rate is rounded once for the document, not once a line.
    """
    net: dict[str, Decimal] = defaultdict(Decimal)
    for code, amount in taxed:
        net[code] += amount
    by_rate: dict[str, Decimal] = defaultdict(Decimal)
    for code, amount in net.items():
        if code not in table:
            return None
        for rate_id, tax in _taxes(amount, table[code]):
            by_rate[rate_id] += tax
    return sum((round_half_up(tax) for tax in by_rate.values()), _ZERO)


def _taxes(net: Decimal, rates: Sequence[Rate]) -> Iterable[tuple[str, Decimal]]:
    """The unrounded tax of each rate on a net amount; a rate may apply to the taxes before it (TaxTypeApplicable)."""
    so_far = _ZERO
    for rate in rates:
        base = {"TaxOnAmountPlusTax": net + so_far, "TaxOnTax": so_far}.get(rate.applies, net)
        tax = base * rate.percent / _HUNDRED
        so_far += tax
        yield rate.rate_id, tax


def rounding_target(book: Book, settings: RealmSettings, company: Company, table: TaxTable | None) -> str | None:
    """The tax code id for a rounding line ("" where lines carry none). None when such a line cannot be sent.

    It needs ``generic_item`` and, where lines carry the id of a tax code, the mapping of the tax code ``rounding`` to one
    without tax: a rounding line that is taxed itself would only move the difference.
    """
    if settings.generic_item is None:
        return None
    if not company.uses_sales_tax:
        return ""
    if company.is_us:
        return UNTAXED
    target = book.target("tax_code", ROUNDING_CODE)
    if target is None or target.qbo_id not in (table or {}):
        return None
    return target.qbo_id if all(rate.percent == 0 for rate in (table or {})[target.qbo_id]) else None


def _name(line: Line) -> str:
    """A line's tax code for people who have to map it."""
    return line.tax_code or f"(line {line.position} has none)"
