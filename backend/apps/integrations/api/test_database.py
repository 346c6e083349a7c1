"""A client's database by the REST API: only chosen tables, only reading, and a warning for a user that may write."""

import pytest

from apps.integrations.models import ActionLog, Integration
from lib.row_security import client_rows

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/api/integrations/database"


@pytest.fixture
def postgres(loopback, client_postgres) -> dict:
    """What one enters for the test run's own PostgreSQL, with a table that has rows."""
    return {**client_postgres, "sslmode": "disable", "allowed_tables": ["clients_client"]}


def test_a_database_is_connected_tested_and_read(program, postgres, tenant):
    status, answer = program.post(f"{BASE}/configure", {**postgres, "read_only": True})
    assert status == 200, answer
    shown = answer["integration"]
    assert (shown["type"], shown["status"], shown["read_only"]) == ("database", "connected", True)
    assert shown["allowed_tables"] == ["clients_client"]
    assert any("may write" in warning for warning in answer["warnings"])
    status, answer = program.post(f"{BASE}/test")
    assert (status, answer["tables_found"], answer["message"]) == (200, ["clients_client"], "Connection successful")
    assert answer["latency_ms"] >= 0
    query = {"table": "clients_client", "columns": ["id", "name"], "order": [{"column": "name"}], "limit": 1}
    only = {"filters": [{"column": "id", "op": "eq", "value": str(tenant.pk)}], "count": True}
    status, answer = program.post(f"{BASE}/query", {**query, **only})
    assert (status, answer["rows"]) == (200, [{"id": str(tenant.pk), "name": tenant.name}])
    assert (answer["columns"], answer["truncated"], answer["count"]) == (["id", "name"], False, 1)
    with client_rows(tenant.pk):
        assert ActionLog.objects.filter(action="query.run", outcome="ok").count() == 1
    # Again changes the same one; a second database is made by its own name and id.
    assert program.post(f"{BASE}/configure", postgres)[0] == 200
    with client_rows(tenant.pk):
        assert Integration.objects.count() == 1


@pytest.mark.parametrize("table", ["auth_user", "pg_catalog.pg_roles", "clients_membership"])
def test_a_query_beyond_the_list_is_403_and_reaches_no_database(program, tenant, postgres, table):
    program.post(f"{BASE}/configure", postgres)
    status, answer = program.post(f"{BASE}/query", {"table": table})
    assert (status, answer["error_code"]) == (403, "TABLE_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"table": 'clients_client"; drop table x; --'}, 400),
        ({"table": "clients_client", "columns": ["name, secret"]}, 400),
        ({"table": "clients_client", "filters": [{"column": "name", "op": "raw", "value": "1"}]}, 400),
        ({"table": "clients_client", "limit": 1001}, 400),
        ({"table": "clients_client", "sql": "select 1"}, 400),
        ({"table": "clients_client", "columns": ["nothing"]}, 409),
        ({}, 400),
    ],
)
def test_a_wrong_query_is_a_typed_error(program, postgres, query, status):
    program.post(f"{BASE}/configure", postgres)
    answer = program.post(f"{BASE}/query", query)
    assert answer[0] == status, answer
    assert answer[1]["error_code"] == ("INVALID_INPUT" if status == 400 else "REFUSED")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"allowed_tables": []}, "allowed_tables"),
        ({"allowed_tables": ["*"]}, "allowed_tables.0"),
        ({"read_only": False}, "read_only"),
        ({"supabase_url": "https://x.supabase.co"}, "body"),
        ({"host": "a host"}, "host"),
        ({"sslmode": "prefer"}, "sslmode"),
    ],
)
def test_nobody_connects_all_tables_or_a_way_to_write(program, tenant, postgres, change, field):
    status, answer = program.post(f"{BASE}/configure", {**postgres, **change})
    assert (status, answer["error_code"], list(answer["details"])) == (400, "INVALID_INPUT", [field]), answer
    with client_rows(tenant.pk):
        assert not Integration.objects.exists()


def test_a_supabase_project_is_connected_and_read(program, emulators, loopback):
    supabase = emulators("supabase")
    project = {"supabase_url": supabase.url, "supabase_key": "sb_secret_sandbox_0123456789"}
    status, answer = program.post(f"{BASE}/configure", project)
    assert (status, list(answer["details"])) == (400, ["allowed_tables"])
    status, answer = program.post(f"{BASE}/configure", {**project, "allowed_tables": ["vendas"]})
    assert status == 200, answer
    assert any("may write" in warning for warning in answer["warnings"])
    assert "sb_secret_sandbox" not in str(answer)
    assert program.post(f"{BASE}/test")[1]["tables_found"] == ["vendas"]
    assert program.post(f"{BASE}/query", {"table": "vendas", "limit": 2})[1]["rows"]


def test_a_private_address_and_a_failed_test_are_typed_errors(program, postgres, settings):
    assert program.post(f"{BASE}/configure", postgres)[0] == 200
    settings.ALLOWED_NETWORKS = []
    status, answer = program.post(f"{BASE}/test")
    assert (status, answer["success"], answer["error_code"]) == (403, False, "ADDRESS_NOT_ALLOWED")
    assert answer["details"]["latency_ms"] >= 0
    assert program.post(f"{BASE}/query", {"table": "clients_client"})[1]["error_code"] == "ADDRESS_NOT_ALLOWED"
