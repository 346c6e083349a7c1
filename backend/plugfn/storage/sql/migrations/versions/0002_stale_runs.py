"""Runs that wait to be recovered are found by their status and age."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """An index alone."""
    op.create_index("plugfn_runs_status", "plugfn_runs", ["status", "updated_at"], unique=False)
