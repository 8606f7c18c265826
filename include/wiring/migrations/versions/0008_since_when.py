"""What a document was before it was planned is kept, and documents are found by their plan."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SQL = Path(__file__).resolve().parents[3] / "sql" / "state" / "migrations" / "0008_since_when.sql"


def upgrade() -> None:
    """Add the columns and the index."""
    op.get_bind().connection.cursor().execute(_SQL.read_text())


def downgrade() -> None:
    """What is kept would be lost: roll back from the backup that was made before (docs/install.md)."""
    raise NotImplementedError("restore the backup of schema qbo_sync that was made before the migration")
