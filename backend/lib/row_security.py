"""For whom a transaction works: PostgreSQL shows it the rows of one client, or of all clients where it must.

    with client_rows(client.pk):
        Integration.objects.all()      # the rows of this client, whatever the query says

The application's role sees a protected row only if the transaction has set the row's client. Without one, a query of
such a table raises ("no client is set"). Both last until the transaction ends, so call vendors outside of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.migrations.operations import RunSQL

SYSTEM_ROLE = "ponte_system"
STAFF_ROLE = "ponte_staff"
# set_config's name for the role with which the connection was opened.
_OWN_ROLE = "none"

_CLIENT = "coalesce(nullif(current_setting('app.client', true), ''), 'no client is set')::uuid"
_PROTECT = """
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    CREATE POLICY of_client ON {table} TO ponte_app USING ({column} = {client});
    CREATE POLICY of_all ON {table} TO ponte_system, ponte_staff USING (true);
"""
_EXPOSE = """
    DROP POLICY of_client ON {table};
    DROP POLICY of_all ON {table};
    ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""
# One statement, so that it costs one round trip.
_SET = "SELECT set_config('role', %s, true), set_config('app.client', %s, true)"

# The role and the client of the innermost block.
_scope: ContextVar[tuple[str, str] | None] = ContextVar("row_security", default=None)


@contextmanager
def client_rows(client: UUID) -> Iterator[None]:
    """A transaction that sees the rows of this client alone."""
    with _transaction_as(_OWN_ROLE, str(client)):
        yield


@contextmanager
def system_rows(work: str) -> Iterator[None]:
    """A transaction that sees the rows of all clients. `work` says for what: docs/tenancy.md lists each of them."""
    with _transaction_as(SYSTEM_ROLE, ""):
        yield


@contextmanager
def staff_rows() -> Iterator[None]:
    """A transaction of the admin, which sees the rows of all clients."""
    with _transaction_as(STAFF_ROLE, ""):
        yield


def limit_to(client: UUID) -> None:
    """Let the rest of the caller's transaction see the rows of this client alone. Costs one round trip."""
    if not connections[DEFAULT_DB_ALIAS].in_atomic_block:
        raise transaction.TransactionManagementError("call limit_to() inside the transaction that it limits")
    _set(_OWN_ROLE, str(client))


@contextmanager
def _transaction_as(role: str, client: str) -> Iterator[None]:
    is_inner = connections[DEFAULT_DB_ALIAS].in_atomic_block
    with transaction.atomic():
        before = _scope.get()
        _set(role, client)
        token = _scope.set((role, client))
        try:
            yield
        finally:
            _scope.reset(token)
        # The end of a transaction restores both, and so does a rollback to a savepoint.
        if is_inner:
            _set(*(before or (_OWN_ROLE, "")))


def _set(role: str, client: str) -> None:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_SET, [role, client])


def protect(table: str, column: str = "client_id") -> RunSQL:
    """The operation of a migration that switches row-level security on. Released migrations call it: keep what it does.

    The owner of the table, who migrates and makes backups, still sees all rows.
    """
    names = {"table": f'"{table}"', "column": f'"{column}"', "client": _CLIENT}
    return RunSQL(_PROTECT.format(**names), _EXPOSE.format(**names))
