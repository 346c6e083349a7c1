"""The provider for PostgreSQL databases, which only reads."""

from plugfn.database.sqlstates import SqlStates
from plugfn.definition import Call, Form, Origin, Provider, Settings
from plugfn.net.answer import ErrorTable
from plugfn.providers.database_postgres.credentials import PostgresAccess
from plugfn.providers.database_postgres.inspect_role import inspect_access


def origin(_settings: Settings, credentials: PostgresAccess) -> Origin:
    """The user chooses the host, so it is not trusted: private addresses are refused."""
    host = f"[{credentials.host}]" if ":" in credentials.host else credentials.host
    return Origin(f"postgresql://{host}:{credentials.port}", trusted=False)


async def test(call: Call[PostgresAccess]) -> str:
    """Which database answered, the role, and what the role may do but should not. Raises the same errors as actions."""
    return (await inspect_access(call)).line()


provider = Provider(
    name="database_postgres",
    label="PostgreSQL",
    auth=Form(PostgresAccess),
    several=True,
    docs_url="https://www.postgresql.org/docs/current/",
    origin=origin,
    errors=ErrorTable(codes=SqlStates()),
    test=test,
)
