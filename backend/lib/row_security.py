"""For whom the code works: PostgreSQL shows it the rows of one client, or of all clients where it must.

    with for_client(client.pk):
        Integration.objects.all()      # the rows of this client, whatever the query says

The application's role sees a protected row only if the transaction has set the row's client. Without one, a query of
such a table raises ("no client is set").

`for_client` and its like open no transaction: each transaction inside, and each statement outside of one, begins with
SET LOCAL, in the same round trip. So a vendor may be called inside them. `client_rows` and its like are one
transaction: call vendors outside of it. Threads and generators that outlive the block do not inherit it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations import RunSQL
from psycopg import ServerCursor, sql
from psycopg.pq import TransactionStatus

Piece = TypeVar("Piece")

SYSTEM_ROLE = "ponte_system"
STAFF_ROLE = "ponte_staff"
# For programs of others, which may only read.
READER_ROLE = "ponte_reader"
# The name that PostgreSQL has for the role with which the connection was opened.
_OWN_ROLE = "none"


@dataclass(frozen=True)
class _Scope:
    """A role, and a client as text."""

    role: str = _OWN_ROLE
    client: str = ""

    @property
    def beginning(self) -> str:
        """What a transaction begins with; empty if it needs nothing."""
        if self.client:
            return f"SET LOCAL app.client = '{self.client}'; "
        return f"SET LOCAL ROLE {self.role}; " if self.role != _OWN_ROLE else ""

    @property
    def change(self) -> str:
        """What changes a transaction that has begun for another scope."""
        return f"SET LOCAL ROLE {self.role}; SET LOCAL app.client = '{self.client}'"


_NOBODY = _Scope()
_END = object()
_scope: ContextVar[_Scope] = ContextVar("row_security", default=_NOBODY)


@contextmanager
def for_client(client: UUID) -> Iterator[None]:
    """What runs inside sees the rows of this client alone."""
    with _as(_Scope(client=str(UUID(str(client))))):
        yield


@contextmanager
def for_system(work: str) -> Iterator[None]:
    """What runs inside sees the rows of all clients. `work` says for what: docs/tenancy.md lists each of them."""
    with _as(_Scope(SYSTEM_ROLE)):
        yield


@contextmanager
def for_staff() -> Iterator[None]:
    """What runs inside is the admin, which sees the rows of all clients."""
    with _as(_Scope(STAFF_ROLE)):
        yield


@contextmanager
def for_nobody() -> Iterator[None]:
    """What runs inside must say for whom it works before it reads a protected table."""
    with _as(_NOBODY):
        yield


@contextmanager
def client_rows(client: UUID) -> Iterator[None]:
    """A transaction that sees the rows of this client alone."""
    with for_client(client), transaction.atomic():
        yield


@contextmanager
def system_rows(work: str) -> Iterator[None]:
    """A transaction that sees the rows of all clients. `work` says for what: docs/tenancy.md lists each of them."""
    with for_system(work), transaction.atomic():
        yield


@contextmanager
def staff_rows() -> Iterator[None]:
    """A transaction of the admin, which sees the rows of all clients."""
    with for_staff(), transaction.atomic():
        yield


def streamed(for_whom: Callable[[], AbstractContextManager[None]], pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Make each piece inside a block of its own, because the reader takes them when the block of the view has ended."""
    remaining = iter(pieces)
    while True:
        with for_whom():
            piece: Any = next(remaining, _END)
        if piece is _END:
            return
        yield piece


@contextmanager
def _as(scope: _Scope) -> Iterator[None]:
    connection = connections[DEFAULT_DB_ALIAS]
    before = _scope.get()
    token = _scope.set(scope)
    try:
        _tell(connection, before, scope)
        yield
    finally:
        _scope.reset(token)
        _tell(connection, scope, before)


def _tell(connection: BaseDatabaseWrapper, before: _Scope, after: _Scope) -> None:
    """Change a transaction that has begun. Others begin with what they are for.

    A failed transaction is rolled back, at least to a savepoint before the change, and that undoes the change too.
    """
    if before != after and _status(connection) == TransactionStatus.INTRANS:
        connection.connection.execute(after.change)


def _status(connection: BaseDatabaseWrapper) -> TransactionStatus | None:
    return connection.connection.info.transaction_status if connection.connection is not None else None


def say_for_whom(execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Put SET LOCAL before the first statement of a transaction, or before a statement that is a transaction itself."""
    connection: BaseDatabaseWrapper = context["connection"]
    beginning = _scope.get().beginning
    if not beginning or connection.alias != DEFAULT_DB_ALIAS or _status(connection) != TransactionStatus.IDLE:
        return execute(statement, params, many, context)
    cursor = context["cursor"].cursor
    if many or isinstance(cursor, ServerCursor):
        # These send no plain text. A transaction of their own is none if one has been asked for already.
        with transaction.atomic(savepoint=False):
            connection.connection.execute(beginning)
            return execute(statement, params, many, context)
    result = execute(_after(beginning, statement), params, many, context)
    # From the result of SET LOCAL to that of the statement.
    cursor.nextset()
    return result


def say_now() -> None:
    """Say for whom the transaction is, before a statement that goes past Django's cursors."""
    connection = connections[DEFAULT_DB_ALIAS]
    beginning = _scope.get().beginning
    if beginning and connection.in_atomic_block and _status(connection) == TransactionStatus.IDLE:
        connection.connection.execute(beginning)


def _after(beginning: str, statement: Any) -> Any:
    return beginning + statement if isinstance(statement, str) else sql.SQL(beginning) + statement


# In SQL: the client of the transaction. It raises if there is none.
CURRENT_CLIENT = "coalesce(nullif(current_setting('app.client', true), ''), 'no client is set')::uuid"
_CHECK_ROLES = """
    DO $$ BEGIN
        IF (SELECT count(*) FROM pg_roles WHERE rolname IN ({roles})) < {number} THEN
            RAISE EXCEPTION 'A role of the database is missing. Run ops/sql/roles.sql again: see docs/deploy.md.';
        END IF;
    END $$;
"""
_PROTECT = """
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    CREATE POLICY of_client ON {table} TO ponte_app USING ({condition});
    CREATE POLICY of_all ON {table} TO ponte_system, ponte_staff, ponte_reader USING (true);
"""
_EXPOSE = """
    DROP POLICY of_client ON {table};
    DROP POLICY of_all ON {table};
    ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""


def protect(table: str, column: str = "client_id") -> RunSQL:
    """The operation of a migration that switches row-level security on. Released migrations call it: keep what it does.

    The owner of the table, who migrates and makes backups, still sees all rows.
    """
    return protect_by(table, f'"{column}" = {CURRENT_CLIENT}')


def protect_by(table: str, condition: str) -> RunSQL:
    """Like `protect`, for a table whose rows belong to a client only through another table."""
    roles = ("ponte_app", SYSTEM_ROLE, STAFF_ROLE, READER_ROLE)
    check = _CHECK_ROLES.format(roles=", ".join(f"'{role}'" for role in roles), number=len(roles))
    names = {"table": f'"{table}"', "condition": condition}
    return RunSQL(check + _PROTECT.format(**names), _EXPOSE.format(**names))
