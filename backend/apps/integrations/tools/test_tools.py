"""Agents act through what a client has connected: sends wait for a worker, and databases are only read."""

import json

import pytest

from apps.agents.call import call
from apps.agents.caller import Caller
from apps.agents.catalog import Catalog
from apps.api.scopes import Access, granted
from apps.clients.factories import MembershipFactory
from apps.integrations.conftest import PERSON
from apps.integrations.factories import IntegrationFactory, connected
from apps.integrations.models import Contact, Send
from apps.integrations.tools import TOOLS, shared

pytestmark = pytest.mark.django_db(transaction=True)
HELLO = {"phone": PERSON, "message": "Olá"}
CATALOG = Catalog(lambda _caller: TOOLS)


@pytest.fixture
def use(tenant):
    """Calls a tool for the client, as a connected application would; returns the JSON that it reads."""
    member = MembershipFactory(client=tenant)

    def run(name, scopes=("write",), **arguments):
        caller = Caller(Access("token", member.user, member, granted(scopes, member.user)), member, "a program")
        return json.loads(call(CATALOG, caller, name, arguments).text)

    return run


def code(answer):
    return answer["error"]["code"]


def test_a_message_waits_for_a_worker_and_its_state_can_be_asked(use, whatsapp, run_due):
    sent = use("send_whatsapp_message", **HELLO)
    assert (sent["status"], sent["is_repetition"]) == ("queued", False)
    run_due()
    assert use("get_message_status", message_id=sent["message_id"])["status"] == "sent"
    assert Send.objects.get().source == Send.Source.AGENT


def test_the_same_key_sends_once(use, mail, smtp, run_due):
    asked = {"to": ["ana@example.com"], "subject": "Oi", "text": "Olá", "idempotency_key": "report-1"}
    first, again = use("send_email", **asked), use("send_email", **asked)
    assert (first["message_id"], again["is_repetition"]) == (again["message_id"], True)
    run_due()
    assert len(smtp.control("GET", "/mails")) == 1


def test_who_opted_out_gets_nothing_from_an_agent(use, whatsapp):
    use("send_whatsapp_message", **HELLO)
    Contact.objects.update(opted_out_at="2026-11-01T00:00Z")
    assert code(use("send_whatsapp_message", **HELLO)) == "OPTED_OUT"


def test_wrong_numbers_missing_scopes_and_missing_integrations_are_explained(use, whatsapp):
    assert code(use("send_whatsapp_message", phone="no number", message="x")) == "INVALID_INPUT"
    assert code(use("send_whatsapp_message", scopes=("read",), **HELLO)) == "SCOPE_MISSING"
    assert code(use("send_email", to=["ana@example.com"], subject="x", text="x")) == "INTEGRATION_NOT_FOUND"
    assert not Send.objects.exists()


def test_another_clients_integration_and_message_do_not_exist(use, whatsapp):
    other = IntegrationFactory()
    assert code(use("send_whatsapp_message", integration_id=str(other.pk), **HELLO)) == "INTEGRATION_NOT_FOUND"
    assert code(use("get_message_status", message_id=str(other.pk))) == "NOT_FOUND"


def test_a_tool_is_called_so_often_and_no_more(use, whatsapp, monkeypatch):
    monkeypatch.setattr(shared, "CALLS", 1)
    use("send_whatsapp_message", **HELLO)
    assert code(use("send_whatsapp_message", **HELLO)) == "TOOL_LIMIT"


def test_a_database_is_read_table_by_table(use, emulators, loopback, tenant):
    emulator = emulators("supabase")
    key = "sb_publishable_sandbox_0123456789"
    connected(tenant, "database_supabase", {"url": emulator.url, "key": key, "allowed_tables": ["vendas"]})
    assert [table["name"] for table in use("list_database_tables")["tables"]] == ["vendas"]
    found = use("query_database", table="vendas", limit=1)
    assert len(found["rows"]) == 1
    assert code(use("query_database", table="auth_users")) == "TABLE_NOT_ALLOWED"
