"""One call of a tool: its transaction, its errors, its line in the log."""

import json
import threading

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from apps.agents import call as module
from apps.agents.call import call
from apps.agents.caller import Caller
from apps.agents.catalog import Catalog
from apps.agents.contract import Answer, Arguments, tool
from apps.agents.models import Call
from apps.api.scopes import Access
from apps.clients.factories import MembershipFactory
from lib.errors import NeedsUser, Permanent, Temporary


class Anything(Arguments):
    """What the tool of a test is told to do."""

    do: str = ""


def raising(error):
    def work():
        raise error

    return work


WORK = {
    "temporary": raising(Temporary("the bank sleeps", code="ASLEEP", retry_after=7)),
    "user": raising(NeedsUser("the person must act")),
    "permanent": raising(Permanent("never", code="NEVER")),
    "configuration": raising(ImproperlyConfigured("SECRET_SETTING is wrong")),
    "bug": raising(RuntimeError("secret detail 111.444.777-35")),
}


@tool(title="Works")
def works(caller: Caller, asked: Anything) -> Answer:
    """A tool."""
    if asked.do in WORK:
        WORK[asked.do]()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)" if asked.do == "sleep" else "SELECT current_setting('app.client')")
        return Answer({"seen": str(cursor.fetchone()[0]), "thread": threading.current_thread().name})


@pytest.fixture
def caller(db):
    member = MembershipFactory()
    return Caller(Access("agent", member.user, member, frozenset({"read"})), member, "x" * 200)


def ask(caller, do=""):
    return call(Catalog(lambda _caller: [works]), caller, "works", {"do": do})


def test_a_tool_runs_in_a_transaction_of_its_client(caller):
    assert json.loads(ask(caller).text)["seen"] == str(caller.client.pk)
    row = Call.objects.get()
    assert (row.client, row.outcome, row.name) == (caller.client, "", "x" * 80)


@pytest.mark.parametrize(
    ("do", "code", "wait"),
    [
        ("temporary", "ASLEEP", 7),
        ("user", "AUTHENTICATION_ERROR", None),
        ("permanent", "NEVER", None),
        ("configuration", "NOT_CONFIGURED", None),
        ("bug", "INTERNAL_ERROR", None),
    ],
)
def test_an_error_says_what_to_do_and_hides_what_is_ours(caller, do, code, wait):
    result = ask(caller, do)
    error = json.loads(result.text)["error"]
    assert (error["code"], error.get("retry_after")) == (code, wait)
    assert error["what_to_do"]
    assert "SETTING" not in result.text
    assert "secret detail" not in result.text
    assert Call.objects.get().outcome == code


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_stopped(caller, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_STATEMENT", 50)
    assert ask(caller, "sleep").failure.code == "TIMEOUT"
    assert Call.objects.get().outcome == "TIMEOUT"
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "0"


def test_two_tools_of_one_name_are_an_error_of_ours(caller):
    with pytest.raises(ValueError, match="two tools are called works"):
        Catalog(lambda _caller: [works], lambda _caller: [works]).tools(caller)
