"""The tables. A change here needs a revision in migrations/versions; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class Moment(TypeDecorator[datetime]):
    """An aware time, stored in UTC: SQLite has no time zones and would return a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC. A naive time is an error of the program."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """An aware time in UTC."""
        if value is None:
            return None
        stored: datetime = value
        return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

connections = Table(
    "plugfn_connections",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user_id", String(255), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("status", String(32), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("label", Text, nullable=False),
    Column("account", String(255), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("expires_at", Moment),
    Column("error_code", Text, nullable=False),
    Column("last_used_at", Moment),
    Column("sealed", LargeBinary, nullable=False),
    Index("plugfn_connections_user", "user_id", "provider", "account"),
    Index("plugfn_connections_account", "provider", "account"),
)

short_lived = Table(
    "plugfn_short_lived",
    metadata,
    Column("kind", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("plugfn_short_lived_expiry", "expires_at"),
)

action_logs = Table(
    "plugfn_action_logs",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("call_id", String(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("user_id", String(255), nullable=False),
    Column("connection_id", String(64), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("action", String(255), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("milliseconds", Double, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("error", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("source", String(32), nullable=False),
    Index("plugfn_action_logs_user", "user_id", "started_at"),
    Index("plugfn_action_logs_connection", "connection_id", "started_at"),
    Index("plugfn_action_logs_call", "call_id"),
    Index("plugfn_action_logs_time", "started_at"),
)

workflows = Table(
    "plugfn_workflows",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user_id", String(255), nullable=False),
    Column("name", Text, nullable=False),
    Column("status", String(32), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("event", String(255), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Index("plugfn_workflows_event", "provider", "event"),
    Index("plugfn_workflows_user", "user_id"),
)

runs = Table(
    "plugfn_runs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("workflow_id", String(64), ForeignKey(workflows.c.id, ondelete="CASCADE"), nullable=False),
    Column("user_id", String(255), nullable=False),
    Column("status", String(32), nullable=False),
    Column("occurrence", Text, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("root_run", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("workflow_id", "occurrence", name="plugfn_runs_occurrence"),
    Index("plugfn_runs_workflow", "workflow_id", "created_at"),
    Index("plugfn_runs_user", "user_id", "created_at"),
    Index("plugfn_runs_root", "root_run"),
    Index("plugfn_runs_time", "updated_at"),
    Index("plugfn_runs_status", "status", "updated_at"),
)
