"""An index to find runs that wait for recovery, by status and age."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the index."""
    op.create_index("plugfn_runs_status", "plugfn_runs", ["status", "updated_at"], unique=False)
