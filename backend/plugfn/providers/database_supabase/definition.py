"""The provider for Supabase projects, which only reads, through their REST API (PostgREST)."""

from plugfn.definition import Call, Form, Origin, Provider, Settings
from plugfn.providers.database_supabase.credentials import SupabaseAccess
from plugfn.providers.database_supabase.errors import ERRORS
from plugfn.providers.database_supabase.inspect_key import inspect_access


def origin(_settings: Settings, credentials: SupabaseAccess) -> Origin:
    """The user chooses the host, so it is not trusted: private addresses are refused."""
    return Origin(credentials.url, trusted=False)


async def test(call: Call[SupabaseAccess]) -> str:
    """Which project answered, and what its key may do but should not. Raises the same errors as actions."""
    return (await inspect_access(call)).line()


provider = Provider(
    name="database_supabase",
    label="Supabase",
    auth=Form(SupabaseAccess),
    several=True,
    docs_url="https://supabase.com/docs/guides/api",
    origin=origin,
    headers=SupabaseAccess.headers,
    errors=ERRORS,
    test=test,
)
