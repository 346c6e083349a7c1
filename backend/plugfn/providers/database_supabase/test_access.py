"""Connecting: valid URLs and keys, warnings, and which tables are listed."""

import json
from base64 import urlsafe_b64encode

import pytest

from plugfn.errors import Forbidden, InvalidParams, NeedsReconnect
from plugfn.providers.database_supabase import provider
from plugfn.providers.database_supabase.credentials import SupabaseAccess
from plugfn.testing.bench import Bench

PUBLISHABLE, SECRET = "sb_publishable_sandbox_0123456789", "sb_secret_sandbox_0123456789"


def jwt(role):
    parts = ({"alg": "HS256", "typ": "JWT"}, {"iss": "supabase", "ref": "sandbox", "role": role, "exp": 4102444800})
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2FuZGJveC1zaWduYXR1cmU"])


@pytest.fixture
def server(emulator):
    return emulator("supabase")


@pytest.fixture
def credentials(server):
    return lambda **more: {"url": server.url, "key": PUBLISHABLE, "allowed_tables": ["vendas"]} | more


async def warnings(credentials):
    async with Bench(provider, credentials=credentials) as bench:
        lines = (await bench.call("access.check")).warnings
        assert " ".join(lines) in await bench.test()
        return " ".join(lines)


@pytest.mark.parametrize(
    ("key", "kind", "words"),
    [
        (PUBLISHABLE, "publishable", ()),
        (SECRET, "secret", ("bypasses row level security",)),
        (jwt("anon"), "anon", ("older kind",)),
        (jwt("service_role"), "service_role", ("bypasses row level security", "older kind")),
    ],
)
async def test_a_key_that_bypasses_row_level_security_gives_a_warning(credentials, key, kind, words):
    entered = credentials(key=key)
    assert SupabaseAccess(**entered).kind == kind
    text = await warnings(entered)
    assert all(word in text for word in words)
    assert bool(text) is bool(words)


def test_a_key_of_an_unknown_format_is_of_kind_other():
    assert SupabaseAccess(url="https://x.supabase.co", key="x" * 30).kind == "other"
    assert SupabaseAccess(url="https://x.supabase.co", key="a" * 20 + ".%%%.b".replace("%", "_")).kind == "other"


async def test_an_older_key_is_sent_twice_and_a_newer_one_never_as_a_bearer(credentials, server):
    for key in (jwt("anon"), PUBLISHABLE):
        async with Bench(provider, credentials=credentials(key=key)) as bench:
            await bench.call("query.run", {"table": "vendas", "limit": 1})
    old, new = (request["headers"] for request in server.requests())
    assert (old["apikey"], old["authorization"]) == (jwt("anon"), f"Bearer {jwt('anon')}")
    assert new["apikey"] == PUBLISHABLE
    assert "authorization" not in new


async def test_missing_and_forbidden_tables_give_a_warning(credentials):
    text = await warnings(credentials(allowed_tables=["vendas", "missing", "segredos"]))
    assert "2 of the allowed tables" in text
    for key in (PUBLISHABLE, SECRET):
        assert "The connection allows no table" in await warnings(credentials(allowed_tables=[], key=key))


async def test_the_connection_test_fails_with_a_wrong_key(credentials):
    for tables in (["vendas"], []):
        async with Bench(provider, credentials=credentials(key=PUBLISHABLE + "x", allowed_tables=tables)) as bench:
            with pytest.raises(NeedsReconnect):
                await bench.test()


async def test_allowed_tables_are_listed_when_they_exist(credentials):
    entered = credentials(allowed_tables=["crm.clientes", "missing", "segredos", "vendas"])
    async with Bench(provider, credentials=entered) as bench:
        assert [table.name for table in (await bench.call("tables.list")).tables] == ["crm.clientes", "vendas"]


async def test_columns_are_listed_if_the_api_describes_itself(credentials):
    async with Bench(provider, credentials=credentials(key=SECRET)) as bench:
        (table,) = (await bench.call("tables.list")).tables
    assert [column.model_dump() for column in table.columns][:2] == [
        {"name": "id", "type": "bigint", "nullable": False},
        {"name": "cliente", "type": "text", "nullable": True},
    ]


async def test_a_table_that_is_not_allowed_is_not_listed(credentials):
    async with Bench(provider, credentials=credentials(key=SECRET, allowed_tables=[])) as bench:
        assert (await bench.call("tables.list")).tables == []


@pytest.mark.parametrize(
    "url",
    [
        "http://abc.supabase.co",
        "https://abc.supabase.co/rest/v1",
        "https://abc.supabase.co?x=1",
        "https://user:pass@abc.supabase.co",
        "https://abc.supabase.co#x",
        "ftp://abc.supabase.co",
        "abc.supabase.co",
        "https://",
        "http://8.8.8.8",
    ],
)
async def test_the_url_is_a_plain_https_origin(credentials, url):
    with pytest.raises(InvalidParams):
        async with Bench(provider, credentials=credentials(url=url)):
            pass


async def test_private_addresses_are_refused_unless_the_operator_allows_them(credentials, server):
    for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
        with pytest.raises(Forbidden):
            async with Bench(provider, credentials=credentials(url=url), allowed_networks=()) as bench:
                await bench.call("query.run", {"table": "vendas"})
    assert server.requests() == []


def test_the_key_is_in_no_error_or_repr(credentials):
    assert "sandbox_0123" not in repr(SupabaseAccess(**credentials()))
    with pytest.raises(ValueError) as caught:
        SupabaseAccess(**credentials(key="sb_secret_with a space in it"))
    assert "space in it" not in str(caught.value)
