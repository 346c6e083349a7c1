"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Connections, short-lived values, the action log, workflows and runs."""
    _connections()
    _short_lived()
    _action_logs()
    _workflows()
    _runs()


def _connections() -> None:
    op.create_table(
        "plugfn_connections",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("plugfn_connections_pkey")),
    )
    op.create_index("plugfn_connections_account", "plugfn_connections", ["provider", "account"], unique=False)
    op.create_index("plugfn_connections_user", "plugfn_connections", ["user_id", "provider", "account"], unique=False)


def _short_lived() -> None:
    op.create_table(
        "plugfn_short_lived",
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("plugfn_short_lived_pkey")),
    )
    op.create_index("plugfn_short_lived_expiry", "plugfn_short_lived", ["expires_at"], unique=False)


def _action_logs() -> None:
    op.create_table(
        "plugfn_action_logs",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("connection_id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=255), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("milliseconds", sa.Double(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("plugfn_action_logs_pkey")),
    )
    op.create_index("plugfn_action_logs_call", "plugfn_action_logs", ["call_id"], unique=False)
    op.create_index(
        "plugfn_action_logs_connection", "plugfn_action_logs", ["connection_id", "started_at"], unique=False
    )
    op.create_index("plugfn_action_logs_time", "plugfn_action_logs", ["started_at"], unique=False)
    op.create_index("plugfn_action_logs_user", "plugfn_action_logs", ["user_id", "started_at"], unique=False)


def _workflows() -> None:
    op.create_table(
        "plugfn_workflows",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=255), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("plugfn_workflows_pkey")),
    )
    op.create_index("plugfn_workflows_event", "plugfn_workflows", ["provider", "event"], unique=False)
    op.create_index("plugfn_workflows_user", "plugfn_workflows", ["user_id"], unique=False)


def _runs() -> None:
    op.create_table(
        "plugfn_runs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("workflow_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("root_run", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["plugfn_workflows.id"], name=op.f("plugfn_runs_workflow_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("plugfn_runs_pkey")),
        sa.UniqueConstraint("workflow_id", "occurrence", name="plugfn_runs_occurrence"),
    )
    op.create_index("plugfn_runs_root", "plugfn_runs", ["root_run"], unique=False)
    op.create_index("plugfn_runs_time", "plugfn_runs", ["updated_at"], unique=False)
    op.create_index("plugfn_runs_user", "plugfn_runs", ["user_id", "created_at"], unique=False)
    op.create_index("plugfn_runs_workflow", "plugfn_runs", ["workflow_id", "created_at"], unique=False)
