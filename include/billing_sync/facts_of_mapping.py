"""Facts about what the document refers to: customer, items, tax codes."""

from __future__ import annotations

from include.billing_sync.book import line_item
from include.billing_sync.documents import Line
from include.billing_sync.fact_context import View, listed
from include.billing_sync.name_rules import customer_display_name
from include.billing_sync.payload_lines import LineBuilder, is_header_discount


def is_customer_named(view: View) -> bool:
    """The document says whose it is."""
    return bool((view.invoice.customer_id or "").strip())


def is_customer_excluded(view: View) -> bool:
    """A test customer, or one that a person marked as never to be synchronised."""
    return view.context.customer.is_excluded or (view.invoice.customer is not None and view.invoice.customer.is_test)


def is_customer_ambiguous(view: View) -> bool:
    """The customer's name fits several, or one that may not be taken."""
    return view.context.customer.is_ambiguous


def is_customer_mapped(view: View) -> bool | None:
    """It is known, or will be created. None where another fact already says why not."""
    customer = view.context.customer
    if not is_customer_named(view) or is_customer_excluded(view) or customer.is_ambiguous or customer.is_inactive:
        return None
    return customer.ref is not None


def customer_detail(view: View) -> str:
    """Whom to map."""
    name = view.invoice.customer.name if view.invoice.customer else ""
    cause = f": {view.context.customer.detail}" if view.context.customer.detail else ""
    return f"customer {(view.invoice.customer_id or '')[:100]} {name[:100]!r}{cause}"


def is_name_changed(view: View) -> bool:
    """The customer will be created under a name that is not billing's."""
    if not view.context.customer.is_created or view.invoice.customer is None:
        return False
    return bool(customer_display_name(view.invoice.customer.name, view.context.settings.name_length)[1])


def ambiguous_names(view: View) -> int:
    """Names of the document, customer and items, that fit several or none that may be taken."""
    return is_customer_ambiguous(view) + len(_ambiguous_lines(view))


def _ambiguous_lines(view: View) -> list[str]:
    causes = view.context.ambiguous_lines
    return [f"line {line.position}: {causes[line.line_id]}" for line in view.tax.lines if line.line_id in causes]


def ambiguous_detail(view: View) -> str:
    """Which names, and between what."""
    customer = [customer_detail(view)] if is_customer_ambiguous(view) else []
    return listed(customer + _ambiguous_lines(view))


def _unmapped(view: View) -> list[str]:
    context = view.context
    builder = LineBuilder(context.book, context.settings, context.company, 1)
    return [
        _service(line)
        for line in view.tax.lines
        if line.kind != "tax"
        and not _lacks_category(line)
        and line.line_id not in context.ambiguous_lines
        and not is_header_discount(line, view.tax, builder)
        and line_item(line, context.book) is None
    ]


def _service(line: Line) -> str:
    parts = (("subscription", line.subscription_id), ("service", line.service_id), ("category", line.category))
    keys = [f"{name} {key}" for name, key in parts if key]
    return " / ".join(keys) or f"{line.kind} line {line.position} {line.description[:40]!r}"


def unmapped_items(view: View) -> int:
    """Lines whose service, subscription or category leads to no item."""
    return len(_unmapped(view))


def unmapped_detail(view: View) -> str:
    """What to map."""
    return listed(_unmapped(view))


def _lacks_category(line: Line) -> bool:
    return line.kind == "charge" and not (line.category or "").strip()


def lines_without_category(view: View) -> int:
    """Charges to which no default mapping can apply."""
    return sum(_lacks_category(line) for line in view.charges)


def category_detail(view: View) -> str:
    """Which charges."""
    return listed(f"line {line.position} {line.description[:40]!r}" for line in view.charges if _lacks_category(line))


def unmapped_tax_codes(view: View) -> int:
    """Tax codes that lead to nothing where the document needs them."""
    return len(view.tax.unmapped)


def tax_codes_detail(view: View) -> str:
    """Which tax codes."""
    return listed(view.tax.unmapped)


def _inactive(view: View) -> list[str]:
    context = view.context
    found = [f"customer {context.customer.ref or view.invoice.customer_id}"] if context.customer.is_inactive else []
    items = [target for line in view.tax.lines if (target := line_item(line, context.book))]
    found += [
        f"item {target.name!r} (id {target.qbo_id})" for target in items if ("Item", target.qbo_id) in context.inactive
    ]
    codes = (*view.tax.codes, view.tax.header_code)
    return found + [f"tax code id {code}" for code in codes if code and ("TaxCode", code) in context.inactive]


def inactive_references(view: View) -> int:
    """Customers, items and tax codes of the document that are inactive in QuickBooks."""
    return len(set(_inactive(view)))


def inactive_detail(view: View) -> str:
    """Which of them."""
    return listed(_inactive(view))
