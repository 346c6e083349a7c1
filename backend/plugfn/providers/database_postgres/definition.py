"""The provider: PostgreSQL databases, read only."""

from plugfn.database.sqlstates import SqlStates
from plugfn.definition import Call, Form, Origin, Provider, Settings
from plugfn.net.answer import ErrorTable
from plugfn.providers.database_postgres.credentials import PostgresAccess
from plugfn.providers.database_postgres.inspect_role import inspect_access


def origin(_settings: Settings, credentials: PostgresAccess) -> Origin:
    """The user names the host: private addresses are refused."""
    host = f"[{credentials.host}]" if ":" in credentials.host else credentials.host
    return Origin(f"postgresql://{host}:{credentials.port}", trusted=False)


async def test(call: Call[PostgresAccess]) -> str:
    """Which database answered, as whom, and what the role could do that it should not. Raises as actions do."""
    return (await inspect_access(call)).line()


provider = Provider(
    name="database_postgres",
    label="PostgreSQL",
    auth=Form(PostgresAccess),
    docs_url="https://www.postgresql.org/docs/current/",
    origin=origin,
    errors=ErrorTable(codes=SqlStates()),
    test=test,
)
