"""A store in SQLite or PostgreSQL, with SQLAlchemy 2 (async) and Alembic. Needs the extra `sqlalchemy`."""

from plugfn.storage.sql.store import SqlStore

__all__ = ["SqlStore"]
