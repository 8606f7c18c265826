"""The first shape of the schema."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).resolve().parents[3] / "sql" / "state" / "migrations" / "0001_first.sql"


def upgrade() -> None:
    """Create all tables."""
    # The file holds many statements and percent signs, so it goes past SQLAlchemy's parameter handling.
    op.get_bind().connection.cursor().execute(_SQL.read_text())


def downgrade() -> None:
    """There is no shape before the first."""
    raise NotImplementedError("before the first version there is no schema: use `ledgerline uninstall`")
