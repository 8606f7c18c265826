"""What a company from elsewhere may bring: documents that the books can be kept with, whatever is done to them later."""

from qbo_simulator.entities.fields import object_id
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.ledger import SETTLES
from qbo_simulator.openlines import HOLDERS, KINDS
from qbo_simulator.wire import Json


def check_loaded(entity: EntityType, document: Json) -> None:
    """Raise ``ValueError`` for a payment or a deposit with a line on something that the books do not know."""
    if entity.name not in SETTLES:
        return
    for line in document.get("Line", ()):
        links: list[Json] = line.get("LinkedTxn", [])
        if entity.name == "Deposit" and not links:
            continue
        number = object_id(str(links[0].get("TxnId", ""))) if links else None
        kind = links[0].get("TxnType") if number is not None else None
        if kind not in _settled_by(entity.name):
            what = f"{kind} {number}" if kind else "nothing"
            raise ValueError(
                f"{entity.name} {document.get('Id')} has a line that is linked to {what}, which the simulator cannot follow; "
                f"load it without that line{_REST[entity.name]}"
            )


# Where the amount of a line goes that is left out.
_REST = {
    "Payment": ", its Amount as part of UnappliedAmt",
    "BillPayment": "",
    "Deposit": ", or with its Amount on a line with the DepositLineDetail.AccountRef that the money came from",
}


def _settled_by(name: str) -> set[str]:
    """The types of links that a line may have; a deposit takes whatever has been received."""
    settled = set(ENTITIES if name == "Deposit" else SETTLES[name][3])
    return settled - HOLDERS | set(KINDS)
