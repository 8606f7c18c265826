"""The fidelity page: what is exact, what is a setting, what is refused. Generated from the code that does it."""

from qbo_simulator import limits, mishaps, settings
from qbo_simulator.entities.kinds import CDC, CREATE, DELETE, PDF, READ, SEND, UPDATE, VOID, EntityType
from qbo_simulator.entities.registry import ENTITIES, KNOWN_GAPS
from qbo_simulator.errors import MESSAGES
from qbo_simulator.rules import RULES

OPERATIONS = (CREATE, READ, UPDATE, "deactivate", DELETE, VOID, SEND, PDF, "query", CDC)
EXACT, REFUSED, NONE = "exact", "refused (501)", ""
GENERAL_GAPS = (
    "the tax service in XML, and other forms of answers than JSON and XML",
    "reports but ProfitAndLoss, BalanceSheet, CustomerBalance, AgedReceivables and TransactionList; cash basis; sub-accounts as "
    "sections of their own",
    "webhooks of changes that follow from others (an invoice that is paid), of preferences and currencies",
    "thumbnails of attachments",
    "preferences but those of tracking, sales forms, mails of invoices, currencies and sales tax; of CompanyInfo its country, "
    "fiscal year and languages",
    "`include=` other than `allowduplicatedocnum`, `void` and `invoiceLink`; query parameters that QBO does not document",
    "OpenID: no `id_token` is issued, the key set is empty",
    "documents mailed inside a batch do not count towards the sandbox's e-mails of a day",
    "exchange gains and losses that are not realised by a payment (revaluation of balances)",
    "tax rates other than `TaxOnAmount`",
)

# Where neither a page of Intuit's nor a recording tells, the simulator does what is generally known; a recording corrects it.
ASSUMED = (
    "the order of properties, `LineNum` and `PurchaseEx` in purchases, journal entries, deposits and transfers",
    "the sign of `Account.CurrentBalance`: debits positive, but what is owed on a credit card is positive too",
    "the layout of reports",
    "XML: that `Accept: */*` is answered in XML, as no Accept is; `Report` as the root of a report, whose cells hold `value` and "
    "`id` as attributes; the type `application/xml;charset=utf-8`; that a character which XML cannot hold is shown as U+FFFD; "
    "of requests, that what is not well-formed, has a document type, or is another element or of another namespace is 2010, and "
    "that every name and value is judged as in JSON",
    "the words (not the codes) of the faults 2250 to 2300 and 6290 to 6390, and of 5030, 6060, 6130, 6220, 6280 and 6430",
    "that an opening balance of an account, a customer or a vendor is a journal entry against opening balance equity; of the "
    "latter two without a date it is of today",
    "of a journal entry, an expense or a deposit that is paid or used up: `LinkedTxn` at its head, `TxnLineId` in the link of "
    "the payment, and that it is not deleted before the payment is unlinked",
    "of money in somebody's name: an expense on receivables (or payables) is its payee's, a debt of a customer like an invoice "
    "and a credit with a vendor; a line of a deposit and a credit on a card are the other way round; links name an expense "
    "`Check` when it was paid by one, `CreditCardCredit` when it is a credit, else `Expense`",
    "that a sparse update clears what it names with null or an empty text; that a due date which is cleared, or follows from a "
    "date or a term that the update changes, is worked out anew",
    "that a payment must be deposited as a whole, out of Undeposited Funds",
    "that a bundle without lines of its own takes those of the bundle, at their prices (of purchases: at their costs)",
    "in a batch: the form of a `CDCResponse`, `ReportQuery` as the name of a report with its parameters, and that a query beyond "
    "a thousand objects is refused (10100)",
    "stock: what is sold costs what was bought first, or will be bought next; goods that come back cost what the last ones cost",
    "budgets: their properties, and that they are in change data capture",
    "charges of billable expenses: their properties, that the line of the expense is linked to its charge, that a charge that is "
    "invoiced or another customer's cannot be linked (620), and that they are in change data capture",
    "inventory adjustments: their properties; what is missing costs what was bought first, what is found what the last cost, "
    "against any account of the home currency but receivables and payables; that they are updated and in change data capture",
    "templates of transactions: that they have no number and no dates, what a schedule must say, that an automated one is made "
    "with the first call on or after its day, at the date that it is due, and left out where QBO would refuse it",
    "`InvoiceLink`: a link where the invoice has an address and takes online payments, else an empty text",
    "which changes webhooks tell: those that were asked for, not those that follow from them",
    "`source` of a CloudEvent",
)


def cell(entity: EntityType, operation: str) -> str:
    """What the simulator does about one operation of one entity."""
    if operation == "deactivate":
        return EXACT if entity.kind in ("name", "list") and UPDATE in entity.operations else NONE
    if operation == "query":
        return EXACT
    if operation in entity.operations or (operation == CDC and entity.in_cdc):
        return EXACT
    return REFUSED if operation in entity.refused else NONE


def page() -> str:
    """The page as Markdown."""
    parts = [
        "# Fidelity",
        "Generated by `python -m qbo_simulator --fidelity`; do not edit.",
        "**exact**: as documented by Intuit or recorded from QuickBooks Online, errors included. **setting**: undocumented, so "
        "you choose. **refused**: QuickBooks Online can, the simulator cannot; it answers 501 and names the gap. "
        "Empty: QuickBooks Online has no such operation.",
        "## Entities",
        _entities(),
        " ".join(
            (
                "Create, update, delete, void and send also work inside a batch; update is full or sparse.",
                "ExchangeRate is read and set at `/exchangerate`, tax codes and rates are made at `/taxservice/taxcode`,",
                "files come through `/upload`; budgets, which people make, are brought in with `/_sim/objects`.",
                f"Other entities of QuickBooks Online are refused: {', '.join(sorted(KNOWN_GAPS.values()))}.",
            )
        ),
        "### Refused inside entities",
        "\n".join(f"- **{name}**: {'; '.join(rules.gaps)}" for name, rules in sorted(RULES.items()) if rules.gaps),
        "## Refused in general",
        "\n".join(f"- {gap}" for gap in GENERAL_GAPS),
        "## Taken from general knowledge",
        "Neither Intuit's pages nor a recording were at hand for these; a recording that says otherwise is right.",
        "\n".join(f"- {one}" for one in ASSUMED),
        "## Settings (`/_sim/settings`)",
        _table(
            ("setting", "default", "meaning"),
            [
                (name, f"`{value}`", settings.DOCUMENTATION[name])
                for name, value in settings.Settings().as_dict().items()
            ],
        ),
        "## Limits (`/_sim/limits`)",
        _table(
            ("limit", "default", "meaning"),
            [(name, f"`{getattr(limits.LimitValues(), name)}`", text) for name, text in limits.DOCUMENTATION.items()],
        ),
        "## Mishaps (`/_sim/faults`)",
        _table(("kind", "what happens"), list(mishaps.KINDS.items())),
        "## Error codes",
        _table(("code", "message"), [(code, text) for code, text in MESSAGES.items()]),
    ]
    return "\n\n".join(parts) + "\n"


def _entities() -> str:
    rows = [(name, *(cell(entity, operation) for operation in OPERATIONS)) for name, entity in sorted(ENTITIES.items())]
    return _table(("entity", *OPERATIONS), rows)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(entry.replace("|", "\\|") for entry in line) + " |" for line in lines)
