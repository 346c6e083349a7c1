"""Creates the store for PlugFn's `database`."""

from plugfn.extras import part
from plugfn.storage.memory import MemoryStore
from plugfn.storage.protocol import Store

MEMORY = "memory://"


def store_of(database: str | Store) -> Store:
    """A Store as it is, a MemoryStore for memory://, else an SqlStore for the URL. Raises ConfigurationError."""
    if not isinstance(database, str):
        return database
    if database == MEMORY:
        return MemoryStore()
    store: Store = part("plugfn.storage.sql.store:SqlStore", "sqlalchemy")(database)
    return store
