"""The provider against an independent Supabase (lite), with two more opinions on what a query means: Supabase's Python
client (PyPI postgrest), and our own provider for PostgreSQL on the same database.

Where lite differs from the real one: numerics are text, times have a space, the root describes no table, and it rejects
the older JWT keys. Within and=(…) it accepts no quotes around names and patterns, and, unlike PostgREST's own
parser, no backslash and no single parenthesis within quotes: test_query.py tests these.
"""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from postgrest import SyncPostgrestClient

from plugfn.errors import Forbidden, InvalidCall, NeedsReconnect, NotFound
from plugfn.providers.database_postgres import provider as postgres
from plugfn.providers.database_supabase import provider as supabase
from plugfn.providers.database_supabase.conftest import PUBLISHABLE, SECRET, TROUBLE
from plugfn.testing.bench import Bench

PLAIN = [text for text in TROUBLE if '"' not in text and "\\" not in text]
LAZY = settings(
    max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.sampled_from(PLAIN) | st.text(alphabet="a,.%_: ", max_size=6)


def condition(column, ops, values):
    return st.fixed_dictionaries({"column": st.just(column), "op": st.sampled_from(ops), "value": values})


scalars = st.one_of(
    condition("texto", ["eq", "neq", "gt"], texts),
    condition("texto", ["in"], st.lists(texts, min_size=1, max_size=5)),
    condition("numero", ["eq", "lte", "neq"], st.integers(0, 5)),
    condition("texto", ["is_null"], st.booleans()),
    condition("numero", ["is_null"], st.booleans()),
)
alls = st.builds(lambda parts: {"all": parts}, st.lists(scalars, min_size=1, max_size=3))
anys = st.builds(lambda parts: {"any": parts}, st.lists(scalars | alls, min_size=1, max_size=3))
queries = st.fixed_dictionaries(
    {
        "table": st.just("coisas"),
        "columns": st.sampled_from([[], ["id"], ["id", "and", "Ação", "texto"]]),
        "filters": st.lists(scalars | anys, max_size=3),
        "order": st.sampled_from(
            [
                [{"column": "id"}],
                [{"column": "numero", "desc": True}, {"column": "id"}],
                [{"column": "numero", "nulls": "first"}, {"column": "id", "desc": True}],
                [{"column": "texto", "desc": True, "nulls": "last"}, {"column": "id"}],
            ]
        ),
        "limit": st.integers(1, 50),
        "offset": st.integers(0, 5),
        "count": st.booleans(),
    }
)


@pytest.fixture
async def ours(lite):
    credentials = {"url": lite.url, "key": SECRET, "allowed_tables": ["coisas", "missing"], "max_rows": 50}
    async with Bench(supabase, credentials=credentials) as bench:
        yield bench


@pytest.fixture
async def direct(lite):
    credentials = {"host": "127.0.0.1", "port": lite.postgres_port, "dbname": lite.dbname, "user": lite.user}
    credentials |= {"password": "not-asked-for", "sslmode": "disable", "allowed_tables": ["coisas"], "max_rows": 50}
    async with Bench(postgres, credentials=credentials) as bench:
        yield bench


@pytest.fixture
def client(lite):
    with SyncPostgrestClient(f"{lite.url}/rest/v1", headers={"apikey": SECRET}) as opened:
        yield opened


@LAZY
@given(queries)
async def test_both_providers_give_the_same_answer_to_the_same_query(ours, direct, query):
    there, here = await ours.call("query.run", query), await direct.call("query.run", query)
    assert there.rows == here.rows
    assert there.truncated == here.truncated
    assert there.count == here.count


async def test_the_official_client_gives_the_same_rows(ours, client):
    every = client.from_("coisas").select("*").order("id").execute().data
    assert (await ours.call("query.run", {"table": "coisas", "order": [{"column": "id"}]})).rows == every
    listed = ["a,b", "(a)", "a.b", "ção", "and(id.eq.1)", "😀", "'"]
    theirs = client.from_("coisas").select("id").in_("texto", listed).gt("id", 2).order("id").execute().data
    both = [{"column": "texto", "op": "in", "value": listed}, {"column": "id", "op": "gt", "value": 2}]
    query = {"table": "coisas", "columns": ["id"], "filters": both, "order": [{"column": "id"}]}
    assert (await ours.call("query.run", query)).rows == theirs
    assert len(theirs) == len(listed)


async def test_a_filter_finds_any_text_exactly(ours):
    for text in PLAIN:
        query = {"table": "coisas", "columns": ["id"], "filters": [{"column": "texto", "op": "eq", "value": text}]}
        assert (await ours.call("query.run", query)).rows == [{"id": TROUBLE.index(text)}]


async def test_the_peer_would_embed_a_forbidden_table_but_our_queries_cannot_ask_for_it(ours, client):
    embedded = client.from_("coisas").select("id,segredos(senha)").eq("id", 1).execute().data
    assert embedded == [{"id": 1, "segredos": [{"senha": "nobody may read this"}]}]
    for columns in (["*,segredos(*)"], ["id", "segredos(senha)"], ["segredos"]):
        with pytest.raises(InvalidCall):
            await ours.call("query.run", {"table": "coisas", "columns": columns})
    with pytest.raises(Forbidden):
        await ours.call("query.run", {"table": "segredos"})


async def test_the_peers_errors_are_mapped_as_the_table_says(ours, lite):
    with pytest.raises(NotFound) as missing:
        await ours.call("query.run", {"table": "missing"})
    assert missing.value.code == "PGRST205"
    with pytest.raises(InvalidCall) as unreadable:
        await ours.call("query.run", {"table": "coisas", "filters": [{"column": "id", "op": "eq", "value": "x"}]})
    assert unreadable.value.code == "22P02"
    assert (await ours.call("query.run", {"table": "coisas", "offset": 999, "count": True})).rows == []
    credentials = {"url": lite.url, "key": "sb_secret_of_nobody_0123456789", "allowed_tables": ["coisas"]}
    async with Bench(supabase, credentials=credentials) as bench:
        with pytest.raises(NeedsReconnect):
            await bench.test()


async def test_a_publishable_key_only_reads_what_row_level_security_allows(lite):
    credentials = {"url": lite.url, "key": PUBLISHABLE, "allowed_tables": ["coisas", "missing"]}
    async with Bench(supabase, credentials=credentials) as bench:
        assert (await bench.call("access.check")).warnings == [
            "1 of the allowed tables do not exist, or the key may not read them."
        ]
        assert [table.name for table in (await bench.call("tables.list")).tables] == ["coisas"]
