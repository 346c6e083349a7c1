"""Tests of the emulator, with supabase's own Python client for PostgREST (PyPI postgrest) as its user."""

import pytest
from postgrest import APIError, SyncPostgrestClient

from sandbox.conftest import Process

KEY = "sb_publishable_sandbox_0123456789"


@pytest.fixture(scope="module")
def url():
    running = Process("supabase")
    yield running.url
    running.stop()


@pytest.fixture
def client(url):
    with SyncPostgrestClient(f"{url}/rest/v1", headers={"apikey": KEY}) as opened:
        yield opened


def ids(answer):
    return [row["id"] for row in answer.data]


def test_the_official_client_filters_orders_and_counts(client):
    table = client.from_("vendas")
    assert ids(table.select("id").in_("cliente", ["Ana", "a,b (c)"]).order("id", desc=True).execute()) == [2, 1]
    assert ids(client.from_("vendas").select("*").or_("id.eq.1,and(paga.is.true,total.is.null)").execute()) == [1, 4]
    assert ids(client.from_("vendas").select("id").like("cliente", "O'N*").execute()) == [3]
    counted = client.from_("vendas").select("id", count="exact").limit(2).execute()
    assert (len(counted.data), counted.count) == (2, 6)


def test_an_answer_is_cut_at_the_project_s_most_rows(client):
    assert len(client.from_("muitas").select("id").limit(2000).execute().data) == 1000


@pytest.mark.parametrize(
    ("table", "select", "code"),
    [
        ("missing", "*", "PGRST205"),
        ("vendas", "nada", "42703"),
        ("vendas", "*,segredos(*)", "PGRST100"),
        ("segredos", "*", "42501"),
    ],
)
def test_errors_have_postgrest_s_codes(client, table, select, code):
    with pytest.raises(APIError) as caught:
        client.from_(table).select(select).execute()
    assert caught.value.code == code


def test_nothing_is_written(client):
    with pytest.raises(APIError) as caught:
        client.from_("vendas").delete().eq("id", 1).execute()
    assert caught.value.code == "25006"
