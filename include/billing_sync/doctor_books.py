"""What the doctor asks of settings and mapping book (FEATURES.md F7, F9, F30 to F34, F37, F41, F51, F169)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from include.billing_sync.accounts import ACCOUNT_TYPES, serves
from include.billing_sync.book import ROUNDING_CODE, line_item
from include.billing_sync.company import CompanyFacts
from include.billing_sync.diagnosis import Diagnosis, Examined, Usage, green, hint, listed, red, stop
from include.billing_sync.mapping import ACCOUNT, CATCH_ALL, KINDS
from include.billing_sync.mapping_files import ENTITIES, FILES, disagreement
from include.billing_sync.settings import Named, RealmSettings
from include.billing_sync.tax import tax_method

_NAMED = (
    ("income_account", "Account", ACCOUNT_TYPES["income_account"]),
    ("discount_account", "Account", ()),
    ("bad_debt_account", "Account", ()),
    ("generic_item", "Item", ()),
)


def book_checks(examined: Examined, facts: CompanyFacts) -> Iterator[Diagnosis]:
    """Lists, settings' accounts, and whether every line and tax code in use has its mapping."""
    if examined.lists.unread:
        yield stop(
            "lists",
            f"QuickBooks' lists were never read: {listed(examined.lists.unread)}",
            "trigger the DAG qbo_refresh_lists",
        )
        return
    yield from _accounts(examined)
    yield from _needed_settings(examined.settings)
    yield from _mappings_agree(examined)
    yield from _categories(examined, facts)
    yield from _subscriptions(examined)
    yield from _tax_codes(examined, facts)
    yield from _customers(examined)
    yield from _routing(examined)


def _accounts(examined: Examined) -> Iterator[Diagnosis]:
    for key, entity, kinds in _NAMED:
        named: Named | None = getattr(examined.settings, key)
        if named is None:
            continue
        if named.is_to_be_created:
            yield _new_account(examined, key, named.name)
            continue
        fault = _fault(examined, named, entity, kinds)
        if fault:
            yield stop(key, f"{key} names {named.id} {named.name!r}: {fault}", f"correct {key} in settings.yaml")
        else:
            yield green(key, f"{key} is {named.name}")


def _new_account(examined: Examined, key: str, name: str) -> Diagnosis:
    """What becomes of an account that settings.yaml lets a run create."""
    cure = f"choose another name in settings.yaml, or give id and name of an account that serves as {key}"
    target = examined.book.target(ACCOUNT, name)
    if target is not None:
        row = examined.lists.get("Account", target.qbo_id)
        if row is None or not serves(key, row):
            return stop(
                key, f"{key}: account {target.qbo_id} ({name}), which a run took, cannot be used any more", cure
            )
        return green(key, f"{key} is {row.name}")
    row = examined.lists.account_called(name)
    if row is None:
        return hint(
            key, f"{key}: the first run that needs it creates the income account {name!r}; settings.yaml consents"
        )
    if not serves(key, row):
        return stop(key, f"{key}: QuickBooks has an account {row.name!r} already, of type {row.kind}", cure)
    return hint(
        key, f"{key}: QuickBooks has the account {row.name} (id {row.qbo_id}) already; it is taken, none is created"
    )


def _fault(examined: Examined, named: Named, entity: str, kinds: tuple[str, ...]) -> str | None:
    row = examined.lists.get(entity, named.id)
    if row is None:
        return f"QuickBooks has no {entity} with this id"
    if not row.is_active:
        return "it is inactive in QuickBooks"
    if not row.has_name(named.name):
        return f"QuickBooks calls it {row.name!r}"
    if kinds and row.kind not in kinds:
        return f"it is an account of type {row.kind}, not {' or '.join(kinds)}"
    return "it is a category" if row.kind == "Category" else None


def _needed_settings(settings: RealmSettings) -> Iterator[Diagnosis]:
    if settings.items != "mapped_only" and settings.income_account is None:
        yield stop(
            "income_account",
            f"items: {settings.items} creates items, and income_account is not set",
            'set income_account in settings.yaml: created items shall point to it; {create: "a name"} has one created',
        )
    if settings.items == "per_line" and settings.generic_item is None:
        yield hint(
            "generic_item",
            "lines without any text will be skipped (item_unmapped)",
            "set generic_item in settings.yaml",
        )


def _mappings_agree(examined: Examined) -> Iterator[Diagnosis]:
    """Mappings go on by id when an entry was renamed in QuickBooks (F40), but a person should know."""
    found = [
        f"{FILES[kind]} {row.billing_key}: {fault}"
        for kind in KINDS
        for row in examined.book.rows(kind)
        if (fault := disagreement(kind, row, examined.lists.get(ENTITIES[kind], row.qbo_id or "")))
    ]
    if found:
        yield hint("mappings_agree", f"{len(found)} mappings do not agree with QuickBooks: {'; '.join(found[:5])}")
    else:
        yield green("mappings_agree", "all mappings agree with QuickBooks")


