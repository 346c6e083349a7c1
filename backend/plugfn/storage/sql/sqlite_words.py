"""SQLite's own error messages. They contain neither values nor paths; those of other databases may."""

import sqlite3

from sqlalchemy.exc import DBAPIError


def of_sqlite(error: BaseException) -> str:
    """SQLite's message in brackets (" (database or disk is full)"), or "" for another database's error."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return f" ({original})" if isinstance(original, sqlite3.Error) else ""
