"""A link is saved in one look-up, and points at the same thing for as long as it stands."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SQL = Path(__file__).resolve().parents[3] / "sql" / "state" / "migrations" / "0009_one_link.sql"


def upgrade() -> None:
    """Replace the indexes and add the trigger."""
    op.get_bind().connection.cursor().execute(_SQL.read_text())


def downgrade() -> None:
    """Roll back from the backup that was made before (docs/install.md)."""
    raise NotImplementedError("restore the backup of schema qbo_sync that was made before the migration")
