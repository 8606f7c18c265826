"""Documents that wait have an index of their own."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SQL = Path(__file__).resolve().parents[3] / "sql" / "state" / "migrations" / "0007_waiting_documents.sql"


def upgrade() -> None:
    """Index the statuses of documents that wait."""
    op.get_bind().connection.cursor().execute(_SQL.read_text())


def downgrade() -> None:
    """What is kept would be lost: roll back from the backup that was made before (docs/install.md)."""
    raise NotImplementedError("restore the backup of schema qbo_sync that was made before the migration")
