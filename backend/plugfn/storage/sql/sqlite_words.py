"""What SQLite says is wrong with its file. Its sentences hold neither values nor paths; other databases' may."""

import sqlite3

from sqlalchemy.exc import DBAPIError


def of_sqlite(error: BaseException) -> str:
    """SQLite's own words in brackets (" (database or disk is full)"), or nothing for another database's error."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return f" ({original})" if isinstance(original, sqlite3.Error) else ""
