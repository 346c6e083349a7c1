"""Programs connect, sync, repair and disconnect banks, with a real aggregator at the other end."""

import pytest

from apps.audit.models import Entry
from apps.banking.factories import ConnectionFactory
from apps.banking.models import Connection
from apps.clients.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory()


@pytest.fixture
def program(caller, member):
    return caller(member)


def test_a_program_connects_a_bank_and_reads_it(bank, work, member, program):
    status, answer = program.post("/api/connections/connect-token/")
    assert status == 201
    assert answer["connect_token"]["value"]
    item = bank.connect(member)
    status, answer = program.post("/api/connections/", {"item_id": item})
    assert status == 201
    number = answer["connection"]["id"]
    assert program.post("/api/connections/", {"item_id": item})[1]["connection"]["id"] == number
    work()
    shown = program.get(f"/api/connections/{number}/")[1]["connection"]
    assert (shown["state"], shown["status"]) == ("active", "UPDATED")
    assert shown["bank"]["name"]
    assert shown["last_updated_at"].endswith("Z")
    assert program.get("/api/transactions/")[1]["transactions"]
    assert program.get("/api/sync-runs/", connection=number)[1]["sync_runs"][0]["state"] == "done"


def test_no_connect_token_is_in_the_audit_or_the_log(bank, member, program, caplog):
    token = program.post("/api/connections/connect-token/")[1]["connect_token"]["value"]
    (entry,) = Entry.objects.filter(action="connection.connect_token")
    assert token not in str(entry.details)
    assert token not in caplog.text


def test_the_item_of_another_member_is_not_found_out(bank, program):
    item = bank.connect(MembershipFactory())
    foreign = program.post("/api/connections/", {"item_id": item})
    unknown = program.post("/api/connections/", {"item_id": "00000000-0000-4000-8000-00000000aaaa"})
    assert foreign[0] == unknown[0] == 409
    assert foreign[1]["error_code"] == unknown[1]["error_code"] == "NOT_YOURS"
    assert not Connection.objects.exists()


def test_a_connection_is_synced_now_and_then_not_again_for_a_minute(bank, work, member, program):
    item = bank.connect(member)
    number = program.post("/api/connections/", {"item_id": item})[1]["connection"]["id"]
    work()
    status, answer = program.post(f"/api/connections/{number}/sync/")
    assert status == 202, answer
    assert answer["sync"]["outcome"] in {"started", "running", "read_again"}
    status, answer = program.post(f"/api/connections/{number}/sync/")
    assert (status, answer["error_code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert 1 <= int(program.answer["Retry-After"]) <= 60
    assert Entry.objects.filter(action="connection.sync", actor=member.user_id).count() == 1


def test_a_connection_is_repaired_with_a_token_for_its_item(bank, work, member, program):
    item = bank.connect(member)
    number = program.post("/api/connections/", {"item_id": item})[1]["connection"]["id"]
    status, answer = program.post(f"/api/connections/{number}/reconnect/")
    assert status == 201
    assert answer["connect_token"]["item_id"] == item


@pytest.mark.parametrize("erase", [None, "false", "true"])
def test_a_connection_is_disconnected_and_its_item_deleted(bank, work, member, program, erase):
    item = bank.connect(member)
    number = program.post("/api/connections/", {"item_id": item})[1]["connection"]["id"]
    work()
    path = f"/api/connections/{number}/" + (f"?erase={erase}" if erase else "")
    assert program.delete(path)[0] == 202
    work()
    assert Connection.objects.filter(pk=number).exists() is (erase != "true")
    assert program.get("/api/accounts/")[1]["accounts"] == []
    entry = Entry.objects.get(action="connection.disconnect")
    assert entry.details == {"erase": erase == "true"}


def test_an_outage_of_the_aggregator_is_503_with_a_time(settings, program):
    settings.PLUGGY_API_URL = "http://127.0.0.1:9"
    status, answer = program.post("/api/connections/connect-token/")
    assert status == 503, answer
    assert int(program.answer["Retry-After"]) > 0


def test_without_credentials_it_says_so_and_names_no_setting(settings, program):
    settings.PLUGGY_CLIENT_ID = settings.PLUGGY_CLIENT_SECRET = ""
    status, answer = program.post("/api/connections/connect-token/")
    assert (status, answer["error_code"]) == (503, "NOT_CONFIGURED")
    assert "PLUGGY" not in str(answer)


def test_a_connection_whose_item_is_gone_is_409(bank, member, program):
    status, answer = program.post(f"/api/connections/{ConnectionFactory(member=member).pk}/sync/")
    assert (status, answer["error_code"]) == (409, "GONE")
    status, answer = program.post(f"/api/connections/{ConnectionFactory(member=member).pk}/reconnect/")
    assert (status, answer["error_code"]) == (409, "ITEM_NOT_FOUND")


@pytest.mark.parametrize("call", ["sync/", "reconnect/"])
def test_the_connection_of_another_client_is_404(program, call):
    number = ConnectionFactory().pk
    assert program.post(f"/api/connections/{number}/{call}")[0] == 404
    assert program.delete(f"/api/connections/{number}/")[0] == 404
    assert program.get(f"/api/connections/{number}/")[0] == 404


def test_a_token_that_reads_changes_no_connection(caller, member):
    number = ConnectionFactory(member=member).pk
    reader = caller(member, "read")
    assert reader.delete(f"/api/connections/{number}/")[0] == 403
    assert reader.post(f"/api/connections/{number}/sync/")[0] == 403
    assert reader.post("/api/connections/connect-token/")[0] == 403
    assert reader.post("/api/connections/", {"item_id": "x"})[0] == 403


@pytest.mark.parametrize("body", [{}, {"item_id": ""}, {"item_id": 7}, {"item_id": "a b"}, {"item_id": "x" * 101}])
def test_a_wrong_item_is_an_error_of_the_field(program, body):
    status, answer = program.post("/api/connections/", body)
    assert (status, list(answer["details"])) == (400, ["item_id"])
