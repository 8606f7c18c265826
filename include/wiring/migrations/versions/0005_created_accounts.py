"""Accounts that a run creates are names, as customers and items are."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SQL = Path(__file__).resolve().parents[3] / "sql" / "state" / "migrations" / "0005_created_accounts.sql"


def upgrade() -> None:
    """Let the mapping book and the outbox hold accounts."""
    op.get_bind().connection.cursor().execute(_SQL.read_text())


def downgrade() -> None:
    """What is kept would be lost: roll back from the backup that was made before (docs/install.md)."""
    raise NotImplementedError("restore the backup of schema qbo_sync that was made before the migration")
