"""The lines of a sales document as QuickBooks takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from include.billing_sync.book import Book, line_item
from include.billing_sync.documents import Line
from include.billing_sync.money import is_exact, product_is_certain
from include.billing_sync.reasons import Finding
from include.billing_sync.settings import Company, RealmSettings
from include.billing_sync.tax import TaxPlan
from include.billing_sync.texts import cut

FACTOR_DIGITS = 5
"""QuickBooks holds quantities and prices with at most five places (QBO facts, section 9.0)."""
LARGEST_FACTOR = Decimal(10) ** 10
"""And with at most ten digits before the point."""

SALES_LINE = "SalesItemLineDetail"
DISCOUNT_LINE = "DiscountLineDetail"


@dataclass(slots=True)
class LineBuilder:
    """Builds the lines of one document. ``sign`` is -1 for a credit memo, which states positive amounts.

    ``warnings`` collects what had to be cut.
    """

    book: Book
    settings: RealmSettings
    company: Company
    sign: int
    warnings: list[Finding] = field(default_factory=list)

    def build(self, plan: TaxPlan, rounding_code: str | None) -> list[dict[str, Any]]:
        """All lines in billing's order, then a rounding line if one is wanted, then the discount if it has an account.

        :param rounding_code: tax code of the rounding line ("" for none); None where no such line is to be sent.
        :raises ValueError: for a line that nobody has mapped.
        """
        pairs = list(zip(plan.lines, plan.codes, strict=True))
        discounts = [line for line in plan.lines if is_header_discount(line, plan, self)]
        built = [self._sales_line(line, code) for line, code in pairs if line not in discounts]
        if rounding_code is not None and plan.variance:
            built.append(self._rounding_line(-plan.variance, rounding_code))
        if discounts:
            built.append(self._discount_line(discounts))
        return built

    def _sales_line(self, line: Line, code: str | None) -> dict[str, Any]:
        target = line_item(line, self.book)
        if target is None:
            raise ValueError(f"line {line.position} ({line.description[:40]!r}) is not mapped to an item")
        amount = self.sign * line.amount
        detail: dict[str, Any] = {"ItemRef": {"value": target.qbo_id}}
        factors = self._factors(line, amount)
        if factors:
            detail |= {"Qty": factors[0], "UnitPrice": factors[1]}
        if line.service_date:
            detail["ServiceDate"] = line.service_date.isoformat()
        if code is not None:
            detail["TaxCodeRef"] = {"value": code}
        return self._described(amount, detail, self._text(line, has_factors=bool(factors)), line.position)

    def _factors(self, line: Line, amount: Decimal) -> tuple[Decimal, Decimal] | None:
        """Quantity and price, if QuickBooks can only come to the same amount with them; the amount rules otherwise."""
        if line.quantity is None or line.unit_price is None:
            return None
        quantity = self.sign * line.quantity
        factors = (quantity, line.unit_price)
        if not all(abs(factor) < LARGEST_FACTOR and is_exact(factor, FACTOR_DIGITS) for factor in factors):
            return None
        return factors if product_is_certain(quantity, line.unit_price, amount) else None

    def _text(self, line: Line, *, has_factors: bool) -> tuple[str, str]:
        """The description, and the quantity that goes behind it where QuickBooks is not given it as a number."""
        text = line.description or line.service_name or ""
        if line.quantity is None or has_factors:
            return text, ""
        price = f" x {shown(line.unit_price)}" if line.unit_price is not None else ""
        return text, f"({shown(line.quantity)}{price})"

    def _described(
        self, amount: Decimal, detail: dict[str, Any], text: tuple[str, str], position: int
    ) -> dict[str, Any]:
        built: dict[str, Any] = {"Amount": amount, "DetailType": SALES_LINE, SALES_LINE: detail}
        description, behind = text
        room = self.settings.description_length - (len(behind) + 1 if behind else 0)
        kept = cut(description, room)
        if kept != description:
            self.warnings.append(
                Finding("text_cut", f"line {position}: {len(description)} characters became {len(kept)}")
            )
        whole = f"{kept} {behind}".strip() if behind else kept
        return built | ({"Description": whole} if whole else {})

    def _rounding_line(self, amount: Decimal, code: str) -> dict[str, Any]:
        item = self.settings.generic_item
        if item is None:
            raise ValueError("a rounding line needs the setting generic_item")
        detail: dict[str, Any] = {"ItemRef": {"value": item.id}}
        if code:
            detail["TaxCodeRef"] = {"value": code}
        return self._described(self.sign * amount, detail, ("Tax rounding", ""), 0)

    def _discount_line(self, discounts: Sequence[Line]) -> dict[str, Any]:
        """QuickBooks takes one discount for a document, without a text: their sum, under the discount account."""
        account = self.settings.discount_account
        if account is None:
            raise ValueError("a discount line needs the setting discount_account")
        detail = {"PercentBased": False, "DiscountAccountRef": {"value": account.id}}
        amount = -sum((line.amount for line in discounts), Decimal(0))
        return {"Amount": amount, "DetailType": DISCOUNT_LINE, DISCOUNT_LINE: detail}


def is_header_discount(line: Line, plan: TaxPlan, build: LineBuilder) -> bool:
    """Whether the line goes into QuickBooks' own discount line: only where the discount cannot change the tax.

    See docs/decisions/discounts.md.
    """
    if build.settings.discount_account is None or line.kind != "discount" or build.sign < 0 or line.amount > 0:
        return False
    return not build.company.uses_sales_tax or (build.company.is_us and plan.method != "qbo_computes")


def shown(number: Decimal | None) -> str:
    """A quantity or price for people: without needless zeros."""
    return "" if number is None else format(number.normalize(), "f")
