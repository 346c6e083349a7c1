"""PostgreSQL databases: structured queries on allowed tables, and free SELECTs if the user allows them."""

from plugfn.providers.database_postgres import actions
from plugfn.providers.database_postgres.definition import provider

__all__ = ["actions", "provider"]