def _categories(examined: Examined, facts: CompanyFacts) -> Iterator[Diagnosis]:
    """F30, F51: every category in use has its item; F31, F32: how detailed the profit and loss will be."""
    for usage in _known(examined):
        missing = _lines_without_item(examined, facts, usage)
        if not missing:
            yield green("items", "every line in use has its item")
        elif examined.settings.items == "mapped_only":
            yield red(
                "items",
                f"no item is mapped for {listed(f'{key} ({count} lines)' for key, count in missing.most_common())}",
                "add rows to categories.csv and load it (ledgerline mappings load)",
            )
        else:
            keys = listed(key for key, _ in missing.most_common())
            yield hint("items", f"not mapped, so found or created by name: {keys}")
    coverage = examined.book.coverage("category")
    if coverage.keys:
        shared = "; ".join(f"{item}: {listed(keys)}" for item, keys in sorted(coverage.shared.items()))
        text = f"{coverage.keys} categories lead to {coverage.targets} items"
        yield hint("coverage", f"{text}; shared: {shared}") if shared else green("coverage", text)


def _known(examined: Examined) -> Iterator[Usage]:
    if examined.usage is not None:
        yield examined.usage


def _lines_without_item(examined: Examined, facts: CompanyFacts, usage: Usage) -> Counter[str]:
    """Category (or what else tells) → number of lines that no row of the book serves."""
    missing: Counter[str] = Counter()
    for use in usage.uses:
        line = use.line
        if line.kind == "tax" and not _taxes_are_lines(examined, facts):
            continue
        if line_item(line, examined.book) is None:
            missing[f"tax {line.tax_code}" if line.kind == "tax" else line.category or "(no category)"] += use.lines
    return missing


def _taxes_are_lines(examined: Examined, facts: CompanyFacts) -> bool:
    try:
        return tax_method(examined.settings, facts.company) == "as_lines"
    except ValueError:
        return False


def _subscriptions(examined: Examined) -> Iterator[Diagnosis]:
    """F34: the default row of subscriptions."""
    has_default = examined.book.target("subscription", CATCH_ALL) is not None
    is_used = any(use.line.subscription_id for usage in _known(examined) for use in usage.uses)
    if has_default:
        yield green("subscriptions", "subscriptions have a default item")
    elif is_used:
        yield hint(
            "subscriptions",
            "subscriptions have no default item; their lines take that of their service or category",
            f"add a row {CATCH_ALL} to subscriptions.csv",
        )


def _tax_codes(examined: Examined, facts: CompanyFacts) -> Iterator[Diagnosis]:
    """F9, F37, F40: outside the US a default tax code; everywhere a row for each tax code in use."""
    if not facts.uses_sales_tax:
        return
    book = examined.book
    has_default = book.target("tax_code", CATCH_ALL) is not None
    if has_default:
        yield green("default_tax_code", "there is a default tax code")
    elif not facts.is_us:
        yield red(
            "default_tax_code",
            f"a company in {facts.country} needs a tax code on every line, and there is no default",
            f"add a row {CATCH_ALL} to tax_codes.csv with the company's usual tax code",
        )
    rounds = examined.settings.tax_variance == "rounding_line"
    if not facts.is_us and rounds and book.target("tax_code", ROUNDING_CODE) is None:
        yield red(
            "rounding_code",
            f"rounding lines need a tax code without tax, and {ROUNDING_CODE} is not mapped",
            f"add a row {ROUNDING_CODE} to tax_codes.csv that leads to a code of 0 %",
        )
    for usage in _known(examined):
        missing = sorted(_tax_codes_without_row(examined, facts, usage))
        if missing:
            yield red(
                "tax_codes",
                f"no tax code is mapped for {listed(missing)}",
                "add rows to tax_codes.csv and load it; a line without a tax code is corrected in billing",
            )
        else:
            yield green("tax_codes", "every tax code in use is mapped")


def _tax_codes_without_row(examined: Examined, facts: CompanyFacts, usage: Usage) -> set[str]:
    book, missing = examined.book, set()
    for use in usage.uses:
        line = use.line
        if facts.is_us and (_taxes_are_lines(examined, facts) or not (line.kind == "tax" or line.tax_amount)):
            continue
        if not facts.is_us and line.kind == "tax" and not _taxes_are_lines(examined, facts):
            continue
        target = book.tax_code(line.tax_code)
        if target is None and not (facts.is_us and book.target("tax_code", CATCH_ALL)):
            missing.add(line.tax_code or "(lines without a tax code)")
    return missing


def _customers(examined: Examined) -> Iterator[Diagnosis]:
    rows = examined.book.rows("customer")
    excluded = sum(row.is_excluded for row in rows)
    if examined.settings.customers == "mapped_only" and len(rows) == excluded:
        yield red(
            "customers",
            "customers: mapped_only, and no customer is mapped",
            "load customers.csv, or set customers to match_or_create",
        )
    else:
        yield green("customers", f"{len(rows) - excluded} customers are mapped, {excluded} are never synced")


def _routing(examined: Examined) -> Iterator[Diagnosis]:
    """Documents that no company takes. A key that is not set up may wait for its company; null with several is a mistake."""
    view = "include/sql/billing/invoices.sql"
    for usage in _known(examined):
        nameless = usage.unrouted.get(None)
        if nameless:
            yield red(
                "routing",
                f"{nameless} documents name no company, and several are set up: no company will take them (no_routing_rule)",
                f"return the company's key as realm_key in {view}, such as {examined.settings.realm_key}",
            )
        strange = sorted(key for key in usage.unrouted if key is not None)
        if strange:
            yield hint(
                "routing",
                f"documents name companies that are not set up: {listed(map(repr, strange))}",
                f"make a folder in include/mappings for each, or correct realm_key in {view}",
            )
        if not usage.unrouted:
            yield green("routing", "every document names a company that is set up")
