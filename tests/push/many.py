"""Many invoices in billing at once."""

from __future__ import annotations

from tests.world import World

_REPLACED = {
    "invoice_id": "'inv-T-' || n",
    "doc_number": "'T-' || n",
    "line_id": "'inv-T-' || n || '-' || position",
}


def copies_of_first(world: World, count: int) -> None:
    """Copies of the invoice T-0 under the numbers T-1 to T-count."""
    for table in ("invoices", "invoice_lines"):
        columns = [
            name
            for (name,) in world.sql(
                "select column_name::text from information_schema.columns"
                " where table_schema = 'billing' and table_name = %s and is_generated = 'NEVER'",
                table,
            )
        ]
        values = ", ".join(_REPLACED.get(name, name) for name in columns)
        world.sql(
            f"insert into billing.{table} ({', '.join(columns)}) select {values} from billing.{table},"
            f" generate_series(1, {count}) as n where invoice_id = 'inv-T-0'"
        )
