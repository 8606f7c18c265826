"""Classes and locations on documents and lines."""

from qbo_simulator.books import Books
from qbo_simulator.errors import Fault
from qbo_simulator.wire import Json

# property: (entity, preferences of which one must be on)
TRACKED = {
    "ClassRef": ("Class", ("ClassTrackingPerTxn", "ClassTrackingPerTxnLine")),
    "DepartmentRef": ("Department", ("TrackDepartments",)),
}


def settle_tracking(books: Books, node: Json, was: Json | None = None) -> None:
    """References to a class or a location must exist, and the company must use them (5030)."""
    for field, (entity_name, switches) in TRACKED.items():
        if field in node:
            books.refer(entity_name, node[field], was=(was or {}).get(field))
            if not any(books.company.preferences[switch] for switch in switches):
                raise Fault(
                    "5030", f"Feature Not Supported Error : {entity_name} tracking is not enabled.", element=field
                )
