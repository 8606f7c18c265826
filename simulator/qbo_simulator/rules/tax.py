"""Sales tax as QBO computes it: per rate on the summed net, rounded half up.

US: lines are TAX or NON and one tax code applies to the whole form, chosen by automated sales tax from the ship-to
address, or named in ``TxnTaxDetail``. Elsewhere every line carries a real tax code.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, NotSimulated, bad_reference, business
from qbo_simulator.rules.groups import members_of
from qbo_simulator.rules.lines import HUNDRED, Lines
from qbo_simulator.wire import Json

NO_RATE_TEXT = {
    "GB": "Make sure all your transactions have a VAT rate before you save.",
    "CA": "Make sure all your transactions have a GST/HST rate before you save.",
    "AU": "Make sure all your transactions have a GST rate before you save.",
}
TAXABLE, NOT_TAXABLE = "TAX", "NON"


@dataclass(slots=True)
class Rate:
    """One tax rate under a tax code."""

    id: str
    percent: Decimal | int


def apply_tax(
    books: Books,
    form: Json,
    lines: Lines,
    old: Json | None,
    customer: Record | None,
    rate_list: str = "SalesTaxRateList",
) -> Decimal | int:
    """Write ``TxnTaxDetail`` into the form and tax codes into its lines; returns the total tax.

    :param rate_list: the rates of a code that hold for the form: those of sales, or those of purchases.
    """
    if books.company.is_us:
        return _us_tax(books, form, lines, customer)
    total = _global_tax(books, form, lines, old, rate_list)
    for line in lines.items:
        if members := members_of(line):
            line["Amount"] = sum((member["Amount"] for member in members), 0)
    return total


TAXED = ("SalesItemLineDetail", "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail")


def _item_details(lines: Lines) -> Iterable[tuple[Json, Json]]:
    return ((line, line[line["DetailType"]]) for line in _flat(lines.items) if line["DetailType"] in TAXED)


def _flat(lines: Iterable[Json]) -> Iterator[Json]:
    """All lines, those inside a bundle behind it."""
    for line in lines:
        yield line
        yield from members_of(line)


# -- United States ----------------------------------------------------------------------------------------------------


def _us_tax(books: Books, form: Json, lines: Lines, customer: Record | None) -> Decimal | int:
    taxable = Decimal(0)
    for line, detail in _item_details(lines):
        code = detail.get("TaxCodeRef")
        if code is None:
            detail["TaxCodeRef"] = {"value": NOT_TAXABLE}
        elif code["value"] == TAXABLE:
            taxable += line["Amount"]
        elif code["value"] != NOT_TAXABLE:
            raise Fault("6100", f"Line TaxCode is invalid. Supplied value:{code['value']}", element="TaxCodeRef")
    form.pop("GlobalTaxCalculation", None)
    given = form.get("TxnTaxDetail", {})
    tax_code = _us_tax_code(books, form, given, customer)
    if tax_code is None or not taxable:
        form["TxnTaxDetail"] = {"TotalTax": 0}
        return 0
    base = _after_discount(books, form, lines, taxable)
    override = given.get("TotalTax") if "TxnTaxCodeRef" in given else None
    tax_lines = _tax_lines(rates_of(books, tax_code), base)
    total: Decimal | int = sum((line["Amount"] for line in tax_lines), 0)
    if override is not None and override != total:
        _override(tax_lines, override)
        total = override
    form["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": str(tax_code.id)}, "TotalTax": total, "TaxLine": tax_lines}
    return total


def _us_tax_code(books: Books, form: Json, given: Json, customer: Record | None) -> Record | None:
    company = books.company
    if not company.preferences["UsingSalesTax"]:
        return None
    if "TxnTaxCodeRef" in given:
        return books.refer("TaxCode", given["TxnTaxCodeRef"])
    if not company.has_automated_tax or (customer is not None and customer.document.get("Taxable") is False):
        return None
    address = form.get("ShipAddr") or form.get("BillAddr") or {}
    code_id = company.tax_code_by_state.get(address.get("CountrySubDivisionCode", ""), company.default_tax_code)
    return books.find(ENTITIES["TaxCode"], int(code_id)) if code_id else None


def _after_discount(books: Books, form: Json, lines: Lines, taxable: Decimal) -> Decimal:
    """Automated sales tax always taxes what is left after the discount; elsewhere the form says so."""
    after = books.company.has_automated_tax or form.get("ApplyTaxAfterDiscount") is True
    if not after or not lines.discount_amount or not lines.subtotal:
        return taxable
    return Decimal(wire.money(taxable - lines.discount_amount * taxable / lines.subtotal))


def _tax_lines(rates: list[Rate], base: Decimal) -> list[Json]:
    return [
        {
            "Amount": wire.money(base * rate.percent / HUNDRED),
            "DetailType": "TaxLineDetail",
            "TaxLineDetail": {
                "TaxRateRef": {"value": rate.id},
                "PercentBased": True,
                "TaxPercent": wire.plain(rate.percent),
                "NetAmountTaxable": wire.money(base),
            },
        }
        for rate in rates
    ]


def _override(tax_lines: list[Json], total: Decimal | int) -> None:
    """Spread a total given by the caller over the rates, in proportion; the last takes the rest."""
    if not tax_lines:
        return
    computed = sum((line["Amount"] for line in tax_lines), 0)
    left = Decimal(total)
    for line in tax_lines[:-1]:
        share = Decimal(wire.money(Decimal(total) * line["Amount"] / computed)) if computed else Decimal(0)
        line["Amount"] = wire.money(share)
        left -= share
    tax_lines[-1]["Amount"] = wire.money(left)


def rates_of(books: Books, tax_code: Record, list_name: str = "SalesTaxRateList") -> list[Rate]:
    """The rates under a tax code, in their order."""
    details = tax_code.document.get(list_name, {}).get("TaxRateDetail", [])
    if not details and list_name == "PurchaseTaxRateList":
        raise business(f"The tax code {tax_code.name} cannot be used on purchases.", "TaxCodeRef")
    rates = []
    for detail in sorted(details, key=lambda one: one.get("TaxOrder", 0)):
        if detail.get("TaxTypeApplicable", "TaxOnAmount") != "TaxOnAmount":
            raise NotSimulated(f"tax rates of type {detail['TaxTypeApplicable']}")
        rate = books.get(ENTITIES["TaxRate"], int(detail["TaxRateRef"]["value"]))
        rates.append(Rate(str(rate.id), rate.document["RateValue"]))
    return rates


# -- everywhere else --------------------------------------------------------------------------------------------------


def _global_tax(books: Books, form: Json, lines: Lines, old: Json | None, rate_list: str) -> Decimal | int:
    mode = form.setdefault("GlobalTaxCalculation", "TaxExcluded")
    given = form.pop("TxnTaxDetail", None)
    if mode == "NotApplicable":
        if given:
            raise Fault(
                "6170",
                "TxnTaxDetail should not be provided when GlobalTaxCalculation is NotApplicable",
                element="TxnTaxDetail",
            )
        for _line, detail in _item_details(lines):
            detail.pop("TaxCodeRef", None)
        form["TxnTaxDetail"] = {"TotalTax": 0}
        return 0
    groups = _by_code(books, lines, old) if books.company.preferences["UsingSalesTax"] else []
    sums: dict[str, Json] = {}
    total: Decimal | int = 0
    for code, members in groups:
        rates = rates_of(books, code, rate_list)
        total += (
            _inclusive(members, rates, sums)
            if mode == "TaxInclusive"
            else _exclusive(members, rates, sums, form, lines)
        )
    if mode == "TaxInclusive":
        lines.subtotal = sum((line["Amount"] for line, _detail in _item_details(lines)), 0)
    tax_lines = list(sums.values())
    if mode == "TaxExcluded":
        for line in tax_lines:
            detail = line["TaxLineDetail"]
            line["Amount"] = wire.money(Decimal(detail["NetAmountTaxable"]) * detail["TaxPercent"] / HUNDRED)
        total = sum((line["Amount"] for line in tax_lines), 0)
    computed: Json = {"TotalTax": total, "TaxLine": tax_lines} if tax_lines else {"TotalTax": 0}
    form["TxnTaxDetail"] = _checked_against_given(books, computed, given, old)
    return form["TxnTaxDetail"]["TotalTax"]  # type: ignore[no-any-return]  # an amount by construction


def _by_code(books: Books, lines: Lines, old: Json | None) -> list[tuple[Record, list[tuple[Json, Json]]]]:
    known = {
        line["Id"]: line.get(line["DetailType"], {}) for line in _flat((old or {}).get("Line", [])) if "Id" in line
    }
    groups: dict[int, tuple[Record, list[tuple[Json, Json]]]] = {}
    for line, detail in _item_details(lines):
        reference = detail.get("TaxCodeRef")
        if reference is None:
            country = books.company.country
            raise business(
                NO_RATE_TEXT.get(country, "Make sure all your transactions have a tax rate before you save.")
            )
        if not reference["value"].isdecimal():
            raise bad_reference("TaxCodes", reference["value"])
        code = books.refer("TaxCode", reference, was=known.get(line["Id"], {}).get("TaxCodeRef"))
        reference.pop("name", None)
        groups.setdefault(code.id, (code, []))[1].append((line, detail))
    return list(groups.values())


def _exclusive(
    members: list[tuple[Json, Json]], rates: list[Rate], sums: dict[str, Json], form: Json, lines: Lines
) -> Decimal | int:
    net = Decimal(sum((line["Amount"] for line, _detail in members), 0))
    if form.get("ApplyTaxAfterDiscount") is True and lines.discount_amount and lines.subtotal:
        net = Decimal(wire.money(net - lines.discount_amount * net / lines.subtotal))
    _add_to_rates(rates, net, sums)
    return 0


def _add_to_rates(rates: list[Rate], net: Decimal, sums: dict[str, Json]) -> None:
    for line, rate in zip(_tax_lines(rates, net), rates, strict=True):
        known = sums.get(rate.id)
        if known is None:
            sums[rate.id] = line
        else:
            detail = known["TaxLineDetail"]
            detail["NetAmountTaxable"] = wire.money(Decimal(detail["NetAmountTaxable"]) + net)


def _inclusive(members: list[tuple[Json, Json]], rates: list[Rate], sums: dict[str, Json]) -> Decimal | int:
    """Gross amounts are right; nets are recomputed from them so that net and tax add up to the gross."""
    percent = sum((rate.percent for rate in rates), Decimal(0))
    for line, detail in members:
        if "TaxInclusiveAmt" not in detail:
            detail["TaxInclusiveAmt"] = wire.money(Decimal(line["Amount"]) * (1 + percent / HUNDRED))
    gross = Decimal(sum((detail["TaxInclusiveAmt"] for _line, detail in members), 0))
    tax = Decimal(wire.money(gross * percent / (HUNDRED + percent)))
    left = gross - tax
    for line, detail in members[:-1]:
        net = Decimal(wire.money(Decimal(detail["TaxInclusiveAmt"]) * HUNDRED / (HUNDRED + percent)))
        line["Amount"] = wire.money(net)
        left -= net
    members[-1][0]["Amount"] = wire.money(left)
    new_lines = _tax_lines(rates, gross - tax)
    _override(new_lines, wire.money(tax))
    for line, rate in zip(new_lines, rates, strict=True):
        known = sums.get(rate.id)
        if known is None:
            sums[rate.id] = line
        else:
            known["Amount"] = wire.money(Decimal(known["Amount"]) + line["Amount"])
            detail = known["TaxLineDetail"]
            detail["NetAmountTaxable"] = wire.money(Decimal(detail["NetAmountTaxable"]) + gross - tax)
    return wire.money(tax)


def _checked_against_given(books: Books, computed: Json, given: Json | None, old: Json | None) -> Json:
    """What the caller says about tax outside the US is refused, compared or accepted, by setting."""
    if not given or "TaxLine" not in given:
        return computed
    rule = books.settings.non_us_tax_detail
    if rule == "accept":
        total = given.get("TotalTax", sum((line.get("Amount", 0) for line in given["TaxLine"]), 0))
        return {"TotalTax": total, "TaxLine": given["TaxLine"]}
    is_echo = old is not None or rule == "match"
    if (
        is_echo
        and given.get("TotalTax", computed["TotalTax"]) == computed["TotalTax"]
        and _amounts(given) == _amounts(computed)
    ):
        return computed
    raise business(
        "Invalid TxnTaxDetail: tax is computed from the tax codes of the lines; leave TxnTaxDetail out.", "TxnTaxDetail"
    )


def _amounts(detail: Json) -> list[Decimal | int]:
    return sorted(line.get("Amount", 0) for line in detail.get("TaxLine", []))
