"""Our sendings are found by the number that they bore, and late answers by the id that they named."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SQL = Path(__file__).resolve().parents[3] / "sql" / "state" / "migrations" / "0010_sendings_by_number.sql"


def upgrade() -> None:
    """Add the indexes."""
    op.get_bind().connection.cursor().execute(_SQL.read_text())


def downgrade() -> None:
    """What is kept would be lost: roll back from the backup that was made before (docs/install.md)."""
    raise NotImplementedError("restore the backup of schema qbo_sync that was made before the migration")
